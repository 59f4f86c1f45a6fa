import GRPCCore
import MeshModel
import MeshRPC
import MeshResources
import MeshWire
import SwiftProtobuf
import Testing

extension PolicyAPIScenarios {
    /// Sections 26–29.
    @Suite struct OutboundAPIScenarios {
        typealias Outbound = Io_Linkerd_Proxy_Outbound_OutboundPolicy
        typealias Traffic = Io_Linkerd_Proxy_Outbound_TrafficSpec

        private func cluster() throws -> PolicyCluster { try #require(PolicyCluster.current) }

        private static func service(_ name: String, in namespace: String, port: Int, from source: String) -> Traffic {
            .with {
                $0.authority = "\(name).\(namespace).svc.cluster.local:\(port)"
                $0.sourceWorkload = "\(source):client"
            }
        }

        private static func address(_ last: UInt32, port: UInt32, from namespace: String) -> Traffic {
            .with {
                $0.addr.ip.ipv4 = last
                $0.addr.port = port
                $0.sourceWorkload = "\(namespace):client"
            }
        }

        private func watch(
            _ request: Traffic, _ body: @escaping @Sendable (inout Messages<Outbound>) async throws -> Void
        ) async throws {
            let cluster = try self.cluster()
            try await cluster.outbound.watch(request) { (response) async throws in
                var messages = Messages(response.messages)
                try await body(&messages)
            }
        }

        private static func service(_ name: String, port: Int, appProtocol: String? = nil) -> String {
            """
            apiVersion: v1
            kind: Service
            metadata: {name: \(name)}
            spec:
              ports:
              - {name: a, port: \(port)\(appProtocol.map { ", appProtocol: \($0)" } ?? "")}
              - {name: b, port: \(port + 1)}

            """
        }

        /// The kinds of routes, as manifests write them.
        enum RouteKind: String, CaseIterable, Sendable {
            case policyHTTP, gatewayHTTP, grpc, tls, tcp

            var header: String {
                switch self {
                case .policyHTTP: "apiVersion: policy.linkerd.io/v1beta3\nkind: HTTPRoute"
                case .gatewayHTTP: "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute"
                case .grpc: "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute"
                case .tls: "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute"
                case .tcp: "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute"
                }
            }
        }

        private static func route(
            _ kind: RouteKind, _ name: String = "r", parent: String = "svc", parentNamespace: String, port: Int? = 4191,
            backend: String = "b", backendNamespace: String? = nil
        ) -> String {
            let parentPort = port.map { ", port: \($0)" } ?? ""
            let backendPlace = backendNamespace.map { ", namespace: \($0)" } ?? ""
            return """
                \(kind.header)
                metadata: {name: \(name)}
                spec:
                  parentRefs: [{group: core, kind: Service, name: \(parent), namespace: \(parentNamespace)\(parentPort)}]
                  rules: [{backendRefs: [{name: \(backend), port: 8888\(backendPlace)}]}]

                """
        }

        /// The names of the routes, whatever the protocol.
        private static func names(_ policy: Outbound) -> [String] {
            let metadata: [Io_Linkerd_Proxy_Meta_Metadata]
            switch policy.protocol.kind {
            case .detect(let detect)?: metadata = detect.http1.routes.map(\.metadata)
            case .http1(let http)?: metadata = http.routes.map(\.metadata)
            case .http2(let http)?: metadata = http.routes.map(\.metadata)
            case .grpc(let grpc)?: metadata = grpc.routes.map(\.metadata)
            case .tls(let tls)?: metadata = tls.routes.map(\.metadata)
            case .opaque(let opaque)?: metadata = opaque.routes.map(\.metadata)
            case nil: metadata = []
            }
            return metadata.map { metadata in
                switch metadata.kind {
                case .default(let name)?: name
                case .resource(let resource)?: resource.name
                case nil: ""
                }
            }
        }

        @Test("26.1 an address of the cluster that nobody has is unknown")
        func unknown() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            let request = Self.address(0x0A08_FFFF, port: 80, from: namespace)
            let error = await #expect(throws: RPCError.self) { try await cluster.outbound.get(request) }
            #expect(error?.code == .notFound)
            let watched = await #expect(throws: RPCError.self) {
                try await cluster.outbound.watch(request) { response in for try await _ in response.messages {} }
            }
            #expect(watched?.code == .notFound)
        }

