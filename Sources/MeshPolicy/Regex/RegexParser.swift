/// The syntax tree of a pattern.
indirect enum RegexNode {
    case empty
    case bytes(ByteSet)
    case sequence([RegexNode])
    case alternatives([RegexNode])
    /// `maximum` is nil for no limit.
    case repeated(RegexNode, minimum: Int, maximum: Int?)
}

/// Reads a pattern by recursive descent of bounded depth.
struct RegexParser {
    private static let maxDepth = 32
    private static let maxRepetitions = 512

    private let bytes: [UInt8]
    private var offset = 0
    private var depth = 0
    private var ignoresCase = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func parse() throws(RegexError) -> RegexNode {
        if self.bytes.starts(with: "(?i)".utf8) {
            self.ignoresCase = true
            self.offset = 4
        }
        let node = try self.alternatives()
        guard self.offset == self.bytes.count else { throw .malformed(offset: self.offset) }
        return node
    }

    private var next: UInt8? { self.offset < self.bytes.count ? self.bytes[self.offset] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard self.next == character.asciiValue else { return false }
        self.offset += 1
        return true
    }

    private mutating func alternatives() throws(RegexError) -> RegexNode {
        guard self.depth < Self.maxDepth else { throw .tooDeep }
        self.depth += 1
        defer { self.depth -= 1 }
        var choices = [try self.sequence()]
        while self.take("|") { choices.append(try self.sequence()) }
        return choices.count == 1 ? choices[0] : .alternatives(choices)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var nodes: [RegexNode] = []
        // Whole values are matched, so anchors at the ends of an outermost alternative say nothing new.
        if self.depth == 1 { _ = self.take("^") }
        while let byte = self.next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            if byte == UInt8(ascii: "$") {
                let after = self.offset + 1
                guard self.depth == 1, after == self.bytes.count || self.bytes[after] == UInt8(ascii: "|") else {
                    throw .unsupported(offset: self.offset)
                }
                self.offset = after
                break
            }
            nodes.append(try self.repetition(of: try self.atom()))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func repetition(of atom: RegexNode) throws(RegexError) -> RegexNode {
        var node = atom
        while let byte = self.next {
            switch byte {
            case UInt8(ascii: "*"): node = .repeated(node, minimum: 0, maximum: nil)
            case UInt8(ascii: "+"): node = .repeated(node, minimum: 1, maximum: nil)
            case UInt8(ascii: "?"): node = .repeated(node, minimum: 0, maximum: 1)
            case UInt8(ascii: "{"):
                node = try self.counted(node)
                _ = self.take("?")
                continue
            default: return node
            }
            self.offset += 1
            _ = self.take("?")  // Greediness changes what is captured, not what matches.
        }
        return node
    }

    private mutating func counted(_ node: RegexNode) throws(RegexError) -> RegexNode {
        let start = self.offset
        self.offset += 1
        guard let minimum = self.number() else { throw .malformed(offset: start) }
        var maximum: Int? = minimum
        if self.take(",") { maximum = self.number() }
        guard self.take("}") else { throw .malformed(offset: start) }
        guard minimum <= Self.maxRepetitions, (maximum ?? 0) <= Self.maxRepetitions else { throw .tooLarge }
        guard maximum.map({ $0 >= minimum }) ?? true else { throw .malformed(offset: start) }
        return .repeated(node, minimum: minimum, maximum: maximum)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            value = min((value ?? 0) * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000)
            self.offset += 1
        }
        return value
    }

    private mutating func atom() throws(RegexError) -> RegexNode {
        let start = self.offset
        let byte = self.bytes[start]
        self.offset += 1
        switch byte {
        case UInt8(ascii: "("): return try self.group(from: start)
        case UInt8(ascii: "["): return .bytes(try self.set(from: start))
        case UInt8(ascii: "."): return .bytes(ByteSet(UInt8(ascii: "\n")).inverted)
        case UInt8(ascii: "\\"): return .bytes(self.folded(try self.escape(from: start)))
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
            throw .malformed(offset: start)
        case UInt8(ascii: "^"): throw .unsupported(offset: start)
        default: break
        }
        guard byte >= 0x80 else { return .bytes(self.folded(ByteSet(byte))) }
        // The bytes of one character stay together, so that a repetition behind it repeats all of them.
        var parts: [RegexNode] = [.bytes(ByteSet(byte))]
        while let next = self.next, next & 0xC0 == 0x80 {
            parts.append(.bytes(ByteSet(next)))
            self.offset += 1
        }
        return .sequence(parts)
    }

