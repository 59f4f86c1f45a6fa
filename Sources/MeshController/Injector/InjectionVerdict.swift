/// Whether a pod gets a proxy, and why not.
public enum InjectionVerdict: Hashable, Sendable {
    /// It does.
    case inject
    /// It does not; at least one reason.
    case skip([SkipReason])
}

/// Why a pod gets no proxy.
public enum SkipReason: String, Hashable, Sendable {
    /// Its network is the node's.
    case hostNetworkEnabled = "host_network_enabled"
    /// It has one.
    case sidecarAlreadyExists = "sidecar_already_exists"
    /// It is no pod.
    case unsupportedResource = "unsupported_resource"
    /// Nobody asked for it.
    case annotationAbsent = "injection_enable_annotation_absent"
    /// The pod opted out.
    case disabled = "injection_disable_annotation_present"
    /// The pod's annotation means nothing.
    case invalidAtWorkload = "invalid_inject_annotation_at_workload"
    /// The namespace's annotation means nothing.
    case invalidAtNamespace = "invalid_inject_annotation_at_ns"

    /// For events.
    public var text: String {
        switch self {
        case .hostNetworkEnabled: "hostNetwork is enabled"
        case .sidecarAlreadyExists: "pod has a sidecar injected already"
        case .unsupportedResource: "this resource kind is unsupported"
        case .annotationAbsent:
            "neither the namespace nor the pod have the annotation \"linkerd.io/inject:enabled\""
        case .disabled: "pod has the annotation \"linkerd.io/inject:disabled\""
        case .invalidAtWorkload: "invalid value for annotation \"linkerd.io/inject\" at workload"
        case .invalidAtNamespace: "invalid value for annotation \"linkerd.io/inject\" at namespace"
        }
    }
}

/// Which object's annotation asked for injection, for metrics.
public enum AnnotationPlace: String, Hashable, Sendable {
    /// The namespace's.
    case namespace
    /// The pod's.
    case workload
    /// Nobody's.
    case none = ""
}

extension InjectionVerdict {
    /// Decides for one pod.
    ///
    /// The namespace's word counts unless the pod has its own; a value that means nothing is never taken for consent.
    static func decide(for pod: PodView, namespaceAnnotations: [String: String]) -> (Self, AnnotationPlace) {
        var reasons: [SkipReason] = []
        if pod.isHostNetwork { reasons.append(.hostNetworkEnabled) }
        if pod.hasSidecar { reasons.append(.sidecarAlreadyExists) }
        let (refusal, place) = Self.consent(
            namespace: namespaceAnnotations[Annotations.inject] ?? "", pod: pod.annotations[Annotations.inject] ?? "")
        if let refusal { reasons.append(refusal) }
        return (reasons.isEmpty ? .inject : .skip(reasons), place)
    }

    private static func consent(namespace: String, pod: String) -> (SkipReason?, AnnotationPlace) {
        let valid = ["", "enabled", "disabled", "ingress"]
        guard valid.contains(namespace) else { return (.invalidAtNamespace, .none) }
        guard valid.contains(pod) else { return (.invalidAtWorkload, .none) }
        let isOn = ["enabled", "ingress"].contains(namespace)
        switch pod {
        case "enabled", "ingress": return (nil, .workload)
        case "disabled": return isOn ? (.disabled, .workload) : (.annotationAbsent, .none)
        default: return isOn ? (nil, .namespace) : (.annotationAbsent, .none)
        }
    }
}
