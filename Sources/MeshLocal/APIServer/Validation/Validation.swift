import MeshModel

/// What an object must fulfil to be stored.
enum Validation {
    /// Checks a new object.
    static func checkNew(_ object: JSONValue, _ kind: ResourceKind, in catalog: Catalog.Snapshot) throws(APIFailure) {
        if kind.isCustom { try self.checkCustomKind(object, kind) }
        var errors = Self.metadata(object, kind)
        errors += Self.content(object, old: nil, kind)
        guard errors.isEmpty else { throw .invalid(Self.shownKind(kind), object.objectName, errors) }
    }

    /// The kind in the text of a refusal: events are checked as those of the core group.
    private static func shownKind(_ kind: ResourceKind) -> GroupKind {
        kind.group == "events.k8s.io" ? GroupKind(group: "", kind: kind.kind) : kind.groupKind
    }

    /// Checks a changed object against what it was.
    static func checkUpdate(
        _ object: JSONValue, old: JSONValue, _ kind: ResourceKind, subresource: String, in catalog: Catalog.Snapshot
    ) throws(APIFailure) {
        var errors = Self.metadata(object, kind) + Self.finalizers(object, old)
        if subresource.isEmpty || kind.isCustom {
            errors += Self.content(object, old: old, kind)
            errors += Self.immutable(object, old, kind)
        }
        guard errors.isEmpty else { throw .invalid(Self.shownKind(kind), object.objectName, errors) }
    }

    static func checkCustomKind(_ object: JSONValue, _ kind: ResourceKind) throws(APIFailure) {
        guard let name = object["kind"]?.string, name != kind.kind else { return }
        throw .invalid(
            GroupKind(group: kind.group, kind: name), object.objectName,
            [.invalid("kind", .string(name), "must be \(kind.kind)")])
    }

    private static func content(_ object: JSONValue, old: JSONValue?, _ kind: ResourceKind) -> [FieldError] {
        if let custom = kind.custom { return CustomValidation.errors(of: object, old: old, custom) }
        var errors: [FieldError] = []
        switch (kind.group, kind.kind) {
        case ("", "ConfigMap"): errors += Self.configMap(object)
        case ("", "Secret"): errors += Self.secret(object)
        case ("", "Service"): errors += Self.service(object)
        case ("", "Pod"): errors += Self.podSpec(object["spec"] ?? [:], "spec")
        case ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("apps", "DaemonSet"):
            errors += Self.workload(object, kind)
        case ("batch", "Job"):
            errors += Self.podSpec(object["spec"]?["template"]?["spec"] ?? [:], "spec.template.spec", isJob: true)
        case ("coordination.k8s.io", _): errors += Self.lease(object)
        case ("events.k8s.io", _): errors += Self.event(object, old) + Self.eventNamespace(object, "regarding")
        case ("", "Event"): errors += Self.eventNamespace(object, "involvedObject")
        case ("apiextensions.k8s.io", _): errors += DefinitionValidation.errors(of: object, old: old)
        case ("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"):
            if let before = old?["roleRef"], before != object["roleRef"] {
                errors.append(.invalid("roleRef", object["roleRef"] ?? .null, "cannot change roleRef"))
            }
        case ("discovery.k8s.io", "EndpointSlice"): errors += Self.endpointSlice(object, old)
        case ("admissionregistration.k8s.io", _): errors += Self.webhooks(object)
        default: break
        }
        return errors
    }

    // MARK: - Metadata

