/// A ServiceAccount, as both parts of its identity: namespace and name are DNS labels.
///
/// Kubernetes allows dots in the name of an account; such an account has no identity, because
/// `a.b` in `c` and `a` in `b.c` would share one.
public struct ServiceAccountName: Hashable, Sendable {
    /// The account's namespace.
    public let namespace: String
    /// The account's name.
    public let name: String

    /// Checks both parts.
    ///
    /// - Throws: ``IdentityError/invalidAccount(_:)``.
    public init(namespace: String, name: String) throws(IdentityError) {
        guard DNSSyntax.isLabel(namespace), DNSSyntax.isLabel(name) else {
            throw .invalidAccount("\(namespace)/\(name)")
        }
        self.namespace = namespace
        self.name = name
    }

    /// Parses the user name that a TokenReview reports: `system:serviceaccount:<namespace>:<name>`.
    ///
    /// - Throws: ``IdentityError/invalidAccount(_:)`` for every other user.
    public init(username: String) throws(IdentityError) {
        let parts = username.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" else {
            throw .invalidAccount(String(username.prefix(256)))
        }
        try self.init(namespace: parts[2], name: parts[3])
    }
}

extension ServiceAccountName: CustomStringConvertible {
    /// `namespace/name`.
    public var description: String { "\(self.namespace)/\(self.name)" }
}
