import MeshModel
import MeshPolicy

/// Compiled policies as tables.
enum PolicyTable {
    // MARK: - Inbound

    static func text(of policy: InboundPolicy) -> String {
        let (name, routes) = Self.parts(policy.protocol)
        var text = "governed by  \(ExplanationReport.name(policy.metadata))\nprotocol     \(name)\n\n"
        var table = TextTable("ROUTE", "AUTHORIZATION", "NETWORKS", "CLIENTS")
        for (route, authorizations) in routes {
            for authorization in authorizations { Self.append(authorization, route, &table) }
            if authorizations.isEmpty { table.append(route, "", "", "") }
        }
        for authorization in policy.authorizations { Self.append(authorization, "*", &table) }
        text += table.text
        return text
    }

    private static func parts(_ protocol: InboundProtocol) -> (String, [(String, [Authorization])]) {
        func routes<Kind: RouteKind>(_ routes: [InboundRoute<Kind>]) -> [(String, [Authorization])] {
            routes.map { (ExplanationReport.name($0.metadata), $0.authorizations) }
        }
        return switch `protocol` {
        case .detect(let timeout, let http): ("detected within \(timeout)", routes(http.routes))
        case .http1(let http): ("HTTP/1", routes(http.routes))
        case .http2(let http): ("HTTP/2", routes(http.routes))
        case .grpc(let grpc): ("gRPC", routes(grpc))
        case .opaque: ("opaque", [])
        case .tls: ("TLS", [])
        }
    }

    private static func append(_ authorization: Authorization, _ route: String, _ table: inout TextTable) {
        let networks = authorization.networks.map { match in
            ([match.network.description] + match.except.map { "not \($0)" }).joined(separator: " ")
        }
        table.append(
            route, ExplanationReport.name(authorization.metadata), networks.joined(separator: ", "),
            Self.clients(authorization.authentication))
    }

    private static func clients(_ authentication: Authentication) -> String {
        switch authentication {
        case .unauthenticated: "anyone"
        case .tls: "anyone with mesh TLS"
        case .identities(let match):
            (match.exact.map(\.string) + match.suffixes.map { "*\($0.string)" }).joined(separator: ", ")
        }
    }

    // MARK: - Outbound

    static func text(of policy: OutboundPolicy) -> String {
        var table = TextTable("ROUTE", "BACKEND", "WEIGHT")
        let name: String
        switch policy.protocol {
        case .detect(let timeout, _, let http, _):
            name = "detected within \(timeout)"
            Self.append(http.routes, &table)
        case .http1(let http):
            name = "HTTP/1"
            Self.append(http.routes, &table)
        case .http2(let http):
            name = "HTTP/2"
            Self.append(http.routes, &table)
        case .grpc(let grpc):
            name = "gRPC"
            Self.append(grpc.routes, &table)
        case .opaque(let routes):
            name = "opaque"
            Self.append(routes, &table)
        case .tls(let routes):
            name = "TLS"
            Self.append(routes, &table)
        }
        return "target       \(ExplanationReport.name(policy.metadata))\nprotocol     \(name)\n\n\(table.text)"
    }

    private static func append<Kind: RouteKind>(_ routes: [OutboundRoute<Kind>], _ table: inout TextTable) {
        for route in routes {
            let backends = route.rules.flatMap(\.distribution.backends)
            for backend in backends {
                table.append(
                    ExplanationReport.name(route.metadata), Self.name(backend.backend.target), "\(backend.weight)")
            }
            if backends.isEmpty { table.append(ExplanationReport.name(route.metadata), "", "") }
        }
    }

    private static func name(_ target: Backend.Target) -> String {
        switch target {
        case .balance(let path, _): path
        case .forward(let endpoint): "\(endpoint.address)"
        case .fail: "fails"
        }
    }
}
