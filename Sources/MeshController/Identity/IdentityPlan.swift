import MeshIdentity
import MeshModel

/// How long what the controller makes for itself lives.
struct IdentityPlan: Hashable, Sendable {
    /// A year.
    var anchorLifetime = Duration.seconds(365 * 86_400)
    /// A tenth of it, so that issuers change while the anchor stays.
    var issuerLifetime = Duration.seconds(36 * 86_400)
    /// The webhooks' own certificate and its anchor.
    var webhookLifetime = Duration.seconds(365 * 86_400)
    /// Clocks may disagree by this much.
    var clockSkew = Duration.seconds(20)
    /// Certificates of workloads.
    var leafLifetime = Duration.seconds(86_400)

    /// Of workloads and of the controller itself.
    var terms: IssuanceTerms { IssuanceTerms(lifetime: self.leafLifetime, clockSkew: self.clockSkew) }

    /// From now for `lifetime`, with an allowance for clocks before it.
    func validity(_ lifetime: Duration, at now: WallTime) -> Validity {
        Validity(notBefore: now - self.clockSkew, notAfter: now + lifetime)
    }
}

/// The names of what the controller owns.
enum IdentityObjects {
    /// Anchor with key, only when the mesh made its own; `ca.crt`, `ca.key`.
    static let anchor = "heddle-identity-anchor"
    /// Issuer; `crt.pem`, `key.pem`, or `tls.crt`, `tls.key` of somebody else's making.
    static let issuer = "heddle-identity-issuer"
    /// What proxies trust; `ca-bundle.crt`.
    static let roots = "heddle-identity-trust-roots"
    static let rootsKey = "ca-bundle.crt"
    /// The webhooks' certificate; `tls.crt`, `tls.key`, and `ca.crt` for the API server.
    static let webhook = "heddle-webhook-tls"
}
