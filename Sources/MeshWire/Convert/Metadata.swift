internal import MeshPolicy
internal import SwiftProtobuf

extension PolicyMetadata {
    init(_ wire: WireMetadata, _ field: String = "metadata") throws(WireError) {
        switch wire.kind {
        case .default(let name): self = .implicit(name)
        case .resource(let resource):
            guard let port = UInt16(exactly: resource.port) else {
                throw .invalid("\(field).port", value: "\(resource.port)")
            }
            self = .resource(
                ResourceReference(
                    group: resource.group, kind: resource.kind, name: resource.name, namespace: resource.namespace,
                    section: resource.section, port: port == 0 ? nil : port))
        case nil: throw .missing(field)
        }
    }

    var wire: WireMetadata {
        .with {
            switch self {
            case .implicit(let name): $0.default = name
            case .resource(let reference):
                $0.resource = .with {
                    $0.group = reference.group
                    $0.kind = reference.kind
                    $0.name = reference.name
                    $0.namespace = reference.namespace
                    $0.section = reference.section
                    $0.port = UInt32(reference.port ?? 0)
                }
            }
        }
    }

    /// Reads the labels `group`, `kind` and `name`, which stand for metadata in places older than it.
    init(labels: [String: String], kind: String, _ field: String) throws(WireError) {
        guard let name = labels["name"] else { throw .missing("\(field).name") }
        let kind = labels["kind"] ?? kind
        guard kind != "default" else {
            self = .implicit(name)
            return
        }
        self = .resource(ResourceReference(group: labels["group"] ?? "policy.linkerd.io", kind: kind, name: name))
    }

    /// The labels `group`, `kind` and `name`.
    var labels: [String: String] { ["group": self.group, "kind": self.kind, "name": self.name] }
}
