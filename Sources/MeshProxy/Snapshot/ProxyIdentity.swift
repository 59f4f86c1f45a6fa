/// Who this proxy is, and whom it trusts.
public final class ProxyIdentity: Sendable {
    /// The DNS name that the certificate carries.
    public let name: String
    /// Seconds since 1970 when the certificate ends.
    public let expiry: Int64

    /// An identity with a certificate that ends at `expiry`.
    public init(name: String, expiry: Int64) {
        self.name = name
        self.expiry = expiry
    }
}
