import MeshPolicy

/// `timeout.linkerd.io/…` of routes and, as defaults, of Services and EgressNetworks.
public struct TimeoutAnnotations: Hashable, Sendable {
    /// What is written, with zero standing for "no limit".
    var request: Duration?
    var response: Duration?
    var idle: Duration?

    /// Reads the three annotations.
    public init(annotations: [String: String]) throws(AnnotationError) {
        let reader = AnnotationReader(annotations: annotations)
        self.request = try reader.duration("timeout.linkerd.io/request")
        self.response = try reader.duration("timeout.linkerd.io/response")
        self.idle = try reader.duration("timeout.linkerd.io/idle")
    }

    init() {}

    /// True when nothing was written, so that the parent's timeouts hold.
    var isEmpty: Bool { self.request == nil && self.response == nil && self.idle == nil }

    /// The limits; zero is none.
    var timeouts: Timeouts {
        Timeouts(
            request: Self.limit(self.request), response: Self.limit(self.response), idle: Self.limit(self.idle))
    }

    private static func limit(_ duration: Duration?) -> Duration? { duration == .zero ? nil : duration }
}
