import Crypto
import MeshModel
import SwiftASN1
import X509

/// A trust anchor whose private key we hold: the root of a mesh that was given no certificates.
public struct Anchor: Sendable {
    private let certificate: Certificate
    private let key: Certificate.PrivateKey
    /// What is stored, in a Secret that only the controller reads.
    public let credentials: Credentials

    /// Creates a self-signed P-256 anchor named `root.<control namespace>.<trust domain>`.
    ///
    /// The key is new each time, so two anchors of one name never sign for each other.
    public static func create(for domain: IdentityDomain, validity: Validity) throws(IdentityError) -> Anchor {
        try Self.create(commonName: "root.\(domain.controlNamespace).\(domain.trustDomain)", validity: validity)
    }

    /// Creates a self-signed P-256 anchor with this common name.
    public static func create(commonName: String, validity: Validity) throws(IdentityError) -> Anchor {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        do {
            let name = try DistinguishedName { CommonName(commonName) }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: validity.notBefore.date, notValidAfter: validity.notAfter.date,
                issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                },
                issuerPrivateKey: key)
            return try Anchor(certificate: certificate, key: key)
        } catch {
            throw .issuance("\(error)")
        }
    }

    /// Loads an anchor that was created before.
    ///
    /// - Throws: ``IdentityError`` unless it is one self-signed P-256 authority with its own key.
    public init(loading credentials: Credentials) throws(IdentityError) {
        let certificates = try PEMReader.certificates(credentials.certificates)
        guard certificates.count == 1, let certificate = certificates.first else {
            throw .invalidCertificate("an anchor is exactly one certificate")
        }
        let key = try PEMReader.privateKey(credentials.privateKey)
        guard P256.Signing.PublicKey(key.publicKey) != nil else { throw .unsupportedIssuerKey }
        guard key.publicKey == certificate.publicKey else { throw .keyMismatch }
        guard certificate.isAuthority else { throw .notAuthority(subject: certificate.subject.description) }
        try self.init(certificate: certificate, key: key)
    }

    private init(certificate: Certificate, key: Certificate.PrivateKey) throws(IdentityError) {
        self.certificate = certificate
        self.key = key
        self.credentials = Credentials(certificates: try certificate.pemText(), privateKey: try key.pemText())
    }

    /// When the anchor is in force.
    public var validity: Validity { self.certificate.validity }

    /// The anchor as a bundle of one.
    public func bundle() throws(IdentityError) -> TrustBundle { try TrustBundle([self.certificate]) }

    /// Creates an issuer with a new P-256 key that this anchor signs; it may sign leaves only.
    ///
    /// The issuer never outlives the anchor.
    public func makeIssuer(for domain: IdentityDomain, validity: Validity) throws(IdentityError) -> Credentials {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let inForce = validity.intersection(Validity(notBefore: validity.notBefore, notAfter: self.validity.notAfter))
        do {
            let subject = try DistinguishedName {
                CommonName("identity.\(domain.controlNamespace).\(domain.trustDomain)")
            }
            let issuer = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: inForce.notBefore.date, notValidAfter: inForce.notAfter.date,
                issuer: self.certificate.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                    AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: self.key.publicKey).keyIdentifier)
                },
                issuerPrivateKey: self.key)
            return Credentials(certificates: try issuer.pemText(), privateKey: try key.pemText())
        } catch {
            throw .issuance("\(error)")
        }
    }

    /// Creates a server certificate directly under this anchor, for a server whose clients trust this anchor alone.
    ///
    /// - Parameter names: DNS names, all of them subject alternative names.
    public func makeServer(names: [String], validity: Validity) throws(IdentityError) -> Credentials {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let signer = LeafSigner(certificate: self.certificate, key: self.key)
        let leaf = try signer.sign(key: key.publicKey, subject: nil, names: names, validity: validity)
        return Credentials(certificates: try leaf.pemText(), privateKey: try key.pemText())
    }
}

extension Certificate.PrivateKey {
    /// The key as PKCS#8 DER.
    func derBytes() throws(IdentityError) -> [UInt8] {
        do {
            return try self.serializeAsPEM().derBytes
        } catch {
            throw .invalidKey
        }
    }

    /// The key as one PKCS#8 PEM block with a newline at the end.
    func pemText() throws(IdentityError) -> String {
        do {
            return try self.serializeAsPEM().pemString + "\n"
        } catch {
            throw .invalidKey
        }
    }
}
