public import MeshModel

/// Walks through a JSON document (RFC 8259) in UTF-8 bytes and makes only the values that are asked for.
///
/// A reader enters an object or a list, takes its members or elements one by one, and reads or skips each:
///
///     try json.enterObject()
///     while let field = try Self.fields.next(in: &json) {
///         switch field {
///         case .name: name = try json.string()
///         case .ports: ports = try json.elements { try $0.integer() }
///         }
///     }
///
/// What is skipped is checked against the grammar too. Bytes may end anywhere: ``JSONError/truncated`` says that more
/// are needed, and a reader may go back to a ``Mark`` and try again with more.
/// - Complexity: O(n) in the bytes, with recursion bounded by `depthMax`.
public struct JSONCursor: ~Copyable {
    /// A place to go back to.
    public struct Mark: Sendable {
        /// Bytes before it.
        public let offset: Int
        fileprivate let depth: Int
        fileprivate let isFirst: Bool

        /// The start of a document.
        public static let start = Mark(offset: 0, depth: 0, isFirst: false)

        /// The same place after `count` bytes before it were removed.
        public func movedForward(by count: Int) -> Mark {
            Mark(offset: self.offset - count, depth: self.depth, isFirst: self.isFirst)
        }
    }

    let bytes: [UInt8]
    private let depthMax: Int
    private let pool: StringPool?
    /// Bytes before the present place.
    public private(set) var offset: Int
    private var depth: Int
    /// True right after an object or list was entered.
    private var isFirst: Bool
    /// Where the name that was read last lies, and whether it holds escapes.
    private var name = (range: 0..<0, hasEscapes: false)

    /// Starts at `mark` of `bytes`; strings that repeat are shared through `pool`.
    public init(
        _ bytes: [UInt8], at mark: Mark = .start, depthMax: Int = JSONReader.depthMaxDefault, pool: StringPool? = nil
    ) {
        self.bytes = bytes
        self.offset = mark.offset
        self.depth = mark.depth
        self.isFirst = mark.isFirst
        self.depthMax = depthMax
        self.pool = pool
    }

    /// The present place.
    public var mark: Mark { Mark(offset: self.offset, depth: self.depth, isFirst: self.isFirst) }

    /// Goes back to a place.
    public mutating func rewind(to mark: Mark) {
        self.offset = mark.offset
        self.depth = mark.depth
        self.isFirst = mark.isFirst
    }

    /// True when only white space is left.
    public mutating func isAtEnd() -> Bool {
        self.skipSpace()
        return self.offset == self.bytes.count
    }

    // MARK: - Structure

    /// Takes the opening brace.
    public mutating func enterObject() throws(JSONError) { try self.enter(UInt8(ascii: "{")) }

    /// Takes the opening bracket.
    public mutating func enterArray() throws(JSONError) { try self.enter(UInt8(ascii: "[")) }

    private mutating func enter(_ bracket: UInt8) throws(JSONError) {
        self.skipSpace()
        try self.take(bracket)
        self.depth += 1
        guard self.depth <= self.depthMax else { throw .tooDeep(limit: self.depthMax) }
        self.isFirst = true
    }

    /// Goes to the value of the next member that `names` has and that is not null; nil behind the closing brace.
    ///
    /// Others are skipped: absent, null and unknown are the same to a reader.
    public mutating func nextMember(of names: JSONNames) throws(JSONError) -> Int? {
        while try self.nextName() {
            let index = try self.place(in: names)
            if index == nil {
                try self.skipValue()
            } else if try !self.takeNull() {
                return index
            }
        }
        return nil
    }

    /// The place of the present name among `names`.
    private func place(in names: JSONNames) throws(JSONError) -> Int? {
        if self.name.hasEscapes {
            let bytes = try self.nameBytes()
            return names.index(of: bytes.span)
        }
        let span = self.bytes.span
        return names.index(of: span.extracting(self.name.range))
    }

    /// Goes to the value of the next member; nil behind the closing brace.
    public mutating func nextMemberName() throws(JSONError) -> String? {
        guard try self.nextName() else { return nil }
        return try self.text(self.name.range, hasEscapes: self.name.hasEscapes, isShared: true)
    }

    /// Goes to the next element; false behind the closing bracket.
    public mutating func nextElement() throws(JSONError) -> Bool {
        try self.advance(to: UInt8(ascii: "]"))
    }

    /// Goes past the comma, or past the closing bracket (false).
    @inline(__always)
    private mutating func advance(to close: UInt8) throws(JSONError) -> Bool {
        self.skipSpace()
        let byte = try self.peek()
        if byte == close {
            self.offset += 1
            self.depth -= 1
            self.isFirst = false
            return false
        }
        if self.isFirst {
            self.isFirst = false
        } else {
            try self.take(UInt8(ascii: ","))
            self.skipSpace()
        }
        return true
    }

