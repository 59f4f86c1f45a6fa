import Foundation
import Testing

/// The quick end of `hack/fuzz`: seeds, kept findings, and a few mutations of both.
@Suite struct FuzzTests {
    /// Where inputs that once broke a property are kept, a folder for each target.
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../hack/fuzzing/Corpus").standardizedFileURL

    private static func kept(_ target: FuzzTarget) throws -> [[UInt8]] {
        let folder = self.corpus.appending(path: target.name)
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .map { [UInt8](try Data(contentsOf: $0)) }
    }

    @Test("seeds and inputs that once broke a property keep it", arguments: FuzzTarget.all.map(\.name))
    func kept(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        for input in try target.seeds + Self.kept(target) { try target.check(input) }
    }

    @Test("properties hold for seeded mutations", arguments: FuzzTarget.all.map(\.name))
    func mutated(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let seed: UInt64 = 20_260_101
        var mutator = Mutator(target, seed: seed, corpus: try Self.kept(target))
        for number in 0..<300 {
            let input = mutator.next()
            do { try target.check(input) } catch { Issue.record("input \(number) of seed \(seed): \(error)\n\(input)") }
        }
    }

    @Test("every folder of kept inputs belongs to a target")
    func folders() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
        #expect(Set(folders).isSubset(of: Set(FuzzTarget.all.map(\.name))))
    }
}
