import MeshCodec
import MeshCompiler
import MeshModel
import MeshResources

/// Writes documents as YAML that `kubectl apply` reads.
enum ManifestText {
    /// The documents, one after the other.
    static func write(_ documents: [JSONValue]) -> String {
        documents.map { Self.members($0, indent: 0) }.joined(separator: "---\n")
    }

    private static func members(_ value: JSONValue, indent: Int) -> String {
        guard case .object(let members) = value else { return Self.scalar(value) + "\n" }
        let first = indent == 0 ? ["apiVersion", "kind", "metadata"] : []
        let names = first.filter { members[$0] != nil } + members.keys.filter { !first.contains($0) }.sorted()
        return names.map { name in
            let margin = String(repeating: "  ", count: indent)
            return margin + name + ":" + Self.member(members[name] ?? .null, indent: indent)
        }.joined()
    }

    private static func member(_ value: JSONValue, indent: Int) -> String {
        switch value {
        case .object(let members) where !members.isEmpty: return "\n" + Self.members(value, indent: indent + 1)
        case .array(let elements) where !elements.isEmpty:
            let margin = String(repeating: "  ", count: indent)
            return "\n"
                + elements.map { element in
                    guard case .object(let members) = element, !members.isEmpty else {
                        return "\(margin)- \(Self.scalar(element))\n"
                    }
                    let text = Self.members(element, indent: indent + 1)
                    return "\(margin)- " + text.dropFirst(margin.count + 2)
                }.joined()
        default: return " \(Self.scalar(value))\n"
        }
    }

    /// JSON's scalars are YAML's; only what cannot be taken for anything but text stands without quotes.
    private static func scalar(_ value: JSONValue) -> String {
        if case .string(let text) = value, let first = text.utf8.first, Self.isLetter(first),
            text.utf8.allSatisfy({ Self.isPlain($0) }),
            !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
                .contains(text.lowercased())
        {
            return text
        }
        return String(decoding: JSONWriter.write(value), as: UTF8.self)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

    private static func isPlain(_ byte: UInt8) -> Bool {
        Self.isLetter(byte) || (45...57).contains(byte) || byte == UInt8(ascii: "_")
    }
}

extension SuggestedObject {
    /// The object as a document with its `apiVersion` and `kind`.
    func document() throws -> JSONValue {
        switch self {
        case .server(let object): try Self.document(object)
        case .httpRoute(let object): try Self.document(object, object.group.resourceType)
        case .grpcRoute(let object): try Self.document(object)
        case .policy(let object): try Self.document(object)
        case .meshTLS(let object): try Self.document(object)
        case .network(let object): try Self.document(object)
        }
    }

    private static func document<Resource: KubernetesResource>(
        _ object: Resource, _ type: ResourceType = Resource.resourceType
    ) throws -> JSONValue {
        var document = try JSONValue(encoding: object)
        document["apiVersion"] = .string(type.apiVersion)
        document["kind"] = .string(type.kind)
        return document
    }
}
