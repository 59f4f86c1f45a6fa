public import MeshModel
public import MeshPolicy

/// What distinguishes requests in metrics.
public enum RequestLabels: Hashable, Sendable {
    /// A request that was admitted to this workload.
    case inbound(
        target: SocketAddress, tls: ServerTLS, server: PolicyMetadata, route: PolicyMetadata,
        authorization: PolicyMetadata, isGRPC: Bool)
    /// A request sent to an endpoint of a backend.
    ///
    /// `isGRPC` is about the policy, not the request: its metrics are then those of gRPC routes.
    case outbound(
        target: SocketAddress, authority: String?, tls: ClientTLS, labels: [String: String], parent: PolicyMetadata,
        route: PolicyMetadata, backend: PolicyMetadata, isGRPC: Bool)
    /// A request of this workload that was answered without an endpoint: an error, a redirect, an injected failure.
    case outboundUnsent(parent: PolicyMetadata, route: PolicyMetadata, isGRPC: Bool)
}

/// Where the series of one kind of requests lie; -1 for what the kind does not have.
struct RequestGroup: Sendable {
    /// The series of one outcome.
    struct Slot: Sendable {
        let outcome: Outcome
        let responses: Int32
        let latency: Int32
        let statuses: Int32
        let routeStatuses: Int32
    }

    /// Labels of `request_total`, `response_total` and latency; nil when the request went to no endpoint.
    private var base: String?
    /// Labels of the port's or backend's statuses.
    private var detail: String
    /// Labels of the route's statuses.
    private var route: String?
    private let statusFamily: Family?
    private let routeStatusFamily: Family?
    private let isGRPC: Bool
    let total: Int32
    let allowed: Int32
    let routed: Int32
    let duration: Int32
    let routeDuration: Int32
    private var slots: [Slot] = []

    init(_ labels: RequestLabels, in table: inout SeriesTable) {
        switch labels {
        case .inbound(let target, let tls, let server, let route, let authorization, let isGRPC):
            var base = LabelText()
            base.append(direction: .inbound)
            base.append(target: target)
            tls.append(to: &base)
            base.append(server: server, port: target.port)
            base.append(route: route)
            base.append(authorization: authorization)
            var allowed = LabelText()
            allowed.append(target: target)
            allowed.append(server: server, port: target.port)
            allowed.append(route: route)
            allowed.append(authorization: authorization)
            tls.append(to: &allowed)
            var detail = LabelText()
            detail.append("parent_group", server.group)
            detail.append("parent_kind", server.kind)
            detail.append("parent_name", server.name)
            detail.append("parent_port", "\(target.port)")
            detail.append(route: route)
            self.base = base.text
            self.detail = detail.text
            self.route = nil
            self.isGRPC = isGRPC
            self.statusFamily = isGRPC ? .inboundGRPCStatuses : .inboundHTTPStatuses
            self.routeStatusFamily = nil
            self.total = table.offset(of: .requestTotal, base.text)
            self.allowed = table.offset(of: .inboundHTTPAuthzAllow, allowed.text)
            self.routed = table.offset(of: isGRPC ? .inboundGRPCRequests : .inboundHTTPRequests, detail.text)
            self.duration = -1
            self.routeDuration = -1
        case .outbound(let target, let authority, let tls, let endpoint, let parent, let route, let backend, let isGRPC):
            var base = LabelText()
            base.append(direction: .outbound)
            if let authority { base.append("authority", authority) }
            base.append(target: target)
            tls.append(to: &base)
            base.append(prefix: "dst_", endpoint)
            let routeText = Self.routeLabels(parent: parent, route: route)
            var detail = LabelText()
            detail.append(parent: parent)
            detail.append(outboundRoute: route)
            detail.append(backend: backend)
            self.base = base.text
            self.detail = detail.text
            self.route = routeText
            self.isGRPC = isGRPC
            self.statusFamily = isGRPC ? .outboundGRPCBackendStatuses : .outboundHTTPBackendStatuses
            self.routeStatusFamily = isGRPC ? .outboundGRPCRouteStatuses : .outboundHTTPRouteStatuses
            self.total = table.offset(of: .requestTotal, base.text)
            self.allowed = -1
            self.routed = table.offset(
                of: isGRPC ? .outboundGRPCBackendRequests : .outboundHTTPBackendRequests, detail.text)
            self.duration = table.offset(
                of: isGRPC ? .outboundGRPCBackendDuration : .outboundHTTPBackendDuration, detail.text)
            self.routeDuration = table.offset(
                of: isGRPC ? .outboundGRPCRouteDuration : .outboundHTTPRouteDuration, routeText)
        case .outboundUnsent(let parent, let route, let isGRPC):
            let routeText = Self.routeLabels(parent: parent, route: route)
            self.base = nil
            self.detail = ""
            self.route = routeText
            self.isGRPC = isGRPC
            self.statusFamily = nil
            self.routeStatusFamily = isGRPC ? .outboundGRPCRouteStatuses : .outboundHTTPRouteStatuses
            self.total = -1
            self.allowed = -1
            self.routed = -1
            self.duration = -1
            self.routeDuration = table.offset(
                of: isGRPC ? .outboundGRPCRouteDuration : .outboundHTTPRouteDuration, routeText)
        }
    }

    private static func routeLabels(parent: PolicyMetadata, route: PolicyMetadata) -> String {
        var labels = LabelText()
        labels.append(parent: parent)
        labels.append(outboundRoute: route)
        labels.append("hostname", "")
        return labels.text
    }

    /// The series of `outcome`: there are few, so they are searched in order.
    mutating func slot(for outcome: Outcome, in table: inout SeriesTable) -> Slot {
        for slot in self.slots where slot.outcome == outcome { return slot }
        let slot = self.makeSlot(outcome, in: &table)
        self.slots.append(slot)
        return slot
    }

    private func makeSlot(_ outcome: Outcome, in table: inout SeriesTable) -> Slot {
        var responses: Int32 = -1
        var latency: Int32 = -1
        if let base {
            var labels = LabelText()
            if let status = outcome.status { labels.append("status_code", "\(status)") }
            if outcome.status != nil {
                latency = table.offset(of: .responseLatency, "\(base),\(labels.text)")
            }
            labels.append("classification", outcome.isSuccess ? "success" : "failure")
            labels.append("grpc_status", outcome.grpcStatus.map { "\($0)" } ?? "")
            labels.append("error", outcome.failure?.classLabel ?? "")
            responses = table.offset(of: .responseTotal, "\(base),\(labels.text)")
        }
        return Slot(
            outcome: outcome, responses: responses, latency: latency,
            statuses: self.statusFamily.map { table.offset(of: $0, self.statusLabels(outcome, after: self.detail)) }
                ?? -1,
            routeStatuses: self.routeStatusFamily.map {
                table.offset(of: $0, self.statusLabels(outcome, after: self.route ?? ""))
            } ?? -1)
    }

    private func statusLabels(_ outcome: Outcome, after labels: String) -> String {
        var text = LabelText()
        if self.statusFamily == .inboundHTTPStatuses || self.statusFamily == .inboundGRPCStatuses {
            let code = self.isGRPC ? outcome.grpcStatus.map { "\($0)" } : outcome.status.map { "\($0)" }
            text.append("status", code ?? "")
        } else {
            if self.isGRPC {
                text.append("grpc_status", outcome.status == nil ? "" : Outcome.name(ofCode: outcome.grpcStatus))
            } else {
                text.append("http_status", outcome.status.map { "\($0)" } ?? "")
            }
            text.append("error", outcome.failure?.label ?? "")
        }
        return "\(labels),\(text.text)"
    }
}
