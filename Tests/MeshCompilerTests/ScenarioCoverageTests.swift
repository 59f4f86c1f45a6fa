import Foundation
import Testing

/// Holds the tests to the list of acceptance scenarios: each number stands in the name of a test, or of a case of one.
@Suite struct ScenarioCoverageTests {
    /// How many scenarios each section has.
    static let sections: [Int: Int] = [
        1: 9, 2: 5, 3: 5, 4: 6, 5: 3, 6: 5, 7: 4, 8: 9, 9: 6, 10: 18, 11: 46, 12: 5, 13: 6, 14: 4, 15: 7, 16: 5,
        17: 10, 18: 11, 19: 1, 20: 5, 21: 42, 22: 19, 23: 5, 24: 14, 25: 27, 26: 12, 27: 7, 28: 1, 29: 9, 30: 17,
        31: 9, 32: 6,
    ]

    /// Every scenario there is.
    static let all: Set<Scenario> = Set(
        sections.flatMap { section, count in (1...count).map { Scenario(section: section, number: $0) } })

    struct Scenario: Hashable, Comparable, CustomStringConvertible {
        let section: Int
        let number: Int
        var description: String { "\(self.section).\(self.number)" }

        init(section: Int, number: Int) {
            self.section = section
            self.number = number
        }

        init?(_ text: some StringProtocol) {
            let parts = text.split(separator: ".").compactMap { Int($0) }
            guard parts.count == 2 else { return nil }
            self.init(section: parts[0], number: parts[1])
        }

        static func < (left: Self, right: Self) -> Bool {
            (left.section, left.number) < (right.section, right.number)
        }
    }

    /// The scenarios that a test's name begins with: `21.1–21.3, 21.7 Servers come and go`.
    static func scenarios(in name: some StringProtocol) -> Set<Scenario> {
        var found: Set<Scenario> = []
        for item in name.split(separator: " ") {
            let bounds = item.trimmingCharacters(in: ["," as Unicode.Scalar]).split(separator: "–").map { Scenario($0) }
            guard let first = bounds.first ?? nil, let last = bounds.last ?? nil else { break }
            guard first.section == last.section, first.number <= last.number else { break }
            for number in first.number...last.number { found.insert(Scenario(section: first.section, number: number)) }
        }
        return found
    }

    @Test("338 scenarios are known")
    func known() { #expect(Self.all.count == 338) }

    @Test("every scenario has a test that is named by its number")
    func covered() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let files = try #require(FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil))
        var covered: Set<Scenario> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /(?:@Test|Numbered|identity)\(\s*"(\d[^"]*)"/) {
                covered.formUnion(Self.scenarios(in: match.1))
            }
        }
        #expect(covered.subtracting(Self.all).sorted() == [], "numbers of no scenario")
        #expect(Self.all.subtracting(covered).sorted() == [], "scenarios without a test")
    }
}
