public import MeshModel
public import MeshResources

/// Why the objects of a rollout cannot be made.
public enum RolloutObjectsError: Error, Hashable, Sendable {
    /// The workload's selector has none of the labels by which a primary can be told apart.
    case noSelectorLabel(workload: String, candidates: [String])
    /// The workload has no pod template.
    case noTemplate(workload: String)
    /// A condition of an A/B test that no HTTPRoute can say; leaving it out would match more requests than written.
    case unsupportedMatch(field: String)
}

/// The objects that a rollout owns, as documents for server-side apply.
public struct RolloutObjects: Sendable {
    /// Labels by which primary and new version are told apart; the first that the workload's selector uses.
    public static let selectorLabels = ["app", "name", "app.kubernetes.io/name"]
    /// The primary's annotation with the template that it had before the last promotion, as JSON text.
    public static let previousTemplate = "heddle.dev/previous-template"

    /// The names.
    public let names: RolloutNames
    private let canary: Canary
    private let target: JSONValue
    private let selectorLabel: String
    private let selectorValue: String
    private let matches: [JSONValue]

    /// The objects of `canary`, whose workload is `target` (a Deployment or alike).
    public init(of canary: Canary, target: JSONValue) throws(RolloutObjectsError) {
        self.names = RolloutNames(canary)
        self.canary = canary
        self.target = target
        let labels = target[path: "spec", "selector", "matchLabels"]?.object ?? [:]
        guard let label = Self.selectorLabels.first(where: { labels[$0]?.string != nil }),
            let value = labels[label]?.string
        else { throw .noSelectorLabel(workload: self.names.target, candidates: Self.selectorLabels) }
        self.selectorLabel = label
        self.selectorValue = value
        var matches: [JSONValue] = []
        for match in (canary.spec.analysis ?? canary.spec.canaryAnalysis)?.match ?? [] {
            matches.append(try RouteMatches.match(match))
        }
        self.matches = matches
    }

    /// The workload's pod template, which is what a new version changes.
    public func template() throws(RolloutObjectsError) -> JSONValue {
        guard let template = self.target[path: "spec", "template"], template.object != nil else {
            throw .noTemplate(workload: self.names.target)
        }
        return template
    }

    /// The labels that select the new version's pods.
    public var canarySelector: [String: String] { [self.selectorLabel: self.selectorValue] }
    /// The labels that select the primary's pods.
    public var primarySelector: [String: String] { [self.selectorLabel: "\(self.selectorValue)-primary"] }

    /// The primary workload with the template of `source`; `replicas` nil leaves their number to whoever scales it.
    public func primary(template source: JSONValue, replicas: Int?, previous: String? = nil) -> JSONValue {
        var template = source
        var labels = template[path: "metadata", "labels"]?.object ?? [:]
        labels[self.selectorLabel] = .string("\(self.selectorValue)-primary")
        var metadata = template["metadata"] ?? .object([:])
        metadata["labels"] = .object(labels)
        metadata["creationTimestamp"] = nil
        template["metadata"] = metadata
        var selector = self.target[path: "spec", "selector"] ?? .object([:])
        var match = selector["matchLabels"]?.object ?? [:]
        match[self.selectorLabel] = .string("\(self.selectorValue)-primary")
        selector["matchLabels"] = .object(match)
        var spec: JSONValue = ["selector": selector, "template": template]
        for field in ["strategy", "minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit"] {
            spec[field] = self.target[path: "spec", field]
        }
        if let replicas { spec["replicas"] = .integer(Int64(replicas)) }
        var annotations: [String: JSONValue] = [:]
        if let previous { annotations[Self.previousTemplate] = .string(previous) }
        var document = self.owned(
            apiVersion: self.target["apiVersion"]?.string ?? "apps/v1", kind: self.canary.spec.targetRef.kind,
            name: self.names.primary.name, annotations: annotations)
        document["spec"] = spec
        return document
    }

    /// The Services of the primary and of the new version.
    public var versionServices: [JSONValue] {
        [
            self.service(
                self.names.primaryService, selector: self.primarySelector, custom: self.canary.spec.service.primary),
            self.service(
                self.names.canaryService, selector: self.canarySelector, custom: self.canary.spec.service.canary),
        ]
    }

    /// The Service that clients name, for when there is none yet: the primary's pods.
    public var apexService: JSONValue {
        self.service(self.names.apex, selector: self.primarySelector, custom: self.canary.spec.service.apex)
    }

