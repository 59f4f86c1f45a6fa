import MeshModel
import MeshResources

extension TableLayout {
    private static func text(_ value: JSONValue?, _ fallback: String = "<none>") -> JSONValue {
        if let text = value?.string, !text.isEmpty { return .string(text) }
        return .string(fallback)
    }
    private static func number(_ value: JSONValue?) -> JSONValue { .integer(value?.integer ?? 0) }
    private static func age(_ object: JSONValue, _ now: Timestamp) -> JSONValue {
        .string(HumanDuration.age(object, now: now))
    }

    static let namespaces = TableLayout([name, column("Status"), age]) { object, now in
        [.string(object.objectName), Self.text(object["status"]?["phase"], ""), Self.age(object, now)]
    }

    static let configMaps = TableLayout([name, column("Data"), age]) { object, now in
        let count = (object["data"]?.object?.count ?? 0) + (object["binaryData"]?.object?.count ?? 0)
        return [.string(object.objectName), .integer(Int64(count)), Self.age(object, now)]
    }

    static let secrets = TableLayout([name, column("Type"), column("Data"), age]) { object, now in
        [
            .string(object.objectName), Self.text(object["type"], ""),
            .integer(Int64(object["data"]?.object?.count ?? 0)), Self.age(object, now),
        ]
    }

    static let serviceAccounts = TableLayout([name, age]) { object, now in
        [.string(object.objectName), Self.age(object, now)]
    }

    static let services = TableLayout([
        name, column("Type"), column("Cluster-IP"), column("External-IP"), column("Port(s)"), age,
        column("Selector", wide: true),
    ]) { object, now in
        let spec = object["spec"] ?? [:]
        let type = spec["type"]?.string ?? "ClusterIP"
        let ports = (spec["ports"]?.array ?? []).map { port in
            let node = port["nodePort"]?.integer.map { ":\($0)" } ?? ""
            return "\(port["port"]?.integer ?? 0)\(node)/\(port["protocol"]?.string ?? "TCP")"
        }
        let external: String
        switch type {
        case "ExternalName": external = spec["externalName"]?.string ?? ""
        case "LoadBalancer":
            let addresses = (object["status"]?["loadBalancer"]?["ingress"]?.array ?? []).compactMap {
                $0["ip"]?.string ?? $0["hostname"]?.string
            }
            external = addresses.isEmpty ? "<pending>" : addresses.joined(separator: ",")
        default:
            let addresses = (spec["externalIPs"]?.array ?? []).compactMap(\.string)
            external = addresses.isEmpty ? "<none>" : addresses.joined(separator: ",")
        }
        return [
            .string(object.objectName), .string(type), Self.text(spec["clusterIP"]), .string(external),
            .string(ports.isEmpty ? "<none>" : ports.joined(separator: ",")), Self.age(object, now),
            .string(Self.pairs(spec["selector"])),
        ]
    }

    static func pairs(_ labels: JSONValue?) -> String {
        let texts = (labels?.object ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.string ?? "")" }
        return texts.isEmpty ? "<none>" : texts.joined(separator: ",")
    }

    /// The last-seen time of an event in either of its groups.
    static let events = TableLayout([
        column("Last Seen"), column("Type"), column("Reason"), column("Object"), column("Subobject", wide: true),
        column("Source", wide: true), column("Message"), column("First Seen", wide: true),
        column("Count", wide: true),
        PrinterColumn(name: "Name", type: "string", format: "name", description: "The name of the event.", priority: 1),
    ]) { object, now in
        let first = object["firstTimestamp"] ?? object["deprecatedFirstTimestamp"] ?? object["eventTime"]
        let last =
            object["series"]?["lastObservedTime"] ?? object["lastTimestamp"] ?? object["deprecatedLastTimestamp"]
            ?? first
        let subject = object["involvedObject"] ?? object["regarding"] ?? [:]
        let source = object["source"] ?? object["deprecatedSource"]
        let component =
            source?["component"]?.string ?? object["reportingComponent"]?.string
            ?? object["reportingController"]?.string ?? ""
        let count = object["series"]?["count"] ?? object["count"] ?? object["deprecatedCount"] ?? 1
        return [
            .string(HumanDuration.since(last, now: now)), Self.text(object["type"], ""),
            Self.text(object["reason"], ""),
            .string("\((subject["kind"]?.string ?? "").lowercased())/\(subject["name"]?.string ?? "")"),
            Self.text(subject["fieldPath"], ""), .string(component),
            .string((object["message"]?.string ?? object["note"]?.string ?? "").trimmed),
            .string(HumanDuration.since(first, now: now)), Self.number(count), .string(object.objectName),
        ]
    }

