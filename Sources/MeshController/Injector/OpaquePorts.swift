import MeshModel

/// Which of the mesh's default opaque ports an object declares, so that they can be written down at it.
enum OpaquePorts {
    /// Of a pod: its container ports that the list names, in order of declaration.
    static func declared(by pod: PodView, in list: String) -> String {
        let known = Self.entries(list)
        var found: [String] = []
        for port in pod.containerPorts {
            guard let text = port["containerPort"]?.integer.map(String.init), known.contains(text),
                !found.contains(text)
            else { continue }
            found.append(text)
        }
        return found.joined(separator: ",")
    }

    /// Of a Service: the ports whose target, or without a target whose own number, the list names.
    static func declared(byService document: JSONValue, in list: String) -> String {
        let known = Self.entries(list)
        var found: [String] = []
        for entry in document[path: "spec", "ports"]?.array ?? [] {
            guard let port = entry["port"]?.integer.map(String.init) else { continue }
            let decisive: String
            switch entry["targetPort"] {
            case nil, .integer(0): decisive = port
            case .integer(let target): decisive = String(target)
            default: continue  // A name says nothing about the number.
            }
            if known.contains(decisive), !found.contains(port) { found.append(port) }
        }
        return found.joined(separator: ",")
    }

    /// A list with the names of container ports replaced by their numbers; unknown names are dropped.
    static func resolved(_ list: String, in pod: PodView) -> String {
        list.split(separator: ",").compactMap { entry -> String? in
            let entry = entry.trimmed
            guard let first = entry.utf8.first, !(48...57).contains(first) else { return entry.isEmpty ? nil : entry }
            let port = pod.containerPorts.first { $0["name"]?.string == entry }
            return port?["containerPort"]?.integer.map(String.init)
        }.joined(separator: ",")
    }

    private static func entries(_ list: String) -> Set<String> {
        Set(list.split(separator: ",").map(\.trimmed))
    }
}

extension Substring {
    /// Without blanks around it.
    fileprivate var trimmed: String {
        let start = self.drop { $0 == " " }
        guard let end = start.lastIndex(where: { $0 != " " }) else { return "" }
        return String(start[...end])
    }
}
