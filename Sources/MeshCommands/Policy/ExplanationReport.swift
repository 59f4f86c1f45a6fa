import MeshCodec
import MeshCompiler
import MeshModel
import MeshPolicy

/// An explanation as text and as a document.
struct ExplanationReport {
    private let explanation: Explanation

    init(_ explanation: Explanation) { self.explanation = explanation }

    func text() throws -> String {
        var text = "\(self.verdict)\n"
        if let governor = self.explanation.governor { text += "governed by  \(Self.name(governor))\n" }
        if let route = self.explanation.route { text += "route        \(Self.name(route))\n" }
        var table = TextTable("AUTHORIZATION", "OF", "RESULT")
        for candidate in self.explanation.candidates {
            table.append(
                Self.name(candidate.metadata), candidate.route.map(Self.name) ?? "the port",
                candidate.refusal.map(Self.reason) ?? "admits the client")
        }
        if !table.isEmpty { text += "\n\(table.text)" }
        var ignored = TextTable("WITHOUT EFFECT", "BECAUSE")
        for object in self.explanation.ignored { ignored.append("\(object.kind) \(object.name)", object.reason) }
        if !ignored.isEmpty { text += "\n\(ignored.text)" }
        if !self.explanation.suggestion.isEmpty {
            let documents = try self.explanation.suggestion.map { try $0.document() }
            text += "\n# This would let the client in:\n"
            if !self.explanation.alsoHolding.isEmpty {
                let names = self.explanation.alsoHolding.joined(separator: ", ")
                text += "# The Server comes under the policies of the whole namespace, too: \(names)\n"
            }
            text += ManifestText.write(documents)
        }
        return text
    }

    func document() throws -> JSONValue {
        var document: JSONValue = [
            "allowed": .bool(self.explanation.isAllowed), "verdict": .string(self.verdict),
            "authorizations": .array(
                self.explanation.candidates.map { candidate in
                    var entry: JSONValue = [
                        "authorization": Self.document(candidate.metadata), "admits": .bool(candidate.refusal == nil),
                    ]
                    if let refusal = candidate.refusal { entry["reason"] = .string(Self.reason(refusal)) }
                    if let route = candidate.route { entry["route"] = Self.document(route) }
                    return entry
                }),
            "withoutEffect": .array(
                self.explanation.ignored.map {
                    ["kind": .string($0.kind), "name": .string($0.name), "reason": .string($0.reason)]
                }),
            "suggestion": .array(try self.explanation.suggestion.map { try $0.document() }),
            "alsoHolding": .array(self.explanation.alsoHolding.map { .string($0) }),
        ]
        if let governor = self.explanation.governor { document["governor"] = Self.document(governor) }
        if let route = self.explanation.route { document["route"] = Self.document(route) }
        return document
    }

    private var verdict: String {
        switch self.explanation.decision {
        case .allowed(let metadata): "allowed by \(Self.name(metadata))"
        case .denied: "denied: no authorization admits the client"
        case .noRoute: "denied: no route of the port is for this request (404)"
        case .notHTTP: "denied: the port takes HTTP alone"
        case .unknownWorkload: "unknown: the workload is not in the mesh"
        }
    }

    static func name(_ metadata: PolicyMetadata) -> String {
        switch metadata {
        case .implicit(let name): "\(name) (built in)"
        case .resource(let reference): "\(Self.kind(reference.kind)) \(reference.name)"
        }
    }

    /// Kinds as manifests write them; policies carry those of authorizations in lower case.
    private static func kind(_ kind: String) -> String {
        switch kind {
        case "server": "Server"
        case "serverauthorization": "ServerAuthorization"
        case "authorizationpolicy": "AuthorizationPolicy"
        default: kind
        }
    }

    private static func document(_ metadata: PolicyMetadata) -> JSONValue {
        ["kind": .string(Self.kind(metadata.kind)), "name": .string(metadata.name)]
    }

    private static func reason(_ refusal: AuthorizationRefusal) -> String {
        switch refusal {
        case .needsMeshTLS: "the client is not in the mesh"
        case .needsIdentity: "the client shows no identity"
        case .identityNotListed: "the client's identity is not listed"
        case .outsideNetworks: "the client's address is in none of the networks"
        }
    }
}
