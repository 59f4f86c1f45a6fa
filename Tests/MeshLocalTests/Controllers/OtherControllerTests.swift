import MeshCodec
import MeshModel
import MeshResources
import Testing

@testable import MeshLocal

@Suite struct OtherControllerTests {
    private func set(_ name: String, replicas: Int = 1) -> JSONValue {
        [
            "metadata": ["name": .string(name)],
            "spec": [
                "replicas": .integer(Int64(replicas)), "serviceName": "db", "template": SmallCluster.template("a:1"),
            ],
        ]
    }

    private func stepStateful(_ cluster: inout SmallCluster) throws {
        let set = try cluster.one(Workload.statefulSet, "db")
        cluster.perform(StatefulSetController.plan(set, pods: cluster.all(Workload.pod), now: cluster.now).writes)
    }

    @Test func `a StatefulSet makes its pods one after the other and drops them in reverse`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.statefulSet, self.set("db", replicas: 3))
        for count in 1...3 {
            try self.stepStateful(&cluster)
            try self.stepStateful(&cluster)
            #expect(cluster.all(Workload.pod).map(\.metadata.name) == (0..<count).map { "db-\($0)" })
            cluster.makeAllReady()
        }
        let pod = try cluster.one(Workload.pod, "db-1")
        #expect(pod.spec["hostname"] == "db-1" && pod.spec["subdomain"] == "db")
        cluster.patch(Workload.statefulSet, "db", ["spec": ["replicas": 1]])
        try self.stepStateful(&cluster)
        #expect(cluster.all(Workload.pod).map(\.metadata.name) == ["db-0", "db-1"])
        try self.stepStateful(&cluster)
        #expect(cluster.all(Workload.pod).map(\.metadata.name) == ["db-0"])
    }

    @Test func `a StatefulSet replaces its highest pod first`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.statefulSet, self.set("db", replicas: 2))
        for _ in 0..<3 {
            try self.stepStateful(&cluster)
            cluster.makeAllReady()
        }
        cluster.patch(Workload.statefulSet, "db", ["spec": ["template": SmallCluster.template("a:2")]])
        try self.stepStateful(&cluster)
        #expect(cluster.all(Workload.pod).map(\.metadata.name) == ["db-0"])
        for _ in 0..<4 {
            try self.stepStateful(&cluster)
            cluster.makeAllReady()
        }
        try self.stepStateful(&cluster)
        let status = try cluster.one(Workload.statefulSet, "db").status
        #expect(status["readyReplicas"] == 2 && status["updateRevision"] == status["currentRevision"])
    }

    @Test func `a DaemonSet keeps one pod and replaces it after a change`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.daemonSet, self.set("agent"))
        let step = { (cluster: inout SmallCluster) in
            let set = try cluster.one(Workload.daemonSet, "agent")
            cluster.perform(DaemonSetController.plan(set, pods: cluster.all(Workload.pod), now: cluster.now).writes)
        }
        try step(&cluster)
        try step(&cluster)
        let first = try #require(cluster.all(Workload.pod).first)
        cluster.patch(Workload.daemonSet, "agent", ["spec": ["template": SmallCluster.template("a:2")]])
        try step(&cluster)
        #expect(cluster.all(Workload.pod).isEmpty)
        try step(&cluster)
        cluster.makeAllReady()
        try step(&cluster)
        #expect(cluster.all(Workload.pod).map(\.metadata.uid) != [first.metadata.uid])
        #expect(try cluster.one(Workload.daemonSet, "agent").status["numberReady"] == 1)
    }
}

@Suite struct EndpointSliceControllerTests {
    private let service: JSONValue = [
        "metadata": ["name": "web", "labels": ["a": "b"]],
        "spec": [
            "clusterIP": "10.96.0.7", "selector": ["app": "web"],
            "ports": [
                ["name": "http", "port": 80, "targetPort": "http"],
                ["name": "raw", "port": 81, "targetPort": 8081, "appProtocol": "x"],
            ],
        ],
    ]

    private func pod(_ name: String, port: Int64 = 8080, labels: JSONValue = ["app": "web"]) -> JSONValue {
        [
            "metadata": ["name": .string(name), "labels": labels],
            "spec": [
                "nodeName": "node",
                "containers": [["name": "c", "ports": [["name": "http", "containerPort": .integer(port)]]]],
            ],
        ]
    }

    private func settle(_ cluster: inout SmallCluster) throws -> [OwnedObject] {
        for _ in 0..<3 {
            let service = try cluster.one(Workload.service, "web")
            let plan = EndpointSliceController.plan(
                service, pods: cluster.all(Workload.pod), slices: cluster.all(Workload.endpointSlice))
            if plan.writes.isEmpty { return cluster.all(Workload.endpointSlice) }
            cluster.perform(plan.writes)
        }
        Issue.record("does not settle")
        return []
    }