    /// Goes past the next name and its colon; false behind the closing brace.
    private mutating func nextName() throws(JSONError) -> Bool {
        guard try self.advance(to: UInt8(ascii: "}")) else { return false }
        self.name = try self.stringRange()
        self.skipSpace()
        try self.take(UInt8(ascii: ":"))
        self.skipSpace()
        return true
    }

    private func nameBytes() throws(JSONError) -> [UInt8] {
        try JSONEscapes.unescaped(self.bytes, self.name.range)
    }

    // MARK: - Values

    /// Takes `null` if it stands here.
    public mutating func takeNull() throws(JSONError) -> Bool {
        self.skipSpace()
        guard try self.peek() == UInt8(ascii: "n") else { return false }
        try self.take("null")
        return true
    }

    /// Reads a boolean.
    public mutating func bool() throws(JSONError) -> Bool {
        self.skipSpace()
        let isTrue = try self.peek() == UInt8(ascii: "t")
        try self.take(isTrue ? "true" : "false")
        return isTrue
    }

    /// Reads a string; `isShared` says that equal ones will come again, so that one copy should do for all.
    public mutating func string(isShared: Bool = false) throws(JSONError) -> String {
        self.skipSpace()
        let (range, hasEscapes) = try self.stringRange()
        return try self.text(range, hasEscapes: hasEscapes, isShared: isShared)
    }

    /// Reads an integer.
    public mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(JSONError) -> Integer {
        let start = self.offset
        guard case .integer(let value) = try self.number(), let exact = Integer(exactly: value) else {
            throw .invalidNumber(offset: start)
        }
        return exact
    }

    /// Reads a list of strings.
    public mutating func strings(areShared: Bool = false) throws(JSONError) -> [String] {
        var strings: [String] = []
        try self.enterArray()
        while try self.nextElement() { strings.append(try self.string(isShared: areShared)) }
        return strings
    }

    /// Reads an object whose members are all strings.
    public mutating func stringsByName(areShared: Bool = false) throws(JSONError) -> [String: String] {
        var strings: [String: String] = [:]
        try self.enterObject()
        while try self.nextName() {
            let key = try self.text(self.name.range, hasEscapes: self.name.hasEscapes, isShared: areShared)
            strings[key] = try self.string(isShared: areShared)
        }
        return strings
    }

