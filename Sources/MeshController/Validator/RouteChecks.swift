import MeshModel
import MeshResources

/// Routes of both groups.
enum RouteChecks {
    static func http(_ object: Field, group: String) throws(Rejection) {
        try Self.parents(object, group: group, retries: .http)
        let spec = object["spec"]
        for rule in try spec["rules"].elements() {
            for match in try rule["matches"].elements() { try MatchChecks.http(match) }
            for filter in try rule["filters"].elements() { try FilterChecks.filter(filter) }
            for backend in try rule["backendRefs"].elements() {
                if group == Group.gateway { try Self.backendPort(backend) }
                for filter in try backend["filters"].elements() { try FilterChecks.filter(filter) }
            }
            if group == Group.policy { try Self.timeouts(rule["timeouts"]) }
        }
    }

    static func grpc(_ object: Field) throws(Rejection) {
        try Self.parents(object, group: Group.gateway, retries: .grpc)
        for rule in try object["spec"]["rules"].elements() {
            for match in try rule["matches"].elements() { try MatchChecks.grpc(match) }
            for filter in try rule["filters"].elements() { try FilterChecks.filter(filter) }
            for backend in try rule["backendRefs"].elements() {
                try Self.backendPort(backend)
                for filter in try backend["filters"].elements() { try FilterChecks.filter(filter) }
            }
        }
    }

    /// TLSRoute and TCPRoute.
    static func opaque(_ object: Field) throws(Rejection) {
        try Self.parents(object, group: Group.gateway, retries: nil)
        let rules = object["spec"]["rules"]
        guard try rules.elements().count == 1 else { throw Rejection(rules.path, "must hold exactly one rule") }
    }

    /// Which retry annotations a route may carry.
    enum Retries {
        case http, grpc
    }

    private static func parents(_ object: Field, group: String, retries: Retries?) throws(Rejection) {
        var isOutbound = false
        for parent in try object["spec"]["parentRefs"].elements() {
            let kind = try parent["kind"].text()?.lowercased()
            // An omitted group is filled in by the API server before it asks us, and never means the core group.
            let parentGroup = try parent["group"].text()?.lowercased() ?? group
            switch (parentGroup, kind) {
            case ("", "service"), ("core", "service"): isOutbound = true
            case (Group.policy, "egressnetwork"):
                isOutbound = true
                guard try parent["port"].port() != nil else {
                    throw Rejection(parent["port"].path, "is missing: an EgressNetwork is a parent by port")
                }
            default: break
            }
        }
        guard isOutbound, let retries else { return }
        try RouteAnnotationChecks.check(object["metadata"]["annotations"], retries: retries)
    }

    /// A core Service is a backend by port.
    private static func backendPort(_ backend: Field) throws(Rejection) {
        let reference = try Reference(backend, defaultKind: "Service")
        guard reference.isA("Service", in: Group.core) else { return }
        guard let port = try backend["port"].integer(), port != 0 else {
            throw Rejection(backend["port"].path, "is missing: a Service is a backend by port")
        }
        _ = try backend["port"].port()
    }

    private static func timeouts(_ field: Field) throws(Rejection) {
        let request = try Self.timeout(field["request"])
        let backend = try Self.timeout(field["backendRequest"])
        if let request, let backend, backend > request {
            throw Rejection(field["backendRequest"].path, "must not be longer than \(field["request"].path)")
        }
    }

    private static func timeout(_ field: Field) throws(Rejection) -> Duration? {
        guard let text = try field.text() else { return nil }
        guard let duration = Duration(goText: text) else {
            throw Rejection(field.path, "is \"\(text)\", which must be a duration such as 300ms or 1m30s")
        }
        guard duration >= .zero else { throw Rejection(field.path, "is \(text), which must not be negative") }
        return duration
    }
}
