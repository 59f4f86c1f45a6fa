/// Why an input breaks a property that has to hold for all bytes.
struct Finding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A parser of bytes from strangers, with what has to hold whatever they are.
///
/// This folder imports nothing but the module under test: `hack/fuzz` builds it together with libFuzzer, and the unit
/// tests run each property over the seeds, the kept findings and a few seeded mutations.
struct FuzzTarget: Sendable {
    let name: String
    /// The longest input worth trying.
    let lengthMax: Int
    /// Inputs to start from.
    let seeds: [[UInt8]]
    /// Words that the format gives a meaning.
    let words: [String]
    /// Throws a ``Finding`` if a property does not hold.
    let check: @Sendable ([UInt8]) throws(Finding) -> Void

    static let all: [FuzzTarget] = [
        .http1Head, .http1Body, .http2Server, .http2Client, .hpack, .clientHello, .transportHeader, .json,
    ]

    static func named(_ name: String) -> FuzzTarget? { self.all.first { $0.name == name } }
}

/// Fails with `message` unless `condition` holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Finding) {
    guard condition else { throw Finding(message()) }
}

/// A repeatable source of random numbers.
struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    /// Starts from the content of `bytes`, so that a finding needs nothing but its input to come back.
    init(hashing bytes: [UInt8]) {
        self.state = bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// A number below `bound`, which must be positive.
    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: self.next() >> 1) % bound }
}

/// Ways to cut `count` bytes into reads: the offsets at which reads end, the last being `count`.
enum Cuts {
    /// A few cuts chosen by the content, and every byte alone if that is not too many.
    static func of(_ bytes: [UInt8]) -> [[Int]] {
        guard bytes.count > 1 else { return [[bytes.count]] }
        var random = FuzzRandom(hashing: bytes)
        var all = [self.random(bytes.count, stepMax: 16, &random), self.random(bytes.count, stepMax: 300, &random)]
        if bytes.count <= 600 { all.append(Array(1...bytes.count)) }
        return all
    }

    private static func random(_ count: Int, stepMax: Int, _ random: inout FuzzRandom) -> [Int] {
        var ends: [Int] = []
        var end = 0
        while end < count {
            end = min(count, end + 1 + random.below(stepMax))
            ends.append(end)
        }
        return ends
    }
}

/// Changes inputs at random: the driver where there is no libFuzzer, and the quick check in the unit tests.
struct Mutator {
    private let target: FuzzTarget
    private var corpus: [[UInt8]]
    private var random: FuzzRandom

    init(_ target: FuzzTarget, seed: UInt64, corpus: [[UInt8]] = []) {
        self.target = target
        self.corpus = target.seeds + corpus
        self.random = FuzzRandom(seed: seed)
    }

    /// The next input, made of one or two of the corpus.
    mutating func next() -> [UInt8] {
        guard !self.corpus.isEmpty else { return [] }
        var bytes = self.corpus[self.random.below(self.corpus.count)]
        for _ in 0...self.random.below(5) { self.change(&bytes) }
        if bytes.count > self.target.lengthMax { bytes.removeLast(bytes.count - self.target.lengthMax) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = self.random.below(bytes.count + 1)
        switch self.random.below(8) {
        case 0: bytes.insert(UInt8(truncatingIfNeeded: self.random.next()), at: place)
        case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8(self.random.below(8))
        case 2 where place < bytes.count:
            bytes[place] = [0, 1, 0x0A, 0x0D, 0x20, 0x7F, 0x80, 0xFF][self.random.below(8)]
        case 3 where place < bytes.count:
            bytes.removeSubrange(place..<min(bytes.count, place + 1 + self.random.below(8)))
        case 4 where place < bytes.count:
            let piece = bytes[place..<min(bytes.count, place + 1 + self.random.below(64))]
            bytes.insert(contentsOf: piece, at: self.random.below(bytes.count + 1))
        case 5 where !self.target.words.isEmpty:
            bytes.insert(contentsOf: self.target.words[self.random.below(self.target.words.count)].utf8, at: place)
        case 6:
            let other = self.corpus[self.random.below(self.corpus.count)]
            bytes.replaceSubrange(place..., with: other.dropFirst(self.random.below(other.count + 1)))
        default: bytes.removeLast(min(bytes.count, self.random.below(16)))
        }
    }
}
