import Crypto
import Foundation
import MeshSecure
import SwiftASN1
import Testing
import X509

@Suite struct IdentityTests {
    private static let name = "web.default.serviceaccount.identity.linkerd.cluster.local"

    @Test(
        "a request carries the name and proves possession of the key",
        arguments: [name, String(repeating: "a.", count: 100) + "b"])
    func requestsCertificate(name: String) throws {
        let key = try IdentityKey.generate()
        let der = try key.signingRequest(name: name)
        let request = try CertificateSigningRequest(derEncoded: der)
        #expect(request.publicKey.isValidSignature(request.signature, for: request))
        let extensions = try #require(try request.attributes.extensionRequest?.extensions)
        #expect(try extensions.subjectAlternativeNames.map(Array.init) == [.dnsName(name)])
        let again = try IdentityKey(pkcs8: key.pkcs8())
        #expect(try again.pkcs8() == key.pkcs8())
    }

    @Test(
        "names that could mean something else are refused",
        arguments: ["", "a,DNS:b", "a b", "a\0b", "é", String(repeating: "a", count: 254)])
    func refusesNames(name: String) throws {
        let key = try IdentityKey.generate()
        #expect(throws: TLSError.malformedName) { _ = try key.signingRequest(name: name) }
    }

    @Test("a certificate tells its validity and its names in order")
    func readsFacts() throws {
        let authority = try TestAuthority()
        let key = P256.Signing.PrivateKey()
        let certificate = try authority.sign(
            Certificate.PrivateKey(key).publicKey,
            [.uniformResourceIdentifier("spiffe://td/ns/sa"), .dnsName("A.Example."), .dnsName("nul\0.example")])
        let facts = try CertificateFacts(der: TestAuthority.der(certificate))
        #expect(facts.names == [.uri("spiffe://td/ns/sa"), .dns("a.example")])
        #expect(facts.notAfter == Int64(certificate.notValidAfter.timeIntervalSince1970))
        #expect(facts.notBefore == Int64(certificate.notValidBefore.timeIntervalSince1970))
    }

    @Test("a chain is verified against the anchors and the given time")
    func verifiesChains() throws {
        let authority = try TestAuthority()
        let chain = try authority.issue([.dnsName(Self.name)]).chain
        let now = Int64(Date().timeIntervalSince1970)
        try authority.anchors.verify(chain, at: now)
        #expect(throws: TLSError.untrusted(reason: 10)) { try authority.anchors.verify(chain, at: now + 7_200) }
        #expect(throws: TLSError.self) { try TestAuthority("other").anchors.verify(chain, at: now) }
        #expect(throws: TLSError.noCertificate) { try authority.anchors.verify([], at: now) }
    }

    @Test("a key of another certificate is refused")
    func refusesForeignKey() throws {
        let authority = try TestAuthority()
        let credentials = TLSCredentials(
            chain: try authority.issue([.dnsName(Self.name)]).chain, key: try IdentityKey.generate())
        #expect(throws: TLSError.keyMismatch) {
            _ = try TLSContext(.server, credentials: credentials, anchors: authority.anchors)
        }
    }

    @Test(
        "damaged bundles are refused",
        arguments: [
            "", "no certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n",
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        ])
    func refusesBundles(pem: String) {
        #expect(throws: TLSError.self) { _ = try TrustAnchors(pem: pem) }
    }

    @Test("garbage is neither key nor certificate")
    func refusesGarbage() {
        #expect(throws: TLSError.malformedKey) { _ = try IdentityKey(pkcs8: [1, 2, 3]) }
        #expect(throws: TLSError.malformedCertificate) { _ = try CertificateFacts(der: [0x30, 0x00]) }
        #expect(throws: TLSError.malformedCertificate) { _ = try CertificateFacts(der: []) }
    }
}
