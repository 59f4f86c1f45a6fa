import MeshCodec
import MeshController
import MeshModel
import Testing

/// One object and the field that it must be refused for; nil when it must be let in.
struct ValidatorCase: CustomTestStringConvertible, Sendable {
    let kind: GroupKind
    let spec: String
    let field: String?
    var annotations = "{}"
    var name = "a"

    var testDescription: String { "\(self.kind) \(self.spec) → \(self.field ?? "let in")" }

    func rejection() throws -> Rejection? {
        let text = """
            {"metadata": {"name": "\(self.name)", "namespace": "shop", "annotations": \(self.annotations)}, "spec": \(self.spec)}
            """
        let document = try JSONReader.read(Array(text.utf8))
        do {
            try PolicyValidator.validate(document, kind: self.kind)
            return nil
        } catch {
            return error
        }
    }

    static func policy(_ kind: String, _ spec: String, _ field: String?, annotations: String = "{}") -> Self {
        Self(
            kind: GroupKind(group: "policy.linkerd.io", kind: kind), spec: spec, field: field, annotations: annotations)
    }

    static func gateway(_ kind: String, _ spec: String, _ field: String?, annotations: String = "{}") -> Self {
        Self(
            kind: GroupKind(group: "gateway.networking.k8s.io", kind: kind), spec: spec, field: field,
            annotations: annotations)
    }

    static func profile(_ spec: String, _ field: String?, name: String = "web.shop.svc.cluster.local") -> Self {
        Self(kind: GroupKind(group: "linkerd.io", kind: "ServiceProfile"), spec: spec, field: field, name: name)
    }
}
