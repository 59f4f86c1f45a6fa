/// Why a name, a key, a certificate or a request is refused.
///
/// Payloads never hold key material or tokens.
public enum IdentityError: Error, Hashable, Sendable {
    /// The control namespace is no DNS label or the trust domain no DNS name.
    case invalidDomain(controlNamespace: String, trustDomain: String)
    /// Not a ServiceAccount that can have an identity.
    case invalidAccount(String)
    /// More bytes than the limit, before anything was parsed.
    case tooLarge(limit: Int)
    /// Not a certificate, or not one that we understand; the reader's words.
    case invalidCertificate(String)
    /// Not a private key that we take; never says what the bytes were.
    case invalidKey
    /// A certificate authority whose key is not ECDSA P-256.
    case unsupportedIssuerKey
    /// The key does not belong to the certificate.
    case keyMismatch
    /// A certificate that must not sign others.
    case notAuthority(subject: String)
    /// No path from the certificate to an anchor that is in force at that time.
    case untrusted(subject: String, reason: String)
    /// Not in force yet, or no longer.
    case notInForce(subject: String, notBefore: String, notAfter: String)
    /// A bundle without certificates.
    case noAnchors
    /// More anchors than one bundle may hold.
    case tooManyAnchors(limit: Int)
    /// The request does not parse.
    case invalidRequest(String)
    /// The request's signature was not made by its key.
    case wrongSignature
    /// A key of a kind or size that we do not certify.
    case unsupportedKey(String)
    /// The request names something other than exactly the caller.
    case nameMismatch(expected: String, found: String)
    /// The request asks for what a workload never gets, such as signing certificates itself.
    case forbiddenExtension(String)
    /// The certificate could not be signed or encoded; the library's words.
    case issuance(String)
}
