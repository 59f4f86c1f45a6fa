import Logging
import MeshIdentity
import MeshKubernetes
import MeshModel
import MeshRPC
import MeshResources
import ServiceLifecycle

/// Keeps the mesh's issuer and anchors loaded, makes them when there are none, and renews the controller's own
/// certificate.
///
/// What is given is respected: an issuer that somebody else put there is never replaced. What cannot be loaded leaves
/// the former state in force and is said in the log each time it changes.
struct IdentityKeeper: ServiceLifecycle.Service {
    let store: StateStore
    let domain: IdentityDomain
    let plan: IdentityPlan
    let serverName: String
    let authority: MeshAuthority
    let credentials: ServerCredentials
    let logger: Logger
    let now: @Sendable () -> WallTime
    /// How often the objects are looked at for changes.
    var period = Duration.seconds(10)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var memory = Memory()
            let backoff = Backoff(minimum: .milliseconds(200), maximum: .seconds(10), jitter: 0.2)
            var random = SystemRandomNumberGenerator()
            var attempt = 0
            while !Task.isCancelled {
                let pause: Duration
                do {
                    try await self.refresh(&memory)
                    attempt = 0
                    pause = min(self.period, self.untilRenewal(memory))
                } catch {
                    self.report("\(error)", &memory)
                    pause = backoff.delay(attempt: attempt, using: &random)
                    attempt += 1
                }
                // Cancellation is the loop's own condition.
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// What was loaded last.
    private struct Memory {
        var issuer: [String: [UInt8]] = [:]
        var bundle = ""
        var server: ServerIdentity?
        var failure = ""
    }

    private func refresh(_ memory: inout Memory) async throws {
        let issuerData = try await self.issuerData()
        let roots = try await self.store.configMap(IdentityObjects.roots) {
            // The anchor stands before the issuer, so that a bundle can always be made from it.
            [IdentityObjects.rootsKey: String(decoding: issuerData["ca.crt"] ?? [], as: UTF8.self)]
        }
        let pem = roots[IdentityObjects.rootsKey] ?? ""
        if issuerData != memory.issuer || pem != memory.bundle || self.authority.state == nil {
            let bundle = try TrustBundle(pem: pem)
            guard let credentials = Credentials(secret: issuerData) else {
                throw IdentityError.invalidCertificate("Secret \(IdentityObjects.issuer) holds no pair")
            }
            let issuer = try await Issuer(loading: credentials, trusting: bundle, at: self.now())
            self.authority.set(MeshAuthority.State(issuer: issuer, bundle: bundle))
            (memory.issuer, memory.bundle, memory.server) = (issuerData, pem, nil)
            self.logger.notice(
                "issuer loaded",
                metadata: [
                    "issuer.not_after": "\(issuer.validity.notAfter)", "anchors.count": "\(bundle.count)",
                    "anchors.sha256": "\(bundle.digest)",
                ])
        }
        memory.failure = ""
        try self.renewServer(&memory)
    }

    /// The issuer's Secret, made from an anchor of our own when nobody gave one.
    private func issuerData() async throws -> [String: [UInt8]] {
        if let given = try await self.store.secret(IdentityObjects.issuer) { return given }
        let now = self.now()
        let anchorData = try await self.store.secret(IdentityObjects.anchor) {
            let anchor = try Anchor.create(
                for: self.domain, validity: self.plan.validity(self.plan.anchorLifetime, at: now))
            self.logger.notice("trust anchor created", metadata: ["anchor.not_after": "\(anchor.validity.notAfter)"])
            return ["ca.crt": anchor.credentials.certificates, "ca.key": anchor.credentials.privateKey]
        }
        let anchor = try Anchor(
            loading: Credentials(
                certificates: String(decoding: anchorData["ca.crt"] ?? [], as: UTF8.self),
                privateKey: String(decoding: anchorData["ca.key"] ?? [], as: UTF8.self)))
        return try await self.store.secret(IdentityObjects.issuer) {
            let issuer = try anchor.makeIssuer(
                for: self.domain, validity: self.plan.validity(self.plan.issuerLifetime, at: now))
            return [
                "crt.pem": issuer.certificates, "key.pem": issuer.privateKey,
                "ca.crt": anchor.credentials.certificates,
            ]
        }
    }

    private func renewServer(_ memory: inout Memory) throws {
        guard let state = self.authority.state else { return }
        let now = self.now()
        if let server = memory.server, now < server.validity.renewal { return }
        let server = try state.issuer.makeServer(identity: self.serverName, terms: self.plan.terms, at: now)
        try self.credentials.update(chain: server.chain, key: server.key)
        memory.server = server
        self.logger.info(
            "own certificate issued",
            metadata: ["identity": "\(server.name)", "certificate.not_after": "\(server.validity.notAfter)"])
    }

    private func untilRenewal(_ memory: Memory) -> Duration {
        guard let server = memory.server else { return self.period }
        return max(.milliseconds(200), server.validity.renewal - self.now())
    }

    private func report(_ failure: String, _ memory: inout Memory) {
        guard failure != memory.failure else { return }
        memory.failure = failure
        let serving = self.authority.state == nil ? "no certificates are issued" : "the former issuer stays in force"
        self.logger.error("issuer not loaded", metadata: ["error": "\(failure)", "consequence": "\(serving)"])
    }
}
