import MeshCodec
import MeshModel
import Testing

@testable import MeshLocal

/// Admission webhooks, with the calls themselves faked.
@Suite struct WebhookAdmissionTests {
    private let fixture: WebhookFixture

    init() throws { self.fixture = try WebhookFixture() }

    private var hooks: FakeWebhooks { self.fixture.hooks }

    /// What a write is refused with; nil when it is not.
    private func refusal(_ body: () async throws -> Void) async -> APIFailure? {
        do {
            try await body()
            return nil
        } catch {
            return error as? APIFailure
        }
    }

    /// A patch that replaces the trail.
    private static func mark(_ text: String) -> FakeWebhooks.Behaviour {
        .patch([["op": "replace", "path": "/data/trail", "value": .string(text)]])
    }

    // MARK: - Order

    @Test("mutating webhooks are asked in order of their configurations' names, each with what the last one left")
    func mutatingOrder() async throws {
        try await self.fixture.register("/b")
        try await self.fixture.register("/a")
        try await self.fixture.register("/c")
        self.hooks.set("/a", Self.mark("a"))
        self.hooks.set("/b", Self.mark("b"))
        self.hooks.set("/c", .allow())
        let outcome = try await self.fixture.configMap()
        #expect(self.hooks.paths == ["/a", "/b", "/c"])
        #expect(self.hooks.calls.map { $0.request["object"]?["data"]?["trail"] } == ["", "a", "b"])
        #expect(outcome.object["data"]?["trail"] == "b")
        #expect(try self.fixture.stored()?["data"]?["trail"] == "b")
    }

    @Test("a webhook that asks for it sees what later ones changed, once, before validation")
    func reinvocation() async throws {
        try await self.fixture.register("/a", ["reinvocationPolicy": "IfNeeded"])
        try await self.fixture.register("/b")
        try await self.fixture.register("/c", ["reinvocationPolicy": "IfNeeded"])
        try await self.fixture.register("/v", isMutating: false)
        self.hooks.set("/a", .allow())
        self.hooks.set("/b", Self.mark("b"))
        self.hooks.set("/c", .allow())
        self.hooks.set("/v", .allow())
        _ = try await self.fixture.configMap()
        #expect(self.hooks.paths == ["/a", "/b", "/c", "/a", "/v"], "c has seen it all the first time")
        #expect(self.hooks.calls.last?.request["object"]?["data"]?["trail"] == "b")
    }

    @Test("every validating webhook is asked, and the first in order that refuses is heard")
    func validating() async throws {
        for path in ["/a", "/b", "/c"] { try await self.fixture.register(path, isMutating: false) }
        self.hooks.set("/a", .allow(warnings: ["careful"]))
        self.hooks.set("/b", .deny(["message": "not b"]))
        self.hooks.set("/c", .deny(["message": "not c"]))
        let failure = await self.refusal { _ = try await self.fixture.configMap() }
        #expect(Set(self.hooks.paths) == ["/a", "/b", "/c"])
        #expect(failure?.message == "admission webhook \"b.hooks.example\" denied the request: not b")
        #expect(failure?.warnings == ["careful"])
        #expect(try self.fixture.stored() == nil)
    }

    @Test("what validation refuses never reaches a validating webhook")
    func validationFirst() async throws {
        try await self.fixture.register("/a", isMutating: false)
        try await self.fixture.register("/m")
        self.hooks.set("/m", .patch([["op": "add", "path": "/data/bad key", "value": "x"]]))
        let failure = await self.refusal { _ = try await self.fixture.configMap() }
        #expect(failure?.code == 422)
        #expect(self.hooks.paths == ["/m"])
    }

    // MARK: - Refusals

