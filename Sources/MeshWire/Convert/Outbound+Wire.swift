internal import MeshModel
public import MeshPolicy
internal import SwiftProtobuf

extension OutboundPolicy {
    /// Takes over a policy from the control plane.
    ///
    /// - Throws: the first thing that is missing or invalid. Requests to the target must then fail.
    public init(_ wire: Io_Linkerd_Proxy_Outbound_OutboundPolicy) throws(WireError) {
        guard wire.hasMetadata else { throw .missing("metadata") }
        guard wire.hasProtocol else { throw .missing("protocol") }
        self.init(
            metadata: try PolicyMetadata(wire.metadata), protocol: try OutboundProtocol(wire.protocol))
    }

    /// The message of this policy.
    public var wire: Io_Linkerd_Proxy_Outbound_OutboundPolicy {
        .with {
            $0.metadata = self.metadata.wire
            $0.protocol = self.protocol.wire
        }
    }
}

extension OutboundProtocol {
    init(_ wire: OutboundWireProtocol) throws(WireError) {
        switch wire.kind {
        case .detect(let detect):
            guard detect.hasTimeout else { throw .missing("detect.timeout") }
            guard detect.hasOpaque else { throw .missing("detect.opaque") }
            guard detect.hasHTTP1 else { throw .missing("detect.http1") }
            guard detect.hasHTTP2 else { throw .missing("detect.http2") }
            self = .detect(
                timeout: try Duration(detect.timeout, "detect.timeout"),
                opaque: try Self.opaqueRoutes(detect.opaque.routes),
                http1: try OutboundHTTP(
                    detect.http1.routes, detect.http1.hasFailureAccrual ? detect.http1.failureAccrual : nil),
                http2: try OutboundHTTP(
                    detect.http2.routes, detect.http2.hasFailureAccrual ? detect.http2.failureAccrual : nil))
        case .opaque(let opaque): self = .opaque(try Self.opaqueRoutes(opaque.routes))
        case .http1(let http):
            self = .http1(try OutboundHTTP(http.routes, http.hasFailureAccrual ? http.failureAccrual : nil))
        case .http2(let http):
            self = .http2(try OutboundHTTP(http.routes, http.hasFailureAccrual ? http.failureAccrual : nil))
        case .grpc(let grpc):
            self = .grpc(try OutboundGRPC(grpc.routes, grpc.hasFailureAccrual ? grpc.failureAccrual : nil))
        case .tls(let tls):
            self = .tls(
                try tls.routes.converted { (route) throws(WireError) in try OutboundRoute<TLSKind>(route) })
        case nil: throw .missing("protocol.kind")
        }
    }

    private static func opaqueRoutes(
        _ routes: [OutboundOpaqueRouteMessage]
    ) throws(WireError) -> [OutboundRoute<OpaqueKind>] {
        guard routes.count <= 1 else { throw .invalid("opaque.routes", value: "\(routes.count) routes") }
        return try routes.converted { (route) throws(WireError) in try OutboundRoute<OpaqueKind>(route) }
    }

    var wire: OutboundWireProtocol {
        .with {
            switch self {
            case .detect(let timeout, let opaque, let http1, let http2):
                $0.detect = .with {
                    $0.timeout = timeout.wire
                    $0.opaque = .with { $0.routes = opaque.map(\.wire) }
                    $0.http1 = .with {
                        $0.routes = http1.routes.map(\.wire)
                        if let accrual = http1.failureAccrual { $0.failureAccrual = accrual.wire }
                    }
                    $0.http2 = .with {
                        $0.routes = http2.routes.map(\.wire)
                        if let accrual = http2.failureAccrual { $0.failureAccrual = accrual.wire }
                    }
                }
            case .opaque(let routes): $0.opaque = .with { $0.routes = routes.map(\.wire) }
            case .http1(let http):
                $0.http1 = .with {
                    $0.routes = http.routes.map(\.wire)
                    if let accrual = http.failureAccrual { $0.failureAccrual = accrual.wire }
                }
            case .http2(let http):
                $0.http2 = .with {
                    $0.routes = http.routes.map(\.wire)
                    if let accrual = http.failureAccrual { $0.failureAccrual = accrual.wire }
                }
            case .grpc(let grpc):
                $0.grpc = .with {
                    $0.routes = grpc.routes.map(\.wire)
                    if let accrual = grpc.failureAccrual { $0.failureAccrual = accrual.wire }
                }
            case .tls(let routes): $0.tls = .with { $0.routes = routes.map(\.wire) }
            }
        }
    }
}

extension OutboundRoutes<HTTPKind> {
    init(_ routes: [OutboundHTTPRouteMessage], _ accrual: OutboundAccrual?) throws(WireError) {
        self.init(
            routes: try routes.converted { (route) throws(WireError) in try OutboundRoute<HTTPKind>(route) },
            failureAccrual: try accrual.map { (wire) throws(WireError) in try FailureAccrual(wire) })
    }
}

extension OutboundRoutes<GRPCKind> {
    init(_ routes: [OutboundGRPCRouteMessage], _ accrual: OutboundAccrual?) throws(WireError) {
        self.init(
            routes: try routes.converted { (route) throws(WireError) in try OutboundRoute<GRPCKind>(route) },
            failureAccrual: try accrual.map { (wire) throws(WireError) in try FailureAccrual(wire) })
    }
}

extension FailureAccrual {
    init(_ wire: OutboundAccrual) throws(WireError) {
        switch wire.kind {
        case .consecutiveFailures(let consecutive):
            guard consecutive.hasBackoff else { throw .missing("failure_accrual.backoff") }
            self = .consecutive(maxFailures: consecutive.maxFailures, backoff: try Backoff(consecutive.backoff))
        case .unified(let unified):
            guard unified.hasBackoff else { throw .missing("failure_accrual.backoff") }
            let threshold = unified.successRateThreshold
            guard threshold.isFinite, (0...1).contains(threshold) else {
                throw .invalid("failure_accrual.success_rate_threshold", value: "\(threshold)")
            }
            let window: Duration =
                unified.hasDecay ? try Duration(unified.decay, "failure_accrual.decay") : .seconds(10)
            guard threshold == 0 || window >= .milliseconds(10) else {
                throw .invalid("failure_accrual.decay", value: "\(window)")
            }
            guard unified.minRequests <= 1_000_000 else {
                throw .invalid("failure_accrual.min_requests", value: "\(unified.minRequests)")
            }
            self = .unified(
                SuccessRate(
                    threshold: threshold, window: window, minRequests: unified.minRequests,
                    maxConsecutiveFailures: unified.maxConsecutiveFailures),
                backoff: try Backoff(unified.backoff), respectsRetryAfter: unified.backoff.respectRetryAfterHint)
        case nil: throw .missing("failure_accrual.kind")
        }
    }

    var wire: OutboundAccrual {
        .with {
            switch self {
            case .consecutive(let maxFailures, let backoff):
                $0.consecutiveFailures = .with {
                    $0.maxFailures = maxFailures
                    $0.backoff = backoff.wire
                }
            case .unified(let rate, let backoff, let respectsRetryAfter):
                $0.unified = .with {
                    $0.successRateThreshold = rate.threshold
                    $0.decay = rate.window.wire
                    $0.minRequests = rate.minRequests
                    $0.maxConsecutiveFailures = rate.maxConsecutiveFailures
                    $0.backoff = backoff.wire
                    $0.backoff.respectRetryAfterHint = respectsRetryAfter
                }
            }
        }
    }
}
