import Foundation
public import MeshModel
public import SystemPackage
import Yams

/// Why manifests cannot be read.
public enum ManifestError: Error, Hashable, Sendable {
    /// No file or folder of that name can be read.
    case unreadable(path: String)
    /// Not YAML, or not an object.
    case invalid(path: String, reason: String)
    /// The document names no kind, API version or name.
    case nameless(path: String)
    /// The cluster knows no such kind.
    case unknownKind(apiVersion: String, kind: String)
}

/// Reads Kubernetes manifests: YAML files with any number of documents.
public enum Manifests {
    private static let fileBytesMax = 8 << 20

    /// The documents of one file.
    public static func read(_ path: FilePath) throws(ManifestError) -> [JSONValue] {
        var documents: [JSONValue] = []
        let text = try Self.text(path)
        do {
            documents = try Yams.compose_all(yaml: text).map(Self.value).filter { !$0.isNull }
        } catch {
            throw .invalid(path: path.string, reason: "\(error)")
        }
        for document in documents {
            guard document["kind"]?.string != nil, document["apiVersion"]?.string != nil,
                document[path: "metadata", "name"]?.string != nil
            else { throw .nameless(path: path.string) }
        }
        return documents
    }

    private static func text(_ path: FilePath) throws(ManifestError) -> String {
        guard let bytes = Self.bytes(path) else { throw .unreadable(path: path.string) }
        guard bytes.count <= Self.fileBytesMax, let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalid(path: path.string, reason: "larger than 8 MiB, or not UTF-8")
        }
        return text
    }

    /// The bytes of a file, at most one more than the limit; nil when it cannot be read.
    private static func bytes(_ path: FilePath) -> [UInt8]? {
        guard let data = FileManager.default.contents(atPath: path.string) else { return nil }
        return Array(data.prefix(Self.fileBytesMax + 1))
    }

    /// A YAML node as a JSON value, scalars by the rules of YAML's core schema.
    private static func value(_ node: Node) throws -> JSONValue {
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
            if node.null != nil { return .null }
            if let flag = Bool.construct(from: scalar) { return .bool(flag) }
            if let number = Int.construct(from: scalar) { return .integer(Int64(number)) }
            if let number = Double.construct(from: scalar), number.isFinite { return .number(number) }
            return .string(scalar.string)
        case .sequence(let sequence): return .array(try sequence.map(Self.value))
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, value) in mapping { members[key.string ?? ""] = try Self.value(value) }
            return .object(members)
        case .alias: throw ManifestError.invalid(path: "", reason: "aliases are not supported")
        }
    }
}
