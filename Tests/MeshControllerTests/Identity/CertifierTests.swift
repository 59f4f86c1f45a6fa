import Crypto
import GRPCCore
import MeshController
import MeshIdentity
import MeshModel
import SwiftASN1
import Testing
import X509

/// A cluster that knows a few tokens.
private struct FakeReviewer: TokenReviewer {
    struct Unreachable: Error {}

    func review(token: String, audience: String) async throws -> TokenVerdict {
        let web = "system:serviceaccount:shop:web"
        switch token {
        case "web": return TokenVerdict(isAuthenticated: true, username: web, audiences: [audience])
        case "other-audience": return TokenVerdict(isAuthenticated: true, username: web, audiences: ["kubernetes"])
        case "no-audience": return TokenVerdict(isAuthenticated: true, username: web)
        case "admin":
            return TokenVerdict(
                isAuthenticated: true, username: "system:serviceaccount:shop:admin", audiences: [audience])
        case "user": return TokenVerdict(isAuthenticated: true, username: "alice", audiences: [audience])
        case "dotted":
            return TokenVerdict(
                isAuthenticated: true, username: "system:serviceaccount:shop:we.b", audiences: [audience])
        case "expired": return TokenVerdict(isAuthenticated: false, error: "token has expired")
        case "unreachable": throw Unreachable()
        default: return TokenVerdict(isAuthenticated: false)
        }
    }
}

@Suite struct CertifierTests {
    static let now = WallTime(secondsSinceEpoch: 1_800_000_000)
    static let web = "web.shop.serviceaccount.identity.linkerd.cluster.local"

    private func certifier(ready: Bool = true, at time: WallTime = Self.now) async throws -> Certifier {
        let authority = MeshAuthority()
        let domain = try IdentityDomain()
        if ready {
            let validity = Validity(notBefore: Self.now, notAfter: Self.now + .seconds(1000))
            let anchor = try Anchor.create(for: domain, validity: validity)
            let bundle = try anchor.bundle()
            let issuer = try await Issuer(
                loading: anchor.makeIssuer(for: domain, validity: validity), trusting: bundle, at: Self.now)
            authority.set(.init(issuer: issuer, bundle: bundle))
        }
        return Certifier(
            authority: authority, domain: domain, terms: IssuanceTerms(), reviewer: FakeReviewer(), now: { time })
    }

    private func request(for name: String = Self.web) throws -> [UInt8] {
        var extensions = Certificate.Extensions()
        try extensions.append(Certificate.Extension(SubjectAlternativeNames([.dnsName(name)]), critical: false))
        let request = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), privateKey: .init(P256.Signing.PrivateKey()),
            attributes: .init([.init(ExtensionRequest(extensions: extensions))]))
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        return serializer.serializedBytes
    }

    @Test("the holder of a token gets its own identity")
    func issues() async throws {
        let leaf = try await self.certifier().certify(
            identity: Self.web, token: Array("web".utf8), request: self.request())
        #expect(leaf.validity.notAfter == Self.now + .seconds(1000))
    }

    @Test(
        "no token but the account's own, for us, in force, will do",
        arguments: [
            ("other-audience", RPCError.Code.failedPrecondition), ("no-audience", .failedPrecondition),
            ("admin", .failedPrecondition), ("user", .invalidArgument), ("dotted", .invalidArgument),
            ("expired", .invalidArgument), ("unknown", .failedPrecondition), ("unreachable", .internalError),
            ("", .invalidArgument), (String(repeating: "x", count: 20_000), .invalidArgument),
        ] as [(String, RPCError.Code)])
    func tokens(token: String, code: RPCError.Code) async throws {
        let certifier = try await self.certifier()
        let request = try self.request()
        let error = await #expect(throws: CertifyError.self) {
            try await certifier.certify(identity: Self.web, token: Array(token.utf8), request: request)
        }
        #expect(error?.rpcError.code == code)
    }

    @Test("requests are refused with the codes that proxies know")
    func requests() async throws {
        let certifier = try await self.certifier()
        let token = Array("web".utf8)
        let admin = "admin.shop.serviceaccount.identity.linkerd.cluster.local"
        let cases: [(identity: String, request: [UInt8], code: RPCError.Code)] = [
            ("", try self.request(), .invalidArgument), (Self.web, [], .invalidArgument),
            (Self.web, [1, 2, 3], .invalidArgument),
            (Self.web, [UInt8](repeating: 0, count: 1 << 20), .invalidArgument),
            (Self.web, try self.request(for: admin), .failedPrecondition),
            (admin, try self.request(for: admin), .failedPrecondition),
            ("*", try self.request(for: "*"), .failedPrecondition),
        ]
        for item in cases {
            let error = await #expect(throws: CertifyError.self) {
                try await certifier.certify(identity: item.identity, token: token, request: item.request)
            }
            #expect(error?.rpcError.code == item.code, "\(item.identity)")
        }
    }

    @Test("an issuer that is missing or expired says so")
    func issuer() async throws {
        let request = try self.request()
        let missing = try await self.certifier(ready: false)
        let unavailable = await #expect(throws: CertifyError.self) {
            try await missing.certify(identity: Self.web, token: Array("web".utf8), request: request)
        }
        #expect(unavailable?.rpcError.code == .unavailable)
        let expired = try await self.certifier(at: Self.now + .seconds(2000))
        let unknown = await #expect(throws: CertifyError.self) {
            try await expired.certify(identity: Self.web, token: Array("web".utf8), request: request)
        }
        #expect(unknown?.rpcError.code == .unknown)
    }
}
