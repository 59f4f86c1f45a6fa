import Logging
import MeshIdentity
import MeshKubernetes
import MeshModel
import MeshRPC
import MeshResources
import ServiceLifecycle

/// Keeps the webhooks' certificate, and the API server's trust in it.
///
/// The certificate's anchor signs nothing else and its key is thrown away; a renewal makes both anew. The API server
/// is told of a new anchor, beside the old one, before the new certificate is presented.
struct WebhookKeeper: ServiceLifecycle.Service {
    /// Who writes the CA bundles, as their fields' owner.
    static let fieldManager = "heddle-controller-webhooks"

    let store: StateStore
    let client: KubernetesClient
    let plan: IdentityPlan
    let service: ObjectKey
    let clusterDomain: String
    let credentials: ServerCredentials
    let logger: Logger
    let now: @Sendable () -> WallTime
    /// How often the Secret and the configurations are looked at.
    var period = Duration.seconds(10)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let backoff = Backoff(minimum: .milliseconds(200), maximum: .seconds(10), jitter: 0.2)
            var random = SystemRandomNumberGenerator()
            var attempt = 0
            var memory = Memory()
            while !Task.isCancelled {
                let pause: Duration
                do {
                    try await self.refresh(&memory)
                    (attempt, pause) = (0, self.period)
                } catch {
                    if memory.failure != "\(error)" {
                        memory.failure = "\(error)"
                        self.logger.error("webhook certificate not in order", metadata: ["error": "\(error)"])
                    }
                    pause = backoff.delay(attempt: attempt, using: &random)
                    attempt += 1
                }
                // Cancellation is the loop's own condition.
                try? await Task.sleep(for: pause)
            }
        }
    }

    private struct Memory {
        var presented: [String: [UInt8]] = [:]
        var failure = ""
    }

    private func refresh(_ memory: inout Memory) async throws {
        var data = try await self.store.secret(IdentityObjects.webhook, type: "kubernetes.io/tls") {
            try self.newData(keeping: nil)
        }
        if let renewal = self.renewal(of: data), self.now() >= renewal {
            try await self.store.replaceSecret(IdentityObjects.webhook, with: self.newData(keeping: data["ca.crt"]))
            data = try await self.store.secret(IdentityObjects.webhook) ?? data
            self.logger.notice("webhook certificate renewed")
        }
        try await self.trust(data["ca.crt"] ?? [])
        if data != memory.presented {
            try self.present(data)
            memory.presented = data
        }
        memory.failure = ""
    }

    private func newData(keeping former: [UInt8]?) throws -> [String: String] {
        let validity = self.plan.validity(self.plan.webhookLifetime, at: self.now())
        let anchor = try Anchor.create(commonName: "\(self.service.name).\(self.service.namespace)", validity: validity)
        let base = "\(self.service.name).\(self.service.namespace).svc"
        let server = try anchor.makeServer(names: [base, "\(base).\(self.clusterDomain)"], validity: validity)
        var bundle = try anchor.bundle()
        if let former, let old = try? TrustBundle(pem: String(decoding: former, as: UTF8.self)) {
            // Only the newest of the old ones: the rest has expired or was never presented.
            bundle = try bundle.merging(old.newest())
        }
        return ["tls.crt": server.certificates, "tls.key": server.privateKey, "ca.crt": bundle.pem]
    }

    /// When to renew: by the newest anchor, which lives as long as the certificate; nil for a given certificate.
    private func renewal(of data: [String: [UInt8]]) -> WallTime? {
        let pem = String(decoding: data["ca.crt"] ?? [], as: UTF8.self)
        // What cannot be read cannot be judged; presenting it fails with the reason.
        return (try? TrustBundle(pem: pem))?.validities.first?.renewal
    }

    private func present(_ data: [String: [UInt8]]) throws {
        guard let credentials = Credentials(secret: data) else {
            throw IdentityError.invalidCertificate("Secret \(IdentityObjects.webhook) holds no pair")
        }
        try self.credentials.update(chain: credentials.certificateBytes(), key: credentials.keyBytes())
    }

    /// Writes the bundle to every webhook that points at us, in both configurations.
    private func trust(_ bundle: [UInt8]) async throws {
        let text = Base64.encode(bundle)
        for (name, kind, plural) in [
            ("heddle-injector", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
            ("heddle-validator", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
        ] {
            let type = ResourceType(
                group: "admissionregistration.k8s.io", version: "v1", kind: kind, plural: plural, isNamespaced: false)
            let document: JSONValue
            do {
                document = try await self.client.get(type, ObjectKey(name: name))
            } catch {
                guard error.isNotFound else { throw error }
                continue  // Not installed; looked for again later.
            }
            guard let patch = self.patch(for: document, bundle: text) else { continue }
            _ = try await self.client.patch(
                .apply(patch, manager: Self.fieldManager, force: true), to: type, ObjectKey(name: name))
            self.logger.notice("CA bundle written", metadata: ["configuration": "\(name)"])
        }
    }

    /// Every webhook of ours with its bundle; nil when all have it.
    ///
    /// All of them are named each time: leaving one out would give its field up.
    private func patch(for document: JSONValue, bundle: String) -> JSONValue? {
        let ours = (document["webhooks"]?.array ?? []).filter { webhook in
            let service = webhook[path: "clientConfig", "service"]
            return service?["name"]?.string == self.service.name
                && service?["namespace"]?.string == self.service.namespace
        }
        guard ours.contains(where: { $0[path: "clientConfig", "caBundle"]?.string != bundle }) else { return nil }
        return [
            "webhooks": .array(
                ours.map { webhook in
                    ["name": webhook["name"] ?? .null, "clientConfig": ["caBundle": .string(bundle)]]
                })
        ]
    }
}
