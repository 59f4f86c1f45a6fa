import MeshModel
import MeshResources
import MeshRollout
import Testing

@Suite struct RolloutObjectsTests {
    static let target: JSONValue = [
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "voting", "namespace": "voting"],
        "spec": [
            "replicas": 2, "selector": ["matchLabels": ["app": "voting"]],
            "template": ["metadata": ["labels": ["app": "voting"]], "spec": ["containers": [["name": "voting"]]]],
        ],
    ]

    static func canary(match: [CanaryMatch] = []) -> Canary {
        Canary(
            metadata: ObjectMeta(name: "voting", namespace: "voting"),
            spec: CanarySpec(
                targetRef: CrossVersionReference(apiVersion: "apps/v1", kind: "Deployment", name: "voting"),
                service: CanaryService(port: 8082, targetPort: "grpc"),
                analysis: CanaryAnalysis(interval: "10s", threshold: 2, maxWeight: 50, stepWeight: 25, match: match)))
    }

    @Test("the primary has its own name, selector and pod label")
    func primary() throws {
        let objects = try RolloutObjects(of: Self.canary(), target: Self.target)
        let primary = objects.primary(template: try objects.template(), replicas: 2)
        #expect(primary[path: "metadata", "name"] == "voting-primary")
        #expect(primary[path: "spec", "selector", "matchLabels"] == ["app": "voting-primary"])
        #expect(primary[path: "spec", "template", "metadata", "labels"] == ["app": "voting-primary"])
        #expect(primary[path: "spec", "template", "spec"] == Self.target[path: "spec", "template", "spec"])
    }

    @Test("a share survives being written into a route and read back", arguments: [0, 1, 25, 50, 99, 100])
    func share(weight: Int) throws {
        let objects = try RolloutObjects(of: Self.canary(), target: Self.target)
        let share = TrafficShare(canary: weight)
        #expect(objects.share(of: objects.route(share)) == share)
    }

    @Test("a workload without a label to tell a primary by is refused")
    func noSelectorLabel() {
        var target = Self.target
        target["spec"]?["selector"] = ["matchLabels": ["tier": "x"]]
        #expect(
            throws: RolloutObjectsError.noSelectorLabel(workload: "voting", candidates: RolloutObjects.selectorLabels)
        ) { try RolloutObjects(of: Self.canary(), target: target) }
    }

    @Test("a condition that no route can say is refused, not left out")
    func unsupportedMatch() {
        let canary = Self.canary(match: [CanaryMatch(headers: ["x-user": StringMatch(prefix: "a")])])
        #expect(throws: RolloutObjectsError.unsupportedMatch(field: "headers.x-user")) {
            try RolloutObjects(of: canary, target: Self.target)
        }
    }

    @Test("the digest of a template does not depend on the order of members, and on everything else")
    func digest() {
        let template: JSONValue = ["a": [1, 2], "b": "x"]
        #expect(TemplateDigest.digest(of: template) == TemplateDigest.digest(of: ["b": "x", "a": [1, 2]]))
        #expect(TemplateDigest.digest(of: template) != TemplateDigest.digest(of: ["a": [2, 1], "b": "x"]))
        #expect(TemplateDigest.digest(of: template) != TemplateDigest.digest(of: ["a": ["1", 2], "b": "x"]))
    }

    @Test("a plan is read from a Canary")
    func plan() throws {
        let plan = try RolloutPlan(Self.canary().spec)
        #expect(plan.strategy == .canary(weights: [25, 50]))
        #expect(plan.interval == .seconds(10))
        #expect(plan.threshold == 2)
    }
}
