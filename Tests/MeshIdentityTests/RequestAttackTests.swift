import Crypto
import MeshIdentity
import SwiftASN1
import Testing
import X509
import _CryptoExtras

/// What somebody with a valid token may try in order to get more than their own identity.
@Suite struct RequestAttackTests {
    private func refused(_ der: [UInt8]) -> IdentityError? {
        do {
            _ = try LeafRequest(der: der, identity: Mesh.web)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "every name but exactly the caller's is refused",
        arguments: [
            [], [.dnsName("admin.shop.serviceaccount.identity.linkerd.cluster.local")],
            [.dnsName(Mesh.web), .dnsName("admin.shop.serviceaccount.identity.linkerd.cluster.local")],
            [.dnsName(Mesh.web), .dnsName(Mesh.web)],
            [.dnsName("*.shop.serviceaccount.identity.linkerd.cluster.local")],
            [.dnsName("*")], [.dnsName(Mesh.web + "\0.evil.example")], [.dnsName(Mesh.web + ".")], [.dnsName("")],
            [.dnsName("WEB.shop.serviceaccount.identity.linkerd.cluster.local")],
            [.dnsName(Mesh.web), .uniformResourceIdentifier("spiffe://cluster.local/admin")],
            [.uniformResourceIdentifier("spiffe://cluster.local/web")], [.rfc822Name(Mesh.web)],
            [.dnsName(Mesh.web), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))],
        ] as [[GeneralName]])
    func names(names: [GeneralName]) throws {
        let error = try self.refused(RequestBuilder(names: names).der())
        switch error {
        case .nameMismatch, .invalidRequest: break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("a subject that says anything else is refused")
    func subjects() throws {
        let others: [DistinguishedName] = [
            try DistinguishedName { CommonName("admin") },
            try DistinguishedName { OrganizationName("system:masters") },
            try DistinguishedName {
                CommonName(Mesh.web)
                OrganizationName("system:masters")
            },
            try DistinguishedName {
                CommonName(Mesh.web)
                CommonName("admin")
            },
        ]
        for subject in others {
            let error = try self.refused(RequestBuilder(subject: subject).der())
            guard case .nameMismatch = error else {
                Issue.record("\(subject): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("a request to be an authority is refused")
    func authority() throws {
        let isCA = try Certificate.Extension(
            BasicConstraints.isCertificateAuthority(maxPathLength: nil), critical: true)
        #expect(try self.refused(RequestBuilder(more: [isCA]).der()) == .forbiddenExtension("basicConstraints: CA"))
        let signs = try Certificate.Extension(KeyUsage(keyCertSign: true), critical: true)
        #expect(try self.refused(RequestBuilder(more: [signs]).der()) == .forbiddenExtension("keyUsage: keyCertSign"))
    }

    @Test("keys other than P-256 and Ed25519 are refused")
    func keys() throws {
        let keys: [Certificate.PrivateKey] = [
            .init(P384.Signing.PrivateKey()), .init(P521.Signing.PrivateKey()),
            .init(try _RSA.Signing.PrivateKey(keySize: .bits2048)),
        ]
        for key in keys {
            guard case .unsupportedKey = try self.refused(RequestBuilder(key: key).der()) else {
                Issue.record("\(key) was taken")
                continue
            }
        }
    }

    @Test("a signature by another key, or over other bytes, is refused")
    func signatures() throws {
        let good = try RequestBuilder().request()
        let other = RequestBuilder(key: .init(P256.Signing.PrivateKey()))
        let forged = try CertificateSigningRequest(
            version: good.version, subject: good.subject, publicKey: good.publicKey, attributes: good.attributes,
            signatureAlgorithm: good.signatureAlgorithm, signature: other.request().signature)
        var serializer = DER.Serializer()
        try serializer.serialize(forged)
        #expect(self.refused(serializer.serializedBytes) == .wrongSignature)
        var named = try RequestBuilder(names: [.dnsName("web.shoq.serviceaccount.identity.linkerd.cluster.local")])
            .der()
        let name = Array("web.shoq.".utf8)
        let position = try #require(named.indices.first { named[$0...].starts(with: name) })
        named[position + 7] = UInt8(ascii: "p")
        #expect(self.refused(named) == .wrongSignature)
    }

    @Test("no flipped bit of a request makes it name another account", arguments: 0..<8)
    func flippedBits(bit: Int) throws {
        let good = try RequestBuilder().der()
        for index in good.indices {
            var bytes = good
            bytes[index] ^= 1 << UInt8(bit)
            if let request = try? LeafRequest(der: bytes, identity: Mesh.web) {  // Refusal is the expected end.
                #expect(request.identity == Mesh.web)
            }
        }
    }

    @Test("huge, cut and padded requests are refused")
    func sizes() throws {
        #expect(self.refused([UInt8](repeating: 0x30, count: 1 << 20)) == .tooLarge(limit: LeafRequest.sizeMax))
        let good = try RequestBuilder().der()
        for count in [0, 1, 2, good.count / 2, good.count - 1] {
            guard case .invalidRequest = self.refused(Array(good.prefix(count))) else {
                Issue.record("taken after \(count) bytes")
                continue
            }
        }
        guard case .invalidRequest = self.refused(good + [0]) else {
            Issue.record("taken with a byte after its end")
            return
        }
        let nested: [UInt8] = Array((0..<4000).map { _ in [0x30, 0x80] as [UInt8] }.joined())
        #expect(self.refused(nested) != nil)
    }
}
