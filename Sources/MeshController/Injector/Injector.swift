import MeshCompiler
public import MeshModel

/// Turns a pod that is about to be created into a patch that adds its proxy: pure, the same input the same patch.
public struct Injector: Sendable {
    /// Who owns a pod, for its owner label.
    public struct Owner: Hashable, Sendable {
        /// Lower-case kind, such as `deployment`; `pod` for a pod of its own.
        public let kind: String
        /// The owner's name.
        public let name: String

        /// Names an owner.
        public init(kind: String, name: String) {
            self.kind = kind
            self.name = name
        }
    }

    /// The trust bundle that the proxy starts with.
    public struct Trust: Hashable, Sendable {
        /// PEM text.
        public let pem: String
        /// The hexadecimal SHA-256 of the text.
        public let digest: String

        /// Pairs the two.
        public init(pem: String, digest: String) {
            self.pem = pem
            self.digest = digest
        }
    }

    /// What becomes of one object.
    public struct Outcome: Hashable, Sendable {
        /// Whether a proxy is added.
        public let verdict: InjectionVerdict
        /// Which annotation asked for it.
        public let place: AnnotationPlace
        /// May hold the opaque-ports annotation even when no proxy is added.
        public let patch: JSONPatch
        /// Annotations whose values could not be read.
        public let ignored: [String]
    }

    private let settings: InjectionSettings

    /// An injector for one mesh.
    public init(settings: InjectionSettings) { self.settings = settings }

    /// Decides for a pod and patches it.
    ///
    /// - Parameters:
    ///   - document: the pod; its namespace is `namespace` whatever it says.
    ///   - trust: nil while it is unknown; pods that would get a proxy are then refused.
    /// - Throws: ``InjectionError`` when the pod asked for what it cannot get.
    public func inject(
        pod document: JSONValue, namespace: String, namespaceAnnotations: [String: String], owner: Owner?, trust: Trust?
    ) throws(InjectionError) -> Outcome {
        let pod = PodView(document: document)
        let (verdict, place) = InjectionVerdict.decide(for: pod, namespaceAnnotations: namespaceAnnotations)
        guard case .inject = verdict else {
            let list = OpaquePorts.declared(by: pod, in: self.settings.defaults.portLists.opaque)
            let patch = self.opaquePortsPatch(document, namespaceAnnotations: namespaceAnnotations, declared: list)
            return Outcome(verdict: verdict, place: place, patch: patch, ignored: [])
        }
        guard let trust else { throw .noTrustAnchors }
        var added = self.takenOver(from: namespaceAnnotations, by: pod)
        var ignored: [String] = []
        let merged = pod.annotations.merging(added) { own, _ in own }
        var options = try self.settings.defaults.applying(merged, ignored: &ignored)
        let name = Annotations.config + "proxy-additional-env"
        for text in [namespaceAnnotations[name], pod.annotations[name]] where !options.mergeEnvironment(text) {
            ignored.append(name)
        }
        added[Annotations.createdBy] = "heddle/proxy-injector \(self.settings.version)"
        added[Annotations.proxyVersion] = options.images.version
        added[Annotations.trustRoot] = trust.digest
        if merged[Annotations.opaquePorts] == nil {
            let declared = OpaquePorts.declared(by: pod, in: options.portLists.opaque)
            if !declared.isEmpty { added[Annotations.opaquePorts] = declared }
        }
        var patch = JSONPatch()
        self.annotate(pod, with: added, patch: &patch)
        self.label(pod, namespace: namespace, owner: owner, patch: &patch)
        try self.addContainers(to: pod, options: options, trust: trust, patch: &patch)
        return Outcome(verdict: .inject, place: place, patch: patch, ignored: ignored)
    }

    /// Writes the default opaque ports that a Service declares at it.
    public func annotate(service document: JSONValue, namespaceAnnotations: [String: String]) -> Outcome {
        let declared = OpaquePorts.declared(byService: document, in: self.settings.defaults.portLists.opaque)
        return Outcome(
            verdict: .skip([.unsupportedResource]), place: .none,
            patch: self.opaquePortsPatch(document, namespaceAnnotations: namespaceAnnotations, declared: declared),
            ignored: [])
    }

