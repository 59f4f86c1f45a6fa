public import MeshResources
import Synchronization

/// Takes from a Pod what no compilation reads, and lets pods of one template share what is left alike.
///
/// A cluster has more pods than anything else, and most of a Pod is of interest to its node alone. What stays: names,
/// labels, owners, our annotations, containers with their ports, HTTP probes and the proxy's addresses, the account,
/// the addresses, phase and conditions.
public final class PodTrimmer: Sendable {
    private struct Pools {
        var containers = SharedValues<[Container]>()
        var names = SharedValues<[String: String]>()
        var owners = SharedValues<[OwnerReference]>()
    }

    private let pools = Mutex(Pools())

    /// A trimmer that has seen nothing.
    public init() {}

    /// Trims `pod` in place.
    public func trim(_ pod: inout Pod) {
        var metadata = pod.metadata
        metadata.uid = ""
        metadata.finalizers = []
        metadata.generateName = nil
        metadata.annotations = metadata.annotations.filter { Self.isOurs($0.key) }
        var spec = PodSpec(
            containers: pod.spec.containers.map(Self.trimmed),
            initContainers: pod.spec.initContainers.map(Self.trimmed),
            nodeName: pod.spec.nodeName, serviceAccountName: pod.spec.serviceAccountName,
            hostNetwork: pod.spec.hostNetwork)
        self.pools.withLock { pools in
            metadata.labels = pools.names.shared(metadata.labels)
            metadata.annotations = pools.names.shared(metadata.annotations)
            metadata.ownerReferences = pools.owners.shared(metadata.ownerReferences)
            spec.containers = pools.containers.shared(spec.containers)
            spec.initContainers = pools.containers.shared(spec.initContainers)
        }
        let status = PodStatus(
            phase: pod.status.phase, podIP: pod.status.podIP, podIPs: pod.status.podIPs, hostIP: pod.status.hostIP,
            hostIPs: pod.status.hostIPs,
            conditions: pod.status.conditions.filter { $0.type == "Ready" }.map(Self.trimmed))
        pod = Pod(metadata: metadata, spec: spec, status: status)
    }

    private static func isOurs(_ annotation: String) -> Bool {
        guard let slash = annotation.firstIndex(of: "/") else { return false }
        let domain = annotation[..<slash]
        return ["linkerd.io", "heddle.dev"].contains { domain == $0 || domain.hasSuffix(".\($0)") }
    }

    private static func trimmed(_ condition: Condition) -> Condition {
        Condition(type: condition.type, status: condition.status, reason: "", message: "")
    }

    private static func trimmed(_ container: Container) -> Container {
        let isProxy = container.name == MeshLabels.proxyContainer
        return Container(
            name: container.name, ports: container.ports,
            env: isProxy ? container.env.filter { $0.name.hasSuffix("_LISTEN_ADDR") } : [],
            livenessProbe: Self.trimmed(container.livenessProbe),
            readinessProbe: Self.trimmed(container.readinessProbe),
            startupProbe: Self.trimmed(container.startupProbe), restartPolicy: container.restartPolicy)
    }

    private static func trimmed(_ probe: Probe?) -> Probe? {
        probe?.httpGet.map { Probe(httpGet: HTTPGetAction(path: $0.path, port: $0.port)) }
    }
}

/// Lets equal values share one copy: a table of fixed size in which a newer value pushes out an older one.
private struct SharedValues<Value: Hashable> {
    private var slots: [Value?] = Array(repeating: nil, count: 1024)

    /// The copy of `value` that was seen before, if it is still there.
    mutating func shared(_ value: Value) -> Value {
        let slot = Int(UInt(bitPattern: value.hashValue) % UInt(self.slots.count))
        if let known = self.slots[slot], known == value { return known }
        self.slots[slot] = value
        return value
    }
}
