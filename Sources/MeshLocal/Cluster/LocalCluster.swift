public import MeshKubernetes
public import MeshModel
public import SystemPackage

/// A Kubernetes cluster on this machine: an API server in memory, the controllers that a mesh needs, and a node that
/// runs pods as processes in network namespaces of their own.
///
/// ```swift
/// try await LocalCluster.run(.init(name: "demo"), logger: logger) { cluster in
///     _ = try await cluster.client.create(document, as: type, in: "default")
/// }
/// ```
/// When the body returns or throws, everything is gone; after a crash, the next ``run(_:logger:_:)`` or
/// ``down(name:stateRoot:)`` of that name clears what is left.
public struct LocalCluster: Sendable {
    /// What can be chosen about a cluster.
    public struct Configuration: Sendable {
        /// The cluster's name, part of the name of everything it makes.
        public var name = "heddle"
        /// Executables of this machine that stand for images, besides the project's own.
        public var images: [String: String] = [:]
        /// The directory of the project's own programs.
        public var programs: FilePath
        /// The program `heddle`, which becomes every container.
        public var launcher: FilePath
        /// Where clusters have their state.
        public var stateRoot: FilePath
        /// The API server's port; 0 is the kernel's choice.
        public var apiPort: UInt16 = 6443

        /// The defaults: programs beside the running one, state where `HEDDLE_HOME` or the system wants it.
        public init(name: String = "heddle") {
            let program = FilePath(Files.link("/proc/self/exe") ?? "/usr/bin/heddle")
            self.name = name
            self.programs = program.removingLastComponent()
            self.launcher = program
            self.stateRoot = LocalCluster.defaultStateRoot
        }
    }

    /// The configuration it runs with.
    public let configuration: Configuration
    /// An administrator's client of the API server.
    public let client: KubernetesClient
    /// Where a kubeconfig for the administrator is.
    public let kubeconfig: FilePath
    /// The addresses that pods and Services have.
    public let addresses: AddressPlan
    let names: NetworkNames

    /// The programs that a local cluster runs, and the Debian packages they are in.
    static let tools = [
        ("ip", "iproute2"), ("nft", "nftables"), ("iptables", "iptables"), ("nsenter", "util-linux"),
        ("unshare", "util-linux"), ("setpriv", "util-linux"),
    ]

    /// The network namespace of the pod with `address`, as `ip netns` names it.
    public func networkNamespace(of address: IPAddress) -> String { self.names.podNamespace(address) }
}
