import Crypto
import Foundation
import MeshSecure
import SwiftASN1
import X509

/// A certificate authority for tests.
struct TestAuthority {
    let key = P256.Signing.PrivateKey()
    let name: DistinguishedName
    let certificate: Certificate

    init(_ commonName: String = "root") throws {
        self.name = try DistinguishedName { CommonName(commonName) }
        let key = Certificate.PrivateKey(self.key)
        self.certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -3_600), notValidAfter: Date(timeIntervalSinceNow: 86_400),
            issuer: self.name, subject: self.name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: key)
    }

    var anchors: TrustAnchors {
        get throws { try TrustAnchors(pem: self.certificate.serializeAsPEM().pemString) }
    }

    /// Issues a leaf for the names; it ends `lifetime` seconds from now.
    func issue(_ names: [GeneralName], lifetime: TimeInterval = 3_600) throws -> TLSCredentials {
        let key = P256.Signing.PrivateKey()
        let certificate = try self.sign(Certificate.PrivateKey(key).publicKey, names, lifetime: lifetime)
        return TLSCredentials(
            chain: [try Self.der(certificate)], key: try IdentityKey(pkcs8: Array(key.derRepresentation)))
    }

    func sign(
        _ publicKey: Certificate.PublicKey, _ names: [GeneralName], lifetime: TimeInterval = 3_600
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -7_200), notValidAfter: Date(timeIntervalSinceNow: lifetime),
            issuer: self.name, subject: try DistinguishedName { CommonName("leaf") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames(names)
            }, issuerPrivateKey: Certificate.PrivateKey(self.key))
    }

    static func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
