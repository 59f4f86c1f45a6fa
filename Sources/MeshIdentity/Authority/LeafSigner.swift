import Crypto
import X509

/// Signs end-entity certificates with one authority's key; what goes into them is decided here alone.
struct LeafSigner: Sendable {
    let certificate: Certificate
    let key: Certificate.PrivateKey

    /// A certificate for `names` that can authenticate both sides of a connection and can never sign another.
    ///
    /// - Parameter subject: the common name, or nil for an empty subject, which makes the names critical
    ///   (RFC 5280 §4.2.1.6).
    func sign(
        key: Certificate.PublicKey, subject: String?, names: [String], validity: Validity
    ) throws(IdentityError) -> Certificate {
        let names = SubjectAlternativeNames(names.map { .dnsName($0) })
        // RFC 8410 §5: Ed25519 keys sign and nothing else.
        let encipherment = Curve25519.Signing.PublicKey(key) == nil
        do {
            var extensions = try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true, keyEncipherment: encipherment))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: self.key.publicKey).keyIdentifier)
            }
            try extensions.append(Certificate.Extension(names, critical: subject == nil))
            return try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key,
                notValidBefore: validity.notBefore.date, notValidAfter: validity.notAfter.date,
                issuer: self.certificate.subject,
                subject: try subject.map { name in try DistinguishedName { CommonName(name) } } ?? DistinguishedName(),
                signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: self.key)
        } catch {
            throw .issuance("\(error)")
        }
    }
}
