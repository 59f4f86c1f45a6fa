import Foundation
import MeshCodec
import MeshModel
import Testing

/// Answers of a Kubernetes 1.36 API server, recorded; beside the repository, so perhaps absent.
enum Recordings {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "shared/recordings/kubernetes-1.36")

    /// Why tests on recordings cannot run; nil when they can.
    static let absence: String? =
        FileManager.default.fileExists(atPath: folder.path) ? nil : "no recordings at \(folder.path)"

    /// The exchanges of all files.
    static func exchanges() throws -> [JSONValue] {
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.flatMap { file in
            let document = try JSONReader.read(Array(Data(contentsOf: file)))
            return document["exchanges"]?.array ?? []
        }
    }
}

extension JSONValue {
    /// The recording with values of the right form in place of placeholders that stand for times and numbers.
    var withoutPlaceholders: JSONValue {
        switch self {
        case .array(let elements): .array(elements.map(\.withoutPlaceholders))
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { key, value in
                        key == "nodePort" ? (key, .integer(30_000)) : (key, value.withoutPlaceholders)
                    }))
        case .string("<time>"): "2026-01-02T03:04:05Z"
        case .string("<microtime>"): "2026-01-02T03:04:05.000006Z"
        default: self
        }
    }
}
