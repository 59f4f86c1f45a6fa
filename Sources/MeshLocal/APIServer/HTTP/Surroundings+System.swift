import FoundationEssentials
import MeshKubernetes
import MeshResources

extension Surroundings {
    /// The machine's clock and random numbers.
    static let system = Surroundings(
        now: { Timestamp.now },
        makeUID: { UUID().uuidString.lowercased() },
        makeSuffix: { count in
            String((0..<count).map { _ in Self.suffixAlphabet.randomElement() ?? "x" })
        })
}

extension Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var milliseconds: Int64 { self.seconds * 1_000 + Int64(self.nanoseconds) / 1_000_000 }
}
