import Crypto
import Foundation
import MeshSecure
import SwiftASN1
import X509

@testable import MeshProxy

/// A certificate authority for tests.
struct TestAuthority {
    let key = P256.Signing.PrivateKey()
    let name: DistinguishedName
    let certificate: Certificate

    init() throws {
        self.name = try DistinguishedName { CommonName("root") }
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

    var pem: String { get throws { try self.certificate.serializeAsPEM().pemString } }

    /// A certificate for `name`, and its key as PKCS#8, both DER.
    func issue(_ name: String) throws -> (certificate: [UInt8], key: [UInt8]) {
        let key = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: Certificate.PrivateKey(key).publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -60), notValidAfter: Date(timeIntervalSinceNow: 3_600),
            issuer: self.name, subject: try DistinguishedName { CommonName("leaf") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames([.dnsName(name)])
            }, issuerPrivateKey: Certificate.PrivateKey(self.key))
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return (serializer.serializedBytes, Array(key.derRepresentation))
    }

    /// What a proxy named `name` works with.
    func identity(_ name: String) throws -> ProxyIdentity {
        let (certificate, key) = try self.issue(name)
        let credentials = TLSCredentials(chain: [certificate], key: try IdentityKey(pkcs8: key))
        let anchors = try TrustAnchors(pem: self.pem)
        return ProxyIdentity(
            name: name, expiry: try CertificateFacts(der: certificate).notAfter,
            client: try TLSContext(.client, credentials: credentials, anchors: anchors),
            server: try TLSContext(
                .server, credentials: credentials, anchors: anchors, protocols: ["transport.l5d.io/v1"]))
    }
}
