import MeshModel
import Testing

@testable import MeshLocal

@Suite struct ServiceRulesTests {
    private let plan: AddressPlan

    init() throws {
        self.plan = try #require(AddressPlan(index: 0))
    }

    private func address(_ text: String) throws -> SocketAddress { try #require(SocketAddress(text)) }

    @Test func `every endpoint of a Service has the same share`() throws {
        let service = VirtualService(
            address: try self.address("10.96.0.7:80"), transport: .tcp,
            endpoints: [try self.address("10.244.0.4:8080"), try self.address("10.244.0.5:8081")])
        let script = ServiceRules.script(services: [service], network: self.plan.services, pods: self.plan.pods)
        #expect(script.contains("10.96.0.7 . tcp . 80 : goto service0"))
        #expect(script.contains("numgen random mod 2 map { 0 : 10.244.0.4 . 8080, 1 : 10.244.0.5 . 8081 }"))
        #expect(script.contains("10.244.0.4 . 10.244.0.4, 10.244.0.5 . 10.244.0.5"))
    }

    @Test func `a Service without endpoints is refused and of two equal ones the first counts`() throws {
        let empty = VirtualService(address: try self.address("10.96.0.7:80"), transport: .tcp, endpoints: [])
        let first = VirtualService(
            address: try self.address("10.96.0.8:53"), transport: .udp, endpoints: [try self.address("10.244.0.4:53")])
        var second = first
        second.endpoints = [try self.address("10.244.0.5:53")]
        let script = ServiceRules.script(
            services: [empty, first, second], network: self.plan.services, pods: self.plan.pods)
        #expect(!script.contains("10.96.0.7"))
        #expect(script.contains("dnat to 10.244.0.4:53"))
        #expect(!script.contains("10.244.0.5"))
        #expect(script.contains("ip daddr 10.96.0.0/16 reject"))
    }

    @Test func `a plan keeps clear of what the machine routes`() throws {
        let taken = HostRoutes.parse(
            """
            default via 192.168.1.1 dev eth0
            10.244.0.0/24 dev cni0 proto kernel scope link src 10.244.0.1
            broadcast 10.97.0.255 dev x table local
            """)
        #expect(taken.count == 2)
        #expect(AddressPlan.first(avoiding: taken) == AddressPlan(index: 2))
        #expect(AddressPlan.first(avoiding: [.all4]) == nil)
    }

    @Test func `addresses of a plan are distinct`() throws {
        let pods = [self.plan.pod(slot: 0), self.plan.pod(slot: AddressPlan.podsMax - 1)]
        let fixed = [self.plan.host, self.plan.node] + pods
        #expect(Set(fixed).count == fixed.count)
        #expect(fixed.allSatisfy(self.plan.pods.contains))
        #expect(self.plan.dns.description == "10.96.0.10")
        #expect(self.plan.host.description == "10.244.255.254")
    }

    @Test(arguments: ["", "-a", "a-", "A", "a.b", "a/b", "a b", String(repeating: "a", count: 33)])
    func `a cluster's name is a short label`(name: String) {
        #expect(NetworkNames(cluster: name) == nil)
    }

    @Test func `a cluster owns its own namespaces only`() throws {
        let names = try #require(NetworkNames(cluster: "a"))
        let pod = names.podNamespace(self.plan.pod(slot: 0))
        #expect(names.owns(namespace: pod) && names.owns(namespace: names.nodeNamespace))
        #expect(!names.owns(namespace: "heddle.a-b") && !names.owns(namespace: "heddle.ab.pod.0af40004"))
        #expect(names.podLink(self.plan.pod(slot: 0)) == "pod0af40004")
        #expect(names.hostLink.utf8.count <= 15)
    }
}
