/// What an element of a policy stems from; the source of its metric labels.
public enum PolicyMetadata: Hashable, Sendable {
    /// Made by the control plane itself, under this name: `default`, `all-unauthenticated`, `probe`.
    case implicit(String)
    /// A Kubernetes object.
    ///
    /// Boxed: requests copy what holds metadata, and one reference is retained instead of five strings.
    indirect case resource(ResourceReference)

    /// The API group; empty for implicit elements and the core group is written `core`.
    public var group: String {
        switch self {
        case .implicit: ""
        case .resource(let reference): reference.group
        }
    }

    /// The kind; `default` for implicit elements.
    public var kind: String {
        switch self {
        case .implicit: "default"
        case .resource(let reference): reference.kind
        }
    }

    /// The name of the object or of the implicit element.
    public var name: String {
        switch self {
        case .implicit(let name): name
        case .resource(let reference): reference.name
        }
    }

    /// The namespace; empty for implicit elements and where policies leave it out.
    public var namespace: String {
        switch self {
        case .implicit: ""
        case .resource(let reference): reference.namespace
        }
    }

    /// The port; nil when there is none.
    public var port: UInt16? {
        switch self {
        case .implicit: nil
        case .resource(let reference): reference.port
        }
    }

    /// True for the authorization of the `audit` default policy.
    public var isAudit: Bool { self == .implicit("audit") }
}

/// A Kubernetes object that a policy element stems from.
public struct ResourceReference: Hashable, Sendable {
    /// API group; `core` for Services.
    public var group: String
    /// As written by the control plane: `server`, `HTTPRoute`, `Service`.
    public var kind: String
    /// `metadata.name`.
    public var name: String
    /// Empty where policies leave it out.
    public var namespace: String
    /// A part of the object; empty for all of it.
    public var section: String
    /// A port of the object.
    public var port: UInt16?

    /// Names an object.
    public init(
        group: String, kind: String, name: String, namespace: String = "", section: String = "", port: UInt16? = nil
    ) {
        self.group = group
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.section = section
        self.port = port
    }
}
