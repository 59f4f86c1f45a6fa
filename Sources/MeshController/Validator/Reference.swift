import MeshModel

/// A reference to another object, as target, parent, backend or client.
///
/// Groups and kinds compare without regard to ASCII case; an omitted group and `core` mean the core group.
struct Reference {
    let field: Field
    let group: String
    let kind: String
    let name: String
    let namespace: String?

    init(_ field: Field, defaultKind: String? = nil) throws(Rejection) {
        _ = try field.required("a reference with kind and name").object()
        self.field = field
        let group = try field["group"].text() ?? ""
        self.group = group.lowercased() == "core" ? "" : group.lowercased()
        guard let kind = try field["kind"].text() ?? defaultKind else {
            throw Rejection(field["kind"].path, "is missing: the kind that is referred to")
        }
        self.kind = kind
        guard let name = try field["name"].text(), !name.isEmpty else {
            throw Rejection(field["name"].path, "is missing: the name that is referred to")
        }
        self.name = name
        self.namespace = try field["namespace"].text()
    }

    func isA(_ kind: String, in group: String) -> Bool {
        self.group == group && self.kind.lowercased() == kind.lowercased()
    }

    /// `kind.group`, for messages.
    var type: String { GroupKind(group: self.group, kind: self.kind).description }
}

/// The API groups whose objects are validated.
enum Group {
    static let core = ""
    static let policy = "policy.linkerd.io"
    static let gateway = "gateway.networking.k8s.io"
    static let profiles = "linkerd.io"
}
