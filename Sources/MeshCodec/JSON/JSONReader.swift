public import MeshModel

/// Reads a JSON document (RFC 8259) from UTF-8 bytes.
///
/// Of two members of one name the last wins, as in Go's decoder, which wrote what we mostly read.
/// - Complexity: O(n) in the bytes, with recursion bounded by `depthMax`.
public struct JSONReader: ~Copyable {
    /// How deep lists and objects may nest unless told otherwise.
    public static let depthMaxDefault = 128

    private let bytes: [UInt8]
    private let depthMax: Int
    private var offset = 0

    private init(_ bytes: [UInt8], depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    /// Reads `bytes` as one document.
    ///
    /// - Throws: ``JSONError`` at the first byte that does not fit.
    public static func read(
        _ bytes: [UInt8], depthMax: Int = depthMaxDefault, sizeMax: Int = .max
    ) throws(JSONError) -> JSONValue {
        guard bytes.count <= sizeMax else { throw .tooLarge(limit: sizeMax) }
        var reader = JSONReader(bytes, depthMax: depthMax)
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.offset == bytes.count else { throw .trailingBytes(offset: reader.offset) }
        return value
    }

    private mutating func skipSpace() {
        while self.offset < self.bytes.count {
            switch self.bytes[self.offset] {
            case 0x20, 0x0A, 0x0D, 0x09: self.offset += 1
            default: return
            }
        }
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard self.offset < self.bytes.count else { throw .truncated }
        return self.bytes[self.offset]
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        switch try self.peek() {
        case UInt8(ascii: "{"): return try self.object(depth: depth + 1)
        case UInt8(ascii: "["): return try self.array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: return try self.number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for expected in text.description.utf8 {
            let byte = try self.peek()
            guard byte == expected else { throw .unexpected(byte: byte, offset: self.offset) }
            self.offset += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= self.depthMax else { throw .tooDeep(limit: self.depthMax) }
        self.offset += 1
        var members: [String: JSONValue] = [:]
        self.skipSpace()
        if try self.peek() == UInt8(ascii: "}") {
            self.offset += 1
            return .object(members)
        }
        while true {
            self.skipSpace()
            let first = try self.peek()
            guard first == UInt8(ascii: "\"") else { throw .unexpected(byte: first, offset: self.offset) }
            let name = try self.string()
            self.skipSpace()
            let colon = try self.peek()
            guard colon == UInt8(ascii: ":") else { throw .unexpected(byte: colon, offset: self.offset) }
            self.offset += 1
            self.skipSpace()
            members[name] = try self.value(depth: depth)
            self.skipSpace()
            if try self.endOfList(UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= self.depthMax else { throw .tooDeep(limit: self.depthMax) }
        self.offset += 1
        var elements: [JSONValue] = []
        self.skipSpace()
        if try self.peek() == UInt8(ascii: "]") {
            self.offset += 1
            return .array(elements)
        }
        while true {
            self.skipSpace()
            elements.append(try self.value(depth: depth))
            self.skipSpace()
            if try self.endOfList(UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    /// Takes the comma or the closing bracket; true at the bracket.
    private mutating func endOfList(_ close: UInt8) throws(JSONError) -> Bool {
        let byte = try self.peek()
        guard byte == close || byte == UInt8(ascii: ",") else { throw .unexpected(byte: byte, offset: self.offset) }
        self.offset += 1
        return byte == close
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = self.offset
        if try self.peek() == UInt8(ascii: "-") { self.offset += 1 }
        let leading = try self.peek()
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(leading) else {
            throw .unexpected(byte: leading, offset: self.offset)
        }
        let integerStart = self.offset
        self.skipDigits()
        guard leading != UInt8(ascii: "0") || self.offset == integerStart + 1 else {
            throw .invalidNumber(offset: start)
        }
        var isInteger = true
        if self.offset < self.bytes.count, self.bytes[self.offset] == UInt8(ascii: ".") {
            isInteger = false
            self.offset += 1
            try self.requireDigits(from: start)
        }
        if self.offset < self.bytes.count, self.bytes[self.offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            self.offset += 1
            if let sign = self.offset < self.bytes.count ? self.bytes[self.offset] : nil,
                sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
            {
                self.offset += 1
            }
            try self.requireDigits(from: start)
        }
        let text = String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw .invalidNumber(offset: start) }
        return .number(value)
    }

    private mutating func skipDigits() {
        while self.offset < self.bytes.count,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self.bytes[self.offset])
        {
            self.offset += 1
        }
    }

    private mutating func requireDigits(from start: Int) throws(JSONError) {
        let before = self.offset
        self.skipDigits()
        guard self.offset > before else { throw .invalidNumber(offset: start) }
    }

    private mutating func string() throws(JSONError) -> String {
        self.offset += 1
        let start = self.offset
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: self.bytes[start..<self.offset], as: UTF8.self) else {
                    throw .invalidString(offset: start)
                }
                self.offset += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try self.escapedString(from: start) }
            guard byte >= 0x20 else { throw .unexpected(byte: byte, offset: self.offset) }
            self.offset += 1
        }
        throw .truncated
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(self.bytes[start..<self.offset])
        while true {
            let byte = try self.peek()
            self.offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let valid = String(validating: text, as: UTF8.self) else { throw .invalidString(offset: start) }
                return valid
            case UInt8(ascii: "\\"): try self.escape(into: &text)
            case 0..<0x20: throw .unexpected(byte: byte, offset: self.offset - 1)
            default: text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        let letter = try self.peek()
        self.offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            // A lone surrogate becomes U+FFFD, as in Go.
            let scalar = Unicode.Scalar(try self.codePoint()) ?? "\u{FFFD}"
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw .unexpected(byte: letter, offset: self.offset - 1)
        }
    }

    private mutating func codePoint() throws(JSONError) -> UInt32 {
        let first = try self.fourHexDigits()
        guard (0xD800..<0xDC00).contains(first), self.offset + 1 < self.bytes.count,
            self.bytes[self.offset] == UInt8(ascii: "\\"), self.bytes[self.offset + 1] == UInt8(ascii: "u")
        else { return first }
        let before = self.offset
        self.offset += 2
        let second = try self.fourHexDigits()
        guard (0xDC00..<0xE000).contains(second) else {
            self.offset = before
            return first
        }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = try self.peek()
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw .unexpected(byte: byte, offset: self.offset)
            }
            value = value << 4 | UInt32(digit)
            self.offset += 1
        }
        return value
    }
}
