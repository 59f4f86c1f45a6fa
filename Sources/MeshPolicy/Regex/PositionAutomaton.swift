/// A set of up to 512 positions, held inline.
struct PositionSet: Sendable {
    static let capacity = 512
    private var words: InlineArray<8, UInt64> = .init(repeating: 0)

    var isEmpty: Bool {
        for index in self.words.indices where self.words[index] != 0 { return false }
        return true
    }

    mutating func insert(_ position: Int) { self.words[position >> 6] |= 1 << UInt64(position & 63) }

    mutating func formUnion(_ other: borrowing PositionSet) {
        for index in self.words.indices { self.words[index] |= other.words[index] }
    }

    mutating func formIntersection(_ other: borrowing PositionSet) {
        for index in self.words.indices { self.words[index] &= other.words[index] }
    }

    func intersects(_ other: borrowing PositionSet) -> Bool {
        for index in self.words.indices where self.words[index] & other.words[index] != 0 { return true }
        return false
    }

    func forEach(_ body: (Int) -> Void) {
        for index in self.words.indices {
            var word = self.words[index]
            while word != 0 {
                body(index << 6 | word.trailingZeroBitCount)
                word &= word - 1
            }
        }
    }
}

/// A set of bytes.
struct ByteSet: Hashable, Sendable {
    private var words: InlineArray<4, UInt64> = .init(repeating: 0)

    init() {}

    init(_ byte: UInt8) { self.insert(byte) }

    init(_ range: ClosedRange<UInt8>) { self.insert(range) }

    mutating func insert(_ byte: UInt8) { self.words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

    mutating func insert(_ range: ClosedRange<UInt8>) { for byte in range { self.insert(byte) } }

    mutating func formUnion(_ other: ByteSet) { for index in 0..<4 { self.words[index] |= other.words[index] } }

    func contains(_ byte: UInt8) -> Bool { self.words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

    var inverted: ByteSet {
        var result = self
        for index in 0..<4 { result.words[index] = ~result.words[index] }
        return result
    }

    /// With both cases of every ASCII letter of which it has one.
    var foldingCase: ByteSet {
        var result = self
        for byte in UInt8(ascii: "a")...UInt8(ascii: "z") {
            if self.contains(byte) { result.insert(byte & 0xDF) }
            if self.contains(byte & 0xDF) { result.insert(byte) }
        }
        return result
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool {
        for index in 0..<4 where left.words[index] != right.words[index] { return false }
        return true
    }

    func hash(into hasher: inout Hasher) { for index in 0..<4 { hasher.combine(self.words[index]) } }
}

/// The automaton of a pattern: one state per position of a byte class in it (Glushkov's construction).
///
/// A class, so that policies copy a reference; immutable after it is built.
final class PositionAutomaton: Sendable {
    let isNullable: Bool
    let first: PositionSet
    let last: PositionSet
    let follow: [PositionSet]
    private let classOfByte: [UInt8]
    private let positionsOfClass: [PositionSet]

    fileprivate init(_ root: Fragment, follow: [PositionSet], classes: [ByteSet]) {
        self.isNullable = root.isNullable
        self.first = root.first
        self.last = root.last
        self.follow = follow
        // Bytes that no class of the pattern tells apart share one set of positions.
        var known: [[Bool]: UInt8] = [:]
        var classOfByte: [UInt8] = []
        var positionsOfClass: [PositionSet] = []
        for byte in UInt8.min...UInt8.max {
            let membership = classes.map { $0.contains(byte) }
            if let index = known[membership] {
                classOfByte.append(index)
                continue
            }
            var positions = PositionSet()
            for (position, isMember) in membership.enumerated() where isMember { positions.insert(position) }
            let index = UInt8(positionsOfClass.count)
            known[membership] = index
            classOfByte.append(index)
            positionsOfClass.append(positions)
        }
        self.classOfByte = classOfByte
        self.positionsOfClass = positionsOfClass
    }

    func positions(of byte: UInt8) -> PositionSet { self.positionsOfClass[Int(self.classOfByte[Int(byte)])] }

    fileprivate struct Fragment {
        var isNullable: Bool
        var first = PositionSet()
        var last = PositionSet()
    }

    /// Numbers the positions of a syntax tree and finds which follow which.
    struct Builder {
        private var classes: [ByteSet] = []
        private var follow: [PositionSet] = []

        mutating func build(_ tree: RegexNode) throws(RegexError) -> PositionAutomaton {
            let root = try self.fragment(tree)
            return PositionAutomaton(root, follow: self.follow, classes: self.classes)
        }

        private mutating func fragment(_ node: RegexNode) throws(RegexError) -> Fragment {
            switch node {
            case .empty: return Fragment(isNullable: true)
            case .bytes(let set):
                guard self.classes.count < PositionSet.capacity else { throw .tooLarge }
                var fragment = Fragment(isNullable: false)
                fragment.first.insert(self.classes.count)
                fragment.last.insert(self.classes.count)
                self.classes.append(set)
                self.follow.append(PositionSet())
                return fragment
            case .sequence(let nodes):
                var result = Fragment(isNullable: true)
                for node in nodes { result = self.concatenate(result, try self.fragment(node)) }
                return result
            case .alternatives(let nodes):
                var result = Fragment(isNullable: false)
                for node in nodes {
                    let next = try self.fragment(node)
                    result.isNullable = result.isNullable || next.isNullable
                    result.first.formUnion(next.first)
                    result.last.formUnion(next.last)
                }
                return result
            case .repeated(let node, let minimum, let maximum):
                return try self.repetition(node, minimum: minimum, maximum: maximum)
            }
        }

        private mutating func repetition(
            _ node: RegexNode, minimum: Int, maximum: Int?
        ) throws(RegexError) -> Fragment {
            var result = Fragment(isNullable: true)
            for _ in 0..<minimum { result = self.concatenate(result, try self.fragment(node)) }
            if let maximum {
                for _ in minimum..<maximum {
                    var optional = try self.fragment(node)
                    optional.isNullable = true
                    result = self.concatenate(result, optional)
                }
            } else {
                var loop = try self.fragment(node)
                loop.isNullable = true
                loop.last.forEach { self.follow[$0].formUnion(loop.first) }
                result = self.concatenate(result, loop)
            }
            return result
        }

        private mutating func concatenate(_ left: Fragment, _ right: Fragment) -> Fragment {
            left.last.forEach { self.follow[$0].formUnion(right.first) }
            var result = Fragment(isNullable: left.isNullable && right.isNullable, first: left.first, last: right.last)
            if left.isNullable { result.first.formUnion(right.first) }
            if right.isNullable { result.last.formUnion(left.last) }
            return result
        }
    }
}
