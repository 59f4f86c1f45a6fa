/// The metric families that workers count.
///
/// Names, labels and buckets are those that dashboards and tools of the Linkerd ecosystem read.
public enum Family: UInt8, Hashable, Sendable, CaseIterable {
    /// Requests.
    case requestTotal
    /// Responses by status and class.
    case responseTotal
    /// From a request to the first byte of its response's body.
    case responseLatency
    /// Connections accepted or opened.
    case tcpOpenTotal
    /// Connections open now.
    case tcpOpenConnections
    /// Bytes read.
    case tcpReadBytes
    /// Bytes written.
    case tcpWriteBytes
    /// Connections that ended, by error.
    case tcpCloseTotal
    /// Requests that an authorization admitted.
    case inboundHTTPAuthzAllow
    /// Requests that no authorization admitted.
    case inboundHTTPAuthzDeny
    /// Requests for which there was no route.
    case inboundHTTPRouteNotFound
    /// Requests refused by a rate limit.
    case inboundHTTPRateLimited
    /// Connections that an authorization admitted.
    case inboundTCPAuthzAllow
    /// Connections that no authorization admitted.
    case inboundTCPAuthzDeny
    /// Connections closed because a new policy admits them no more.
    case inboundTCPAuthzTerminate
    /// Errors answered to clients of this workload.
    case inboundHTTPErrors
    /// Connections that failed on the way in.
    case inboundTCPErrors
    /// Errors answered to this workload.
    case outboundHTTPErrors
    /// Connections that failed on the way out.
    case outboundTCPErrors
    /// Requests per route and backend.
    case outboundHTTPBackendRequests
    /// Responses per route and backend.
    case outboundHTTPBackendStatuses
    /// From a request to the end of its response, per route and backend.
    case outboundHTTPBackendDuration
    /// Responses per route.
    case outboundHTTPRouteStatuses
    /// From a request to the end of its response, per route.
    case outboundHTTPRouteDuration
    /// As for HTTP, on gRPC policies.
    case outboundGRPCBackendRequests
    /// As for HTTP, on gRPC policies.
    case outboundGRPCBackendStatuses
    /// As for HTTP, on gRPC policies.
    case outboundGRPCBackendDuration
    /// As for HTTP, on gRPC policies.
    case outboundGRPCRouteStatuses
    /// As for HTTP, on gRPC policies.
    case outboundGRPCRouteDuration
    /// Connections by the protocol that they turned out to speak.
    case outboundProtocolConnections
    /// Requests per port and route.
    case inboundHTTPRequests
    /// Responses per port and route.
    case inboundHTTPStatuses
    /// As for HTTP, on gRPC policies.
    case inboundGRPCRequests
    /// As for HTTP, on gRPC policies.
    case inboundGRPCStatuses

    /// What a scraper does with the values.
    enum Kind {
        case counter
        case gauge
        /// Upper bounds in the unit of the observed values, and how many of those make one of the exposed unit.
        case histogram(bounds: [UInt64], scale: UInt64)
    }

    /// Upper bounds of `response_latency_ms`.
    static let latencyBounds: [UInt64] =
        [1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500]
        + [1000, 2000, 3000, 4000, 5000, 10_000, 20_000, 30_000, 40_000, 50_000]
    /// Upper bounds of durations of routes, in milliseconds.
    static let routeBounds: [UInt64] = [50, 500, 1000, 10_000]
    /// Upper bounds of durations at backends, in milliseconds.
    static let backendBounds: [UInt64] = [25, 50, 100, 250, 500, 1000, 10_000]

    var kind: Kind {
        switch self {
        case .responseLatency: .histogram(bounds: Self.latencyBounds, scale: 1)
        case .outboundHTTPRouteDuration, .outboundGRPCRouteDuration:
            .histogram(bounds: Self.routeBounds, scale: 1000)
        case .outboundHTTPBackendDuration, .outboundGRPCBackendDuration:
            .histogram(bounds: Self.backendBounds, scale: 1000)
        case .tcpOpenConnections: .gauge
        default: .counter
        }
    }

    /// Values that one series takes: one, or the buckets of a histogram, its overflow bucket and its sum.
    var width: Int {
        if case .histogram(let bounds, _) = self.kind { bounds.count + 2 } else { 1 }
    }

    var name: StaticString {
        switch self {
        case .requestTotal: "request_total"
        case .responseTotal: "response_total"
        case .responseLatency: "response_latency_ms"
        case .tcpOpenTotal: "tcp_open_total"
        case .tcpOpenConnections: "tcp_open_connections"
        case .tcpReadBytes: "tcp_read_bytes_total"
        case .tcpWriteBytes: "tcp_write_bytes_total"
        case .tcpCloseTotal: "tcp_close_total"
        case .inboundHTTPAuthzAllow: "inbound_http_authz_allow_total"
        case .inboundHTTPAuthzDeny: "inbound_http_authz_deny_total"
        case .inboundHTTPRouteNotFound: "inbound_http_route_not_found_total"
        case .inboundHTTPRateLimited: "inbound_http_local_ratelimit_total"
        case .inboundTCPAuthzAllow: "inbound_tcp_authz_allow_total"
        case .inboundTCPAuthzDeny: "inbound_tcp_authz_deny_total"
        case .inboundTCPAuthzTerminate: "inbound_tcp_authz_terminate_total"
        case .inboundHTTPErrors: "inbound_http_errors_total"
        case .inboundTCPErrors: "inbound_tcp_errors_total"
        case .outboundHTTPErrors: "outbound_http_errors_total"
        case .outboundTCPErrors: "outbound_tcp_errors_total"
        case .outboundHTTPBackendRequests: "outbound_http_route_backend_requests_total"
        case .outboundHTTPBackendStatuses: "outbound_http_route_backend_response_statuses_total"
        case .outboundHTTPBackendDuration: "outbound_http_route_backend_response_duration_seconds"
        case .outboundHTTPRouteStatuses: "outbound_http_route_request_statuses_total"
        case .outboundHTTPRouteDuration: "outbound_http_route_request_duration_seconds"
        case .outboundGRPCBackendRequests: "outbound_grpc_route_backend_requests_total"
        case .outboundGRPCBackendStatuses: "outbound_grpc_route_backend_response_statuses_total"
        case .outboundGRPCBackendDuration: "outbound_grpc_route_backend_response_duration_seconds"
        case .outboundGRPCRouteStatuses: "outbound_grpc_route_request_statuses_total"
        case .outboundGRPCRouteDuration: "outbound_grpc_route_request_duration_seconds"
        case .outboundProtocolConnections: "outbound_tcp_protocol_connections_total"
        case .inboundHTTPRequests: "inbound_http_requests_total"
        case .inboundHTTPStatuses: "inbound_http_statuses_total"
        case .inboundGRPCRequests: "inbound_grpc_requests_total"
        case .inboundGRPCStatuses: "inbound_grpc_statuses_total"
        }
    }
}
