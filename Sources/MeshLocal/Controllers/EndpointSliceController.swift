import MeshModel
import MeshResources

/// Lists the pods behind each Service in EndpointSlices.
struct EndpointSliceController: Sendable {
    private let service: OwnedObject
    private let slices: [OwnedObject]

    /// As in Kubernetes.
    static let endpointsMax = 100
    static let serviceLabel = "kubernetes.io/service-name"
    static let managerLabel = "endpointslice.kubernetes.io/managed-by"
    static let manager = "endpointslice-controller.k8s.io"

    /// What to do about `service`, given all pods and slices of its namespace.
    static func plan(_ service: OwnedObject, pods: [OwnedObject], slices: [OwnedObject]) -> ControllerPlan {
        guard !service.isDeleting, let selector = service.spec["selector"]?.object, !selector.isEmpty,
            service.spec["type"]?.string != "ExternalName"
        else { return ControllerPlan() }
        let selected = pods.filter { pod in
            selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value.string }
        }
        return EndpointSliceController(service: service, slices: slices).plan(selected)
    }

    private init(service: OwnedObject, slices: [OwnedObject]) {
        self.service = service
        self.slices = slices.filter { slice in
            slice.metadata.labels[Self.serviceLabel] == service.metadata.name
                && slice.metadata.labels[Self.managerLabel] == Self.manager && !slice.isDeleting
        }
    }

    private func plan(_ pods: [OwnedObject]) -> ControllerPlan {
        var byPorts: [JSONValue: [JSONValue]] = [:]
        for pod in pods.sorted(by: { $0.metadata.name < $1.metadata.name }) {
            guard let endpoint = self.endpoint(pod) else { continue }
            byPorts[self.ports(of: pod), default: []].append(endpoint)
        }
        if byPorts.isEmpty { byPorts[[]] = [] }
        var plan = ControllerPlan()
        var wanted: Set<String> = []
        for (ports, endpoints) in byPorts {
            for start in stride(from: 0, to: max(1, endpoints.count), by: Self.endpointsMax) {
                let part = Array(endpoints[start..<min(start + Self.endpointsMax, endpoints.count)])
                let name = self.name(of: ports, part: start / Self.endpointsMax)
                wanted.insert(name)
                self.write(name, ports: ports, endpoints: part, &plan)
            }
        }
        for slice in self.slices where !wanted.contains(slice.metadata.name) {
            plan.writes.append(.delete(Workload.endpointSlice, slice.key, uid: slice.metadata.uid))
        }
        return plan
    }

    private func write(_ name: String, ports: JSONValue, endpoints: [JSONValue], _ plan: inout ControllerPlan) {
        var labels: JSONValue = [:]
        for (key, value) in self.service.metadata.labels { labels[key] = .string(value) }
        labels[Self.serviceLabel] = .string(self.service.metadata.name)
        labels[Self.managerLabel] = .string(Self.manager)
        if self.service.spec["clusterIP"]?.string == "None" { labels["service.kubernetes.io/headless"] = "" }
        let content: JSONValue = ["endpoints": .array(endpoints), "ports": ports]
        let key = ObjectKey(namespace: self.service.metadata.namespace, name: name)
        guard let slice = self.slices.first(where: { $0.metadata.name == name }) else {
            var document = content
            document["addressType"] = "IPv4"
            document["metadata"] = [
                "name": .string(name), "labels": labels,
                "ownerReferences": [self.service.ownerReference(Workload.service)],
            ]
            plan.writes.append(.create(Workload.endpointSlice, namespace: key.namespace, document))
            return
        }
        var patch = content
        patch["metadata"] = ["labels": labels]
        var current = slice.json
        // An empty list may come back as none.
        for field in ["endpoints", "ports"] where current[field] == nil || current[field]?.isNull == true {
            current[field] = []
        }
        if !current.contains(patch) { plan.writes.append(.patch(Workload.endpointSlice, key, patch)) }
    }

    /// Names are stable, so that a change of one pod changes one slice.
    private func name(of ports: JSONValue, part: Int) -> String {
        let group = OwnedObject(["metadata": ["name": "x"], "spec": ["template": ports]])?.templateHash.prefix(5) ?? ""
        return "\(self.service.metadata.name.prefix(240))-\(group)\(part == 0 ? "" : "-\(part)")"
    }

    private func endpoint(_ pod: OwnedObject) -> JSONValue? {
        guard let address = pod.status["podIP"]?.string, !address.isEmpty, !pod.isOver else { return nil }
        let announcesAll = self.service.spec["publishNotReadyAddresses"]?.bool == true
        var endpoint: JSONValue = [
            "addresses": [.string(address)],
            "conditions": [
                "ready": .bool(announcesAll || (pod.isReady && !pod.isDeleting)),
                "serving": .bool(announcesAll || pod.isReady), "terminating": .bool(pod.isDeleting),
            ],
            "targetRef": [
                "kind": "Pod", "namespace": .string(pod.metadata.namespace), "name": .string(pod.metadata.name),
                "uid": .string(pod.metadata.uid),
            ],
        ]
        if let node = pod.spec["nodeName"] { endpoint["nodeName"] = node }
        if let hostname = pod.spec["hostname"], pod.spec["subdomain"]?.string == self.service.metadata.name {
            endpoint["hostname"] = hostname
        }
        return endpoint
    }

    /// The Service's ports as this pod serves them; a named port that the pod lacks is left out.
    private func ports(of pod: OwnedObject) -> JSONValue {
        let ports = (self.service.spec["ports"]?.array ?? []).compactMap { port -> JSONValue? in
            let transport = port["protocol"]?.string ?? "TCP"
            let target = port["targetPort"] ?? port["port"] ?? .null
            guard let number = target.integer ?? Self.number(of: target.string ?? "", transport, in: pod) else {
                return nil
            }
            var result: JSONValue = [
                "name": port["name"] ?? "", "port": .integer(number), "protocol": .string(transport),
            ]
            if let application = port["appProtocol"] { result["appProtocol"] = application }
            return result
        }
        return .array(ports)
    }

    private static func number(of name: String, _ transport: String, in pod: OwnedObject) -> Int64? {
        let sidecars = (pod.spec["initContainers"]?.array ?? []).filter { $0["restartPolicy"]?.string == "Always" }
        for container in (pod.spec["containers"]?.array ?? []) + sidecars {
            let port = container["ports"]?.array?.first { port in
                port["name"]?.string == name && (port["protocol"]?.string ?? "TCP") == transport
            }
            if let number = port?["containerPort"]?.integer { return number }
        }
        return nil
    }
}
