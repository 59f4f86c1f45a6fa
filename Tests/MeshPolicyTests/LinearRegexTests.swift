import MeshPolicy
import MeshTestKit
import Testing

@Suite struct LinearRegexTests {
    @Test(
        "whole values match",
        arguments: [
            ("", "", true), ("", "a", false), ("a", "a", true), ("a", "ab", false), ("a", "ba", false),
            ("/users/\\d+", "/users/42", true), ("/users/\\d+", "/users/", false), ("/users/\\d+", "/users/4x", false),
            ("/a/.*", "/a/", true), ("/a/.*", "/a/b/c", true), ("/a/.*", "/a", false),
            ("(cat|dog)s?", "dogs", true), ("(cat|dog)s?", "cats", true), ("(cat|dog)s?", "cow", false),
            ("[a-f0-9]{4}", "be0f", true), ("[a-f0-9]{4}", "be0", false), ("[a-f0-9]{4}", "be0f0", false),
            ("x{2,3}", "x", false), ("x{2,3}", "xx", true), ("x{2,3}", "xxx", true), ("x{2,3}", "xxxx", false),
            ("x{2,}", "xxxxxxx", true), ("[^/]+", "ab", true), ("[^/]+", "a/b", false), ("^abc$", "abc", true),
            ("^a$|^b$", "b", true), ("(?i)Abc", "aBC", true), ("(?:ab)+c", "ababc", true), ("(?P<n>x)y", "xy", true),
            ("a.c", "a\nc", false), ("é+", "éé", true), ("\\x41", "A", true), ("[]a]", "]", true), ("[a-]", "-", true),
            ("a\\.b", "a.b", true), ("a\\.b", "axb", false), ("(a|)b", "b", true), ("\\w+\\s\\S", "ab c", true),
        ])
    func matching(pattern: String, value: String, expected: Bool) throws {
        #expect(try LinearRegex(pattern).matches(array: Array(value.utf8)) == expected)
    }

    @Test(
        "what is not understood is refused",
        arguments: [
            "(", ")", "a**b(", "[a", "[z-a]", "*a", "a{2", "a{3,2}", "(?=a)", "(?!a)", "(?<=a)b", "\\b", "\\1", "a^b",
            "a$b", "[[:alpha:]]", "\\p{L}", "[é]", "\\", "(?x)a", "[a&&b]", "\\x4", "(?P<a", "(a$)",
        ])
    func refusal(pattern: String) {
        #expect(throws: RegexError.self) { try LinearRegex(pattern) }
    }

    @Test("size is bounded")
    func bounds() {
        #expect(throws: RegexError.tooLong) { try LinearRegex(String(repeating: "a", count: 1025)) }
        #expect(throws: RegexError.tooLarge) { try LinearRegex("(a{100}){100}") }
        #expect(throws: RegexError.tooLarge) { try LinearRegex("a{513}") }
        #expect(throws: RegexError.tooDeep) {
            try LinearRegex(String(repeating: "(", count: 40) + String(repeating: ")", count: 40))
        }
    }

    @Test("a pattern that ruins backtracking engines takes linear time")
    func linear() throws {
        let regex = try LinearRegex("(a*)*(a|aa)+b")
        #expect(!regex.matches(array: [UInt8](repeating: UInt8(ascii: "a"), count: 20_000)))
    }

    /// Compares with a direct interpretation of the syntax by sets of offsets.
    @Test("random patterns match what their definition says", arguments: 0..<UInt64(300))
    func definition(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let expression = Expression.random(depth: 4, using: &random)
        let regex = try LinearRegex(expression.pattern)
        for _ in 0..<20 {
            let value = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                UInt8(ascii: "a") + UInt8.random(in: 0...2, using: &random)
            }
            let expected = expression.ends(in: value, from: [0]).contains(value.count)
            #expect(regex.matches(array: value) == expected, "\(expression.pattern) on \(value)")
        }
    }

    indirect enum Expression {
        case letter(UInt8)
        case concat(Expression, Expression)
        case either(Expression, Expression)
        case star(Expression)
        case optional(Expression)
        case counted(Expression, Int, Int)

        var pattern: String {
            switch self {
            case .letter(let byte): String(UnicodeScalar(byte))
            case .concat(let left, let right): left.pattern + right.pattern
            case .either(let left, let right): "(\(left.pattern)|\(right.pattern))"
            case .star(let inner): "(\(inner.pattern))*"
            case .optional(let inner): "(\(inner.pattern))?"
            case .counted(let inner, let low, let high): "(\(inner.pattern)){\(low),\(high)}"
            }
        }

        func ends(in value: [UInt8], from starts: Set<Int>) -> Set<Int> {
            switch self {
            case .letter(let byte): return Set(starts.filter { $0 < value.count && value[$0] == byte }.map { $0 + 1 })
            case .concat(let left, let right): return right.ends(in: value, from: left.ends(in: value, from: starts))
            case .either(let left, let right):
                return left.ends(in: value, from: starts).union(right.ends(in: value, from: starts))
            case .optional(let inner): return starts.union(inner.ends(in: value, from: starts))
            case .star(let inner):
                var all = starts
                while true {
                    let next = all.union(inner.ends(in: value, from: all))
                    if next == all { return all }
                    all = next
                }
            case .counted(let inner, let low, let high):
                var current = starts
                for _ in 0..<low { current = inner.ends(in: value, from: current) }
                var all = current
                for _ in low..<high {
                    current = inner.ends(in: value, from: current)
                    all.formUnion(current)
                }
                return all
            }
        }

        static func random(depth: Int, using random: inout SplitMix64) -> Expression {
            guard depth > 0 else { return .letter(UInt8(ascii: "a") + UInt8.random(in: 0...2, using: &random)) }
            switch Int.random(in: 0..<6, using: &random) {
            case 0: return .concat(.random(depth: depth - 1, using: &random), .random(depth: depth - 1, using: &random))
            case 1: return .either(.random(depth: depth - 1, using: &random), .random(depth: depth - 1, using: &random))
            case 2: return .star(.random(depth: depth - 1, using: &random))
            case 3: return .optional(.random(depth: depth - 1, using: &random))
            case 4:
                let low = Int.random(in: 0...2, using: &random)
                return .counted(
                    .random(depth: depth - 1, using: &random), low, low + Int.random(in: 0...2, using: &random))
            default: return .letter(UInt8(ascii: "a") + UInt8.random(in: 0...2, using: &random))
            }
        }
    }
}

extension LinearRegex {
    fileprivate func matches(array bytes: [UInt8]) -> Bool { self.matches(bytes.span) }
}