    private static func metadata(_ object: JSONValue, _ kind: ResourceKind) -> [FieldError] {
        var errors: [FieldError] = []
        let name = object.objectName
        if let prefix = object["metadata"]?["generateName"]?.string, !prefix.isEmpty, prefix.hasSuffix(".") {
            errors += Self.nameErrors(prefix, kind).map { .invalid("metadata.generateName", .string(prefix), $0) }
        }
        if name.isEmpty {
            errors.append(.required("metadata.name", "name or generateName is required"))
        } else {
            errors += Self.nameErrors(name, kind).map { .invalid("metadata.name", .string(name), $0) }
        }
        errors += Self.labels(object["metadata"]?["labels"], "metadata.labels")
        var size = 0
        for (key, value) in (object["metadata"]?["annotations"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            size += key.utf8.count + (value.string ?? "").utf8.count
            errors += Names.qualifiedNameErrors(key.lowercased()).map {
                .invalid("metadata.annotations", .string(key), $0)
            }
        }
        if size > 262_144 {
            errors.append(FieldError(.tooLong, "metadata.annotations", "Too long: may not be more than 262144 bytes"))
        }
        errors += Self.owners(object)
        for (index, finalizer) in object.finalizers.enumerated() {
            let field = "metadata.finalizers[\(index)]"
            let wrong = Names.qualifiedNameErrors(finalizer)
            errors += wrong.map { .invalid(field, .string(finalizer), $0) }
            if wrong.isEmpty, !finalizer.contains("/"),
                !["foregroundDeletion", "orphan", "kubernetes"].contains(finalizer)
            {
                errors.append(
                    .invalid(
                        field, .string(finalizer),
                        "name is neither a standard finalizer name nor is it fully qualified"))
            }
        }
        return errors
    }

    static func labels(_ labels: JSONValue?, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        for (key, value) in (labels?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let text = value.string ?? ""
            errors += Names.qualifiedNameErrors(key).map { .invalid(field, .string(key), $0) }
            errors += Names.labelValueErrors(text).map { .invalid(field, .string(text), $0) }
        }
        return errors
    }

    private static func owners(_ object: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        var controllers: [JSONValue] = []
        for (index, owner) in (object["metadata"]?["ownerReferences"]?.array ?? []).enumerated() {
            let field = "metadata.ownerReferences[\(index)]"
            for name in ["apiVersion", "kind", "name", "uid"] where owner[name]?.isEmptyValue ?? true {
                errors.append(.invalid("\(field).\(name)", owner[name] ?? "", "must not be empty"))
            }
            if owner["controller"]?.bool ?? false { controllers.append(owner) }
        }
        if controllers.count > 1 {
            let kinds = controllers.map { "\($0["kind"]?.string ?? ""), \($0["name"]?.string ?? "")" }
            errors.append(
                .invalid(
                    "metadata.ownerReferences", object["metadata"]?["ownerReferences"] ?? .null,
                    "Only one reference can have Controller set to true. Found \"true\" in references for "
                        + kinds.joined(separator: " and ")))
        }
        return errors
    }

    private static func finalizers(_ object: JSONValue, _ old: JSONValue) -> [FieldError] {
        guard old.isDeleting else { return [] }
        let new = object.finalizers.filter { !old.finalizers.contains($0) }
        guard !new.isEmpty else { return [] }
        let list = new.map { "\"\($0)\"" }.joined(separator: ", ")
        let error = FieldError.forbidden(
            "metadata.finalizers",
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}")
        return [error, error]
    }

    private static func nameErrors(_ name: String, _ kind: ResourceKind) -> [String] {
        switch (kind.group, kind.kind) {
        case ("", "Namespace"): Names.labelErrors(name)
        case ("", "Service"): Names.labelErrors(name)
        case ("rbac.authorization.k8s.io", _): Names.pathSegmentErrors(name)
        default: Names.subdomainErrors(name)
        }
    }

    // MARK: - What must not change

    private static func immutable(_ object: JSONValue, _ old: JSONValue, _ kind: ResourceKind) -> [FieldError] {
        func unchanged(_ path: [String]) -> [FieldError] {
            guard object.at(path) != old.at(path) else { return [] }
            return [.invalid(path.joined(separator: "."), object.at(path) ?? .null, "field is immutable")]
        }
        switch (kind.group, kind.kind) {
        case ("", "ConfigMap"), ("", "Secret"):
            guard old["immutable"]?.bool ?? false else {
                return kind.kind == "Secret" ? unchanged(["type"]) : []
            }
            return ["data", "binaryData", "immutable"].filter { object[$0] != old[$0] }.map {
                .forbidden($0, "field is immutable when `immutable` is set")
            }
        case ("", "Service"):
            guard let before = old["spec"]?["clusterIP"], before != "", before != object["spec"]?["clusterIP"],
                object["spec"]?["type"]?.string != "ExternalName"
            else { return [] }
            let text = "may not change once set"
            return [
                .invalid("spec.clusterIPs[0]", object["spec"]?["clusterIPs"] ?? .null, text)
            ]
        case ("", "Pod"): return Self.podSpecUpdate(object, old)
        case ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "DaemonSet"):
            return unchanged(["spec", "selector"])
        case ("batch", "Job"): return unchanged(["spec", "selector"]) + unchanged(["spec", "template"])
        default: return []
        }
    }

    private static func podSpecUpdate(_ object: JSONValue, _ old: JSONValue) -> [FieldError] {
        func core(_ pod: JSONValue) -> JSONValue {
            var spec = pod["spec"] ?? [:]
            for name in [
                "activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "ephemeralContainers",
            ] {
                spec[name] = nil
            }
            for list in ["containers", "initContainers"] { spec.updateEach(list) { $0["image"] = nil } }
            return spec
        }
        guard core(object) != core(old) else { return [] }
        return [
            .forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
                    + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
                    + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")
        ]
    }
}
