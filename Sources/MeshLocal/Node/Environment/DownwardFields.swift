import MeshModel
import MeshResources

/// The fields of a pod that its own containers may read (the downward API).
struct DownwardFields: Hashable, Sendable {
    /// The pod as the API server has it.
    let pod: Pod
    /// Its address.
    let address: IPAddress
    /// The node's address.
    let host: IPAddress
    /// What a limit is when the container has none.
    var cores = 1
    /// What a limit is when the container has none, in bytes.
    var memory: Int64 = 0

    /// The value of `path`, as in `fieldRef.fieldPath`.
    func value(_ path: String) throws(ContainerConfigError) -> String {
        switch path {
        case "metadata.name": return self.pod.metadata.name
        case "metadata.namespace": return self.pod.metadata.namespace
        case "metadata.uid": return self.pod.metadata.uid
        case "metadata.labels": return Self.lines(self.pod.metadata.labels)
        case "metadata.annotations": return Self.lines(self.pod.metadata.annotations)
        case "spec.nodeName": return self.pod.spec.nodeName ?? ""
        case "spec.serviceAccountName": return self.pod.spec.serviceAccountName ?? "default"
        case "status.podIP", "status.podIPs": return self.address.description
        case "status.hostIP", "status.hostIPs": return self.host.description
        default: break
        }
        if let key = Self.key(path, of: "metadata.labels") { return self.pod.metadata.labels[key] ?? "" }
        if let key = Self.key(path, of: "metadata.annotations") { return self.pod.metadata.annotations[key] ?? "" }
        throw .unsupportedField(path)
    }

    /// The value of a request or limit, rounded up to the divisor.
    func value(
        _ selector: ResourceFieldSelector, of container: Container
    ) throws(ContainerConfigError) -> String {
        let named = selector.containerName.flatMap { name in self.pod.spec.containers.first { $0.name == name } }
        let resources = (named ?? container).resources
        let parts = selector.resource.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["limits", "requests"].contains(parts[0]) else {
            throw .unsupportedField(selector.resource)
        }
        let own = parts[0] == "limits" ? resources.limits[parts[1]] : resources.requests[parts[1]]
        let fallback: Double
        switch (parts[1], parts[0]) {
        case ("cpu", "limits"): fallback = Double(self.cores)
        case ("memory", "limits"): fallback = Double(self.memory)
        default: fallback = 0
        }
        let divisor = selector.divisor?.value ?? 1
        let value = (own?.value ?? fallback) / (divisor > 0 ? divisor : 1)
        return String(Int64(value.rounded(.up)))
    }

    /// `metadata.labels['a/b']` → `a/b`.
    private static func key(_ path: String, of field: String) -> String? {
        guard path.hasPrefix("\(field)['"), path.hasSuffix("']") else { return nil }
        return String(path.dropFirst(field.count + 2).dropLast(2))
    }

    private static func lines(_ pairs: [String: String]) -> String {
        pairs.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted($0.value))" }.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.map { character in
            switch character {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            default: String(character)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
