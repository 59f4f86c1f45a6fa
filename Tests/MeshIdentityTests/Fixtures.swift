import Crypto
import MeshIdentity
import MeshModel
import SwiftASN1
import X509

/// A mesh authority at a fixed time, and requests against it.
struct Mesh {
    static let now = WallTime(secondsSinceEpoch: 1_800_000_000)
    static let web = "web.shop.serviceaccount.identity.linkerd.cluster.local"

    let domain: IdentityDomain
    let anchor: Anchor
    let bundle: TrustBundle
    let issuerCredentials: Credentials

    init(issuerLife: Duration = .seconds(30 * 86_400)) throws {
        self.domain = try IdentityDomain()
        self.anchor = try Anchor.create(
            for: self.domain,
            validity: Validity(notBefore: Self.now - .seconds(60), notAfter: Self.now + .seconds(365 * 86_400)))
        self.bundle = try self.anchor.bundle()
        self.issuerCredentials = try self.anchor.makeIssuer(
            for: self.domain, validity: Validity(notBefore: Self.now - .seconds(60), notAfter: Self.now + issuerLife))
    }

    func issuer(at time: WallTime = Self.now) async throws -> Issuer {
        try await Issuer(loading: self.issuerCredentials, trusting: self.bundle, at: time)
    }
}

/// A certificate signing request as an attacker or a proxy writes it.
struct RequestBuilder {
    var key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    var subject = DistinguishedName()
    var names: [GeneralName] = [.dnsName(Mesh.web)]
    var more: [Certificate.Extension] = []

    func request() throws -> CertificateSigningRequest {
        var extensions = Certificate.Extensions()
        if !self.names.isEmpty {
            try extensions.append(Certificate.Extension(SubjectAlternativeNames(self.names), critical: false))
        }
        for item in self.more { try extensions.append(item) }
        let attributes = try CertificateSigningRequest.Attributes([.init(ExtensionRequest(extensions: extensions))])
        return try CertificateSigningRequest(
            version: .v1, subject: self.subject, privateKey: self.key, attributes: attributes)
    }

    func der() throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(self.request())
        return serializer.serializedBytes
    }
}
