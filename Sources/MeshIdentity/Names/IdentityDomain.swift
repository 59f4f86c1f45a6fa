/// Where identities of a mesh live: what follows the account in every name.
///
/// `<account>.<namespace>.serviceaccount.identity.<controlNamespace>.<trustDomain>` is the DNS name in a proxy's
/// certificate. The control part is `linkerd` unless told otherwise, wherever the control plane runs, so that
/// existing MeshTLSAuthentications keep matching.
public struct IdentityDomain: Hashable, Sendable {
    /// A DNS label.
    public let controlNamespace: String
    /// A DNS name without a final dot.
    public let trustDomain: String

    /// Checks both parts.
    ///
    /// - Throws: ``IdentityError/invalidDomain(controlNamespace:trustDomain:)``.
    public init(controlNamespace: String = "linkerd", trustDomain: String = "cluster.local") throws(IdentityError) {
        guard DNSSyntax.isLabel(controlNamespace), DNSSyntax.isSubdomain(trustDomain) else {
            throw .invalidDomain(controlNamespace: controlNamespace, trustDomain: trustDomain)
        }
        self.controlNamespace = controlNamespace
        self.trustDomain = trustDomain
    }

    /// What every identity of this domain ends with, from its dot on.
    var suffix: String { ".serviceaccount.identity.\(self.controlNamespace).\(self.trustDomain)" }

    /// The identity of a ServiceAccount.
    ///
    /// - Throws: ``IdentityError/invalidAccount(_:)`` when the whole name is longer than DNS allows.
    public func identity(of account: ServiceAccountName) throws(IdentityError) -> String {
        let name = "\(account.name).\(account.namespace)\(self.suffix)"
        guard name.utf8.count <= DNSSyntax.nameLengthMax else { throw .invalidAccount(account.description) }
        return name
    }

    /// The ServiceAccount that `identity` names in this domain; nil for any other name.
    public func account(of identity: String) -> ServiceAccountName? {
        guard identity.hasSuffix(self.suffix) else { return nil }
        let parts = identity.dropLast(self.suffix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return try? ServiceAccountName(namespace: String(parts[1]), name: String(parts[0]))  // Nil says it all.
    }
}
