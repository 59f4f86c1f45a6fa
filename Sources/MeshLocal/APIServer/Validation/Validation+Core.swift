import MeshModel

extension Validation {
    static func configMap(_ object: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        var size = 0
        let binary = object["binaryData"]?.object ?? [:]
        for (key, value) in (object["data"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            size += (value.string ?? "").utf8.count
            errors += Names.configKeyErrors(key).map { .invalid("data[\(key)]", .string(key), $0) }
            if binary[key] != nil {
                errors.append(.invalid("data[\(key)]", .string(key), "duplicate of key present in binaryData"))
            }
        }
        for (key, value) in binary.sorted(by: { $0.key < $1.key }) {
            size += (value.string ?? "").utf8.count * 3 / 4
            errors += Names.configKeyErrors(key).map { .invalid("binaryData[\(key)]", .string(key), $0) }
        }
        if size > 1_048_576 {
            errors.append(FieldError(.tooLong, "[]", "Too long: may not be more than 1048576 bytes"))
        }
        return errors
    }

    static func secret(_ object: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        var size = 0
        for (key, value) in (object["data"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            size += (value.string ?? "").utf8.count * 3 / 4
            errors += Names.configKeyErrors(key).map { .invalid("data[\(key)]", .string(key), $0) }
        }
        if size > 1_048_576 {
            errors.append(FieldError(.tooLong, "data", "Too long: may not be more than 1048576 bytes"))
        }
        if object["type"]?.string == "kubernetes.io/tls" {
            for key in ["tls.crt", "tls.key"] where object["data"]?[key] == nil {
                errors.append(.required("data[\(key)]"))
            }
        }
        return errors
    }

    static func service(_ object: JSONValue) -> [FieldError] {
        guard let spec = object["spec"] else { return [.required("spec")] }
        var errors: [FieldError] = []
        let type = spec["type"]?.string ?? ""
        let ports = spec["ports"]?.array ?? []
        if ports.isEmpty, type != "ExternalName", spec["clusterIP"]?.string != "None" {
            errors.append(.required("spec.ports"))
        }
        if type == "ExternalName", (spec["externalName"]?.string ?? "").isEmpty {
            errors.append(.required("spec.externalName"))
        }
        var names: Set<String> = []
        var numbers: Set<String> = []
        for (index, port) in ports.enumerated() {
            errors += Self.servicePort(port, "spec.ports[\(index)]", isOnly: ports.count == 1, &names, &numbers)
        }
        errors += Self.labels(spec["selector"], "spec.selector")
        if let affinity = spec["sessionAffinity"]?.string, affinity != "None", affinity != "ClientIP" {
            errors.append(.notSupported("spec.sessionAffinity", .string(affinity), ["ClientIP", "None"]))
        }
        if !["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"].contains(type) {
            errors.append(
                .notSupported("spec.type", .string(type), ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]))
        }
        if let address = spec["clusterIP"]?.string, !address.isEmpty, address != "None", IPAddress(address) == nil {
            errors.append(
                .invalid(
                    "spec.clusterIPs[0]", .string(address),
                    "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"))
        }
        return errors
    }

    private static func servicePort(
        _ port: JSONValue, _ field: String, isOnly: Bool, _ names: inout Set<String>, _ numbers: inout Set<String>
    ) -> [FieldError] {
        var errors: [FieldError] = []
        let name = port["name"]?.string ?? ""
        if name.isEmpty {
            if !isOnly { errors.append(.required("\(field).name")) }
        } else {
            errors += Names.labelErrors(name).map { .invalid("\(field).name", .string(name), $0) }
            if !names.insert(name).inserted { errors.append(.duplicate("\(field).name", .string(name))) }
        }
        let number = port["port"]?.integer ?? 0
        errors += Self.portNumber(number, "\(field).port")
        let transport = port["protocol"]?.string ?? ""
        if !["SCTP", "TCP", "UDP"].contains(transport) {
            errors.append(.notSupported("\(field).protocol", .string(transport), ["SCTP", "TCP", "UDP"]))
        }
        if let target = port["targetPort"]?.integer { errors += Self.portNumber(target, "\(field).targetPort") }
        if let target = port["targetPort"]?.string {
            errors += Self.portName(target).map { .invalid("\(field).targetPort", .string(target), $0) }
        }
        if !numbers.insert("\(number)/\(transport)").inserted {
            errors.append(.duplicate(field, ["port": .integer(number), "protocol": .string(transport)]))
        }
        return errors
    }

    static func portNumber(_ number: Int64, _ field: String) -> [FieldError] {
        (1...65_535).contains(number)
            ? [] : [.invalid(field, .integer(number), "must be between 1 and 65535, inclusive")]
    }

    static func portName(_ name: String) -> [String] {
        var errors: [String] = []
        if name.utf8.count > 15 { errors.append("must be no more than 15 characters") }
        let isValid = name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
        if !isValid || name.isEmpty {
            errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        if !name.utf8.contains(where: { (0x61...0x7A).contains($0) }) {
            errors.append("must contain at least one letter (a-z)")
        }
        if name.contains("--") { errors.append("must not contain consecutive hyphens") }
        if name.hasPrefix("-") || name.hasSuffix("-") { errors.append("must not begin or end with a hyphen") }
        return errors
    }

    static func podSpec(_ spec: JSONValue, _ field: String, isJob: Bool = false, isTemplate: Bool = false)
        -> [FieldError]
    {
        var errors: [FieldError] = []
        var names: Set<String> = []
        var volumes: Set<String> = []
        for (index, volume) in (spec["volumes"]?.array ?? []).enumerated() {
            let name = volume["name"]?.string ?? ""
            let path = "\(field).volumes[\(index)].name"
            if name.isEmpty {
                errors.append(.required(path))
            } else {
                errors += Names.labelErrors(name).map { .invalid(path, .string(name), $0) }
                if !volumes.insert(name).inserted { errors.append(.duplicate(path, .string(name))) }
            }
        }
        let containers = spec["containers"]?.array ?? []
        if containers.isEmpty { errors.append(.required("\(field).containers")) }
        for list in ["containers", "initContainers"] {
            for (index, container) in (spec[list]?.array ?? []).enumerated() {
                errors += Self.container(container, "\(field).\(list)[\(index)]", &names, volumes)
                if list == "initContainers", let policy = container["restartPolicy"]?.string, policy != "Always" {
                    errors.append(
                        .notSupported("\(field).\(list)[\(index)].restartPolicy", .string(policy), ["Always"]))
                }
            }
        }
        let policy = spec["restartPolicy"]?.string ?? ""
        if isJob, policy == "Always" {
            errors.append(
                FieldError(
                    .required, "\(field).restartPolicy", "Required value: valid values: \"OnFailure\", \"Never\""))
        } else if isTemplate, policy != "Always" {
            errors.append(.notSupported("\(field).restartPolicy", .string(policy), ["Always"]))
        } else if !["Always", "OnFailure", "Never"].contains(policy) {
            errors.append(
                .notSupported("\(field).restartPolicy", .string(policy), ["Always", "OnFailure", "Never"]))
        }
        if let dns = spec["dnsPolicy"]?.string,
            !["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"].contains(dns)
        {
            errors.append(
                .notSupported(
                    "\(field).dnsPolicy", .string(dns), ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]))
        }
        return errors
    }

    private static func container(
        _ container: JSONValue, _ field: String, _ names: inout Set<String>, _ volumes: Set<String>
    ) -> [FieldError] {
        var errors: [FieldError] = []
        let name = container["name"]?.string ?? ""
        if name.isEmpty {
            errors.append(.required("\(field).name"))
        } else {
            errors += Names.labelErrors(name).map { .invalid("\(field).name", .string(name), $0) }
        }
        if (container["image"]?.string ?? "").isEmpty { errors.append(.required("\(field).image")) }
        for (index, port) in (container["ports"]?.array ?? []).enumerated() {
            let path = "\(field).ports[\(index)]"
            let number = port["containerPort"]?.integer ?? 0
            errors +=
                number == 0 ? [.required("\(path).containerPort")] : Self.portNumber(number, "\(path).containerPort")
            if let name = port["name"]?.string, !name.isEmpty {
                errors += Self.portName(name).map { .invalid("\(path).name", .string(name), $0) }
            }
            if let transport = port["protocol"]?.string, !["SCTP", "TCP", "UDP"].contains(transport) {
                errors.append(.notSupported("\(path).protocol", .string(transport), ["SCTP", "TCP", "UDP"]))
            }
        }
        for (index, variable) in (container["env"]?.array ?? []).enumerated()
        where (variable["name"]?.string ?? "").isEmpty {
            errors.append(.required("\(field).env[\(index)].name"))
        }
        for (index, mount) in (container["volumeMounts"]?.array ?? []).enumerated() {
            let path = "\(field).volumeMounts[\(index)]"
            let volume = mount["name"]?.string ?? ""
            if volume.isEmpty { errors.append(.required("\(path).name")) }
            if !volumes.contains(volume) {
                errors.append(FieldError(.notFound, "\(path).name", "Not found: \(GoText.quote(volume))"))
            }
            if (mount["mountPath"]?.string ?? "").isEmpty { errors.append(.required("\(path).mountPath")) }
        }
        if !name.isEmpty, !names.insert(name).inserted { errors.append(.duplicate("\(field).name", .string(name))) }
        return errors
    }

    static func workload(_ object: JSONValue, _ kind: ResourceKind) -> [FieldError] {
        let spec = object["spec"] ?? [:]
        var errors: [FieldError] = []
        if let replicas = spec["replicas"]?.integer, replicas < 0 {
            errors.append(.invalid("spec.replicas", .integer(replicas), "must be greater than or equal to 0"))
        }
        let selector = spec["selector"]
        if selector == nil {
            errors.append(.required("spec.selector"))
        } else if selector?["matchLabels"] == nil, selector?["matchExpressions"] == nil {
            errors.append(
                .invalid("spec.selector", selector ?? .null, "empty selector is invalid for \(kind.kind.lowercased())"))
        }
        let labels = spec["template"]?["metadata"]?["labels"]
        if selector == nil
            || !LabelSelection(object: selector).matches((labels?.object ?? [:]).compactMapValues(\.string))
        {
            errors.append(
                .invalid(
                    "spec.template.metadata.labels", labels ?? .null,
                    "`selector` does not match template `labels`"))
        }
        errors += Self.labels(labels, "spec.template.labels")
        errors += Self.podSpec(spec["template"]?["spec"] ?? [:], "spec.template.spec", isTemplate: true)
        return errors
    }
}
