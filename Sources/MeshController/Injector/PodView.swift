import MeshModel

/// Reads what injection needs from a pod's document; a missing or misshapen member reads as empty.
struct PodView {
    let document: JSONValue

    var metadata: JSONValue? { self.document["metadata"] }
    var spec: JSONValue? { self.document["spec"] }

    var annotations: [String: String] { self.document[path: "metadata", "annotations"].texts }
    var labels: [String: String] { self.document[path: "metadata", "labels"].texts }
    var containers: [JSONValue] { self.spec?["containers"]?.array ?? [] }
    var initContainers: [JSONValue] { self.spec?["initContainers"]?.array ?? [] }
    var isHostNetwork: Bool { self.spec?["hostNetwork"]?.bool == true }

    /// `name`, or `generateName` before the API server has chosen one.
    var name: String {
        let name = self.metadata?["name"]?.string ?? ""
        return name.isEmpty ? self.metadata?["generateName"]?.string ?? "" : name
    }

    /// The container ports of all containers, init containers first, in order of declaration.
    var containerPorts: [JSONValue] {
        (self.initContainers + self.containers).flatMap { $0["ports"]?.array ?? [] }
    }

    /// True when some mesh has put its proxy or its redirection here already.
    var hasSidecar: Bool {
        let proxyImages = ["cr.l5d.io/linkerd/proxy:", "gcr.io/istio-release/proxyv2:", "heddle.dev/heddle-proxy:"]
        let initImages = [
            "cr.l5d.io/linkerd/proxy-init:", "gcr.io/istio-release/proxy_init:", "heddle.dev/heddle-init:",
        ]
        func matches(_ container: JSONValue, names: [String], images: [String]) -> Bool {
            if let name = container["name"]?.string, names.contains(name) { return true }
            guard let image = container["image"]?.string else { return false }
            return images.contains { image.hasPrefix($0) }
        }
        return (self.containers + self.initContainers).contains {
            matches($0, names: ["linkerd-proxy", "istio-proxy"], images: proxyImages)
        } || self.initContainers.contains { matches($0, names: ["linkerd-init", "istio-init"], images: initImages) }
    }

    /// Every port that the application is known to listen on: container ports and the ports of HTTP probes.
    ///
    /// Sorted as text, as proxies of other makers get it.
    var inboundPorts: String {
        var ports = Set(self.containerPorts.compactMap { $0["containerPort"]?.integer })
        for container in self.initContainers + self.containers {
            for probe in ["readinessProbe", "livenessProbe"] {
                if let port = container[path: probe, "httpGet", "port"]?.integer { ports.insert(port) }
            }
        }
        return ports.map(String.init).sorted().joined(separator: ",")
    }

    /// The mount of the ServiceAccount's own token in the first container, if it has one.
    var accountTokenMount: JSONValue? {
        self.containers.first?["volumeMounts"]?.array?.first {
            $0["mountPath"]?.string == "/var/run/secrets/kubernetes.io/serviceaccount"
        }
    }
}

extension JSONValue? {
    /// The members of an object whose values are text.
    fileprivate var texts: [String: String] { (self?.object ?? [:]).compactMapValues(\.string) }
}
