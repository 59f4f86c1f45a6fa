/// Why a key, certificate or session could not be used.
///
/// No case carries key material or peer-supplied text.
public enum TLSError: Error, Hashable, Sendable {
    /// The TLS library has no memory, or refused a setting it supports.
    case library(Step)
    /// A certificate is not DER, or a PEM block is damaged.
    case malformedCertificate
    /// No trust anchor was given.
    case noAnchors
    /// No certificate was given.
    case noCertificate
    /// The private key is not PKCS#8 DER of a supported kind.
    case malformedKey
    /// The key does not belong to the certificate.
    case keyMismatch
    /// A name is empty, too long, or holds other characters than a DNS name may.
    case malformedName
    /// The chain does not lead to an anchor, or is outside its validity; the number is X.509's (`X509_V_ERR_…`).
    case untrusted(reason: Int32)
    /// The handshake failed; the number is the library's reason.
    case handshake(reason: Int32)
    /// A record was damaged or out of order; the number is the library's reason.
    case record(reason: Int32)
    /// The peer broke the connection off before its handshake was complete.
    case truncated

    /// What was being set up.
    public enum Step: String, Hashable, Sendable {
        case context, session, transport, groups, anchors, certificate, key, name, request, protocols
    }
}