    @Test func `a slice lists the selected pods with their state`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.service, self.service)
        let empty = try self.settle(&cluster)
        #expect(empty.map { $0.json["endpoints"] } == [[]])
        for (index, name) in ["a", "b", "c", "d"].enumerated() {
            cluster.add(Workload.pod, self.pod(name, labels: name == "c" ? ["app": "other"] : ["app": "web"]))
            if name != "d" {
                cluster.setReady(try cluster.one(Workload.pod, name), name == "a", address: "10.244.0.\(index)")
            }
        }
        let slice = try #require(try self.settle(&cluster).first)
        let endpoints = try #require(slice.json["endpoints"]?.array)
        #expect(endpoints.map { $0[path: "targetRef", "name"]?.string } == ["a", "b"], "d has no address yet")
        #expect(endpoints.map { $0[path: "conditions", "ready"]?.bool } == [true, false])
        #expect(endpoints[0]["addresses"] == ["10.244.0.0"] && endpoints[0]["nodeName"] == "node")
        let ports: JSONValue = [
            ["name": "http", "port": 8080, "protocol": "TCP"],
            ["name": "raw", "port": 8081, "protocol": "TCP", "appProtocol": "x"],
        ]
        #expect(slice.json["ports"] == ports)
        #expect(slice.metadata.labels["kubernetes.io/service-name"] == "web" && slice.metadata.labels["a"] == "b")
        cluster.patch(Workload.pod, "a", ["metadata": ["deletionTimestamp": "2026-01-01T00:00:00Z"]])
        let conditions = try self.settle(&cluster).first?.json["endpoints"]?.array?.first?["conditions"]
        #expect(conditions == ["ready": false, "serving": true, "terminating": true])
    }

    @Test func `pods that serve a named port elsewhere have a slice of their own`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.service, self.service)
        for (name, port) in [("a", Int64(8080)), ("b", 9090)] {
            cluster.add(Workload.pod, self.pod(name, port: port))
            cluster.setReady(try cluster.one(Workload.pod, name), true)
        }
        let slices = try self.settle(&cluster)
        #expect(slices.count == 2 && slices.allSatisfy { $0.json["endpoints"]?.array?.count == 1 })
        cluster.patch(Workload.pod, "b", ["metadata": ["labels": ["app": "other"]]])
        let left = try self.settle(&cluster)
        #expect(left.count == 1)
    }

    @Test func `no slice holds more than a hundred endpoints`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.service, self.service)
        for index in 0..<150 {
            cluster.add(Workload.pod, self.pod("p\(index)"))
            cluster.setReady(try cluster.one(Workload.pod, "p\(index)"), true, address: "10.244.1.\(index)")
        }
        let counts = try self.settle(&cluster).compactMap { $0.json["endpoints"]?.array?.count }
        #expect(counts.sorted() == [50, 100])
    }

    @Test func `a Service without a selector is left to others`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.service, ["metadata": ["name": "web"], "spec": ["ports": [["port": 80]]]])
        let slices = try self.settle(&cluster)
        #expect(slices.isEmpty)
    }

    @Test func `translation and names follow Services and slices`() throws {
        var cluster = SmallCluster()
        cluster.add(Workload.service, self.service)
        cluster.add(Workload.pod, self.pod("a"))
        cluster.setReady(try cluster.one(Workload.pod, "a"), true, address: "10.244.0.4")
        _ = try self.settle(&cluster)
        let services = try cluster.all(Workload.service).map { try $0.json.decode(Service.self) }
        let slices = try cluster.all(Workload.endpointSlice).map { try $0.json.decode(EndpointSlice.self) }
        let table = ServiceTable(services: services, slices: slices)
        let address = try #require(SocketAddress("10.96.0.7:80"))
        #expect(
            table.virtual.first
                == VirtualService(
                    address: address, transport: .tcp, endpoints: [try #require(SocketAddress("10.244.0.4:8080"))]))
        #expect(
            table.zone.answer(["web", "ns", "svc", "cluster", "local"], type: DNSType.a) == .records([.a(0x0A60_0007)]))
        var headless = services
        headless[0].spec.clusterIP = "None"
        let zone = ServiceTable(services: headless, slices: slices).zone
        #expect(zone.answer(["web", "ns", "svc", "cluster", "local"], type: DNSType.a) == .records([.a(0x0AF4_0004)]))
    }
}