    /// Reads any value, without the members that `omission` names.
    public mutating func value(omitting omission: JSONOmission? = nil) throws(JSONError) -> JSONValue {
        self.skipSpace()
        switch try self.peek() {
        case UInt8(ascii: "{"): return .object(try self.members(omission))
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try self.enterArray()
            while try self.nextElement() { elements.append(try self.value(omitting: omission)) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try self.string(isShared: true))
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try self.bool())
        case UInt8(ascii: "n"):
            try self.take("null")
            return .null
        default: return try self.number()
        }
    }

    private mutating func members(_ omission: JSONOmission?) throws(JSONError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        try self.enterObject()
        while let name = try self.nextMemberName() {
            switch omission?.rule(for: name) ?? .keep {
            case .keep: members[name] = try self.value()
            case .within(let inner): members[name] = try self.value(omitting: inner)
            case .omit: try self.skipValue()
            }
        }
        return members
    }

    /// Goes past any value.
    public mutating func skipValue() throws(JSONError) {
        self.skipSpace()
        switch try self.peek() {
        case UInt8(ascii: "{"):
            try self.enterObject()
            while try self.nextName() { try self.skipValue() }
        case UInt8(ascii: "["):
            try self.enterArray()
            while try self.nextElement() { try self.skipValue() }
        case UInt8(ascii: "\""):
            let (range, hasEscapes) = try self.stringRange()
            if hasEscapes { _ = try JSONEscapes.unescaped(self.bytes, range) }
        case UInt8(ascii: "t"): try self.take("true")
        case UInt8(ascii: "f"): try self.take("false")
        case UInt8(ascii: "n"): try self.take("null")
        default: _ = try self.number()
        }
    }

    // MARK: - Bytes

    @inline(__always)
    private mutating func skipSpace() { self.offset = self.endOfSpace() }

    @inline(__always)
    private func endOfSpace() -> Int {
        let span = self.bytes.span
        var index = self.offset
        while index < span.count {
            switch span[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index &+= 1
            default: return index
            }
        }
        return index
    }

    @inline(__always)
    private func peek() throws(JSONError) -> UInt8 {
        let span = self.bytes.span
        guard self.offset < span.count else { throw .truncated }
        return span[self.offset]
    }

    @inline(__always)
    private mutating func take(_ expected: UInt8) throws(JSONError) {
        let byte = try self.peek()
        guard byte == expected else { throw .unexpected(byte: byte, offset: self.offset) }
        self.offset += 1
    }

    private mutating func take(_ word: String) throws(JSONError) {
        for byte in word.utf8 { try self.take(byte) }
    }

    /// The text that is written in `range`.
    private func text(_ range: Range<Int>, hasEscapes: Bool, isShared: Bool) throws(JSONError) -> String {
        let text: String?
        if hasEscapes {
            let bytes = try JSONEscapes.unescaped(self.bytes, range)
            text = String(checking: bytes.span)
        } else {
            let span = self.bytes.span
            let part = span.extracting(range)
            if isShared, let pool = self.pool { text = pool.string(part) } else { text = String(checking: part) }
        }
        guard let text else { throw .invalidString(offset: range.lowerBound) }
        return text
    }

    /// Goes past a string; what is between its quotes, and whether there are escapes in it.
    private mutating func stringRange() throws(JSONError) -> (range: Range<Int>, hasEscapes: Bool) {
        try self.take(UInt8(ascii: "\""))
        let start = self.offset
        let (end, hasEscapes) = try self.endOfString(from: start)
        self.offset = end &+ 1
        return (start..<end, hasEscapes)
    }

    /// Where the closing quote stands.
    @inline(__always)
    private func endOfString(from start: Int) throws(JSONError) -> (end: Int, hasEscapes: Bool) {
        let span = self.bytes.span
        var index = start
        var hasEscapes = false
        while true {
            index = span.firstOfJSONString(from: index)
            guard index < span.count else { throw .truncated }
            switch span[index] {
            case UInt8(ascii: "\""): return (index, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                guard index &+ 1 < span.count else { throw .truncated }
                index &+= 2
            default: throw .unexpected(byte: span[index], offset: index)
            }
        }
    }

    // MARK: - Numbers

    private mutating func number() throws(JSONError) -> JSONValue {
        self.skipSpace()
        let start = self.offset
        if try self.peek() == UInt8(ascii: "-") { self.offset += 1 }
        let leading = try self.peek()
        guard leading.isASCIIDigit else { throw .unexpected(byte: leading, offset: self.offset) }
        let digits = self.offset
        self.skipDigits()
        guard leading != UInt8(ascii: "0") || self.offset == digits + 1 else { throw .invalidNumber(offset: start) }
        var isInteger = true
        if self.offset < self.bytes.count, self.bytes[self.offset] == UInt8(ascii: ".") {
            isInteger = false
            self.offset += 1
            try self.requireDigits(from: start)
        }
        if self.offset < self.bytes.count, self.bytes[self.offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            self.offset += 1
            let sign = try self.peek()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { self.offset += 1 }
            try self.requireDigits(from: start)
        }
        if isInteger, self.offset - digits <= 18 { return .integer(self.shortInteger(start..<self.offset)) }
        let text = String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw .invalidNumber(offset: start) }
        return .number(value)
    }

    /// The value of up to 18 digits, perhaps behind a minus.
    private func shortInteger(_ range: Range<Int>) -> Int64 {
        let span = self.bytes.span
        var value: Int64 = 0
        for index in range where span[index] != UInt8(ascii: "-") {
            value = value &* 10 &+ Int64(span[index] &- UInt8(ascii: "0"))
        }
        return span[range.lowerBound] == UInt8(ascii: "-") ? -value : value
    }

    private mutating func skipDigits() { self.offset = self.endOfDigits() }

    private func endOfDigits() -> Int {
        let span = self.bytes.span
        var index = self.offset
        while index < span.count, span[index].isASCIIDigit { index &+= 1 }
        return index
    }

    private mutating func requireDigits(from start: Int) throws(JSONError) {
        let before = self.offset
        self.skipDigits()
        guard self.offset == before else { return }
        guard self.offset < self.bytes.count else { throw .truncated }
        throw .invalidNumber(offset: start)
    }
}

extension UInt8 {
    @inline(__always)
    fileprivate var isASCIIDigit: Bool { self &- UInt8(ascii: "0") < 10 }
}

extension String {
    /// The text that `span` is; nil when it is not UTF-8.
    init?(checking span: Span<UInt8>) {
        guard let valid = try? UTF8Span(validating: span) else { return nil }  // Nil says all that the error could.
        self.init(copying: valid)
    }
}
