import Foundation
import MeshCodec
import MeshModel

/// The recorded exchanges with a real API server of one topic.
struct Recording: Sendable {
    struct Exchange: Sendable {
        var name: String
        var request: JSONValue
        var response: JSONValue
        /// The exchanges that were sent while this watch was open; nil when it is no watch.
        var during: [String]?

        var query: [(String, String)] {
            (self.request["query"]?.object ?? [:]).sorted { $0.key < $1.key }.flatMap { name, value in
                (value.array ?? [value]).map { (name, $0.string ?? "") }
            }
        }
    }

    var file: String
    var topic: String
    var exchanges: [Exchange]

    /// Beside the repository.
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "shared/recordings/kubernetes-1.36")

    /// Why recordings cannot be replayed; nil when they can.
    static let absence: String? =
        FileManager.default.fileExists(atPath: folder.path) ? nil : "no recordings at \(folder.path)"

    /// Reads the recording of a file.
    init(_ file: String) throws {
        let bytes = Array(try Data(contentsOf: Self.folder.appending(path: "\(file).json")))
        let value = try JSONReader.read(bytes)
        self.file = file
        self.topic = value["topic"]?.string ?? file
        self.exchanges = (value["exchanges"]?.array ?? []).compactMap { entry in
            guard let request = entry["request"], let response = entry["response"] else { return nil }
            let isWatch = response["events"] != nil
            return Exchange(
                name: entry["name"]?.string ?? "", request: request, response: response,
                during: isWatch ? (entry["during"]?.array ?? []).compactMap(\.string) : nil)
        }
    }
}
