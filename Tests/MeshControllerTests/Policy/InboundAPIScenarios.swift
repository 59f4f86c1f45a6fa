import GRPCCore
import MeshModel
import MeshRPC
import MeshWire
import SwiftProtobuf
import Testing

extension PolicyAPIScenarios {
    /// Sections 17 and 23.
    @Suite struct InboundAPIScenarios {
        typealias Inbound = Io_Linkerd_Proxy_Inbound_Server

        private func cluster() throws -> PolicyCluster { try #require(PolicyCluster.current) }

        /// Watches a port and hands the messages to `body`, which asks for one after the other.
        private func watch(
            _ workload: String, _ port: UInt32,
            _ body: @escaping @Sendable (inout Messages<Inbound>) async throws -> Void
        ) async throws {
            let request = Io_Linkerd_Proxy_Inbound_PortSpec.with {
                $0.workload = workload
                $0.port = port
            }
            let cluster = try self.cluster()
            try await cluster.inbound.watchPort(request) { (response) async throws in
                var messages = Messages(response.messages)
                try await body(&messages)
            }
        }

        private func startPod(in namespace: String) async throws {
            try await self.cluster().apply(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: pause, labels: {app: pause, linkerd.io/control-plane-ns: linkerd}}
                spec:
                  containers:
                  - name: linkerd-proxy
                    image: proxy
                    ports: [{name: linkerd-admin, containerPort: 4191}]
                    livenessProbe: {httpGet: {path: /live, port: 4191}}
                    readinessProbe: {httpGet: {path: /ready, port: 4191}}
                """, to: namespace)
            let cluster = try self.cluster()
            let request = Io_Linkerd_Proxy_Inbound_PortSpec.with {
                $0.workload = "\(namespace):pause"
                $0.port = 4191
            }
            try await cluster.eventually("the pod is known") {
                do {
                    _ = try await cluster.inbound.getPort(request)
                    return true
                } catch let error as RPCError where error.code == .notFound {
                    return false
                }
            }
        }

        private static func server(access: String = "deny", proto: String = "HTTP/1") -> String {
            """
            apiVersion: policy.linkerd.io/v1beta3
            kind: Server
            metadata: {name: linkerd-admin}
            spec:
              podSelector: {matchLabels: {app: pause}}
              port: linkerd-admin
              proxyProtocol: \(proto)
              accessPolicy: \(access)

            """
        }

        private static let serverLabels = ["group": "policy.linkerd.io", "kind": "server", "name": "linkerd-admin"]
        private static let defaultLabels = ["group": "", "kind": "default", "name": "all-unauthenticated"]

        private static func isDefault(_ message: Inbound) -> Bool {
            guard case .detect(let detect)? = message.protocol.kind else { return false }
            return message.labels == Self.defaultLabels && detect.timeout.seconds == 10
                && message.authorizations.count == 1
        }

        private static let everywhere = """
            apiVersion: policy.linkerd.io/v1alpha1
            kind: NetworkAuthentication
            metadata: {name: all-nets}
            spec: {networks: [{cidr: 0.0.0.0/0}, {cidr: "::/0"}]}

            """

        private static func policy(_ kind: String, _ name: String) -> String {
            """
            apiVersion: policy.linkerd.io/v1alpha1
            kind: AuthorizationPolicy
            metadata: {name: all-admin}
            spec:
              targetRef: {group: policy.linkerd.io, kind: \(kind), name: \(name)}
              requiredAuthenticationRefs: [{group: policy.linkerd.io, kind: NetworkAuthentication, name: all-nets}]

            """
        }

        @Test("17.1, 17.2 a port follows its Server and authorizations", arguments: [true, false])
        func serverAndAuthorization(old: Bool) async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await self.startPod(in: namespace)
            try await self.watch("\(namespace):pause", 4191) { (messages) async throws in
                #expect(Self.isDefault(try await messages.next()))
                try await cluster.apply(Self.server(), to: namespace)
                let governed = try await messages.next()
                #expect(governed.labels == Self.serverLabels)
                #expect(governed.authorizations.isEmpty)
                if case .http1? = governed.protocol.kind {} else { Issue.record("not HTTP/1") }
                if old {
                    try await cluster.apply(
                        """
                        apiVersion: policy.linkerd.io/v1beta1
                        kind: ServerAuthorization
                        metadata: {name: all-admin}
                        spec: {server: {name: linkerd-admin}, client: {unauthenticated: true}}
                        """, to: namespace)
                } else {
                    try await cluster.apply(
                        Self.everywhere + "---\n" + Self.policy("Server", "linkerd-admin"), to: namespace)
                }
                let authorized = try await messages.next()
                let kind = old ? "serverauthorization" : "authorizationpolicy"
                #expect(
                    authorized.authorizations.map(\.labels)
                        == [["group": "policy.linkerd.io", "kind": kind, "name": "all-admin"]])
                guard case .unauthenticated? = authorized.authorizations.first?.authentication.permit else {
                    Issue.record("somebody must prove something")
                    return
                }
                try await cluster.delete("Server", "linkerd-admin", in: namespace)
                #expect(Self.isDefault(try await messages.next()))
            }
        }

        @Test("17.3, 17.4 a Server that audits, with a rate limit")
        func audit() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await self.startPod(in: namespace)
            try await self.watch("\(namespace):pause", 4191) { (messages) async throws in
                _ = try await messages.next()
                try await cluster.apply(Self.server(access: "audit"), to: namespace)
                let audited = try await messages.next()
                #expect(audited.labels == Self.serverLabels)
                #expect(audited.authorizations.map(\.labels) == [["group": "", "kind": "default", "name": "audit"]])
                try await cluster.apply(
                    """
                    apiVersion: policy.linkerd.io/v1alpha1
                    kind: HTTPLocalRateLimitPolicy
                    metadata: {name: rl-0}
                    spec:
                      targetRef: {group: policy.linkerd.io, kind: Server, name: linkerd-admin}
                      total: {requestsPerSecond: 1000}
                      overrides: [{requestsPerSecond: 200, clientRefs: [{kind: ServiceAccount, name: sa-0}]}]
                    """, to: namespace)
                guard case .http1(let http)? = try await messages.next().protocol.kind else {
                    Issue.record("not HTTP/1")
                    return
                }
                #expect(http.localRateLimit.total.requestsPerSecond == 1000)
                #expect(!http.localRateLimit.hasIdentity)
                let override = try #require(http.localRateLimit.overrides.first)
                #expect(override.limit.requestsPerSecond == 200)
                #expect(
                    override.clients.identities.map(\.name)
                        == ["sa-0.\(namespace).serviceaccount.identity.linkerd.cluster.local"])
            }
        }

        private static func route(_ name: String, _ path: String) -> String {
            """
            apiVersion: policy.linkerd.io/v1beta3
            kind: HTTPRoute
            metadata: {name: \(name)}
            spec:
              parentRefs: [{group: policy.linkerd.io, kind: Server, name: linkerd-admin}]
              rules: [{matches: [{path: {type: Exact, value: \(path)}, method: GET}]}]

            """
        }

        private static func routes(_ message: Inbound) -> [Io_Linkerd_Proxy_Inbound_HttpRoute] {
            switch message.protocol.kind {
            case .http1(let http)?: http.routes
            case .detect(let detect)?: detect.httpRoutes
            default: []
            }
        }

        private static func names(_ message: Inbound) -> [String] {
            Self.routes(message).map { route in
                switch route.metadata.kind {
                case .default(let name)?: name
                case .resource(let resource)?: resource.name
                case nil: ""
                }
            }
        }

        @Test("17.5, 17.6 a route, its authorization, and the defaults again")
        func inboundRoute() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await self.startPod(in: namespace)
            try await self.watch("\(namespace):pause", 4191) { (messages) async throws in
                #expect(Self.names(try await messages.next()) == ["default", "probe"])
                try await cluster.apply(Self.server(), to: namespace)
                _ = try await messages.next()
                try await cluster.apply(Self.route("metrics-route", "/metrics"), to: namespace)
                let routed = try #require(Self.routes(try await messages.next()).first)
                #expect(routed.metadata.resource.group == "policy.linkerd.io")
                #expect(routed.metadata.resource.kind == "HTTPRoute")
                #expect(routed.metadata.resource.name == "metrics-route")
                #expect(routed.metadata.resource.namespace == "")
                #expect(routed.authorizations.isEmpty)
                #expect(routed.rules.first?.matches.first?.path.exact == "/metrics")
                try await cluster.apply(
                    Self.everywhere + "---\n" + Self.policy("HTTPRoute", "metrics-route"), to: namespace)
                #expect(Self.routes(try await messages.next()).first?.authorizations.count == 1)
                try await cluster.delete("HTTPRoute", "metrics-route", in: namespace)
                #expect(Self.names(try await messages.next()) == ["default", "probe"])
            }
        }

        @Test("17.7 routes stand in the order of their creation", .enabled(if: isNightly, "takes three seconds"))
        func order() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await self.startPod(in: namespace)
            try await cluster.apply(Self.server(), to: namespace)
            for (name, path) in [("d", "/metrics"), ("a", "/ready"), ("c", "/shutdown"), ("b", "/proxy-log-level")] {
                try await cluster.apply(Self.route(name, path), to: namespace)
                try await ContinuousClock().sleep(for: .seconds(1))  // Creation times have whole seconds.
            }
            try await self.watch("\(namespace):pause", 4191) { (messages) async throws in
                try await messages.until { Self.names($0) == ["d", "a", "c", "b"] }
                try await cluster.delete("HTTPRoute", "c", in: namespace)
                #expect(Self.names(try await messages.next()) == ["d", "a", "b"])
            }
        }

        @Test("17.8–17.10 an external workload")
        func externalWorkload() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await cluster.apply(
                """
                apiVersion: workload.linkerd.io/v1beta1
                kind: ExternalWorkload
                metadata: {name: wkld-1}
                spec:
                  meshTLS: {identity: "spiffe://root/wkld-1", serverName: wkld-1}
                  workloadIPs: [{ip: 192.0.2.1}]
                  ports: [{name: http, port: 80}]
                """, to: namespace)
            let workload = #"{"ns":"\#(namespace)","external_workload":"wkld-1"}"#
            let request = Io_Linkerd_Proxy_Inbound_PortSpec.with {
                $0.workload = workload
                $0.port = 80
            }
            try await cluster.eventually("the workload is known") {
                do {
                    _ = try await cluster.inbound.getPort(request)
                    return true
                } catch let error as RPCError where error.code == .notFound {
                    return false
                }
            }
            try await self.watch(workload, 80) { (messages) async throws in
                let first = try await messages.next()
                #expect(Self.isDefault(first))
                #expect(Self.names(first) == ["default"])
                try await cluster.apply(
                    """
                    apiVersion: policy.linkerd.io/v1beta3
                    kind: Server
                    metadata: {name: linkerd-admin}
                    spec: {externalWorkloadSelector: {}, port: http, proxyProtocol: HTTP/1}
                    """, to: namespace)
                let governed = try await messages.next()
                #expect(governed.labels == Self.serverLabels)
                #expect(governed.authorizations.isEmpty)
                try await cluster.apply(Self.route("endpoint", "/endpoint"), to: namespace)
                #expect(Self.names(try await messages.next()) == ["endpoint"])
                try await cluster.apply(Self.everywhere + "---\n" + Self.policy("HTTPRoute", "endpoint"), to: namespace)
                #expect(Self.routes(try await messages.next()).first?.authorizations.count == 1)
                try await cluster.delete("HTTPRoute", "endpoint", in: namespace)
                #expect(Self.names(try await messages.next()) == ["default"])
            }
        }

        // MARK: - Statuses

        /// `Accepted=True/Accepted` and the like, of each parent of a route.
        private func parents(_ cluster: PolicyCluster, _ name: String, _ namespace: String) async throws -> [String] {
            let route = try await cluster.object("HTTPRoute", name, in: namespace)
            return (route[path: "status", "parents"]?.array ?? []).map { parent in
                (parent["conditions"]?.array ?? []).map { condition in
                    "\(condition["type"]?.string ?? "")=\(condition["status"]?.string ?? "")/\(condition["reason"]?.string ?? "")"
                }.joined(separator: " ")
            }
        }

        @Test("23.1, 23.3, 23.4 a route's status follows its Server")
        func routeStatus() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await cluster.apply(Self.route("r", "/"), to: namespace)
            try await cluster.eventually("an orphan") {
                try await self.parents(cluster, "r", namespace) == ["Accepted=False/NoMatchingParent"]
            }
            try await cluster.apply(Self.server(), to: namespace)
            try await cluster.eventually("accepted") {
                try await self.parents(cluster, "r", namespace) == ["Accepted=True/Accepted"]
            }
            let route = try await cluster.object("HTTPRoute", "r", in: namespace)
            #expect(
                route[path: "status", "parents"]?.array?.first?["controllerName"] == "linkerd.io/policy-controller")
            try await cluster.delete("Server", "linkerd-admin", in: namespace)
            try await cluster.eventually("an orphan again") {
                try await self.parents(cluster, "r", namespace) == ["Accepted=False/NoMatchingParent"]
            }
        }

        @Test("Servers, authorizations and authentications say what they govern")
        func governance() async throws {
            let cluster = try self.cluster()
            let namespace = try await cluster.namespace()
            try await self.startPod(in: namespace)
            try await cluster.apply(
                Self.server() + "---\n" + Self.everywhere + "---\n" + Self.policy("Server", "linkerd-admin"),
                to: namespace)
            for (kind, name) in [
                ("Server", "linkerd-admin"), ("AuthorizationPolicy", "all-admin"),
                ("NetworkAuthentication", "all-nets"),
            ] {
                try await cluster.eventually("\(kind) has a status") {
                    let status = try await cluster.object(kind, name, in: namespace)["status"]
                    let conditions = status?["conditions"]?.array ?? []
                    return status?["workloads"]?.integer == 1 && status?["ports"]?.integer == 1
                        && conditions.map { $0["type"]?.string } == ["Accepted", "ResolvedRefs"]
                        && conditions.allSatisfy { $0["status"] == "True" && $0["observedGeneration"]?.integer == 1 }
                }
            }
            let before = try await cluster.object("Server", "linkerd-admin", in: namespace)
            try await cluster.apply(Self.server(access: "audit"), to: namespace)
            try await cluster.eventually("the new generation was looked at") {
                let status = try await cluster.object("Server", "linkerd-admin", in: namespace)["status"]
                return status?["conditions"]?.array?.allSatisfy { $0["observedGeneration"]?.integer == 2 } == true
            }
            let after = try await cluster.object("Server", "linkerd-admin", in: namespace)
            #expect(
                after[path: "status", "conditions"]?.array?.first?["lastTransitionTime"]
                    == before[path: "status", "conditions"]?.array?.first?["lastTransitionTime"])
            try await cluster.delete("NetworkAuthentication", "all-nets", in: namespace)
            try await cluster.eventually("the policy misses it") {
                let status = try await cluster.object("AuthorizationPolicy", "all-admin", in: namespace)["status"]
                return status?["conditions"]?.array?.last?["reason"] == "AuthenticationNotFound"
                    && status?["workloads"]?.integer == 0
            }
        }
    }
}
