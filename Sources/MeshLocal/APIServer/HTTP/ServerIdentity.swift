import Crypto
import FoundationEssentials
import MeshModel
import MeshResources
import SwiftASN1
import X509

/// The certificate authority of a cluster and the certificate of its API server.
struct ServerIdentity: Sendable {
    /// The authority in PEM.
    let authorityPEM: String
    /// The server's certificate in PEM.
    let certificatePEM: String
    /// The server's private key in PEM.
    let privateKeyPEM: String

    /// Makes both, good from an hour ago for `days`.
    init(now: Timestamp, days: Int64, dnsNames: [String], addresses: [IPAddress]) throws {
        let authorityKey = P256.Signing.PrivateKey()
        let serverKey = P256.Signing.PrivateKey()
        let authorityName = try DistinguishedName { CommonName("heddle-local-ca") }
        let serverName = try DistinguishedName { CommonName("kube-apiserver") }
        let from = Self.date(now.advanced(by: .seconds(-3_600)))
        let until = Self.date(now.advanced(by: .seconds(days * 86_400)))
        let authority = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(authorityKey.publicKey), notValidBefore: from, notValidAfter: until,
            issuer: authorityName, subject: authorityName, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: Certificate.PrivateKey(authorityKey))
        let names =
            dnsNames.map { GeneralName.dnsName($0) }
            + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: Self.octets($0)[...])) }
        let server = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(serverKey.publicKey), notValidBefore: from, notValidAfter: until,
            issuer: authorityName, subject: serverName, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names)
            }, issuerPrivateKey: Certificate.PrivateKey(authorityKey))
        self.authorityPEM = try authority.serializeAsPEM().pemString + "\n"
        self.certificatePEM = try server.serializeAsPEM().pemString + "\n"
        self.privateKeyPEM = serverKey.pemRepresentation
    }

    private static func date(_ time: Timestamp) -> Date { Date(timeIntervalSince1970: Double(time.seconds)) }

    private static func octets(_ address: IPAddress) -> [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
            stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        return switch address {
        case .v4(let value): bytes(value)
        case .v6(let upper, let lower): bytes(upper) + bytes(lower)
        }
    }
}
