import Crypto
import FoundationEssentials
import MeshIdentity
import MeshModel
import SwiftASN1
import Testing
@_spi(FixedExpiryValidationTime) import X509

@Suite struct IssuerTests {
    static let now = Mesh.now

    @Test("a P-256 request becomes a leaf that the anchor vouches for")
    func issues() async throws {
        let mesh = try Mesh()
        let issuer = try await mesh.issuer()
        let request = try LeafRequest(der: RequestBuilder().der(), identity: Mesh.web)
        let leaf = try issuer.certify(request, terms: IssuanceTerms(), at: Self.now)
        let certificate = try Certificate(derEncoded: leaf.certificate)
        #expect(try certificate.extensions.subjectAlternativeNames.map { Array($0) } == [.dnsName(Mesh.web)])
        #expect(try certificate.extensions.basicConstraints == .notCertificateAuthority)
        #expect(try certificate.extensions.keyUsage?.digitalSignature == true)
        #expect(try certificate.extensions.keyUsage?.keyEncipherment == true)
        #expect(try certificate.extensions.extendedKeyUsage.map { Array($0) } == [.serverAuth, .clientAuth])
        #expect(leaf.validity.notBefore == Self.now - .seconds(20))
        #expect(leaf.validity.notAfter == Self.now + .seconds(86_420))
        #expect(leaf.intermediates.count == 1)
        let roots = try PEMDocument.parseMultiple(pemString: mesh.bundle.pem).map { try Certificate(pemDocument: $0) }
        var verifier = Verifier(rootCertificates: CertificateStore(roots)) {
            RFC5280Policy(fixedExpiryValidationTime: Date(timeIntervalSince1970: 1_800_000_000))
            ServerIdentityPolicy(serverHostname: Mesh.web, serverIP: nil)
        }
        let result = await verifier.validate(
            leaf: certificate,
            intermediates: CertificateStore(try leaf.intermediates.map { try Certificate(derEncoded: $0) }))
        guard case .validCertificate(let chain) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(chain.count == 3)
    }

    @Test("an Ed25519 request becomes a leaf that signs only")
    func ed25519() async throws {
        let issuer = try await Mesh().issuer()
        let builder = RequestBuilder(key: .init(Curve25519.Signing.PrivateKey()))
        let request = try LeafRequest(der: builder.der(), identity: Mesh.web)
        let leaf = try issuer.certify(request, terms: IssuanceTerms(), at: Self.now)
        let certificate = try Certificate(derEncoded: leaf.certificate)
        #expect(certificate.publicKey == builder.key.publicKey)
        #expect(try certificate.extensions.keyUsage?.keyEncipherment == false)
    }

    @Test("a common name equal to the identity is kept")
    func commonName() async throws {
        let issuer = try await Mesh().issuer()
        let builder = RequestBuilder(subject: try DistinguishedName { CommonName(Mesh.web) })
        let request = try LeafRequest(der: builder.der(), identity: Mesh.web)
        let leaf = try issuer.certify(request, terms: IssuanceTerms(), at: Self.now)
        #expect(try Certificate(derEncoded: leaf.certificate).subject == builder.subject)
    }

    @Test("no leaf outlives its issuer")
    func clamped() async throws {
        let mesh = try Mesh(issuerLife: .seconds(3600))
        let issuer = try await mesh.issuer()
        let request = try LeafRequest(der: RequestBuilder().der(), identity: Mesh.web)
        let leaf = try issuer.certify(request, terms: IssuanceTerms(), at: Self.now)
        #expect(leaf.validity.notAfter == Self.now + .seconds(3600))
        #expect(throws: IdentityError.self) {
            try issuer.certify(request, terms: IssuanceTerms(), at: Self.now + .seconds(3601))
        }
    }

    @Test("two leaves for one request differ in their serial numbers")
    func serials() async throws {
        let issuer = try await Mesh().issuer()
        let request = try LeafRequest(der: RequestBuilder().der(), identity: Mesh.web)
        let serials = try (0..<50).map { _ in
            try Certificate(derEncoded: issuer.certify(request, terms: .init(), at: Self.now).certificate).serialNumber
        }
        #expect(Set(serials).count == 50)
    }

    @Test("the controller's own certificate has a key that fits and the whole chain")
    func server() async throws {
        let issuer = try await Mesh().issuer()
        let name = "heddle-controller.heddle.serviceaccount.identity.linkerd.cluster.local"
        let server = try issuer.makeServer(identity: name, terms: .init(), at: Self.now)
        let chain = try PEMDocument.parseMultiple(pemString: server.credentials.certificates)
        #expect(chain.count == 2)
        let leaf = try Certificate(pemDocument: chain[0])
        #expect(try Certificate.PrivateKey(pemEncoded: server.credentials.privateKey).publicKey == leaf.publicKey)
        #expect(try leaf.extensions.subjectAlternativeNames.map { Array($0) } == [.dnsName(name)])
        #expect(!"\(server.credentials)".contains("PRIVATE"))
    }
}
