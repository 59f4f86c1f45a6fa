import Crypto
import SwiftASN1
import X509

/// A certificate signing request that passed every check: it asks for exactly one identity, and holds its key.
public struct LeafRequest: Sendable {
    /// Twenty times what a proxy sends; refused before parsing.
    public static let sizeMax = 16 << 10

    /// The one identity that the certificate will name.
    public let identity: String
    let key: Certificate.PublicKey
    let subject: String?

    /// Checks a DER-encoded PKCS#10 request against the identity that its sender proved.
    ///
    /// The request's signature must be made by its own key (P-256 or Ed25519); its only name must be `identity`, its
    /// subject empty or that name alone; it must not ask to be an authority. Nothing but the key and the name is
    /// taken over into the certificate.
    /// - Throws: ``IdentityError``: `invalidRequest` and `tooLarge` for what cannot be read, others for what is
    ///   refused.
    public init(der: [UInt8], identity: String) throws(IdentityError) {
        guard der.count <= Self.sizeMax else { throw .tooLarge(limit: Self.sizeMax) }
        let request: CertificateSigningRequest
        do {
            request = try CertificateSigningRequest(derEncoded: der)
        } catch {
            throw .invalidRequest("\(error)")
        }
        guard DNSSyntax.isSubdomain(identity) else {
            throw .nameMismatch(expected: String(identity.prefix(256)), found: "")
        }
        try Self.checkKey(request.publicKey)
        guard request.publicKey.isValidSignature(request.signature, for: request) else { throw .wrongSignature }
        self.subject = try Self.commonName(of: request.subject, expected: identity)
        try Self.checkExtensions(request.attributes, expected: identity)
        self.identity = identity
        self.key = request.publicKey
    }

    private static func checkKey(_ key: Certificate.PublicKey) throws(IdentityError) {
        guard P256.Signing.PublicKey(key) != nil || Curve25519.Signing.PublicKey(key) != nil else {
            throw .unsupportedKey(key.description)
        }
    }

    /// The common name of a subject that is nothing else; nil when the subject is empty.
    private static func commonName(
        of subject: DistinguishedName, expected: String
    ) throws(IdentityError) -> String? {
        let attributes = subject.flatMap { Array($0) }
        guard let attribute = attributes.first else { return nil }
        let mismatch = IdentityError.nameMismatch(expected: expected, found: subject.printable)
        guard attributes.count == 1, attribute.type == .RDNAttributeType.commonName,
            let name = String(attribute.value)
        else { throw mismatch }
        if name.isEmpty { return nil }
        guard name.isExactly(expected) else { throw mismatch }
        return expected
    }

    private static func checkExtensions(
        _ attributes: CertificateSigningRequest.Attributes, expected: String
    ) throws(IdentityError) {
        guard attributes.count(where: { $0.oid == .CSRAttributes.extensionRequest }) <= 1 else {
            throw .invalidRequest("more than one list of extensions")
        }
        let names: SubjectAlternativeNames?
        let constraints: BasicConstraints?
        let usage: KeyUsage?
        do {
            let extensions = try attributes.extensionRequest?.extensions
            names = try extensions?.subjectAlternativeNames
            constraints = try extensions?.basicConstraints
            usage = try extensions?.keyUsage
        } catch {
            throw .invalidRequest("\(error)")
        }
        guard let names, names.count == 1, case .dnsName(let name)? = names.first, name.isExactly(expected) else {
            let found = names.map { $0.prefix(4).map(\.description).joined(separator: ", ") } ?? ""
            throw .nameMismatch(expected: expected, found: found.printable)
        }
        if case .isCertificateAuthority = constraints { throw .forbiddenExtension("basicConstraints: CA") }
        if usage?.keyCertSign == true { throw .forbiddenExtension("keyUsage: keyCertSign") }
    }
}

extension StringProtocol {
    /// Byte for byte, unlike `==`, which takes canonically equivalent text for equal.
    fileprivate func isExactly(_ other: String) -> Bool { self.utf8.elementsEqual(other.utf8) }

    /// At most 256 printable ASCII characters, for messages about text that a peer chose.
    fileprivate var printable: String {
        String(
            String.UnicodeScalarView(
                self.unicodeScalars.prefix(256).map { (0x20..<0x7F).contains($0.value) ? $0 : "?" }))
    }
}

extension DistinguishedName {
    fileprivate var printable: String { self.description.printable }
}
