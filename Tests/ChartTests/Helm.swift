import Foundation
import MeshCodec
import MeshModel
import Subprocess
import SystemPackage
import Testing

/// Helm itself, through `hack/charts/helm.py`.
enum Helm {
    /// The interpreter with the Helm library; `hack/test` sets it.
    static var python: String? { ProcessInfo.processInfo.environment["HEDDLE_PYTHON"] }

    /// The repository.
    static let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()

    /// What Helm refuses, in its own words.
    struct Refusal: Error {
        let text: String
    }

    /// The folder of a chart.
    static func chart(_ name: String) -> String { self.root.appending("charts/\(name)").string }

    /// Runs a command of `helm.py` and returns what it printed.
    ///
    /// - Throws: ``Refusal`` when Helm fails.
    static func run(_ arguments: [String]) async throws -> JSONValue {
        let python = try #require(self.python)
        let script = self.root.appending("hack/charts/helm.py").string
        let result = try await Subprocess.run(
            .path(FilePath(python)), arguments: Arguments([script] + arguments),
            output: .bytes(limit: 16 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else { throw Refusal(text: result.standardError) }
        return try JSONReader.read(result.standardOutput, sizeMax: 16 << 20)
    }

    /// A chart's objects, in their order.
    static func render(_ chart: String, namespace: String = "heddle", _ values: JSONValue = [:]) async throws
        -> [JSONValue]
    {
        try await self.rendering(chart, namespace: namespace, values)["objects"]?.array ?? []
    }

    /// A chart's objects, and the text that they were read from.
    static func rendering(
        _ chart: String, namespace: String = "heddle", _ values: JSONValue = [:]
    ) async throws -> JSONValue {
        let values = String(decoding: JSONWriter.write(values), as: UTF8.self)
        return try await self.run(["render", self.chart(chart), namespace, values])
    }
}

extension [JSONValue] {
    /// The object of a kind and name.
    func object(_ kind: String, _ name: String = "heddle-controller") -> JSONValue? {
        self.first { $0["kind"]?.string == kind && $0[path: "metadata", "name"]?.string == name }
    }

    /// `Kind/name` of each.
    var names: [String] {
        self.map { "\($0["kind"]?.string ?? "")/\($0[path: "metadata", "name"]?.string ?? "")" }
    }
}
