import Foundation
import Logging
import MeshCodec
import MeshControl
import MeshKubernetes
import MeshModel
import MeshResources
import Synchronization
import Testing

extension RealServerTests {
    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    @Test("tokens are issued for an audience, and reviewed against it")
    func tokens() async throws {
        try await RealServer.withClient { client in
            let account = ObjectKey(namespace: "default", name: "speaker")
            let object = ServiceAccount(metadata: ObjectMeta(name: account.name, namespace: account.namespace))
            do {
                _ = try await client.create(object)
            } catch let error as KubernetesError where error.isAlreadyExists {}
            let issued = try await client.token(of: account, audiences: ["mesh"], lifetime: .seconds(3600))
            #expect(issued.expiration.map { $0 > .now } == true)
            let good = try await client.review(token: issued.token, audiences: ["mesh"])
            #expect(good.isAuthenticated)
            #expect(good.username == "system:serviceaccount:default:speaker")
            #expect(good.audiences == ["mesh"])
            let wrong = try await client.review(token: issued.token, audiences: ["other"])
            #expect(!wrong.isAuthenticated)
            let bad = try await client.review(token: "nonsense")
            #expect(!bad.isAuthenticated)
            #expect(!bad.error.isEmpty)
        }
    }

    @Test("access is reviewed for this client, for others, and for an impersonated user")
    func access() async throws {
        try await RealServer.withClient { client in
            let pods = AccessAttributes(verb: "list", resource: Pod.resourceType, namespace: "default")
            #expect(try await client.mayDo(pods))
            #expect(try await !client.may(user: "nobody", do: pods))
            #expect(try await client.may(user: "root", groups: ["system:masters"], do: pods))
            var access = client.access
            access.impersonation = .init(user: "nobody", groups: ["system:authenticated"])
            try await withTestClient(access) { nobody in
                #expect(try await !nobody.mayDo(pods))
                let refused = try await #require(throws: KubernetesError.self) {
                    try await nobody.list(Pod.self, in: "default")
                }
                #expect(refused.status?.code == 403)
            }
        }
    }

    @Test("of two candidates one leads; when it gives up, the other leads at once")
    func leadership() async throws {
        try await RealServer.withClient { client in
            let lease = ObjectKey(namespace: "default", name: "election")
            let timing = LeaderElection.Timing(
                leaseDuration: .seconds(3), renewDeadline: .seconds(2), retryPeriod: .milliseconds(200))
            let keepers = ["one", "two"].map {
                LeaseKeeper(client: client, lease: lease, identity: $0, timing: timing, logger: self.silent)
            }
            try await withThrowingTaskGroup { group in
                group.addTask { try await keepers[0].run() }
                try await eventually { keepers[0].standing.isLeader }
                group.addTask { try await keepers[1].run() }
                for _ in 0..<20 {
                    #expect(keepers[0].standing.isLeader)
                    #expect(!keepers[1].standing.isLeader)
                    try await Task.sleep(for: .milliseconds(100))
                }
                let record = try await client.get(Lease.self, lease)
                #expect(record.spec.holderIdentity == "one")
                #expect(record.spec.leaseTransitions == 0)
                group.cancelAll()
            }
            #expect(!keepers[0].standing.isLeader)
            let third = LeaseKeeper(
                client: client, lease: lease, identity: "three", timing: timing, logger: self.silent)
            try await withThrowingTaskGroup { group in
                group.addTask { try await third.run() }
                try await eventually(within: .seconds(5)) { third.standing.isLeader }
                #expect(try await client.get(Lease.self, lease).spec.leaseTransitions == 1)
                group.cancelAll()
            }
        }
    }

    @Test("repeated events become one, whose count tells of all of them")
    func events() async throws {
        try await RealServer.withClient { client in
            let node = try await client.create(["metadata": ["generateName": "events-"]], as: Namespace.resourceType)
            let namespace = try #require(node[path: "metadata", "name"]?.string)
            let recorder = EventRecorder(
                client: client, controller: "heddle.dev/test", instance: "test-1", interval: .milliseconds(300),
                logger: self.silent)
            let reference = ObjectReference(apiVersion: "v1", kind: "ConfigMap", namespace: namespace, name: "thing")
            try await withThrowingTaskGroup { group in
                group.addTask { try await recorder.run() }
                for _ in 0..<20 {
                    recorder.record(
                        .warning, reason: "Failed", action: "Compile", note: "it failed", regarding: reference)
                }
                try await eventually {
                    let events = try await client.listAll(Event.self, in: namespace)
                    return events.count == 1 && events.first?.series?.count == 20
                }
                let event = try #require(try await client.listAll(Event.self, in: namespace).first)
                #expect(event.regarding.name == "thing")
                #expect(event.type == .warning)
                group.cancelAll()
            }
        }
    }

    @Test("a client certificate that a plugin prints is shown to the server, and asked for once")
    func pluginCertificate() async throws {
        try await RealServer.withClient { client in
            let admin = try #require(client.access.certificate)
            let folder = FileManager.default.temporaryDirectory.appending(path: "plugin-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }  // Left-overs of a failed test do no harm.
            let answer: JSONValue = [
                "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                "status": [
                    "clientCertificateData": .string(admin.chainPEM), "clientKeyData": .string(admin.keyPEM),
                ],
            ]
            let file = folder.appending(path: "answer")
            try Data(JSONWriter.write(answer)).write(to: file)
            let log = folder.appending(path: "log")
            var access = client.access
            access.certificate = nil
            try await withTestClient(access) { nobody in
                let refused = try await #require(throws: KubernetesError.self) { try await nobody.list(Pod.self) }
                #expect(refused.status?.code == 401 || refused.status?.code == 403)
            }
            access.credentials = .exec(
                ExecPlugin(
                    apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh",
                    arguments: ["-c", "echo run >>\(log.path); cat \(file.path)"]))
            try await withTestClient(access) { plugged in
                try await withThrowingTaskGroup { group in
                    for _ in 0..<8 { group.addTask { _ = try await plugged.list(Pod.self) } }
                    try await group.waitForAll()
                }
                let mayDo = try await plugged.mayDo(AccessAttributes(verb: "list", resource: Secret.resourceType))
                #expect(mayDo)
            }
            #expect(try String(contentsOf: log, encoding: .utf8) == "run\n")
        }
    }

    @Test("a deletion takes owned objects along, or leaves them, as it is told")
    func propagation() async throws {
        try await RealServer.withClient { client in
            let made = try await client.create(["metadata": ["generateName": "owned-"]], as: Namespace.resourceType)
            let namespace = try #require(made[path: "metadata", "name"]?.string)
            for propagation in [DeleteOptions.Propagation.background, .foreground, .orphan] {
                let name = propagation.rawValue.lowercased()
                let owner = try await client.create(
                    ConfigMap(metadata: ObjectMeta(name: name, namespace: namespace)))
                let owned = ConfigMap(
                    metadata: ObjectMeta(
                        name: "\(name)-owned", namespace: namespace,
                        ownerReferences: [owner.ownerReference(blockOwnerDeletion: true)]))
                _ = try await client.create(owned)
                // The collector must have seen the reference before the owner goes.
                try await Task.sleep(for: .milliseconds(500))
                await #expect(throws: KubernetesError.self) {
                    try await client.delete(
                        ConfigMap.resourceType, owner.key, options: DeleteOptions(resourceVersion: "1"))
                }
                try await client.delete(
                    ConfigMap.resourceType, owner.key,
                    options: DeleteOptions(
                        resourceVersion: owner.metadata.resourceVersion, propagation: propagation))
                try await eventually(within: .seconds(20), "\(name): the owner stays") {
                    try await !self.exists(owner.key, client)
                }
                if propagation == .orphan {
                    let orphan = try await client.get(ConfigMap.self, owned.key)
                    #expect(orphan.metadata.ownerReferences.isEmpty)
                } else {
                    try await eventually(within: .seconds(20), "\(name): the owned object stays") {
                        try await !self.exists(owned.key, client)
                    }
                }
            }
        }
    }

    private func exists(_ key: ObjectKey, _ client: KubernetesClient) async throws -> Bool {
        do {
            _ = try await client.get(ConfigMap.self, key)
            return true
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }

    @Test("a token ends with the object that it is bound to")
    func boundToken() async throws {
        try await RealServer.withClient { client in
            let made = try await client.create(["metadata": ["generateName": "bound-"]], as: Namespace.resourceType)
            let namespace = try #require(made[path: "metadata", "name"]?.string)
            let account = try await client.create(
                ServiceAccount(metadata: ObjectMeta(name: "speaker", namespace: namespace)))
            let secret = try await client.create(Secret(metadata: ObjectMeta(name: "anchor", namespace: namespace)))
            let issued = try await client.token(
                of: account.key, audiences: ["mesh"], lifetime: .seconds(600), boundTo: secret.ownerReference())
            #expect(try await client.review(token: issued.token, audiences: ["mesh"]).isAuthenticated)
            try await client.delete(Secret.resourceType, secret.key)
            try await eventually(within: .seconds(20)) {
                try await !client.review(token: issued.token, audiences: ["mesh"]).isAuthenticated
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ReconcilerServiceTests {
    private final class Counter: Reconciler {
        struct State {
            var calls: [String: Int] = [:]
            var running: Set<String> = []
            var overlaps = 0
        }

        let state = Mutex(State())

        func reconcile(_ key: String) async throws(ReconcileError) -> Outcome {
            let call = self.state.withLock { state -> Int in
                if !state.running.insert(key).inserted { state.overlaps += 1 }
                state.calls[key, default: 0] += 1
                return state.calls[key] ?? 0
            }
            await Task.yield()
            _ = self.state.withLock { $0.running.remove(key) }
            switch key {
            case "flaky" where call < 4: throw .mayPass(reason: "not yet")
            case "hopeless": throw .terminal(reason: "never")
            case "again" where call < 3: return .again(after: .milliseconds(5))
            default: return .done
            }
        }
    }

    @Test("keys are retried, repeated or abandoned as their reconciler says")
    func outcomes() async throws {
        let counter = Counter()
        let service = ReconcilerService(
            counter, workersMax: 2, backoff: Backoff(minimum: .milliseconds(1), maximum: .milliseconds(10), jitter: 0),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup { group in
            group.addTask { try await service.run() }
            service.enqueue(["plain", "flaky", "hopeless", "again"])
            try await eventually {
                counter.state.withLock { $0.calls } == ["plain": 1, "flaky": 4, "hopeless": 1, "again": 3]
            }
            try await eventually { service.counts.waiting == 0 && service.counts.working == 0 }
            #expect(service.counts.succeeded == 5)
            #expect(service.counts.retried == 3)
            #expect(service.counts.abandoned == 1)
            for round in 0..<200 { service.enqueue("k\(round % 7)") }
            try await eventually { service.counts.waiting == 0 && service.counts.working == 0 }
            #expect(counter.state.withLock { $0.overlaps } == 0)
            group.cancelAll()
        }
    }
}
