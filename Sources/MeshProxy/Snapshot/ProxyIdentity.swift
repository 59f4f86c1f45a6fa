public import MeshSecure

/// Who this proxy is, and whom it trusts.
public final class ProxyIdentity: Sendable {
    /// The DNS name that the certificate carries.
    public let name: String
    /// Seconds since 1970 when the certificate ends.
    public let expiry: Int64
    /// For connections that this proxy opens to meshed endpoints.
    public let client: TLSContext
    /// For connections that it accepts from meshed clients.
    public let server: TLSContext

    /// An identity with a certificate that ends at `expiry`.
    public init(name: String, expiry: Int64, client: TLSContext, server: TLSContext) {
        self.name = name
        self.expiry = expiry
        self.client = client
        self.server = server
    }
}