    private func service(_ name: String, selector: [String: String], custom: CustomMetadata?) -> JSONValue {
        let settings = self.canary.spec.service
        var port: JSONValue = [
            "name": .string(settings.portName ?? "http"), "port": .integer(Int64(settings.port)), "protocol": "TCP",
        ]
        switch settings.targetPort {
        case .int(let number)?: port["targetPort"] = .integer(Int64(number))
        case .string(let text)?: port["targetPort"] = .string(text)
        case nil: port["targetPort"] = .integer(Int64(settings.port))
        }
        if let protocolName = settings.appProtocol { port["appProtocol"] = .string(protocolName) }
        var document = self.owned(
            apiVersion: "v1", kind: "Service", name: name,
            annotations: (custom?.annotations ?? [:]).mapValues { .string($0) },
            labels: (custom?.labels ?? [:]).mapValues { .string($0) })
        document["spec"] = [
            "type": "ClusterIP", "selector": .object(selector.mapValues { .string($0) }), "ports": [port],
        ]
        return document
    }

    /// A document with our name, namespace and owner reference.
    func owned(
        apiVersion: String, kind: String, name: String, annotations: [String: JSONValue] = [:],
        labels: [String: JSONValue] = [:]
    ) -> JSONValue {
        var metadata: JSONValue = [
            "name": .string(name), "namespace": .string(self.names.namespace),
            "ownerReferences": [
                [
                    "apiVersion": .string(Canary.resourceType.apiVersion), "kind": "Canary",
                    "name": .string(self.canary.metadata.name), "uid": .string(self.canary.metadata.uid),
                    "controller": true, "blockOwnerDeletion": true,
                ]
            ],
        ]
        if !annotations.isEmpty { metadata["annotations"] = .object(annotations) }
        if !labels.isEmpty { metadata["labels"] = .object(labels) }
        return ["apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": metadata]
    }

    /// The route that shares requests out.
    public func route(_ share: TrafficShare) -> JSONValue {
        let settings = self.canary.spec.service
        let parents: [JSONValue] =
            settings.gatewayRefs.isEmpty
            ? [
                [
                    "group": "", "kind": "Service", "name": .string(self.names.apex),
                    "namespace": .string(self.names.namespace), "port": .integer(Int64(settings.port)),
                ]
            ] : settings.gatewayRefs.map(self.parent)
        var rule: JSONValue = ["matches": [["path": ["type": "PathPrefix", "value": "/"]]]]
        if share.isMirrored {
            rule["filters"] = [
                ["type": "RequestMirror", "requestMirror": ["backendRef": self.backend(self.names.canaryService)]]
            ]
        }
        rule["backendRefs"] = [
            self.backend(self.names.primaryService, weight: share.primary),
            self.backend(self.names.canaryService, weight: share.canary),
        ]
        if let timeout = settings.timeout { rule["timeouts"] = ["request": .string(timeout)] }
        var rules = [rule]
        if share.isMatched, share.canary > 0 {
            rules[0]["matches"] = .array(self.matches)
            rules.append([
                "matches": [["path": ["type": "PathPrefix", "value": "/"]]],
                "backendRefs": [self.backend(self.names.primaryService, weight: 100)],
            ])
        }
        var document = self.owned(
            apiVersion: HTTPRoute.resourceType.apiVersion, kind: "HTTPRoute", name: self.names.apex)
        document["spec"] = ["parentRefs": .array(parents), "rules": .array(rules)]
        if !settings.hosts.isEmpty { document["spec"]?["hostnames"] = .array(settings.hosts.map { .string($0) }) }
        return document
    }

    private func parent(_ reference: ParentReference) -> JSONValue {
        var parent: JSONValue = ["name": .string(reference.name)]
        if let group = reference.group { parent["group"] = .string(group) }
        if let kind = reference.kind { parent["kind"] = .string(kind) }
        if let namespace = reference.namespace { parent["namespace"] = .string(namespace) }
        if let port = reference.port { parent["port"] = .integer(Int64(port)) }
        return parent
    }

    private func backend(_ service: String, weight: Int? = nil) -> JSONValue {
        var backend: JSONValue = [
            "group": "", "kind": "Service", "name": .string(service),
            "port": .integer(Int64(self.canary.spec.service.port)),
        ]
        if let weight { backend["weight"] = .integer(Int64(weight)) }
        return backend
    }

    /// The share that a stored route has; nil when it is not one of ours or somebody changed its backends.
    public func share(of route: JSONValue) -> TrafficShare? {
        guard let rules = route[path: "spec", "rules"]?.array, let first = rules.first else { return nil }
        var weights: [String: Int64] = [:]
        for backend in first["backendRefs"]?.array ?? [] {
            if let name = backend["name"]?.string { weights[name] = backend["weight"]?.integer ?? 1 }
        }
        guard let primary = weights[self.names.primaryService], let canary = weights[self.names.canaryService],
            primary >= 0, canary >= 0, primary + canary > 0
        else { return nil }
        let isMirrored = first["filters"]?.array?.contains { $0["type"] == "RequestMirror" } ?? false
        return TrafficShare(
            canary: Int(canary * 100 / (primary + canary)), isMirrored: isMirrored,
            isMatched: rules.count > 1 && canary > 0)
    }
}