    private func takenOver(from namespace: [String: String], by pod: PodView) -> [String: String] {
        var annotations: [String: String] = [:]
        for name in Annotations.inherited where pod.annotations[name] == nil {
            if let value = namespace[name] { annotations[name] = value }
        }
        return annotations
    }

    private func opaquePortsPatch(
        _ document: JSONValue, namespaceAnnotations: [String: String], declared: String
    ) -> JSONPatch {
        var patch = JSONPatch()
        let own = document[path: "metadata", "annotations"]
        guard own?[Annotations.opaquePorts] == nil else { return patch }
        let list = namespaceAnnotations[Annotations.opaquePorts] ?? declared
        guard !list.isEmpty else { return patch }
        if own?.object == nil { patch.add(["metadata", "annotations"], [:]) }
        patch.add(["metadata", "annotations", Annotations.opaquePorts], .string(list))
        return patch
    }

    private func annotate(_ pod: PodView, with annotations: [String: String], patch: inout JSONPatch) {
        if pod.metadata?.object == nil { patch.add(["metadata"], [:]) }
        if pod.metadata?["annotations"]?.object == nil { patch.add(["metadata", "annotations"], [:]) }
        for (name, value) in annotations.sorted(by: { $0.key < $1.key }) {
            patch.add(["metadata", "annotations", name], .string(value))
        }
    }

    private func label(_ pod: PodView, namespace: String, owner: Owner?, patch: inout JSONPatch) {
        if pod.metadata?["labels"]?.object == nil { patch.add(["metadata", "labels"], [:]) }
        patch.add(["metadata", "labels", "linkerd.io/control-plane-ns"], .string(self.settings.mesh.controlNamespace))
        patch.add(["metadata", "labels", "linkerd.io/workload-ns"], .string(namespace))
        let kinds = ["deployment", "replicationcontroller", "replicaset", "job", "daemonset", "statefulset"]
        if let owner, kinds.contains(owner.kind) {
            patch.add(["metadata", "labels", "linkerd.io/proxy-\(owner.kind)"], .string(owner.name))
        }
    }

    private func addContainers(
        to pod: PodView, options: ProxyOptions, trust: Trust, patch: inout JSONPatch
    ) throws(InjectionError) {
        if pod.spec?["volumes"]?.array == nil { patch.add(["spec", "volumes"], []) }
        if pod.spec?["initContainers"]?.array == nil { patch.add(["spec", "initContainers"], []) }
        patch.add(["spec", "volumes", "-"], ["name": "linkerd-proxy-init-xtables-lock", "emptyDir": [:]])
        let initializer = try InitContainer(settings: self.settings, options: options, pod: pod).document()
        patch.add(["spec", "initContainers", options.isNativeSidecar ? "0" : "-"], initializer)
        if options.hasDebugContainer {
            patch.add(["spec", "containers", "-"], Self.debugContainer(options.images))
        }
        for volume in Self.identityVolumes { patch.add(["spec", "volumes", "-"], volume) }
        let proxy = ProxyContainer(
            settings: self.settings, options: options, pod: pod, trustAnchors: trust.pem
        ).document()
        if options.isNativeSidecar {
            patch.add(["spec", "initContainers", "1"], proxy)
        } else {
            // First, so that its start hook holds back the rest.
            patch.add(["spec", "containers", options.awaitsProxy ? "0" : "-"], proxy)
        }
    }

    private static let identityVolumes: [JSONValue] = [
        ["name": "linkerd-identity-end-entity", "emptyDir": ["medium": "Memory"]],
        [
            "name": "linkerd-identity-token",
            "projected": [
                "sources": [
                    [
                        "serviceAccountToken": [
                            "path": "linkerd-identity-token", "expirationSeconds": 86_400,
                            "audience": "identity.l5d.io",
                        ]
                    ]
                ]
            ],
        ],
    ]

    private static func debugContainer(_ images: ProxyOptions.Images) -> JSONValue {
        let alive: JSONValue = ["exec": ["command": ["true"]]]
        return [
            "name": "linkerd-debug",
            "image": .string("\(images.debug):\(images.debugVersion ?? images.version)"),
            "imagePullPolicy": .string(images.debugPullPolicy ?? images.pullPolicy),
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "livenessProbe": alive, "readinessProbe": alive,
        ]
    }
}
