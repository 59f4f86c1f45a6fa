import Logging
import MeshCodec
import MeshControl
import MeshKubernetes
import MeshModel
import MeshResources
import Testing

@Suite(
    .enabled(if: RealServer.absence == nil, Comment(rawValue: RealServer.absence ?? "")), .realServer,
    .timeLimit(.minutes(5)))
struct RealServerTests {
    /// A namespace of the test's own.
    private func namespace(_ client: KubernetesClient, _ name: String) async throws -> String {
        let created = try await client.create(
            ["metadata": ["generateName": .string("\(name)-")]], as: Namespace.resourceType)
        return try #require(created[path: "metadata", "name"]?.string)
    }

    private func configMap(_ name: String, in namespace: String, _ value: String) -> ConfigMap {
        ConfigMap(
            metadata: ObjectMeta(name: name, namespace: namespace, labels: ["value": value]), data: ["key": value])
    }

    @Test("objects are created, read, changed by every kind of patch, and deleted")
    func objectLife() async throws {
        try await RealServer.withClient { client in
            let namespace = try await self.namespace(client, "life")
            let key = ObjectKey(namespace: namespace, name: "one")
            let created = try await client.create(self.configMap("one", in: namespace, "a"))
            #expect(!created.metadata.uid.isEmpty)
            #expect(created.metadata.creationTimestamp != nil)
            var read = try await client.get(ConfigMap.self, key)
            #expect(read == created)
            read = try await client.patch(ConfigMap.self, key, with: .merge(["data": ["key": "b", "more": "c"]]))
            #expect(read.data == ["key": "b", "more": "c"])
            read = try await client.patch(
                ConfigMap.self, key, with: .json([["op": "remove", "path": "/data/more"]]))
            #expect(read.data == ["key": "b"])
            read = try await client.patch(
                ConfigMap.self, key, with: .strategicMerge(["metadata": ["annotations": ["x": "y"]]]))
            #expect(read.metadata.annotations == ["x": "y"])
            read = try await client.patch(
                ConfigMap.self, key, with: .apply(["data": ["mine": "1"]], manager: "one", force: false))
            #expect(read.data == ["key": "b", "mine": "1"])
            let conflict = try await #require(throws: KubernetesError.self) {
                try await client.patch(
                    ConfigMap.self, key, with: .apply(["data": ["mine": "2"]], manager: "two", force: false))
            }
            #expect(conflict.isConflict)
            #expect(conflict.status?.details.causes.first?.field == ".data.mine")
            read = try await client.patch(
                ConfigMap.self, key, with: .apply(["data": ["mine": "2"]], manager: "two", force: true))
            #expect(read.data["mine"] == "2")
            await #expect(throws: KubernetesError.self) {
                try await client.delete(
                    ConfigMap.resourceType, key, options: DeleteOptions(uid: "11111111-2222-3333-4444-555555555555"))
            }
            try await client.delete(ConfigMap.resourceType, key, options: DeleteOptions(uid: read.metadata.uid))
            let gone = try await #require(throws: KubernetesError.self) { try await client.get(ConfigMap.self, key) }
            #expect(gone.isNotFound)
            #expect(gone.status?.details.name == "one")
        }
    }

    @Test("errors keep their reason")
    func errors() async throws {
        try await RealServer.withClient { client in
            let namespace = try await self.namespace(client, "errors")
            let object = try await client.create(self.configMap("one", in: namespace, "a"))
            let again = try await #require(throws: KubernetesError.self) { try await client.create(object) }
            #expect(again.status?.code == 500 || again.isAlreadyExists)
            var stale = Lease(metadata: ObjectMeta(name: "l", namespace: namespace))
            stale = try await client.create(stale)
            var changed = stale
            changed.spec.holderIdentity = "me"
            _ = try await client.update(changed)
            changed.spec.holderIdentity = "you"
            let conflict = try await #require(throws: KubernetesError.self) { try await client.update(changed) }
            #expect(conflict.isConflict)
            let invalid = try await #require(throws: KubernetesError.self) {
                try await client.create(["metadata": ["name": "UPPER"]], as: ConfigMap.resourceType, in: namespace)
            }
            #expect(invalid.status?.reason == "Invalid")
            #expect(invalid.status?.details.causes.first?.field == "metadata.name")
        }
    }

    @Test("lists come in pages")
    func pages() async throws {
        try await RealServer.withClient { client in
            let namespace = try await self.namespace(client, "pages")
            for index in 0..<7 { _ = try await client.create(self.configMap("c\(index)", in: namespace, "v\(index)")) }
            let selection = Selection(labels: "value")
            let first = try await client.list(
                ConfigMap.self, in: namespace, selecting: selection, page: Page(limit: 3))
            #expect(first.objects.map(\.metadata.name) == ["c0", "c1", "c2"])
            #expect(first.next != nil)
            let all = try await client.listAll(ConfigMap.self, in: namespace, selecting: selection, pageSize: 3)
            #expect(all.map(\.metadata.name) == (0..<7).map { "c\($0)" })
            let one = try await client.list(
                ConfigMap.self, in: namespace,
                selecting: Selection(labels: "value in (v2,v5)", fields: "metadata.name=c5"))
            #expect(one.objects.map(\.metadata.name) == ["c5"])
        }
    }

    @Test("a watch tells every change in order, and its end")
    func watch() async throws {
        try await RealServer.withClient { client in
            let namespace = try await self.namespace(client, "watch")
            let version = try await client.list(ConfigMap.self, in: namespace).resourceVersion
            let events = try await client.watch(
                ConfigMap.resourceType, in: namespace, selecting: Selection(labels: "value"),
                options: WatchOptions(resourceVersion: version, timeout: .seconds(3)))
            let key = ObjectKey(namespace: namespace, name: "one")
            _ = try await client.create(self.configMap("one", in: namespace, "a"))
            _ = try await client.patch(ConfigMap.self, key, with: .merge(["data": ["key": "b"]]))
            try await client.delete(ConfigMap.resourceType, key)
            var told: [String] = []
            for try await event in events {
                switch event {
                case .added(let object): told.append("added \(object[path: "data", "key"]?.string ?? "")")
                case .modified(let object): told.append("modified \(object[path: "data", "key"]?.string ?? "")")
                case .deleted: told.append("deleted")
                case .bookmark: continue
                }
            }
            #expect(told == ["added a", "modified b", "deleted"])
            let old = try await client.watch(
                ConfigMap.resourceType, options: WatchOptions(resourceVersion: "1", timeout: .seconds(3)))
            let expired = try await #require(throws: KubernetesError.self) { for try await _ in old {} }
            #expect(expired.isExpired)
        }
    }

    @Test("a reflector follows the server")
    func reflector() async throws {
        try await RealServer.withClient { client in
            let namespace = try await self.namespace(client, "reflect")
            for index in 0..<5 { _ = try await client.create(self.configMap("c\(index)", in: namespace, "0")) }
            let reflector = Reflector(
                ConfigMap.self, client: client,
                configuration: .init(
                    namespace: namespace, selection: Selection(labels: "value"), pageSize: 2,
                    watchTimeout: .seconds(1)),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await withThrowingTaskGroup { group in
                group.addTask { try await reflector.run() }
                try await eventually { reflector.store.isSynced && reflector.store.count == 5 }
                for round in 1...3 {
                    for index in 0..<5 {
                        _ = try await client.patch(
                            ConfigMap.self, ObjectKey(namespace: namespace, name: "c\(index)"),
                            with: .merge(["data": ["key": .string("\(round)")]]))
                    }
                    try await eventually {
                        reflector.store.objects.values.allSatisfy { $0.data["key"] == "\(round)" }
                    }
                    try await Task.sleep(for: .milliseconds(700))  // Lets watches end between rounds.
                }
                try await client.delete(ConfigMap.resourceType, ObjectKey(namespace: namespace, name: "c3"))
                try await eventually { reflector.store.count == 4 }
                group.cancelAll()
            }
        }
    }

    @Test("a kind that the cluster lacks counts as empty until it appears")
    func absentKind() async throws {
        try await RealServer.withClient { client in
            let reflector = Reflector(
                Server.self, client: client,
                configuration: .init(mayBeAbsent: true, absentPause: .milliseconds(50)),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            await withThrowingTaskGroup { group in
                group.addTask { try await reflector.run() }
                do {
                    try await eventually { reflector.store.isSynced }
                } catch {
                    Issue.record(error)
                }
                group.cancelAll()
            }
        }
    }
}
