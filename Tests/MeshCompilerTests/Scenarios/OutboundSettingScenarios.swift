import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

@Suite struct OutboundSettingScenarios {
    private let service = OutboundQuery.Target.service(ObjectKey(namespace: "ns-0", name: "svc"), port: 8080)
    private static let accrual = "balancer.linkerd.io/failure-accrual"
    private static let alpha = "balancer.alpha.linkerd.io/"
    private static let rate = "balancer.alpha.linkerd.io/failure-accrual-success-rate"

    // MARK: - 25 Annotations

    @Test(
        "25.1, 25.2, 25.4, 25.5 penalties for failures are switched on by any spelling of true",
        arguments: [
            ("true", true), (" true ", true), ("1", true), ("t", true), ("TRUE", true), ("false", false),
            (" false ", false), ("False", false), ("FALSE", false), ("0", false), ("f", false), ("F", false),
        ])
    func penalise(text: String, isOn: Bool) throws {
        let load = try BalancerAnnotations.load(annotations: [Self.alpha + "penalize-failures": text])
        #expect(load.penalty == (isOn ? LoadEstimate.Penalty() : nil))
    }

    @Test(
        "25.3, 25.10, 25.11 what cannot be read is quoted",
        arguments: [
            ["penalize-failures": "maybe"], ["penalize-failures": "yes"],
            ["penalize-failures": "true", "load-biaser-penalty": "1.5s"],
            ["penalize-failures": "true", "load-biaser-penalty": "50d"],
        ])
    func badLoad(values: [String: String]) throws {
        let annotations = Dictionary(uniqueKeysWithValues: values.map { (Self.alpha + $0.key, $0.value) })
        let error = #expect(throws: AnnotationError.self) { try BalancerAnnotations.load(annotations: annotations) }
        #expect(values.values.contains(error?.value ?? "–"))
    }

    @Test("25.8, 25.9 the penalty may be set, with blanks around it", arguments: ["2s", " 2s "])
    func penalty(text: String) throws {
        let load = try BalancerAnnotations.load(annotations: [
            Self.alpha + "penalize-failures": "true", Self.alpha + "load-biaser-penalty": text,
        ])
        #expect(load.penalty == .init(latency: .seconds(2), maxRetryAfter: .seconds(300)))
    }

    private static let backoff = Backoff(minimum: .seconds(1), maximum: .seconds(60), jitter: 0.5)

