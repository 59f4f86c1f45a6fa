import MeshCodec
import MeshModel
import Yams

/// The form in which a client wants its answer.
struct Negotiation: Hashable, Sendable {
    enum Form: Hashable, Sendable {
        case object
        case table
        case metadata
        case discovery
    }
    var form: Form = .object
    var isYAML = false

    /// The first acceptable form of an `Accept` header; nil when there is none.
    static func choose(_ header: String?, allowsTable: Bool, allowsDiscovery: Bool = false) -> Negotiation? {
        guard let header, !header.trimmed.isEmpty else { return Negotiation() }
        for part in header.split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.trimmed }
            guard let type = pieces.first else { continue }
            var parameters: [String: String] = [:]
            for piece in pieces.dropFirst() {
                let pair = piece.split(separator: "=", maxSplits: 1)
                if pair.count == 2 { parameters[String(pair[0])] = String(pair[1]) }
            }
            let isYAML = type == "application/yaml"
            guard isYAML || ["application/json", "application/*", "*/*"].contains(type) else { continue }
            guard let target = parameters["as"] else { return Negotiation(isYAML: isYAML) }
            let isMeta = parameters["g"] == "meta.k8s.io" && ["v1", "v1beta1"].contains(parameters["v"] ?? "")
            switch target {
            case "Table" where isMeta && allowsTable: return Negotiation(form: .table, isYAML: isYAML)
            case "PartialObjectMetadata" where isMeta && allowsTable,
                "PartialObjectMetadataList" where isMeta && allowsTable:
                return Negotiation(form: .metadata, isYAML: isYAML)
            case "APIGroupDiscoveryList"
            where allowsDiscovery && parameters["g"] == "apidiscovery.k8s.io" && parameters["v"] == "v2":
                return Negotiation(form: .discovery)
            default: continue
            }
        }
        return nil
    }

    /// The refusal of discovery documents.
    static let refusal = APIFailure(
        code: 406, reason: "NotAcceptable",
        message: "only the following media types are accepted: application/json, application/yaml, "
            + "application/vnd.kubernetes.protobuf")

    /// The refusal of objects, and of lists, which can be watched.
    static func refusal(isList: Bool) -> APIFailure {
        var types = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
        if isList { types += ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"] }
        return APIFailure(
            code: 406, reason: "NotAcceptable",
            message: "406: Not Acceptable\n\nAvailable representations: \(types.joined(separator: ", "))",
            showsEmptyDetails: true)
    }
}

/// Documents as bytes and back.
enum Documents {
    /// The deepest nesting that is read.
    static let depthMax = 128

    /// A reply with a document.
    static func reply(_ value: JSONValue, status: Int = 200, _ negotiation: Negotiation = Negotiation()) -> APIReply {
        if negotiation.isYAML, let text = Self.yaml(value) {
            return APIReply(
                status: status, headers: [("content-type", "application/yaml")], body: .bytes(Array(text.utf8)))
        }
        var bytes = JSONWriter.write(value)
        bytes.append(0x0A)
        return APIReply(status: status, headers: [("content-type", "application/json")], body: .bytes(bytes))
    }

    static func reply(_ failure: APIFailure) -> APIReply {
        var reply = Self.reply(failure.status, status: failure.code)
        if let seconds = failure.retryAfterSeconds { reply.headers.append(("retry-after", String(seconds))) }
        reply.headers += failure.warnings.map { ("warning", APIHandler.warning($0)) }
        return reply
    }

    private static func yaml(_ value: JSONValue) -> String? {
        func node(_ value: JSONValue) -> Node {
            switch value {
            case .null: Node("null", Tag(.null))
            case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
            case .integer(let number): Node(String(number), Tag(.int))
            case .number(let number): Node(String(number), Tag(.float))
            case .string(let text): Node(text, Tag(.str), Self.isPlain(text) ? .plain : .doubleQuoted)
            case .array(let elements): Node(elements.map(node))
            case .object(let members):
                Node(members.sorted { $0.key < $1.key }.map { (Node($0.key, Tag(.str)), node($0.value)) })
            }
        }
        do {
            return try Yams.serialize(node: node(value))
        } catch {
            return nil  // JSON is YAML too.
        }
    }

    /// Text that no reader of YAML takes for something else.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first | 0x20) else { return false }
        let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        guard !words.contains(text.lowercased()) else { return false }
        return text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "-./_".utf8.contains(byte)
        }
    }

    /// Reads a body that says it is YAML.
    static func readYAML(_ bytes: [UInt8]) throws(APIFailure) -> JSONValue {
        do {
            guard let node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)) else { return .null }
            return Self.value(of: node, depth: 0)
        } catch {
            throw .badRequest("error converting YAML to JSON: yaml: \(error)")
        }
    }

    private static func value(of node: Node, depth: Int) -> JSONValue {
        guard depth < Self.depthMax else { return .null }
        switch node {
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, member) in mapping {
                members[key.string ?? key.scalar?.string ?? ""] = Self.value(of: member, depth: depth + 1)
            }
            return .object(members)
        case .sequence(let sequence): return .array(sequence.map { Self.value(of: $0, depth: depth + 1) })
        case .scalar(let scalar):
            if node.null != nil { return .null }
            // YAML 1.1: y, n, on and off are booleans too.
            if scalar.style == .plain, let flag = ["y": true, "Y": true, "n": false, "N": false][scalar.string] {
                return .bool(flag)
            }
            if let flag = node.bool { return .bool(flag) }
            if let number = node.int { return .integer(Int64(number)) }
            if let number = node.float, number.isFinite { return .number(number) }
            return .string(scalar.string)
        case .alias: return .null
        }
    }
}
