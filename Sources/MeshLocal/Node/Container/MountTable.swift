/// The mount points of a process, from the text of `/proc/self/mountinfo`.
struct MountTable: Hashable, Sendable {
    /// Every mount point, in the order of mounting.
    let points: [String]

    /// Reads proc_pid_mountinfo(5): the fifth field is the mount point, with octal escapes.
    init(_ text: String) {
        self.points = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            return fields.count > 4 ? Self.unescape(fields[4]) : nil
        }
    }

    /// What must be bound into a new root: the outermost mount points below `/`, but none at or below `hidden`.
    func branches(hiding hidden: [String]) -> [String] {
        var branches: [String] = []
        for point in Set(self.points).sorted(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) {
            guard point != "/", !(hidden + branches).contains(where: { Self.holds($0, point) }) else { continue }
            branches.append(point)
        }
        return branches
    }

    /// True when `path` is `directory` or lies below it.
    static func holds(_ directory: String, _ path: String) -> Bool {
        path == directory || path.hasPrefix(directory == "/" ? "/" : directory + "/")
    }

    private static func unescape(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            guard byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (48...55).contains($0) }) else {
                bytes.append(byte)
                continue
            }
            bytes.append(digits.reduce(UInt8(0)) { ($0 & 31) << 3 | ($1 - 48) })
            rest = rest.dropFirst(3)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