    static let nodes = TableLayout([
        name, column("Status"), column("Roles"), age, column("Version"), column("Internal-IP", wide: true),
        column("External-IP", wide: true), column("OS-Image", wide: true), column("Kernel-Version", wide: true),
        column("Container-Runtime", wide: true),
    ]) { object, now in
        let conditions = object["status"]?["conditions"]?.array ?? []
        let ready = conditions.first { $0["type"]?.string == "Ready" }?["status"]?.string
        var status = ready == "True" ? "Ready" : ready == nil ? "Unknown" : "NotReady"
        if object["spec"]?["unschedulable"]?.bool ?? false { status += ",SchedulingDisabled" }
        let prefix = "node-role.kubernetes.io/"
        let roles = object.labels.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }.sorted()
        func address(_ type: String) -> JSONValue? {
            object["status"]?["addresses"]?.array?.first { $0["type"]?.string == type }?["address"]
        }
        let info = object["status"]?["nodeInfo"]
        return [
            .string(object.objectName), .string(status),
            .string(roles.isEmpty ? "<none>" : roles.joined(separator: ",")), Self.age(object, now),
            Self.text(info?["kubeletVersion"], ""), Self.text(address("InternalIP")), Self.text(address("ExternalIP")),
            Self.text(info?["osImage"], "<unknown>"), Self.text(info?["kernelVersion"], "<unknown>"),
            Self.text(info?["containerRuntimeVersion"], "<unknown>"),
        ]
    }

    static let endpoints = TableLayout([name, column("Endpoints"), age]) { object, now in
        var texts: [String] = []
        for subset in object["subsets"]?.array ?? [] {
            for port in subset["ports"]?.array ?? [] {
                for address in subset["addresses"]?.array ?? [] {
                    texts.append("\(address["ip"]?.string ?? ""):\(port["port"]?.integer ?? 0)")
                }
            }
        }
        return [.string(object.objectName), .string(Self.shortened(texts, 3)), Self.age(object, now)]
    }

    static func shortened(_ texts: [String], _ max: Int) -> String {
        if texts.isEmpty { return "<none>" }
        let shown = texts.prefix(max).joined(separator: ",")
        return texts.count > max ? "\(shown) + \(texts.count - max) more..." : shown
    }

    static let endpointSlices = TableLayout([
        name, column("AddressType"), column("Ports"), column("Endpoints"), age,
    ]) { object, now in
        let ports = (object["ports"]?.array ?? []).map { $0["port"]?.integer.map(String.init) ?? "*" }
        let addresses = (object["endpoints"]?.array ?? []).flatMap {
            ($0["addresses"]?.array ?? []).compactMap(\.string)
        }
        return [
            .string(object.objectName), Self.text(object["addressType"], ""),
            .string(ports.isEmpty ? "<unset>" : Self.shortened(ports, 3)),
            .string(addresses.isEmpty ? "<unset>" : Self.shortened(addresses, 3)), Self.age(object, now),
        ]
    }

    static let leases = TableLayout([name, column("Holder"), age]) { object, now in
        [.string(object.objectName), Self.text(object["spec"]?["holderIdentity"], ""), Self.age(object, now)]
    }

    static let definitions = TableLayout([name, column("Created At", "date")]) { object, _ in
        [.string(object.objectName), Self.text(object["metadata"]?["creationTimestamp"], "<unknown>")]
    }

    static let webhooks = TableLayout([name, column("Webhooks"), age]) { object, now in
        [.string(object.objectName), .integer(Int64(object["webhooks"]?.array?.count ?? 0)), Self.age(object, now)]
    }

    static let roles = TableLayout([name, column("Created At", "date")]) { object, _ in
        [.string(object.objectName), Self.text(object["metadata"]?["creationTimestamp"], "<unknown>")]
    }

    static let roleBindings = TableLayout([
        name, column("Role"), age, column("Users", wide: true), column("Groups", wide: true),
        column("ServiceAccounts", wide: true),
    ]) { object, now in
        let role = "\(object["roleRef"]?["kind"]?.string ?? "")/\(object["roleRef"]?["name"]?.string ?? "")"
        func subjects(_ kind: String) -> JSONValue {
            let found = (object["subjects"]?.array ?? []).filter { $0["kind"]?.string == kind }
            return .string(
                found.map { subject in
                    let name = subject["name"]?.string ?? ""
                    return subject["namespace"]?.string.map { "\($0)/\(name)" } ?? name
                }.joined(separator: ", "))
        }
        return [
            .string(object.objectName), .string(role), Self.age(object, now), subjects("User"), subjects("Group"),
            subjects("ServiceAccount"),
        ]
    }
}