    @Test(
        "a refusal has the webhook's words, and a code that is an error",
        arguments: [
            (JSONValue.null, 400, "", "denied the request without explanation"),
            (["message": "no because"], 400, "", "denied the request: no because"),
            (["reason": "Odd"], 400, "Odd", "denied the request: Odd"),
            (["message": "m", "code": 200], 400, "", "denied the request: m"),
            (["message": "m", "code": 403, "reason": "Forbidden"], 403, "Forbidden", "denied the request: m"),
            (["message": "m", "code": 99_999_999_999], 400, "", "denied the request: m"),
        ] as [(JSONValue, Int, String, String)])
    func denial(status: JSONValue, code: Int, reason: String, text: String) async throws {
        for policy in ["Fail", "Ignore"] {
            let fixture = try WebhookFixture()
            try await fixture.register("/v", isMutating: false, ["failurePolicy": .string(policy)])
            fixture.hooks.set("/v", .deny(status))
            let failure = await self.refusal { _ = try await fixture.configMap() }
            #expect(failure?.code == code)
            #expect(failure?.reason == reason)
            #expect(failure?.message == "admission webhook \"v.hooks.example\" \(text)", "under \(policy)")
        }
    }

    @Test("a refusal's details are passed on")
    func details() async throws {
        try await self.fixture.register("/v", isMutating: false)
        let cause: JSONValue = ["reason": "R", "message": "mm", "field": "f"]
        self.hooks.set("/v", .deny(["code": 422, "details": ["name": "n", "kind": "k", "causes": [cause]]]))
        let failure = await self.refusal { _ = try await self.fixture.configMap() }
        #expect(failure?.status["details"] == ["name": "n", "kind": "k", "causes": [cause]])
    }

    // MARK: - Failures

