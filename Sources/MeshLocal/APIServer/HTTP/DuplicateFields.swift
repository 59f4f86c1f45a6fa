import MeshModel

/// Finds members that a JSON document gives twice, which a reader that keeps the last cannot tell.
enum DuplicateFields {
    /// The paths of the second of two members of one name; the document must be known to be well formed.
    static func find(in bytes: [UInt8]) -> [String] {
        var scanner = Scanner(bytes: bytes)
        scanner.value("")
        return scanner.found
    }

    private struct Scanner {
        let bytes: [UInt8]
        var offset = 0
        var found: [String] = []

        mutating func skipSpace() {
            while self.offset < self.bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(self.bytes[self.offset]) {
                self.offset += 1
            }
        }

        var current: UInt8 { self.offset < self.bytes.count ? self.bytes[self.offset] : 0 }

        mutating func string() -> String {
            self.offset += 1
            let start = self.offset
            while self.offset < self.bytes.count, self.current != UInt8(ascii: "\"") {
                self.offset += self.current == UInt8(ascii: "\\") ? 2 : 1
            }
            let end = min(self.offset, self.bytes.count)
            self.offset += 1
            return String(decoding: self.bytes[min(start, end)..<end], as: UTF8.self)
        }

        mutating func value(_ path: String) {
            self.skipSpace()
            switch self.current {
            case UInt8(ascii: "{"): self.object(path)
            case UInt8(ascii: "["):
                self.offset += 1
                var index = 0
                self.skipSpace()
                while self.offset < self.bytes.count, self.current != UInt8(ascii: "]") {
                    self.value("\(path)[\(index)]")
                    index += 1
                    self.skipSpace()
                    if self.current == UInt8(ascii: ",") { self.offset += 1 }
                    self.skipSpace()
                }
                self.offset += 1
            case UInt8(ascii: "\""): _ = self.string()
            default:
                while self.offset < self.bytes.count, !",]}".utf8.contains(self.current) { self.offset += 1 }
            }
        }

        private mutating func object(_ path: String) {
            self.offset += 1
            var names: Set<String> = []
            self.skipSpace()
            while self.offset < self.bytes.count, self.current != UInt8(ascii: "}") {
                let name = self.string()
                let member = path.isEmpty ? name : "\(path).\(name)"
                if !names.insert(name).inserted { self.found.append(member) }
                self.skipSpace()
                self.offset += 1
                self.value(member)
                self.skipSpace()
                if self.current == UInt8(ascii: ",") { self.offset += 1 }
                self.skipSpace()
            }
            self.offset += 1
        }
    }
}
