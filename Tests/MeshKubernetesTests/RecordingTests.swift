import Logging
import MeshCodec
import MeshControl
import MeshKubernetes
import MeshModel
import MeshResources
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// What the client makes of a current server's answers.
@Suite(.enabled(if: Recordings.absence == nil, Comment(rawValue: Recordings.absence ?? "")), .timeLimit(.minutes(2)))
struct RecordingTests {
    @Test("every recorded error becomes a typed error that keeps what the server said")
    func errors() async throws {
        var checked = 0
        let exchanges = try Recordings.exchanges()
        try await StubServer.serve { access, answer in
            try await withTestClient(access, attemptsMax: 1) { client in
                for exchange in exchanges {
                    guard let response = exchange["response"], let status = response["status"]?.integer, status >= 400
                    else { continue }
                    let body = response["body"].map { JSONWriter.write($0) }
                    let raw = Array((response["rawBody"]?.string ?? "").utf8)
                    let isJSON =
                        response[path: "headers", "content-type"]?.string?.hasPrefix("application/json") == true
                    answer.set(
                        status: Int(status), body: body ?? raw,
                        retryAfter: response[path: "headers", "retry-after"]?.string,
                        contentType: isJSON ? "application/json" : "text/plain")
                    let error = try await #require(throws: KubernetesError.self) {
                        try await client.document(at: "/any")
                    }
                    let found = try #require(error.status)
                    #expect(found.code == Int(status))
                    guard isJSON, let document = response["body"], document["kind"]?.string == "Status" else {
                        continue
                    }
                    #expect(found.reason == document["reason"]?.string ?? "")
                    #expect(found.message == document["message"]?.string ?? "")
                    #expect(found.details.causes.count == document[path: "details", "causes"]?.array?.count ?? 0)
                    #expect(error.isNotFound == (status == 404))
                    #expect(error.isExpired == (status == 410))
                    checked += 1
                }
            }
        }
        #expect(checked > 100)
    }

    @Test("every recorded watch is told event by event")
    func watches() async throws {
        var checked = 0
        let exchanges = try Recordings.exchanges()
        try await StubServer.serve { access, answer in
            try await withTestClient(access, attemptsMax: 1) { client in
                for exchange in exchanges {
                    guard let events = exchange[path: "response", "events"]?.array, !events.isEmpty else { continue }
                    let lines = events.flatMap { event -> [UInt8] in JSONWriter.write(event) + [0x0A] }
                    answer.set(status: 200, body: lines, retryAfter: nil, contentType: "application/json")
                    var told: [String] = []
                    do {
                        for try await event in try await client.watch(Pod.resourceType) {
                            switch event {
                            case .added: told.append("ADDED")
                            case .modified: told.append("MODIFIED")
                            case .deleted: told.append("DELETED")
                            case .bookmark: told.append("BOOKMARK")
                            }
                        }
                    } catch let error as KubernetesError {
                        #expect(error.status?.code == 410)
                        told.append("ERROR")
                    }
                    #expect(told == events.compactMap { $0["type"]?.string })
                    checked += 1
                }
            }
        }
        #expect(checked > 20)
    }

    @Test("a recorded stream of a list becomes one reset, and what follows it single changes")
    func watchList() async throws {
        let exchanges = try Recordings.exchanges().filter {
            $0[path: "request", "query", "sendInitialEvents"]?.string == "true"
                && $0[path: "response", "events"]?.array?.contains { $0["type"] == "BOOKMARK" } == true
        }
        #expect(exchanges.count >= 4)
        for exchange in exchanges {
            let events = try #require(exchange[path: "response", "events"]?.array)
            let lines = events.flatMap { event -> [UInt8] in JSONWriter.write(event.withoutPlaceholders) + [0x0A] }
            let told = Mutex<[String]>([])
            try await StubServer.serve { access, stub in
                stub.set(status: 200, body: lines, retryAfter: nil, contentType: "application/json")
                try await withTestClient(access, attemptsMax: 1) { client in
                    let reflector = Reflector(
                        ResourceDocument.self, of: ConfigMap.resourceType, client: client,
                        configuration: .init(backoff: Backoff(minimum: .seconds(60), maximum: .seconds(60), jitter: 0)),
                        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                    ) { change in told.withLock { $0.append(Self.line(change)) } }
                    try await withThrowingTaskGroup { group in
                        group.addTask { try await reflector.run() }
                        let count = events.filter { $0["type"] == "MODIFIED" }.count + 1
                        try await eventually { told.withLock { $0.count >= count } }
                        group.cancelAll()
                    }
                    #expect(stub.requests.withLock { $0.first?.uri.contains("sendInitialEvents=true") } == true)
                }
            }
            let added = events.filter { $0["type"] == "ADDED" }.compactMap {
                $0[path: "object", "metadata", "name"]?.string
            }
            #expect(told.withLock { $0.first } == "reset \(added.sorted()) 0")
            if !added.isEmpty { #expect(told.withLock { $0.dropFirst().first } == "apply s1") }
        }
    }

    private static func line(_ change: ObjectChange<ResourceDocument>) -> String {
        switch change {
        case .reset(let applied, let deleted): "reset \(applied.map(\.metadata.name).sorted()) \(deleted.count)"
        case .apply(let object): "apply \(object.metadata.name)"
        case .delete(let key): "delete \(key.name)"
        }
    }

    @Test("every recorded object of a kind that we know can be read")
    func objects() throws {
        var counts: [String: Int] = [:]
        func visit(_ value: JSONValue) throws {
            if let kind = value["kind"]?.string, let group = value["apiVersion"]?.string, value["metadata"] != nil {
                if try Self.read(value.withoutPlaceholders, "\(group) \(kind)") { counts[kind, default: 0] += 1 }
                for item in value["items"]?.array ?? [] {
                    let name = String(kind.dropLast("List".count))
                    if try Self.read(item.withoutPlaceholders, "\(group) \(name)") { counts[name, default: 0] += 1 }
                }
            }
        }
        for exchange in try Recordings.exchanges() {
            guard let response = exchange["response"], (response["status"]?.integer ?? 200) < 300 else { continue }
            if let body = response["body"] { try visit(body) }
            for event in response["events"]?.array ?? [] {
                if let object = event["object"], event["type"] != "BOOKMARK" { try visit(object) }
            }
        }
        for kind in ["Pod", "Service", "ConfigMap", "EndpointSlice", "Deployment", "ReplicaSet", "Lease", "Event"] {
            #expect(counts[kind, default: 0] > 0, "no \(kind) was seen")
        }
    }

    /// False when the kind is none of ours.
    private static func read(_ value: JSONValue, _ kind: String) throws -> Bool {
        switch kind {
        case "v1 Pod": _ = try value.decode(Pod.self)
        case "v1 Service": _ = try value.decode(Service.self)
        case "v1 ConfigMap": _ = try value.decode(ConfigMap.self)
        case "v1 Namespace": _ = try value.decode(Namespace.self)
        case "v1 Node": _ = try value.decode(Node.self)
        case "v1 ServiceAccount": _ = try value.decode(ServiceAccount.self)
        case "discovery.k8s.io/v1 EndpointSlice": _ = try value.decode(EndpointSlice.self)
        case "apps/v1 Deployment": _ = try value.decode(Deployment.self)
        case "apps/v1 ReplicaSet": _ = try value.decode(ReplicaSet.self)
        case "apps/v1 StatefulSet": _ = try value.decode(StatefulSet.self)
        case "batch/v1 Job": _ = try value.decode(Job.self)
        case "coordination.k8s.io/v1 Lease": _ = try value.decode(Lease.self)
        case "events.k8s.io/v1 Event": _ = try value.decode(Event.self)
        default: return false
        }
        return true
    }
}
