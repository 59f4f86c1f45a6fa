public import MeshModel
public import MeshPolicy
import MeshResources

/// Asks whether a client may reach a port of a workload, and why.
public struct AccessQuestion: Sendable {
    /// The client.
    public var client: AccessClient
    /// The workload that is reached.
    public var workload: WorkloadName
    /// Its port.
    public var port: UInt16
    /// What is asked for; nil for a connection that is not HTTP.
    public var request: WrittenRequest?

    /// Asks for a request, or for a connection without one.
    public init(client: AccessClient, workload: WorkloadName, port: UInt16, request: WrittenRequest?) {
        self.client = client
        self.workload = workload
        self.port = port
        self.request = request
    }
}

/// Who asks, as far as a proxy can tell.
public struct AccessClient: Hashable, Sendable {
    /// Its address.
    public var address: IPAddress
    /// What it is certified as.
    public var identity: PeerIdentity

    /// A client at an address.
    public init(address: IPAddress, identity: PeerIdentity) {
        self.address = address
        self.identity = identity
    }

    /// The client that a pod or an external workload is: its address, and its identity if it is meshed.
    ///
    /// Nil when there is no such workload, or it has no address yet.
    public init?(_ name: WorkloadName, in view: ClusterView, settings: MeshSettings) {
        let key = ObjectKey(namespace: name.namespace, name: name.name)
        switch name.kind {
        case .pod:
            guard let pod = view.object(key, in: ClusterCollections.pods), let address = pod.addresses.first else {
                return nil
            }
            self.address = address
            self.identity =
                pod.controlNamespace == nil ? .clear : .dns(ByteString(settings.identity(of: pod.account)))
        case .external:
            guard let workload = view.object(key, in: ClusterCollections.externalWorkloads),
                let address = workload.addresses.first
            else { return nil }
            self.address = address
            let identity = ByteString(workload.spec.meshTLS.identity)
            self.identity = workload.spec.meshTLS.identity.hasPrefix("spiffe://") ? .uri(identity) : .dns(identity)
        }
    }
}
