/// How a request ended, as metrics tell it.
public struct Outcome: Hashable, Sendable {
    /// Why no proper response came.
    public enum Failure: UInt8, Hashable, Sendable {
        /// No endpoint was ready in time.
        case failfast
        /// Too much was waiting.
        case loadShed
        /// A timeout of the route.
        case timeout
        /// The stream was reset.
        case reset
        /// The connection failed.
        case io
        /// Anything else.
        case unknown

        var label: String {
            switch self {
            case .failfast: "FAIL_FAST"
            case .loadShed: "LOAD_SHED"
            case .timeout: "REQUEST_TIMEOUT"
            case .reset: "RESET"
            case .io: "IO"
            case .unknown: "UNKNOWN"
            }
        }

        /// As `response_total` has it.
        var classLabel: String {
            switch self {
            case .timeout: "timeout"
            case .reset: "h2(RESET)"
            case .failfast, .loadShed, .io, .unknown: "unclassified"
            }
        }
    }

    /// Nil when no response came.
    public var status: UInt16?
    /// The gRPC code of gRPC responses that carry one.
    public var grpcStatus: UInt8?
    /// Set when the response was cut off or never came.
    public var failure: Failure?

    /// A response, or why there was none.
    public init(status: UInt16?, grpcStatus: UInt8? = nil, failure: Failure? = nil) {
        self.status = status
        self.grpcStatus = grpcStatus
        self.failure = failure
    }

    /// gRPC codes that count as failures: 2, 4, 7, 13, 14 and 15.
    private static let failingCodes: UInt64 = 1 << 2 | 1 << 4 | 1 << 7 | 1 << 13 | 1 << 14 | 1 << 15

    /// True unless the response failed: 5xx, a failing gRPC code, or none at all.
    public var isSuccess: Bool {
        guard self.failure == nil, let status else { return false }
        if let grpcStatus { return grpcStatus > 63 || Self.failingCodes >> UInt64(grpcStatus) & 1 == 0 }
        return !(500...599).contains(status)
    }

    /// The name of a gRPC code in metrics.
    static func name(ofCode code: UInt8?) -> String {
        let names = [
            "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
            "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
            "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
        ]
        guard let code, Int(code) < names.count else { return "UNKNOWN" }
        return names[Int(code)]
    }
}