        @Test(
            "26.2, 26.4–26.6, 26.11 a route comes, loses its backend, is pointed elsewhere, and comes back",
            arguments: RouteKind.allCases)
        func routes(kind: RouteKind) async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            let other = try await cluster.namespace()
            try await cluster.apply(Self.service("svc", port: 4191), to: namespace)
            try await cluster.apply(Self.service("b", port: 8888), to: other)
            try await self.watch(Self.service("svc", in: namespace, port: 4191, from: namespace)) {
                (messages) async throws in
                try await messages.until {
                    Self.names($0) == ["http"] && $0.metadata.resource.name == "svc"
                        && $0.metadata.resource.kind == "Service" && $0.metadata.resource.group == "core"
                        && $0.metadata.resource.port == 4191
                }
                let route = Self.route(kind, parentNamespace: namespace, backendNamespace: other)
                try await cluster.apply(route, to: namespace)
                let attached = try await messages.next()
                #expect(Self.names(attached) == ["r"])
                #expect(try Self.backend(attached) == ["core/Service \(other)/b:8888", "0 failures"])
                try await cluster.apply(
                    Self.route(kind, parentNamespace: namespace, backend: "invalid", backendNamespace: other),
                    to: namespace)
                #expect(
                    try Self.backend(try await messages.next()) == ["core/Service \(other)/invalid:8888", "1 failures"])
                try await cluster.apply(
                    Self.route(kind, parent: "other", parentNamespace: namespace), to: namespace)
                #expect(Self.names(try await messages.next()) == ["http"])
                try await cluster.apply(route, to: namespace)
                #expect(Self.names(try await messages.next()) == ["r"])
            }
        }

        /// The first backend of the first rule of the first route, and how many failures its filters inject.
        private static func backend(_ policy: Outbound) throws -> [String] {
            let found: (Io_Linkerd_Proxy_Meta_Metadata, Int)
            switch policy.protocol.kind {
            case .detect(let detect)?:
                let backend = try #require(
                    detect.http1.routes.first?.rules.first?.backends.randomAvailable.backends.first)
                found = (backend.backend.backend.metadata, backend.backend.filters.count)
            case .grpc(let grpc)?:
                let backend = try #require(grpc.routes.first?.rules.first?.backends.randomAvailable.backends.first)
                found = (backend.backend.backend.metadata, backend.backend.filters.count)
            case .tls(let tls)?:
                let backend = try #require(tls.routes.first?.rules.first?.backends.randomAvailable.backends.first)
                found = (backend.backend.backend.metadata, backend.backend.filters.count)
            case .opaque(let opaque)?:
                let backend = try #require(opaque.routes.first?.rules.first?.backends.randomAvailable.backends.first)
                found = (backend.backend.backend.metadata, backend.backend.filters.count)
            default: return []
            }
            let name = found.0.resource
            return ["\(name.group)/\(name.kind) \(name.namespace)/\(name.name):\(name.port)", "\(found.1) failures"]
        }

        @Test("26.8–26.10 producers' routes reach all ports and namespaces", arguments: RouteKind.allCases)
        func producer(kind: RouteKind) async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            let consumer = try await cluster.namespace()
            try await cluster.apply(
                Self.service("svc", port: 4191) + "---\n" + Self.service("b", port: 8888) + "---\n"
                    + Self.route(kind, parentNamespace: namespace, port: nil), to: namespace)
            for source in [namespace, consumer] {
                for port in [4191, 4192] {
                    try await self.watch(Self.service("svc", in: namespace, port: port, from: source)) {
                        (messages) async throws in
                        try await messages.until { Self.names($0) == ["r"] }
                    }
                }
            }
        }

        @Test(
            "27.1–27.6 the application protocol of the port decides",
            arguments: [
                ("linkerd.io/opaque", nil, "opaque opaq"), ("linkerd.io/opaque", .tcp, "opaque r"),
                ("http", nil, "http1 http"), ("http", .policyHTTP, "http1 r"), ("kubernetes.io/h2c", nil, "http2 http"),
                ("kubernetes.io/h2c", .gatewayHTTP, "http2 r"),
            ] as [(String, RouteKind?, String)])
        func appProtocol(name: String, kind: RouteKind?, expected: String) async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await cluster.apply(
                Self.service("svc", port: 4191, appProtocol: name) + "---\n" + Self.service("b", port: 8888),
                to: namespace)
            if let kind { try await cluster.apply(Self.route(kind, parentNamespace: namespace), to: namespace) }
            try await self.watch(Self.service("svc", in: namespace, port: 4191, from: namespace)) {
                (messages) async throws in
                try await messages.until { policy in
                    let spoken =
                        switch policy.protocol.kind {
                        case .opaque?: "opaque"
                        case .http1?: "http1"
                        case .http2?: "http2"
                        default: "other"
                        }
                    return "\(spoken) \(Self.names(policy).joined(separator: ","))" == expected
                }
            }
        }

        @Test("28.1 a stream ends when its EgressNetwork is deleted, and a new one falls back")
        func egress() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await cluster.apply(
                """
                apiVersion: policy.linkerd.io/v1alpha1
                kind: EgressNetwork
                metadata: {name: all}
                spec: {trafficPolicy: Allow}
                """, to: namespace)
            let request = Self.address(0x0101_0101, port: 80, from: namespace)
            try await cluster.eventually("the EgressNetwork is known") {
                try await cluster.outbound.get(request).metadata.resource.kind == "EgressNetwork"
            }
            try await self.watch(request) { (messages) async throws in
                let resource = try await messages.next().metadata.resource
                #expect(resource.group == "policy.linkerd.io")
                #expect(resource.name == "all")
                #expect(resource.namespace == namespace)
                #expect(resource.port == 80)
                try await cluster.delete("EgressNetwork", "all", in: namespace)
                #expect(try await messages.nextOrEnd() == nil)
            }
            #expect(try await cluster.outbound.get(request).metadata.default == "egress-fallback")
        }

        @Test("29.1–29.3, 29.6, 29.7, 29.9 filters, retries and timeouts of a route")
        func settings() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await cluster.apply(
                """
                apiVersion: v1
                kind: Service
                metadata: {name: svc, annotations: {timeout.linkerd.io/response: 10s, retry.linkerd.io/http: 5xx}}
                spec: {ports: [{port: 4191}]}
                ---
                apiVersion: policy.linkerd.io/v1beta3
                kind: HTTPRoute
                metadata: {name: r}
                spec:
                  parentRefs: [{group: core, kind: Service, name: svc, port: 4191}]
                  rules:
                  - filters:
                    - type: RequestHeaderModifier
                      requestHeaderModifier: {set: [{name: s, value: "1"}], add: [{name: a, value: "2"}], remove: [x]}
                    - type: RequestRedirect
                      requestRedirect:
                        scheme: http
                        hostname: host
                        path: {type: ReplacePrefixMatch, replacePrefixMatch: /path}
                        port: 5555
                        statusCode: 302
                    timeouts: {request: 5s}
                """, to: namespace)
            try await self.watch(Self.service("svc", in: namespace, port: 4191, from: namespace)) {
                (messages) async throws in
                var rule: Io_Linkerd_Proxy_Outbound_HttpRoute.Rule?
                try await messages.until { policy in
                    rule = policy.protocol.detect.http1.routes.first?.rules.first
                    return Self.names(policy) == ["r"]
                }
                let found = try #require(rule)
                #expect(found.filters.count == 2)
                #expect(found.filters.first?.requestHeaderModifier.remove == ["x"])
                let redirect = try #require(found.filters.last?.redirect)
                #expect(redirect.path.prefix == "/path")
                #expect(redirect.port == 5555)
                #expect(redirect.status == 302)
                #expect(found.timeouts.request.seconds == 5)
                #expect(!found.timeouts.hasResponse)
                #expect(found.retry.conditions.statusRanges.map { [$0.start, $0.end] } == [[500, 599]])
            }
        }
    }
}
