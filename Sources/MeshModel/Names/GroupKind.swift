/// An API group and kind, without version: what a reference names.
public struct GroupKind: Hashable, Sendable {
    /// Empty for the core group.
    public let group: String
    /// As in manifests: `Service`, `HTTPRoute`.
    public let kind: String

    /// Names a kind; the core group is written as the empty string (`core` is folded into it).
    public init(group: String, kind: String) {
        self.group = group == "core" ? "" : group
        self.kind = kind
    }
}

extension GroupKind: CustomStringConvertible {
    /// `kind.group`, or `kind` alone in the core group.
    public var description: String { self.group.isEmpty ? self.kind : "\(self.kind).\(self.group)" }
}
