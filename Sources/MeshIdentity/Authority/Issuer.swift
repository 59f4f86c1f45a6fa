import Crypto
public import MeshModel
import X509

/// The authority that signs workloads' certificates, verified against the anchors when it was loaded.
public struct Issuer: Sendable {
    private let signer: LeafSigner
    private let chain: [Certificate]
    /// The issuer's certificate and those towards the anchor, DER, nearest to the leaf first.
    public let intermediates: [[UInt8]]
    /// When every certificate up to the anchor is in force; no leaf outlives it.
    public let validity: Validity

    /// Loads an issuer and proves that the anchors vouch for it at `time`.
    ///
    /// - Throws: ``IdentityError``: not P-256, key of another certificate, no authority, not in force, untrusted.
    public init(
        loading credentials: Credentials, trusting anchors: TrustBundle, at time: WallTime
    ) async throws(IdentityError) {
        let chain = try PEMReader.certificates(credentials.certificates)
        guard let certificate = chain.first else { throw .invalidCertificate("no certificate") }
        let key = try PEMReader.privateKey(credentials.privateKey)
        guard P256.Signing.PublicKey(key.publicKey) != nil else { throw .unsupportedIssuerKey }
        guard key.publicKey == certificate.publicKey else { throw .keyMismatch }
        guard certificate.isAuthority else { throw .notAuthority(subject: certificate.subject.description) }
        self.validity = try await anchors.verify(certificate, intermediates: Array(chain.dropFirst()), at: time)
        self.signer = LeafSigner(certificate: certificate, key: key)
        self.chain = chain
        var intermediates: [[UInt8]] = []
        for member in chain { intermediates.append(try member.derBytes()) }
        self.intermediates = intermediates
    }

    /// Signs a certificate for a request that was checked.
    ///
    /// - Throws: ``IdentityError/notInForce(subject:notBefore:notAfter:)`` when the issuer itself has expired.
    public func certify(
        _ request: LeafRequest, terms: IssuanceTerms, at time: WallTime
    ) throws(IdentityError) -> Leaf {
        let validity = try self.leafValidity(terms: terms, at: time)
        let certificate = try self.signer.sign(
            key: request.key, subject: request.subject, names: [request.identity], validity: validity)
        return Leaf(certificate: try certificate.derBytes(), intermediates: self.intermediates, validity: validity)
    }

    /// Creates a key and a certificate for the control plane's own identity.
    public func makeServer(
        identity: String, terms: IssuanceTerms, at time: WallTime
    ) throws(IdentityError) -> ServerIdentity {
        guard DNSSyntax.isSubdomain(identity) else { throw .invalidAccount(identity) }
        let validity = try self.leafValidity(terms: terms, at: time)
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let leaf = try self.signer.sign(key: key.publicKey, subject: nil, names: [identity], validity: validity)
        var text = try leaf.pemText()
        for member in self.chain { text += try member.pemText() }
        return ServerIdentity(
            name: identity, credentials: Credentials(certificates: text, privateKey: try key.pemText()),
            chain: [try leaf.derBytes()] + self.intermediates, key: try key.derBytes(), validity: validity)
    }

    private func leafValidity(terms: IssuanceTerms, at time: WallTime) throws(IdentityError) -> Validity {
        guard self.validity.contains(time) else {
            throw .notInForce(
                subject: self.signer.certificate.subject.description,
                notBefore: self.validity.notBefore.description, notAfter: self.validity.notAfter.description)
        }
        return Validity(
            notBefore: time - terms.clockSkew,
            notAfter: min(time + terms.lifetime + terms.clockSkew, self.validity.notAfter))
    }
}

/// How long certificates of workloads live.
public struct IssuanceTerms: Hashable, Sendable {
    /// From now until a certificate ends, before the allowance is added.
    public let lifetime: Duration
    /// How far clocks may disagree: certificates begin that much earlier and end that much later.
    public let clockSkew: Duration

    /// Defaults as in Linkerd's chart: 24 hours and 20 seconds.
    public init(lifetime: Duration = .seconds(86_400), clockSkew: Duration = .seconds(20)) {
        self.lifetime = max(lifetime, .seconds(1))
        self.clockSkew = max(clockSkew, .zero)
    }
}

/// A signed certificate with its path, as a proxy gets it.
public struct Leaf: Sendable, Hashable {
    /// DER.
    public let certificate: [UInt8]
    /// DER, nearest to the leaf first.
    public let intermediates: [[UInt8]]
    /// When it is in force.
    public let validity: Validity

    /// The lower-case hexadecimal SHA-256 of the certificate, for events and logs.
    public var digest: String { SHA256.hash(data: self.certificate).hexadecimal }
}

/// The control plane's own certificate and key, for its TLS server.
public struct ServerIdentity: Sendable {
    /// The one DNS name in it.
    public let name: String
    /// The chain without the anchor, and the key, as PEM.
    public let credentials: Credentials
    /// The same chain as DER, the leaf first.
    public let chain: [[UInt8]]
    /// The same key as PKCS#8 DER.
    public let key: [UInt8]
    /// When it is in force.
    public let validity: Validity
}