    @Test("25.12, 30.6 unified accrual has defaults")
    func unified() throws {
        let found = try BalancerAnnotations.failureAccrual(annotations: [Self.accrual: "unified"])
        #expect(
            found
                == .unified(
                    .init(threshold: 0.8, window: .seconds(10), minRequests: 5, maxConsecutiveFailures: 7),
                    backoff: Self.backoff, respectsRetryAfter: false))
    }

    @Test("25.13 unified accrual as written")
    func unifiedAsWritten() throws {
        let found = try BalancerAnnotations.failureAccrual(annotations: [
            Self.accrual: "unified", Self.rate + "-threshold": " 0.9 ", Self.rate + "-window": "15s",
            Self.rate + "-min-requests": " 10 ", Self.accrual + "-consecutive-max-failures": "3",
            Self.accrual + "-consecutive-min-penalty": "2s", Self.alpha + "failure-accrual-honor-retry-after": " true ",
        ])
        #expect(
            found
                == .unified(
                    .init(threshold: 0.9, window: .seconds(15), minRequests: 10, maxConsecutiveFailures: 3),
                    backoff: Backoff(minimum: .seconds(2), maximum: .seconds(60), jitter: 0.5), respectsRetryAfter: true
                ))
    }

    @Test("25.15, 25.21, 30.2, 30.8 consecutive accrual ignores success rates")
    func consecutive() throws {
        let found = try BalancerAnnotations.failureAccrual(annotations: [
            Self.accrual: "consecutive", Self.rate + "-threshold": "nonsense",
        ])
        #expect(found == .consecutive(maxFailures: 7, backoff: Self.backoff))
    }

    @Test("25.25, 30.4 nothing counts without a mode")
    func noMode() throws {
        let found = try BalancerAnnotations.failureAccrual(annotations: [
            Self.rate + "-threshold": "0.5", Self.accrual + "-consecutive-max-failures": "8",
        ])
        #expect(found == nil)
    }

    @Test(
        "25.14, 25.17–25.20, 25.22–25.24, 25.26, 25.27 limits of unified accrual",
        arguments: [
            (["-window": "10ms"], true), (["-window": "500ms"], true), (["-window": "9ms"], false),
            (["-min-requests": "0"], true), (["-min-requests": "1000001"], false), (["-threshold": "0.0"], true),
            (["-threshold": "0", "-window": "5ms"], true), (["-threshold": "0", "-min-requests": "2000000"], true),
            (["-treshold": "x"], true), (["-threshold": " 0.9 "], true), (["-min-requests": " 5 "], true),
            (["-threshold": "1.1"], false), (["-window": "0"], false),
        ] as [([String: String], Bool)])
    func unifiedLimits(values: [String: String], isGood: Bool) {
        var annotations = [Self.accrual: "unified"]
        for (key, value) in values { annotations[Self.rate + key] = value }
        if isGood {
            #expect(throws: Never.self) { try BalancerAnnotations.failureAccrual(annotations: annotations) }
        } else {
            #expect(throws: AnnotationError.self) {
                try BalancerAnnotations.failureAccrual(annotations: annotations)
            }
        }
    }

    @Test("25.16 only two modes are known", arguments: ["true", "false", ""])
    func modes(text: String) {
        #expect(throws: AnnotationError.self) {
            try BalancerAnnotations.failureAccrual(annotations: [Self.accrual: text])
        }
    }

    @Test(
        "25.6, 25.7 retry-after is honoured when asked for",
        arguments: [
            ("true", true as Bool?), ("false", false), (" true ", true), (nil, false), ("sometimes", nil),
        ] as [(String?, Bool?)])
    func honoursRetryAfter(text: String?, expected: Bool?) throws {
        var annotations = [Self.accrual: "unified"]
        annotations[Self.alpha + "failure-accrual-honor-retry-after"] = text
        guard let expected else {
            let error = #expect(throws: AnnotationError.self) {
                try BalancerAnnotations.failureAccrual(annotations: annotations)
            }
            #expect(error?.value == text)
            return
        }
        guard case .unified(_, _, let respects)? = try BalancerAnnotations.failureAccrual(annotations: annotations)
        else {
            Issue.record("not unified")
            return
        }
        #expect(respects == expected)
    }

    @Test("25.27 a unified accrual that nothing trips")
    func nothingTrips() throws {
        let found = try BalancerAnnotations.failureAccrual(annotations: [
            Self.accrual: "unified", Self.rate + "-threshold": "0", Self.accrual + "-consecutive-max-failures": "0",
        ])
        #expect(found != nil)
    }

    // MARK: - 29 Filters, retries, timeouts

    @Test("29.1, 29.2 header changes and redirects, in order", arguments: [RouteGroup.gateway, .policy])
    func filters(group: RouteGroup) throws {
        var world = World.shipped
        world.service("svc")
        let modifier = MeshResources.HeaderModifier(
            add: [HTTPHeader(name: "Add", value: "a")], set: [HTTPHeader(name: "set", value: "s")], remove: ["Remove"])
        let redirect = RequestRedirect(
            scheme: "http", hostname: "host",
            path: PathModifier(type: .replacePrefixMatch, replacePrefixMatch: "/path"),
            port: 5555, statusCode: 302)
        let filters = [
            HTTPRouteFilter(type: "RequestHeaderModifier", requestHeaderModifier: modifier),
            HTTPRouteFilter(type: "RequestRedirect", requestRedirect: redirect),
        ]
        world.apply(
            HTTPRoute(
                group: group, metadata: world.meta("r"),
                spec: HTTPRouteSpec(
                    parentRefs: [.service("svc", port: 8080)], rules: [HTTPRouteRule(filters: filters)])))
        world.reconcile()
        let rule = try #require(try world.policy(self.service).http?.routes.first?.rules.first)
        #expect(
            rule.filters == [
                .requestHeaders(
                    MeshPolicy.HeaderModifier(
                        add: [HeaderField(name: "add", value: "a")], set: [HeaderField(name: "set", value: "s")],
                        remove: ["remove"])),
                .redirect(Redirect(scheme: "http", host: "host", path: .prefix("/path"), port: 5555, status: 302)),
            ])
    }

    @Test("a redirect without a status is a 302")
    func redirectStatus() throws {
        var world = World.shipped
        world.service("svc")
        let filter = HTTPRouteFilter(type: "RequestRedirect", requestRedirect: RequestRedirect(hostname: "h"))
        world.apply(
            HTTPRoute(
                group: .gateway, metadata: world.meta("r"),
                spec: HTTPRouteSpec(
                    parentRefs: [.service("svc", port: 8080)], rules: [HTTPRouteRule(filters: [filter])])))
        world.reconcile()
        #expect(
            try world.policy(self.service).http?.routes.first?.rules.first?.filters
                == [.redirect(Redirect(host: "h", status: 302))])
    }

    @Test("a rule whose filter cannot be applied fails what it matches", arguments: ["RequestMirror", "Tomorrow"])
    func unknownFilter(type: String) throws {
        var world = World.shipped
        world.service("svc")
        world.apply(
            HTTPRoute(
                group: .gateway, metadata: world.meta("r"),
                spec: HTTPRouteSpec(
                    parentRefs: [.service("svc", port: 8080)],
                    rules: [HTTPRouteRule(filters: [HTTPRouteFilter(type: type)])])))
        world.reconcile()
        let rule = try #require(try world.policy(self.service).http?.routes.first?.rules.first)
        #expect(rule.distribution == .empty)
        guard case .failure(let injector)? = rule.filters.first else {
            Issue.record("no failure")
            return
        }
        #expect(injector.code == 500)
        #expect(injector.message.contains(type))
    }

    @Test("29.6 retries and timeouts of a route", arguments: [ScenarioRoute.policyHTTP, .gatewayHTTP])
    func routeAnnotations(kind: ScenarioRoute) throws {
        var world = World.shipped
        world.service("svc")
        world.route(
            kind, "r", parents: [.service("svc", port: 8080)],
            annotations: ["retry.linkerd.io/http": "5xx", "timeout.linkerd.io/response": "10s"])
        world.reconcile()
        let rule = try #require(try world.policy(self.service).http?.routes.first?.rules.first)
        #expect(rule.retry?.conditions == [500...599])
        #expect(rule.retry?.maxRetries == 1)
        #expect(rule.retry?.maxRequestBytes == 65536)
        #expect(rule.retry?.backoff == Backoff(minimum: .milliseconds(25), maximum: .milliseconds(250), jitter: 1))
        #expect(rule.timeouts == Timeouts(response: .seconds(10)))
    }

    @Test("29.7 retries are inherited, timeouts only when the route has none")
    func inheritance() throws {
        var world = World.shipped
        world.service(
            "svc", annotations: ["retry.linkerd.io/http": "5xx", "timeout.linkerd.io/response": "10s"])
        world.route(
            .policyHTTP, "r", parents: [.service("svc", port: 8080)],
            annotations: ["timeout.linkerd.io/request": "5s"])
        world.route(.policyHTTP, "s", parents: [.service("svc", port: 8080)])
        world.reconcile()
        let routes = try #require(try world.policy(self.service).http?.routes)
        #expect(routes[0].rules.first?.retry?.conditions == [500...599])
        #expect(routes[0].rules.first?.timeouts == Timeouts(request: .seconds(5)))
        #expect(routes[1].rules.first?.timeouts == Timeouts(response: .seconds(10)))
    }

    @Test("29.8 the same for gRPC")
    func grpcInheritance() throws {
        var world = World.shipped
        world.service(
            "svc", annotations: ["retry.linkerd.io/grpc": "internal", "timeout.linkerd.io/response": "10s"])
        world.route(
            .grpc, "r", parents: [.service("svc", port: 8080)], annotations: ["timeout.linkerd.io/request": "5s"])
        world.reconcile()
        guard case .grpc(let grpc) = try world.policy(self.service).protocol else {
            Issue.record("not gRPC")
            return
        }
        #expect(grpc.routes.first?.rules.first?.retry?.conditions == .internal)
        #expect(grpc.routes.first?.rules.first?.timeouts == Timeouts(request: .seconds(5)))
    }

    @Test(
        "29.9 the rule's own timeout, in the grammar of its group; zero is none",
        arguments: [
            (RouteGroup.policy, "5s", Duration?.some(.seconds(5))), (.policy, "1m30s", .seconds(90)),
            (.gateway, "1m30s", .seconds(90)), (.gateway, "0s", nil), (.policy, "1.5s", .milliseconds(1500)),
        ])
    func ruleTimeout(group: RouteGroup, text: String, expected: Duration?) throws {
        var world = World.shipped
        world.service("svc", annotations: ["timeout.linkerd.io/request": "77s"])
        world.apply(
            HTTPRoute(
                group: group, metadata: world.meta("r"),
                spec: HTTPRouteSpec(
                    parentRefs: [.service("svc", port: 8080)],
                    rules: [HTTPRouteRule(timeouts: RouteTimeouts(request: text))])))
        world.reconcile()
        #expect(try world.policy(self.service).http?.routes.first?.rules.first?.timeouts.request == expected)
    }

    @Test(
        "retry conditions",
        arguments: [
            ("5xx", [500...599] as [ClosedRange<UInt16>]?), ("gateway-error", [502...504]), ("429", [429...429]),
            ("5XX,429,200-299", [500...599, 429...429, 200...299]), ("600", nil), ("99", nil), ("503-502", nil),
            ("5xx, 429", nil), ("", nil), ("500-501-502", nil),
        ])
    func retryConditions(text: String, expected: [ClosedRange<UInt16>]?) {
        let found = try? RetryAnnotations.http(annotations: ["retry.linkerd.io/http": text])  // Nil says it all.
        #expect((found ?? nil)?.conditions == expected)
    }

    // MARK: - 30 Failure accrual and load

    @Test("30.9, 30.11, 30.15, 30.16 the parent's load estimate holds for its backends")
    func load() throws {
        let annotations = [
            Self.accrual: "consecutive", Self.alpha + "penalize-failures": "true",
        ]
        var world = World.shipped
        world.service("svc", annotations: annotations)
        world.service("b")
        func estimate(_ world: World) throws -> LoadEstimate? {
            guard case .balance(_, let load)? = try world.policy(self.service).firstBackend?.target else { return nil }
            return load
        }
        #expect(try estimate(world)?.penalty == .init())
        #expect(
            try world.policy(self.service).http?.failureAccrual == .consecutive(maxFailures: 7, backoff: Self.backoff))
        for kind in [ScenarioRoute.policyHTTP, .gatewayHTTP, .grpc] {
            var world = world
            world.route(kind, "r", parents: [.service("svc", port: 8080)], backends: [.service("b")])
            world.reconcile()
            #expect(try estimate(world)?.penalty == .init())
        }
        var tcp = world
        tcp.route(.tcp, "r", parents: [.service("svc", port: 8080)], backends: [.service("b")])
        tcp.reconcile()
        #expect(try estimate(tcp)?.penalty == nil)
        world.service("svc", annotations: annotations, appProtocol: "linkerd.io/opaque")
        #expect(try estimate(world)?.penalty == nil)
    }

    /// What the annotations of a parent come to: of a Service, or of an EgressNetwork.
    private func accrual(_ annotations: [String: String], egress: Bool) throws -> (FailureAccrual?, LoadEstimate?) {
        var world = World.shipped
        world.service("svc", annotations: egress ? [:] : annotations)
        if egress { world.egress("e", annotations: annotations) }
        let outside = try #require(SocketAddress("93.184.216.34:80"))
        let policy = try world.policy(egress ? .address(outside) : self.service)
        guard case .balance(_, let load)? = policy.firstBackend?.target else {
            return (policy.http?.failureAccrual, nil)
        }
        return (policy.http?.failureAccrual, load)
    }

    private static let lasting = [
        accrual + "-consecutive-max-failures": "8", accrual + "-consecutive-min-penalty": "10s",
        accrual + "-consecutive-max-penalty": "10m", accrual + "-consecutive-jitter-ratio": "1.0",
    ]

    @Test("30.1–30.4, 30.13 consecutive failures, at either parent", arguments: [true, false])
    func consecutiveAtParents(egress: Bool) throws {
        let mode = [Self.accrual: "consecutive"]
        let long = Backoff(minimum: .seconds(10), maximum: .seconds(600), jitter: 1)
        let eight = [Self.accrual + "-consecutive-max-failures": "8"]
        #expect(
            try self.accrual(Self.lasting.merging(mode) { $1 }, egress: egress).0
                == .consecutive(maxFailures: 8, backoff: long))
        #expect(try self.accrual(mode, egress: egress).0 == .consecutive(maxFailures: 7, backoff: Self.backoff))
        #expect(
            try self.accrual(eight.merging(mode) { $1 }, egress: egress).0
                == .consecutive(maxFailures: 8, backoff: Self.backoff))
        #expect(try self.accrual(eight, egress: egress).0 == nil)
        #expect(try self.accrual([:], egress: egress).0 == nil)
    }

    @Test("30.5–30.7 unified accrual, at either parent", arguments: [true, false])
    func unifiedAtParents(egress: Bool) throws {
        let mode = [Self.accrual: "unified"]
        let rates = [
            Self.rate + "-threshold": "0.9", Self.rate + "-window": "30s", Self.rate + "-min-requests": "100",
        ]
        let written = Self.lasting.merging(rates) { $1 }.merging(mode) { $1 }
        #expect(
            try self.accrual(written, egress: egress).0
                == .unified(
                    .init(threshold: 0.9, window: .seconds(30), minRequests: 100, maxConsecutiveFailures: 8),
                    backoff: Backoff(minimum: .seconds(10), maximum: .seconds(600), jitter: 1),
                    respectsRetryAfter: false))
        let plain = FailureAccrual.unified(
            .init(threshold: 0.8, window: .seconds(10), minRequests: 5, maxConsecutiveFailures: 7),
            backoff: Self.backoff, respectsRetryAfter: false)
        #expect(try self.accrual(mode, egress: egress).0 == plain)
        let honour = mode.merging([Self.alpha + "failure-accrual-honor-retry-after": "true"]) { $1 }
        let honoured = try self.accrual(honour, egress: egress)
        guard case .unified(_, _, let respects)? = honoured.0 else {
            Issue.record("not unified")
            return
        }
        #expect(respects)
        #expect(egress ? honoured.1 == nil : honoured.1 == LoadEstimate())
    }

    @Test("30.8, 30.10, 30.11, 30.14 penalties are for Services alone, hints for unified accrual alone")
    func hints() throws {
        let consecutive = FailureAccrual.consecutive(maxFailures: 7, backoff: Self.backoff)
        let honour = [Self.accrual: "consecutive", Self.alpha + "failure-accrual-honor-retry-after": "true"]
        let both = honour.merging([Self.alpha + "penalize-failures": "true"]) { $1 }
        for egress in [true, false] {
            let rated = [Self.accrual: "consecutive", Self.rate + "-threshold": "0.5"]
            #expect(try self.accrual(rated, egress: egress).0 == consecutive)
            #expect(try self.accrual(honour, egress: egress).0 == consecutive)
            #expect(try self.accrual(both, egress: egress).0 == consecutive)
        }
        #expect(try self.accrual(honour, egress: false).1 == LoadEstimate())
        #expect(try self.accrual(both, egress: false).1?.penalty == .init())
        #expect(try self.accrual(both, egress: true).1 == nil)
    }

    @Test("29.3 filters of a backend, in order; the payload of a type that is left out decides")
    func backendFilters() throws {
        var world = World.shipped
        world.service("svc")
        world.service("b")
        let filters = [
            HTTPRouteFilter(
                type: "RequestHeaderModifier",
                requestHeaderModifier: MeshResources.HeaderModifier(set: [HTTPHeader(name: "set", value: "s")])),
            HTTPRouteFilter(
                type: "RequestRedirect", requestRedirect: RequestRedirect(scheme: "http", hostname: "h", port: 5555)),
        ]
        let backend = HTTPBackendReference(name: "b", port: 8080, filters: filters)
        world.apply(
            HTTPRoute(
                group: .policy, metadata: world.meta("r"),
                spec: HTTPRouteSpec(
                    parentRefs: [.service("svc", port: 8080)], rules: [HTTPRouteRule(backendRefs: [backend])])))
        world.reconcile()
        let found = try world.policy(self.service).http?.routes.first?.rules.first?.distribution.backends.first?.filters
        #expect(
            found == [
                .requestHeaders(MeshPolicy.HeaderModifier(set: [HeaderField(name: "set", value: "s")])),
                .redirect(Redirect(scheme: "http", host: "h", port: 5555, status: 302)),
            ])
    }

    @Test("29.4, 29.5 header changes of gRPC rules and backends")
    func grpcFilters() throws {
        var world = World.shipped
        world.service("svc")
        world.service("b")
        let modifier = MeshResources.HeaderModifier(
            add: [HTTPHeader(name: "a", value: "1")], set: [HTTPHeader(name: "s", value: "2")], remove: ["r"])
        let filter = HTTPRouteFilter(type: "RequestHeaderModifier", requestHeaderModifier: modifier)
        let backend = HTTPBackendReference(name: "b", port: 8080, filters: [filter])
        let route = GRPCRoute(
            metadata: world.meta("r"),
            spec: GRPCRouteSpec(
                parentRefs: [.service("svc", port: 8080)],
                rules: [GRPCRouteRule(filters: [filter], backendRefs: [backend])]))
        world.snapshot.apply(route, in: ClusterCollections.grpcRoutes)
        world.reconcile()
        guard case .grpc(let grpc) = try world.policy(self.service).protocol else {
            Issue.record("not gRPC")
            return
        }
        let expected = GRPCFilter.requestHeaders(
            MeshPolicy.HeaderModifier(
                add: [HeaderField(name: "a", value: "1")], set: [HeaderField(name: "s", value: "2")], remove: ["r"]))
        let rule = try #require(grpc.routes.first?.rules.first)
        #expect(rule.filters == [expected])
        #expect(rule.distribution.backends.first?.filters == [expected])
    }

    @Test("30.12 an annotation that cannot be read leaves the default")
    func badAnnotation() throws {
        var world = World.shipped
        world.service("svc", annotations: [Self.alpha + "penalize-failures": "invalid"])
        guard case .balance(_, let load)? = try world.policy(self.service).firstBackend?.target else {
            Issue.record("not balanced")
            return
        }
        #expect(load == LoadEstimate())
    }
}
