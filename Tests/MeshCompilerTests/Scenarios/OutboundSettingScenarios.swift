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
        "25.1–25.5 penalties for failures are switched on by any spelling of true",
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
        "25.18–25.27 limits of unified accrual",
        arguments: [
            (["-window": "10ms"], true), (["-window": "500ms"], true), (["-window": "9ms"], false),
            (["-min-requests": "0"], true), (["-min-requests": "1000001"], false), (["-threshold": "0.0"], true),
            (["-threshold": "0", "-window": "5ms"], true), (["-threshold": "0", "-min-requests": "2000000"], true),
            (["-treshold": "x"], true), (["-threshold": "1.1"], false), (["-window": "0"], false),
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
