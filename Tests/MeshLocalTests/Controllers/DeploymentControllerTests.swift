import MeshModel
import MeshResources
import Testing

@testable import MeshLocal

@Suite struct DeploymentControllerTests {
    @Test func `a new Deployment gets a ReplicaSet and pods from its whole template`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.deployment, SmallCluster.deployment(3))
        cluster.settle()
        let set = try #require(cluster.all(Workload.replicaSet).first)
        let pods = cluster.all(Workload.pod)
        #expect(pods.count == 3 && pods.allSatisfy { $0.controllerUID == set.metadata.uid })
        let hash = try #require(set.metadata.labels["pod-template-hash"])
        #expect(set.metadata.name == "web-\(hash)")
        #expect(pods[0].metadata.labels == ["app": "web", "pod-template-hash": hash])
        #expect(pods[0].metadata.annotations == ["linkerd.io/inject": "enabled"])
        #expect(pods[0].spec == SmallCluster.template("a:1")["spec"])
        #expect(set.metadata.annotations["team"] == "x")

        cluster.makeAllReady()
        cluster.settle()
        let deployment = try cluster.one(Workload.deployment, "web")
        #expect(deployment.status["availableReplicas"] == 3 && deployment.status["observedGeneration"] == 1)
        #expect(deployment.condition("Available")?["status"] == "True")
        #expect(deployment.condition("Progressing")?["reason"] == "NewReplicaSetAvailable")
        #expect(deployment.metadata.annotations["deployment.kubernetes.io/revision"] == "1")
    }

    @Test(arguments: [(10, "25%", "25%", 13, 8), (4, "0", "1", 4, 3), (3, "1", "0", 4, 3), (2, "0%", "0%", 2, 1)])
    func `a rolling update keeps to surge and unavailability`(
        replicas: Int, surge: String, unavailable: String, totalMax: Int, availableMin: Int
    ) throws {
        var cluster = SmallCluster()
        let value = { (text: String) in Int64(text).map { JSONValue.integer($0) } ?? .string(text) }
        let strategy: JSONValue = [
            "type": "RollingUpdate",
            "rollingUpdate": ["maxSurge": value(surge), "maxUnavailable": value(unavailable)],
        ]
        cluster.add(Workload.deployment, SmallCluster.deployment(replicas, strategy: strategy))
        cluster.settle()
        cluster.makeAllReady()
        cluster.settle()
        cluster.patch(Workload.deployment, "web", ["spec": ["template": SmallCluster.template("a:2")]])
        for _ in 0..<(4 * replicas) {
            cluster.settle()
            let pods = cluster.all(Workload.pod)
            #expect(pods.count <= totalMax)
            #expect(pods.count(where: \.isReady) >= availableMin)
            guard let next = pods.first(where: { !$0.isReady }) else { break }
            cluster.setReady(next, true)
        }
        let sets = cluster.all(Workload.replicaSet)
        #expect(sets.map(\.replicas).sorted() == [0, replicas])
        let images = Set(cluster.all(Workload.pod).map { $0.spec["containers"]?.array?.first?["image"]?.string })
        #expect(images == ["a:2"])
        let deployment = try cluster.one(Workload.deployment, "web")
        #expect(deployment.metadata.annotations["deployment.kubernetes.io/revision"] == "2")
        #expect(deployment.status["updatedReplicas"] == .integer(Int64(replicas)))
    }

    @Test func `a rollback finds its old ReplicaSet and makes it the newest`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.deployment, SmallCluster.deployment(2))
        for image in ["a:1", "a:2", "a:1"] {
            cluster.patch(Workload.deployment, "web", ["spec": ["template": SmallCluster.template(image)]])
            for _ in 0..<8 {
                cluster.settle()
                cluster.makeAllReady()
            }
        }
        let sets = cluster.all(Workload.replicaSet)
        #expect(sets.count == 2)
        let revisions = sets.map { ($0.replicas, $0.metadata.annotations["deployment.kubernetes.io/revision"]) }
        #expect(revisions.contains { $0.0 == 2 && $0.1 == "3" } && revisions.contains { $0.0 == 0 && $0.1 == "2" })
    }

    @Test func `a rollout of pods that never become ready leaves enough old ones and fails at its deadline`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.deployment, SmallCluster.deployment(4))
        cluster.settle()
        cluster.makeAllReady()
        cluster.settle()
        cluster.patch(Workload.deployment, "web", ["spec": ["template": SmallCluster.template("bad")]])
        cluster.settle()
        #expect(cluster.all(Workload.pod).count(where: \.isReady) == 3)
        cluster.now = cluster.now.advanced(by: .seconds(601))
        cluster.settle()
        let deployment = try cluster.one(Workload.deployment, "web")
        #expect(deployment.condition("Progressing")?["reason"] == "ProgressDeadlineExceeded")
        #expect(deployment.condition("Available")?["status"] == "True")
    }

    @Test func `a paused Deployment follows its size and not its template`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.deployment, SmallCluster.deployment(2))
        cluster.settle()
        let change: JSONValue = ["spec": ["paused": true, "replicas": 3, "template": SmallCluster.template("a:2")]]
        cluster.patch(Workload.deployment, "web", change)
        cluster.settle()
        #expect(cluster.all(Workload.replicaSet).count == 1 && cluster.all(Workload.pod).count == 3)
    }

    @Test func `Recreate ends the old pods before it starts new ones`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.deployment, SmallCluster.deployment(2, strategy: ["type": "Recreate"]))
        cluster.settle()
        cluster.patch(Workload.deployment, "web", ["spec": ["template": SmallCluster.template("a:2")]])
        let deployment = try cluster.one(Workload.deployment, "web")
        let plan = DeploymentController.plan(deployment, sets: cluster.all(Workload.replicaSet), now: cluster.now)
        #expect(!plan.writes.contains { if case .create = $0 { true } else { false } })
        cluster.settle()
        #expect(cluster.all(Workload.pod).count == 2)
    }

    @Test func `old ReplicaSets are forgotten beyond the limit`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.deployment, SmallCluster.deployment(1))
        cluster.patch(Workload.deployment, "web", ["spec": ["revisionHistoryLimit": 1]])
        for image in 1...4 {
            cluster.patch(Workload.deployment, "web", ["spec": ["template": SmallCluster.template("a:\(image)")]])
            for _ in 0..<6 {
                cluster.settle()
                cluster.makeAllReady()
            }
        }
        #expect(cluster.all(Workload.replicaSet).count == 2)
    }

    @Test func `a ReplicaSet gives up pods that do not work before those that do`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.deployment, SmallCluster.deployment(3))
        cluster.settle()
        let ready = try #require(cluster.all(Workload.pod).last)
        cluster.setReady(ready, true)
        cluster.patch(Workload.deployment, "web", ["spec": ["replicas": 1]])
        cluster.settle()
        #expect(cluster.all(Workload.pod).map(\.metadata.name) == [ready.metadata.name])
    }

    @Test func `a pod counts as available when it has been ready long enough`() throws {
        var cluster = SmallCluster()
        var document = SmallCluster.deployment(1)
        document["spec"]?["minReadySeconds"] = 10
        cluster.add(Workload.deployment, document)
        cluster.settle()
        cluster.makeAllReady()
        cluster.settle()
        let set = try #require(cluster.all(Workload.replicaSet).first)
        #expect(set.status["readyReplicas"] == 1 && set.status["availableReplicas"] == 0)
        let plan = ReplicaSetController.plan(set, pods: cluster.all(Workload.pod), now: cluster.now)
        #expect(plan.again == .seconds(10))
        cluster.now = cluster.now.advanced(by: .seconds(10))
        cluster.settle()
        #expect(try cluster.one(Workload.deployment, "web").status["availableReplicas"] == 1)
    }
}
