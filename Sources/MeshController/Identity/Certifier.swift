public import MeshIdentity
public import MeshModel
import Synchronization

/// Decides whether a proxy gets a certificate, and signs it.
///
/// Unlike its model it verifies the request's own signature, and takes no token whose audience is another: a token
/// that an application hands to a third party is no proof of identity here.
public struct Certifier: Sendable {
    /// The audience of the tokens that proxies present.
    public static let audience = "identity.l5d.io"
    /// Reviews in flight at once; a flood beyond them is turned away before it reaches the API server.
    public static let reviewsMax = 256
    /// Longer than any ServiceAccount token.
    public static let tokenSizeMax = 16 << 10

    private let authority: MeshAuthority
    private let domain: IdentityDomain
    private let terms: IssuanceTerms
    private let reviewer: any TokenReviewer
    private let now: @Sendable () -> WallTime
    private let inFlight = InFlight()

    /// A certifier for one domain.
    public init(
        authority: MeshAuthority, domain: IdentityDomain, terms: IssuanceTerms, reviewer: any TokenReviewer,
        now: @escaping @Sendable () -> WallTime
    ) {
        self.authority = authority
        self.domain = domain
        self.terms = terms
        self.reviewer = reviewer
        self.now = now
    }

    /// Signs a certificate for `identity` when the token proves that the caller is it.
    public func certify(identity: String, token: [UInt8], request der: [UInt8]) async throws(CertifyError) -> Leaf {
        guard let issuer = self.authority.state?.issuer else { throw .notReady }
        guard !token.isEmpty else { throw .missing(field: "token") }
        guard !identity.isEmpty else { throw .missing(field: "identity") }
        guard !der.isEmpty else { throw .missing(field: "certificate_signing_request") }
        let request: LeafRequest
        do {
            request = try LeafRequest(der: der, identity: identity)
        } catch {
            throw .refusedRequest(error)
        }
        try await self.authenticate(token: token, as: identity)
        do {
            return try issuer.certify(request, terms: self.terms, at: self.now())
        } catch {
            if case .notInForce = error { throw .issuerNotInForce(error) }
            throw .issuance(error)
        }
    }

    private func authenticate(token: [UInt8], as identity: String) async throws(CertifyError) {
        guard token.count <= Self.tokenSizeMax, let text = String(validating: token, as: UTF8.self) else {
            throw .invalidToken("not a token")
        }
        guard self.inFlight.enter(limit: Self.reviewsMax) else { throw .overloaded }
        defer { self.inFlight.leave() }
        let verdict: TokenVerdict
        do {
            verdict = try await self.reviewer.review(token: text, audience: Self.audience)
        } catch {
            throw .reviewFailed
        }
        guard verdict.error.isEmpty else { throw .invalidToken(String(verdict.error.prefix(512))) }
        guard verdict.isAuthenticated, verdict.audiences.contains(Self.audience) else { throw .unauthenticated }
        let proven: String
        do {
            proven = try self.domain.identity(of: ServiceAccountName(username: verdict.username))
        } catch {
            throw .invalidToken("\(error)")
        }
        guard proven.utf8.elementsEqual(identity.utf8) else {
            throw .otherAccount(requested: String(identity.prefix(256)), token: proven)
        }
    }
}

/// Counts what is under way.
private final class InFlight: Sendable {
    private let count = Mutex(0)

    func enter(limit: Int) -> Bool {
        self.count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { self.count.withLock { $0 -= 1 } }
}
