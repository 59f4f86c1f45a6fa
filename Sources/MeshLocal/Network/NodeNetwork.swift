public import MeshModel

/// The network of one local cluster: a namespace that plays the node, and one for each pod.
///
/// The node namespace alone forwards packets and translates Service addresses, so that nothing of the machine's own
/// firewall or settings is touched. Each pod hangs on a point-to-point link with its own address and a fixed
/// neighbour; one more link with two routes joins the machine itself, whose processes reach every pod and Service.
/// Nothing leads further: pods reach each other, Services and the machine.
public struct NodeNetwork: Sendable {
    /// What everything is called.
    public let names: NetworkNames
    /// Which addresses are used.
    public let plan: AddressPlan

    /// The programs that must be installed.
    public static let tools = ["ip", "nft", "nsenter"]

    /// Each link's node side has this address, which lets every pod know its neighbour in advance.
    private static let gatewayMAC = "ee:ee:ee:ee:ee:ee"
    private static let gateway = "169.254.1.1"

    /// Describes a network; nothing is created yet.
    public init(names: NetworkNames, plan: AddressPlan) {
        self.names = names
        self.plan = plan
    }

    /// Creates the node namespace and its link to the machine.
    ///
    /// - Throws: ``NetworkError``; what was made until then is found again by ``NetworkLeftovers``.
    public func up() async throws(NetworkError) {
        let node = self.names.nodeNamespace
        let link = self.names.hostLink
        try await Tool.run("ip", ["netns", "add", node])
        try await Tool.run("ip", ["link", "add", link, "type", "veth", "peer", "name", "host", "netns", node])
        try await Tool.run(
            "ip", ["-n", node, "-batch", "-"],
            input: """
                link set lo up
                link set host up
                addr add \(self.plan.node)/32 dev host
                route add \(self.plan.host)/32 dev host src \(self.plan.node)
                route add default via \(self.plan.host) dev host onlink

                """)
        try await Tool.run(
            "ip", ["-batch", "-"],
            input: """
                link set \(link) up
                addr add \(self.plan.host)/32 dev \(link)
                route add \(self.plan.node)/32 dev \(link) src \(self.plan.host)
                route add \(self.plan.pods) via \(self.plan.node) dev \(link) src \(self.plan.host)
                route add \(self.plan.services) via \(self.plan.node) dev \(link) src \(self.plan.host)

                """)
        try await self.set(["net/ipv4/ip_forward": "1", "net/ipv4/conf/all/rp_filter": "0"], in: node)
        try await self.apply([])
    }

    /// Replaces the translation of Service addresses, at once.
    public func apply(_ services: [VirtualService]) async throws(NetworkError) {
        let script = ServiceRules.script(services: services, network: self.plan.services, pods: self.plan.pods)
        let namespace = "--net=/run/netns/\(self.names.nodeNamespace)"
        try await Tool.run("nsenter", [namespace, "nft", "-f", "-"], input: script)
    }

    /// Creates the namespace of a pod with `address` and returns its name.
    public func addPod(_ address: IPAddress) async throws(NetworkError) -> String {
        let pod = self.names.podNamespace(address)
        let link = self.names.podLink(address)
        try await Tool.run("ip", ["netns", "add", pod])
        try await Tool.run(
            "ip", ["-n", self.names.nodeNamespace, "-batch", "-"],
            input: """
                link add \(link) address \(Self.gatewayMAC) type veth peer name eth0 netns \(pod)
                link set \(link) up
                route add \(address)/32 dev \(link)

                """)
        try await Tool.run(
            "ip", ["-n", pod, "-batch", "-"],
            input: """
                link set lo up
                addr add \(address)/32 dev eth0
                link set eth0 up
                neigh add \(Self.gateway) lladdr \(Self.gatewayMAC) dev eth0 nud permanent
                route add \(Self.gateway) dev eth0 scope link
                route add default via \(Self.gateway) dev eth0

                """)
        // As container runtimes do: a pod's ports are its own, so no user needs a privilege for the low ones.
        try await self.set(["net/ipv4/ip_unprivileged_port_start": "0"], in: pod)
        return pod
    }

    /// Ends every process in the pod's namespace and removes it, its link and its route.
    ///
    /// A pod that is already gone is no error.
    public func removePod(_ address: IPAddress) async throws(NetworkError) {
        let leftovers = NetworkLeftovers(names: self.names)
        try await leftovers.remove(namespace: self.names.podNamespace(address))
    }

    private func set(_ values: [String: String], in namespace: String) async throws(NetworkError) {
        let script = values.sorted { $0.key < $1.key }.map { "echo \($0.value) > /proc/sys/\($0.key)" }
        try await Tool.run(
            "nsenter", ["--net=/run/netns/\(namespace)", "sh", "-e", "-c", script.joined(separator: "\n")])
    }
}