    private func folded(_ set: ByteSet) -> ByteSet { self.ignoresCase ? set.foldingCase : set }

    private mutating func group(from start: Int) throws(RegexError) -> RegexNode {
        if self.take("?") {
            if self.take(":") {
                // A group without a number; numbers are not kept anyway.
            } else {
                _ = self.take("P")
                guard self.take("<"), let first = self.next, first != UInt8(ascii: "="), first != UInt8(ascii: "!")
                else { throw .unsupported(offset: start) }
                while let byte = self.next, byte != UInt8(ascii: ">") {
                    guard byte == UInt8(ascii: "_") || Self.word.contains(byte) else { throw .malformed(offset: start) }
                    self.offset += 1
                }
                guard self.take(">") else { throw .malformed(offset: start) }
            }
        }
        let node = try self.alternatives()
        guard self.take(")") else { throw .malformed(offset: start) }
        return node
    }

    private mutating func set(from start: Int) throws(RegexError) -> ByteSet {
        var set = ByteSet()
        let isNegated = self.take("^")
        var isFirst = true
        while let byte = self.next, isFirst || byte != UInt8(ascii: "]") {
            isFirst = false
            let itemStart = self.offset
            let item = try self.setItem()
            let isRange =
                self.next == UInt8(ascii: "-") && self.offset + 1 < self.bytes.count
                && self.bytes[self.offset + 1] != UInt8(ascii: "]")
            guard isRange, let low = item.single else {
                set.formUnion(item.set)
                continue
            }
            self.offset += 1
            guard let high = try self.setItem().single, low <= high else { throw .malformed(offset: itemStart) }
            set.insert(low...high)
        }
        guard self.take("]") else { throw .malformed(offset: start) }
        set = self.folded(set)
        return isNegated ? set.inverted : set
    }

    private mutating func setItem() throws(RegexError) -> (set: ByteSet, single: UInt8?) {
        let start = self.offset
        guard let byte = self.next else { throw .malformed(offset: start) }
        self.offset += 1
        switch byte {
        case UInt8(ascii: "\\"):
            let set = try self.escape(from: start)
            let members = (UInt8.min...UInt8.max).filter(set.contains)
            return (set, members.count == 1 ? members[0] : nil)
        case UInt8(ascii: "["), 0x80...: throw .unsupported(offset: start)
        case UInt8(ascii: "&"), UInt8(ascii: "~"), UInt8(ascii: "-"):
            // `&&`, `~~` and `--` are set operations elsewhere.
            guard self.next != byte else { throw .unsupported(offset: start) }
            return (ByteSet(byte), byte)
        default: return (ByteSet(byte), byte)
        }
    }

    private static let digit = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
    private static let word: ByteSet = {
        var set = digit
        set.insert(UInt8(ascii: "a")...UInt8(ascii: "z"))
        set.insert(UInt8(ascii: "A")...UInt8(ascii: "Z"))
        set.insert(UInt8(ascii: "_"))
        return set
    }()
    private static let blank: ByteSet = {
        var set = ByteSet(9...13)
        set.insert(UInt8(ascii: " "))
        return set
    }()

    /// The set that the escape after a backslash stands for.
    private mutating func escape(from start: Int) throws(RegexError) -> ByteSet {
        guard let byte = self.next else { throw .malformed(offset: start) }
        self.offset += 1
        switch byte {
        case UInt8(ascii: "d"): return Self.digit
        case UInt8(ascii: "D"): return Self.digit.inverted
        case UInt8(ascii: "w"): return Self.word
        case UInt8(ascii: "W"): return Self.word.inverted
        case UInt8(ascii: "s"): return Self.blank
        case UInt8(ascii: "S"): return Self.blank.inverted
        case UInt8(ascii: "n"): return ByteSet(10)
        case UInt8(ascii: "r"): return ByteSet(13)
        case UInt8(ascii: "t"): return ByteSet(9)
        case UInt8(ascii: "f"): return ByteSet(12)
        case UInt8(ascii: "v"): return ByteSet(11)
        case UInt8(ascii: "x"):
            guard let high = self.hexDigit(), let low = self.hexDigit(), high < 8 else {
                throw .malformed(offset: start)
            }
            return ByteSet(high << 4 | low)
        default:
            guard byte < 0x80, !Self.word.contains(byte) || byte == UInt8(ascii: "_") else {
                throw .unsupported(offset: start)
            }
            return ByteSet(byte)
        }
    }

    private mutating func hexDigit() -> UInt8? {
        guard let byte = self.next, let value = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
        self.offset += 1
        return UInt8(value)
    }
}
