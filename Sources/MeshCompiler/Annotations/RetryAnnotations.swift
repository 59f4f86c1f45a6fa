import MeshModel
public import MeshPolicy

/// `retry.linkerd.io/…` of routes and, as defaults, of Services and EgressNetworks.
public enum RetryAnnotations {
    /// The retries of HTTP requests; nil when none of the annotations is there.
    public static func http(annotations: [String: String]) throws(AnnotationError)
        -> Retry<[ClosedRange<UInt16>]>?
    {
        let reader = AnnotationReader(annotations: annotations)
        let ranges = try reader.value("retry.linkerd.io/http", "5xx, gateway-error, NNN or NNN-MMM in 100…599") {
            Self.ranges($0)
        }
        return try Self.retry(reader, conditions: ranges, none: [])
    }

    /// The retries of gRPC calls; nil when none of the annotations is there.
    public static func grpc(annotations: [String: String]) throws(AnnotationError) -> Retry<GRPCCodes>? {
        let reader = AnnotationReader(annotations: annotations)
        let names = "cancelled, deadline-exceeded, internal, resource-exhausted or unavailable"
        let codes = try reader.value("retry.linkerd.io/grpc", names) { Self.codes($0) }
        return try Self.retry(reader, conditions: codes, none: [])
    }

    private static func retry<Conditions>(
        _ reader: AnnotationReader, conditions: Conditions?, none: Conditions
    ) throws(AnnotationError) -> Retry<Conditions>? {
        // Zero means the same as absence, for the limit and for the timeout.
        let limit = try reader.value("retry.linkerd.io/limit", "a number up to 65535") { UInt16($0) } ?? 0
        let timeout = try reader.duration("retry.linkerd.io/timeout") ?? .zero
        guard limit > 0 || timeout > .zero || conditions != nil else { return nil }
        return Retry(
            maxRetries: limit > 0 ? limit : 1, conditions: conditions ?? none,
            timeout: timeout > .zero ? timeout : nil,
            backoff: Backoff(minimum: .milliseconds(25), maximum: .milliseconds(250), jitter: 1))
    }

    private static func ranges(_ text: String) -> [ClosedRange<UInt16>]? {
        var ranges: [ClosedRange<UInt16>] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            if item.matches("5xx") {
                ranges.append(500...599)
            } else if item.matches("gateway-error") {
                ranges.append(502...504)
            } else {
                let bounds = item.split(separator: "-", omittingEmptySubsequences: false)
                guard bounds.count <= 2, let first = bounds.first, let low = Self.status(first),
                    let last = bounds.last, let high = Self.status(last), low <= high
                else { return nil }
                ranges.append(low...high)
            }
        }
        return ranges
    }

    private static func status(_ text: some StringProtocol) -> UInt16? {
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (48...57).contains($0) }), let status = UInt16(text) else {
            return nil
        }
        return (100...599).contains(status) ? status : nil
    }

    private static func codes(_ text: String) -> GRPCCodes? {
        var codes: GRPCCodes = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            switch item.lowercased() {
            case "cancelled": codes.insert(.cancelled)
            case "deadline-exceeded": codes.insert(.deadlineExceeded)
            case "internal": codes.insert(.internal)
            case "resource-exhausted": codes.insert(.resourceExhausted)
            case "unavailable": codes.insert(.unavailable)
            default: return nil
            }
        }
        return codes
    }
}