    /// Ways in which a webhook fails to answer.
    private static let failures: [(FakeWebhooks.Behaviour, String)] = [
        (.fail("context deadline exceeded"), "Post \"https://hooks/h?timeout=2s\": context deadline exceeded"),
        (.raw(status: 500, "broken"), "an error on the server (\"unknown\") has prevented the request from succeeding"),
        (.raw(status: 404, "nope"), "the server could not find the requested resource"),
        (.raw(status: 200, "hello"), "couldn't get version/kind; json parse error"),
        (.raw(status: 200, #"{"kind":"ConfigMap","apiVersion":"v1"}"#), "no kind \"ConfigMap\" is registered"),
        (
            .raw(status: 200, #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"}"#),
            "unknown conversion"
        ),
        (.raw(status: 200, #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}"#), "response was absent"),
        (.response(["uid": "other", "allowed": true]), "expected response.uid="),
        (.response(["allowed": true, "patchType": "JSONPatch"]), "response.patchType but not response.patch"),
        (.response(["allowed": true, "patch": "W10="]), "response.patch but not response.patchType"),
        (
            .response(["allowed": true, "patchType": "JSONPatch", "patch": "***"]),
            "illegal base64 data at input byte 0"
        ),
        (.response(["allowed": true, "patchType": "JSONPatch", "patch": "e30="]), "received undecodable patch"),
        (.response(["allowed": true, "patchType": "Other", "patch": "W10="]), "invalid response.patchType=\"Other\""),
    ]

    @Test("a webhook that fails stops the write, unless its failures are to be ignored", arguments: failures.indices)
    func failurePolicy(index: Int) async throws {
        let (behaviour, text) = Self.failures[index]
        try await self.fixture.register("/h", ["failurePolicy": "Fail"])
        self.hooks.set("/h", behaviour)
        let failure = await self.refusal { _ = try await self.fixture.configMap() }
        #expect(failure?.code == 500)
        #expect(failure?.reason == "InternalError")
        let message = failure?.message ?? ""
        #expect(message.hasPrefix("Internal error occurred: failed calling webhook \"h.hooks.example\": "))
        #expect(message.contains(text), "\(message)")
        #expect(try self.fixture.stored() == nil)

        let lenient = try WebhookFixture()
        try await lenient.register("/h", ["failurePolicy": "Ignore"])
        lenient.hooks.set("/h", behaviour)
        _ = try await lenient.configMap()
        #expect(try lenient.stored() != nil)
    }

    @Test("failurePolicy is Fail when it is not given, and a validating webhook may not change anything")
    func defaults() async throws {
        try await self.fixture.register("/v", isMutating: false)
        self.hooks.set("/v", Self.mark("x"))
        let failure = await self.refusal { _ = try await self.fixture.configMap() }
        #expect(failure?.message.contains("validating webhook may not return response.patch") == true)
    }

    @Test(
        "a patch that does not apply is an error under either policy",
        arguments: [
            (["op": "test", "path": "/data/trail", "value": "z"], "testing value /data/trail failed: test failed"),
            (
                ["op": "add", "path": "/metadata/annotations/x", "value": "y"],
                "doc is missing path: \"/metadata/annotations/x\""
            ),
            (["op": "remove", "path": "/data/none"], "Unable to remove nonexistent key: none"),
            (["op": "replace", "path": "/data", "value": [1]], "json: cannot unmarshal array into Go struct field"),
        ] as [(JSONValue, String)])
    func patchFailure(operation: JSONValue, text: String) async throws {
        try await self.fixture.register("/m", ["failurePolicy": "Ignore"])
        self.hooks.set("/m", .patch([operation]))
        let failure = await self.refusal { _ = try await self.fixture.configMap() }
        #expect(failure?.code == 500)
        #expect(failure?.message.contains(text) == true, "\(failure?.message ?? "")")
    }

    @Test("a webhook may rename a new object and may not move it")
    func renaming() async throws {
        try await self.fixture.register("/m")
        self.hooks.set("/m", .patch([["op": "replace", "path": "/metadata/name", "value": "two"]]))
        _ = try await self.fixture.configMap()
        #expect(try self.fixture.stored("two") != nil)
        self.hooks.set("/m", .patch([["op": "replace", "path": "/metadata/namespace", "value": "kube-system"]]))
        let failure = await self.refusal { _ = try await self.fixture.configMap("three") }
        #expect(failure?.code == 400)
    }

    @Test("the time-out stands in the URL and limits the call")
    func timeout() async throws {
        try await self.fixture.register("/m", ["timeoutSeconds": 7])
        self.hooks.set("/m", .allow())
        _ = try await self.fixture.configMap()
        let call = try #require(self.hooks.calls.first)
        #expect(call.target.url == "https://hooks/m?timeout=7s")
        #expect(call.target.timeoutSeconds == 7)
    }

    @Test("a deletion is asked about and cannot be changed")
    func deletion() async throws {
        try await self.fixture.register("/m")
        self.hooks.set("/m", .allow())
        _ = try await self.fixture.configMap()
        self.hooks.set("/m", Self.mark("m"))
        let failure = await self.refusal { try await self.fixture.delete() }
        #expect(failure?.message.contains("attempted to modify the object") == true)
        #expect(self.hooks.calls.last?.request["oldObject"]?.objectName == "one")
        self.hooks.set("/m", .allow())
        try await self.fixture.delete()
        #expect(try self.fixture.stored() == nil)
    }

    // MARK: - Which objects

    @Test("a webhook with a namespace selector is asked about the namespaces that it selects")
    func namespaceSelector() async throws {
        try await self.fixture.namespace("meshed", labels: ["inject": "yes"])
        try await self.fixture.namespace("plain")
        try await self.fixture.register("/m", ["namespaceSelector": ["matchLabels": ["inject": "yes"]]])
        self.hooks.set("/m", .allow())
        _ = try await self.fixture.configMap(in: "plain")
        #expect(self.hooks.calls.isEmpty)
        _ = try await self.fixture.configMap(in: "meshed")
        #expect(self.hooks.calls.map { $0.request["namespace"] } == ["meshed"])
    }

    @Test("the name of a namespace is a label of it")
    func namespaceName() async throws {
        let other: JSONValue = [
            "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"],
        ]
        try await self.fixture.register("/m", ["namespaceSelector": ["matchExpressions": [other]]])
        self.hooks.set("/m", .allow())
        _ = try await self.fixture.configMap(in: "kube-system")
        #expect(self.hooks.calls.isEmpty)
        _ = try await self.fixture.configMap(in: "default")
        #expect(self.hooks.calls.count == 1)
    }

    @Test("a webhook with an object selector is asked while the object or its former state has the labels")
    func objectSelector() async throws {
        try await self.fixture.register("/m", ["objectSelector": ["matchLabels": ["wanted": "yes"]]])
        self.hooks.set("/m", .allow())
        _ = try await self.fixture.configMap()
        #expect(self.hooks.calls.isEmpty)
        try await self.fixture.relabel(["wanted": "yes"])
        try await self.fixture.relabel(["wanted": nil])
        #expect(self.hooks.calls.count == 2)
        try await self.fixture.relabel(["other": "x"])
        #expect(self.hooks.calls.count == 2)
    }

    @Test(
        "rules select by operation, group, version and resource",
        arguments: [
            (["apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["*"]], ["CREATE"]),
            (
                ["apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]],
                ["CREATE", "UPDATE", "DELETE"]
            ),
            (
                [
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE", "DELETE"],
                    "resources": ["configmaps"],
                ],
                ["UPDATE", "DELETE"]
            ),
            (["apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["*"]], []),
            (["apiGroups": [""], "apiVersions": ["v2"], "operations": ["*"], "resources": ["*"]], []),
            (["apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps/status"]], []),
            (
                [
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["*"],
                    "scope": "Cluster",
                ], []
            ),
        ] as [(JSONValue, [String])])
    func rules(rule: JSONValue, operations: [String]) async throws {
        try await self.fixture.register("/m", ["rules": [rule]])
        self.hooks.set("/m", .allow())
        _ = try await self.fixture.configMap()
        try await self.fixture.relabel(["a": "b"])
        try await self.fixture.delete()
        #expect(self.hooks.calls.map { $0.request["operation"]?.string ?? "" } == operations)
    }

    @Test("webhooks are not asked about webhooks")
    func noRecursion() async throws {
        let everything: JSONValue = ["apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]]
        try await self.fixture.register("/a", ["rules": [everything]])
        try await self.fixture.register("/b", ["rules": [everything]])
        #expect(self.hooks.calls.isEmpty)
    }

    // MARK: - Dry run

    @Test("a dry run is asked about, says so, and stores nothing")
    func dryRun() async throws {
        try await self.fixture.register("/m", ["sideEffects": "NoneOnDryRun"])
        self.hooks.set("/m", Self.mark("m"))
        let outcome = try await self.fixture.configMap(isDryRun: true)
        #expect(outcome.object["data"]?["trail"] == "m")
        let request = try #require(self.hooks.calls.first?.request)
        #expect(request["dryRun"] == true)
        #expect(request["options"]?["dryRun"] == ["All"])
        #expect(try self.fixture.stored() == nil)
        _ = try await self.fixture.configMap()
        self.hooks.set("/m", .allow())
        try await self.fixture.delete(isDryRun: true)
        #expect(self.hooks.calls.last?.request["dryRun"] == true)
        #expect(try self.fixture.stored() != nil)
    }

    @Test("a review holds a finished object, who asks, and what it replaces")
    func review() async throws {
        try await self.fixture.register("/m")
        self.hooks.set("/m", .allow())
        _ = try await self.fixture.configMap()
        try await self.fixture.relabel(["a": "b"])
        let requests = self.hooks.calls.map(\.request)
        #expect(requests[0]["object"]?.objectUID.isEmpty == false)
        #expect(requests[0]["oldObject"] == .null)
        #expect(requests[0]["userInfo"]?["username"] == "tester")
        #expect(requests[1]["oldObject"]?.objectUID == requests[0]["object"]?.objectUID)
        #expect(requests[1]["object"]?.labels == ["a": "b"])
        #expect(Set(requests.map { $0["uid"]?.string }).count == 2)
    }
}
