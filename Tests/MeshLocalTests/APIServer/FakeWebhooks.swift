import MeshCodec
import MeshModel
import MeshResources
import Synchronization
import Testing

@testable import MeshLocal

/// Webhooks that answer what a test says, by the path of their URL, and remember what they were asked.
final class FakeWebhooks: WebhookTransport {
    /// What a webhook does.
    enum Behaviour: Sendable {
        case allow(warnings: [String] = [])
        case patch([JSONValue])
        case deny(JSONValue)
        /// The response, of which only the uid is filled in.
        case response(JSONValue)
        case raw(status: Int, String)
        case fail(String)
    }

    /// One call.
    struct Call: Sendable {
        var path: String
        var target: WebhookTarget
        var request: JSONValue
    }

    private struct Failure: Error, CustomStringConvertible { var description: String }

    private let behaviours: Mutex<[String: Behaviour]> = Mutex([:])
    private let log: Mutex<[Call]> = Mutex([])

    /// The calls so far, in the order in which they came.
    var calls: [Call] { self.log.withLock { $0 } }
    /// The paths that were called.
    var paths: [String] { self.calls.map(\.path) }

    func set(_ path: String, _ behaviour: Behaviour) { self.behaviours.withLock { $0[path] = behaviour } }

    func post(_ body: [UInt8], to target: WebhookTarget) async throws -> (status: Int, body: [UInt8]) {
        let request = try #require(try JSONReader.read(body)["request"])
        let rest = target.url.dropFirst("https://hooks".count)
        let path = String(rest.prefix { $0 != "?" })
        self.log.withLock { $0.append(Call(path: path, target: target, request: request)) }
        let uid = request["uid"] ?? .null
        switch self.behaviours.withLock({ $0[path] }) {
        case .allow(let warnings):
            return Self.answer(["uid": uid, "allowed": true, "warnings": .array(warnings.map(JSONValue.string))])
        case .patch(let operations):
            let patch = Base64.encode(JSONWriter.write(.array(operations)))
            return Self.answer(["uid": uid, "allowed": true, "patchType": "JSONPatch", "patch": .string(patch)])
        case .deny(let status): return Self.answer(["uid": uid, "allowed": false, "status": status])
        case .response(var response):
            if response["uid"] == nil { response["uid"] = uid }
            return Self.answer(response)
        case .raw(let status, let text): return (status, Array(text.utf8))
        case .fail(let text): throw Failure(description: text)
        case nil: throw Failure(description: "nobody answers at \(path)")
        }
    }

    private static func answer(_ response: JSONValue) -> (status: Int, body: [UInt8]) {
        (200, JSONWriter.write(["apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response]))
    }
}

/// A registry whose webhooks are fakes.
struct WebhookFixture {
    let hooks = FakeWebhooks()
    let registry: Registry

    init() throws {
        let count = Mutex(0)
        let surroundings = Surroundings(
            now: { Timestamp(seconds: 1_800_000_000) },
            makeUID: {
                count.withLock { count in
                    count += 1
                    return "uid-\(count)"
                }
            },
            makeSuffix: { String(repeating: "x", count: $0) })
        self.registry = Registry(
            store: ObjectStore(firstRevision: 1), surroundings: surroundings,
            admission: WebhookAdmission(transport: self.hooks, resolveService: { _, _, _ in nil }),
            serviceNetwork: try #require(IPNetwork(.v4(0x0A60_0000), prefixLength: 16)),
            accounts: ServiceAccountSettings(authority: ""))
        self.registry.furnishCluster()
    }

    static func options(isDryRun: Bool = false) -> WriteOptions {
        WriteOptions(user: UserInfo(name: "tester", groups: ["system:masters"]), manager: "test", isDryRun: isDryRun)
    }

    private func kind(_ name: String, group: String = "") throws -> ResourceKind {
        try #require(self.registry.catalog.snapshot.kind(GroupKind(group: group, kind: name)))
    }

    /// Registers one webhook at `path`, by default for every write of ConfigMaps; `changes` go over it.
    func register(
        _ path: String, isMutating: Bool = true, name: String? = nil, _ changes: JSONValue = [:]
    ) async throws {
        let label = String(path.dropFirst())
        var webhook: JSONValue = [
            "name": .string("\(label).hooks.example"), "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": ["url": .string("https://hooks\(path)")], "timeoutSeconds": 2,
            "rules": [
                ["apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]]
            ],
        ]
        for (name, value) in changes.object ?? [:] { webhook[name] = value }
        let kind = try self.kind(
            "\(isMutating ? "Mutating" : "Validating")WebhookConfiguration", group: "admissionregistration.k8s.io")
        let body: JSONValue = [
            "apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind),
            "metadata": ["name": .string(name ?? label)], "webhooks": [webhook],
        ]
        _ = try await self.registry.create(kind, namespace: "", body: body, Self.options())
    }

    /// Creates a namespace.
    func namespace(_ name: String, labels: JSONValue = [:]) async throws {
        let body: JSONValue = [
            "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name), "labels": labels],
        ]
        _ = try await self.registry.create(try self.kind("Namespace"), namespace: "", body: body, Self.options())
    }

    /// Creates a ConfigMap with one entry.
    func configMap(
        _ name: String = "one", in namespace: String = "default", labels: JSONValue = [:], isDryRun: Bool = false
    ) async throws -> WriteOutcome {
        let body: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name), "labels": labels],
            "data": ["trail": ""],
        ]
        return try await self.registry.create(
            try self.kind("ConfigMap"), namespace: namespace, body: body, Self.options(isDryRun: isDryRun))
    }

    /// The ConfigMap as stored; nil when there is none.
    func stored(_ name: String = "one") throws -> JSONValue? {
        let key = ObjectKey(namespace: "default", name: name)
        return self.registry.store.get(ResourceID(group: "", plural: "configmaps"), key)?.object
    }

    /// Deletes a ConfigMap.
    func delete(_ name: String = "one", isDryRun: Bool = false) async throws {
        var options = DeletionOptions()
        options.isDryRun = isDryRun
        options.user = Self.options().user
        _ = try await self.registry.delete(
            try self.kind("ConfigMap"), ObjectKey(namespace: "default", name: name), options)
    }

    /// Merges labels into a ConfigMap.
    func relabel(_ labels: JSONValue, of name: String = "one") async throws {
        _ = try await self.registry.update(
            try self.kind("ConfigMap"), ObjectKey(namespace: "default", name: name), subresource: "",
            .mergePatch(["metadata": ["labels": labels]]), Self.options())
    }
}
