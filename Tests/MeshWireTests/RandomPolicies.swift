import MeshModel
import MeshPolicy
import MeshTestKit

/// Random values of the policy model, in the form that the wire keeps.
struct PolicyMaker {
    var random: SplitMix64

    init(seed: UInt64) { self.random = SplitMix64(seed: seed) }

    mutating func chance(_ share: Double = 0.5) -> Bool { Double.random(in: 0..<1, using: &self.random) < share }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self.random) }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[self.number(0...(values.count - 1))] }

    mutating func list<Value>(_ range: ClosedRange<Int>, _ make: (inout Self) -> Value) -> [Value] {
        (0..<self.number(range)).map { _ in make(&self) }
    }

    mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? { self.chance() ? make(&self) : nil }

    mutating func word() -> String { self.pick(["alpha", "beta", "gamma", "delta", "x", "web-0"]) }

    mutating func duration() -> Duration { .milliseconds(self.number(1...100_000)) }

    mutating func address() -> IPAddress {
        self.chance()
            ? .v4(UInt32.random(in: 0...(.max), using: &self.random))
            : .v6(
                UInt64.random(in: 0...(.max), using: &self.random), UInt64.random(in: 0...(.max), using: &self.random))
    }

    mutating func network() -> IPNetwork {
        let address = self.address()
        return IPNetwork(address, prefixLength: self.number(0...address.bitWidth)) ?? .all4
    }

    mutating func metadata(complete: Bool = false) -> PolicyMetadata {
        guard self.chance(0.7) else { return .implicit(self.word()) }
        return .resource(
            ResourceReference(
                group: complete ? "core" : "policy.linkerd.io", kind: self.pick(["Service", "HTTPRoute"]),
                name: self.word(), namespace: complete ? self.word() : self.pick(["", "ns"]),
                port: self.maybe { UInt16($0.number(1...65535)) }))
    }

    mutating func host() -> HostMatch { HostMatch(self.pick(["a.example.com", "*.example.com", "web", "*.b"])) }

    mutating func regex() -> LinearRegex {
        guard let regex = try? LinearRegex(self.pick(["/a/.*", "[a-z]+", "x|y"])) else { preconditionFailure() }
        return regex
    }

    mutating func value() -> ValueMatch { self.chance() ? .exact(ByteString(self.word())) : .regex(self.regex()) }

    mutating func headers() -> [HeaderMatch] { self.list(0...2) { HeaderMatch(name: $0.word(), value: $0.value()) } }

    mutating func httpMatch() -> HTTPRouteMatch {
        HTTPRouteMatch(
            path: self.maybe {
                $0.pick([.exact("/a"), .prefix("/b"), .regex($0.regex())])
            }, headers: self.headers(),
            query: self.list(0...2) { QueryMatch(name: ByteString($0.word()), value: $0.value()) },
            method: self.maybe { $0.pick(["GET", "POST", "PURGE"]) })
    }

    mutating func grpcMatch() -> GRPCRouteMatch {
        GRPCRouteMatch(
            service: self.pick(["", "a.B"]), method: self.pick(["", "Call"]), headers: self.headers())
    }

    mutating func modifier() -> HeaderModifier {
        HeaderModifier(
            add: self.list(0...2) { HeaderField(name: $0.word(), value: ByteString($0.word())) },
            set: self.list(0...2) { HeaderField(name: $0.word(), value: ByteString($0.word())) },
            remove: self.list(0...2) { ByteString($0.word()) })
    }

    mutating func failure(_ codes: ClosedRange<Int>) -> FailureInjector {
        FailureInjector(
            code: UInt32(self.number(codes)), message: self.word(),
            ratio: self.chance() ? Ratio(UInt32(self.number(0...9)), of: 10) : nil)
    }

    mutating func redirect() -> Redirect {
        Redirect(
            scheme: self.maybe { $0.pick(["http", "https", "other"]) }, host: self.maybe { $0.word() },
            path: self.maybe { $0.pick([.full("/x"), .prefix("/y")]) },
            port: self.maybe { UInt16($0.number(1...65535)) }, status: self.pick([301, 302, 307]))
    }

    mutating func httpFilter(inbound: Bool) -> HTTPFilter {
        switch self.number(0...(inbound ? 2 : 3)) {
        case 0: .failure(self.failure(400...599))
        case 1: .requestHeaders(self.modifier())
        case 2: .redirect(self.redirect())
        default: .responseHeaders(self.modifier())
        }
    }

    mutating func grpcFilter() -> GRPCFilter {
        self.chance() ? .failure(self.failure(0...500)) : .requestHeaders(self.modifier())
    }

    mutating func connectionFilter() -> ConnectionFilter { self.chance() ? .forbidden : .invalid(self.word()) }

    mutating func timeouts() -> Timeouts {
        Timeouts(
            request: self.maybe { $0.duration() }, response: self.maybe { $0.duration() },
            idle: self.maybe { $0.duration() })
    }

    mutating func backoff() -> Backoff {
        let minimum = self.duration()
        return Backoff(
            minimum: minimum, maximum: minimum * self.number(1...10), jitter: self.pick([0, 0.5, 1]))
    }
}

// MARK: - Inbound

extension PolicyMaker {
    mutating func authorization() -> Authorization {
        Authorization(
            networks: self.list(0...3) { maker in
                NetworkMatch(maker.network(), except: maker.list(0...2) { $0.network() })
            },
            authentication: self.pick([
                .unauthenticated, .tls, .anyIdentity,
                .identities(
                    IdentityMatch(exact: ["a.b", "spiffe://x/Y"], suffixes: [".ns.serviceaccount", ""])),
            ]), metadata: self.metadata())
    }

    mutating func rateLimit() -> RateLimit {
        RateLimit(
            metadata: self.metadata(), total: self.maybe { UInt32($0.number(1...1000)) },
            identity: self.maybe { UInt32($0.number(1...1000)) },
            overrides: self.list(0...2) { RateLimit.Override(limit: UInt32($0.number(1...9)), identities: ["a.b"]) })
    }

    mutating func inboundHTTP() -> InboundHTTP {
        let routes = self.list(1...3) { maker in
            InboundRoute<HTTPKind>(
                metadata: maker.metadata(), hosts: maker.list(0...2) { $0.host() },
                authorizations: maker.list(0...2) { $0.authorization() },
                rules: maker.list(0...2) { maker in
                    InboundRoute.Rule(
                        matches: maker.list(0...2) { $0.httpMatch() },
                        filters: maker.list(0...2) { $0.httpFilter(inbound: true) })
                })
        }
        return InboundHTTP(routes: routes, rateLimit: self.maybe { $0.rateLimit() })
    }

    mutating func inboundGRPC() -> [InboundRoute<GRPCKind>] {
        self.list(1...3) { maker in
            InboundRoute(
                metadata: maker.metadata(), hosts: maker.list(0...2) { $0.host() },
                authorizations: maker.list(0...2) { $0.authorization() },
                rules: maker.list(0...2) { maker in
                    InboundRoute.Rule(
                        matches: maker.list(0...2) { $0.grpcMatch() }, filters: maker.list(0...2) { $0.grpcFilter() })
                })
        }
    }

    mutating func inboundPolicy() -> InboundPolicy {
        let kind: InboundProtocol =
            switch self.number(0...5) {
            case 0: .detect(timeout: self.duration(), http: self.inboundHTTP())
            case 1: .http1(self.inboundHTTP())
            case 2: .http2(self.inboundHTTP())
            case 3: .grpc(self.inboundGRPC())
            case 4: .opaque
            default: .tls
            }
        let metadata: PolicyMetadata =
            self.chance()
            ? .implicit(self.word())
            : .resource(ResourceReference(group: "policy.linkerd.io", kind: "server", name: self.word()))
        return InboundPolicy(
            protocol: kind, authorizations: self.list(0...3) { $0.authorization() }, metadata: metadata)
    }
}

// MARK: - Outbound and discovery

extension PolicyMaker {
    mutating func endpoint() -> Endpoint {
        Endpoint(
            address: SocketAddress(self.address(), port: UInt16(self.number(1...65535))),
            weight: UInt32(self.number(0...20_000)), labels: ["pod": self.word()],
            tls: self.maybe { maker in
                maker.chance()
                    ? EndpointTLS(dns: "a.b") : EndpointTLS(identity: .uri("spiffe://x"), serverName: "name")
            },
            hint: self.pick([nil, .http2, .opaque, .unspecified]), authorityOverride: self.maybe { $0.word() },
            http2: self.maybe { maker in
                HTTP2ClientSettings(
                    flowControl: maker.pick([nil, .adaptive, .fixed(connection: 1 << 20, stream: 65_535)]),
                    keepAlive: maker.maybe {
                        HTTP2ClientSettings.KeepAlive(
                            interval: $0.duration(), timeout: $0.duration(), whileIdle: $0.chance())
                    }, maxFrameSize: maker.maybe { _ in 16_384 })
            })
    }

    mutating func backend() -> Backend {
        let penalty = self.maybe {
            LoadEstimate.Penalty(latency: $0.duration(), maxRetryAfter: $0.duration(), decay: $0.duration())
        }
        let load = LoadEstimate(defaultRTT: self.duration(), decay: self.duration(), penalty: penalty)
        return Backend(
            metadata: self.metadata(complete: true),
            target: self.pick([
                .balance(path: "web.ns.svc.cluster.local:80", load: load), .forward(self.endpoint()), .fail,
            ]), queue: Queue(capacity: UInt32(self.number(1...1000)), failfastTimeout: self.duration()))
    }

    mutating func distribution<Kind: RouteKind>(_ filter: (inout Self) -> Kind.Filter) -> Distribution<Kind> {
        switch self.number(0...2) {
        case 0: .empty
        case 1:
            .firstAvailable(
                self.list(1...3) { maker in RouteBackend(maker.backend(), filters: maker.list(0...2, filter)) })
        default:
            .random(
                self.list(1...3) { maker in
                    RouteBackend(
                        maker.backend(), filters: maker.list(0...2, filter), weight: UInt32(maker.number(0...100)))
                })
        }
    }

    mutating func outboundHTTP() -> OutboundHTTP {
        OutboundHTTP(
            routes: self.list(0...2) { maker in
                OutboundRoute(
                    metadata: maker.metadata(), hosts: maker.list(0...2) { $0.host() },
                    rules: maker.list(0...2) { maker in
                        OutboundRoute.Rule(
                            matches: maker.list(0...2) { $0.httpMatch() },
                            filters: maker.list(0...2) { $0.httpFilter(inbound: false) },
                            distribution: maker.distribution { $0.httpFilter(inbound: false) },
                            timeouts: maker.timeouts(),
                            retry: maker.maybe {
                                Retry(
                                    maxRetries: UInt16($0.number(0...9)), conditions: [500...599, 429...429],
                                    timeout: $0.maybe { $0.duration() }, backoff: $0.maybe { $0.backoff() })
                            }, allowsRequestOverrides: maker.chance())
                    })
            }, failureAccrual: self.maybe { $0.accrual() })
    }

    mutating func outboundGRPC() -> OutboundGRPC {
        OutboundGRPC(
            routes: self.list(0...2) { maker in
                OutboundRoute(
                    metadata: maker.metadata(), hosts: maker.list(0...2) { $0.host() },
                    rules: maker.list(0...2) { maker in
                        OutboundRoute.Rule(
                            matches: maker.list(0...2) { $0.grpcMatch() },
                            filters: maker.list(0...2) { $0.grpcFilter() },
                            distribution: maker.distribution { $0.grpcFilter() }, timeouts: maker.timeouts(),
                            retry: maker.maybe { Retry(maxRetries: UInt16($0.number(0...9)), conditions: [.internal]) },
                            allowsRequestOverrides: maker.chance())
                    })
            }, failureAccrual: self.maybe { $0.accrual() })
    }

    mutating func accrual() -> FailureAccrual {
        guard self.chance() else {
            return .consecutive(maxFailures: UInt32(self.number(0...9)), backoff: self.backoff())
        }
        return .unified(
            FailureAccrual.SuccessRate(
                threshold: self.pick([0, 0.5, 1]), window: .seconds(10), minRequests: 5, maxConsecutiveFailures: 7),
            backoff: self.backoff(), respectsRetryAfter: self.chance())
    }

    mutating func opaque() -> [OutboundRoute<OpaqueKind>] {
        self.list(0...1) { maker in
            OutboundRoute(
                metadata: maker.metadata(),
                rules: [
                    OutboundRoute.Rule(
                        filters: maker.list(0...1) { $0.connectionFilter() },
                        distribution: maker.distribution { $0.connectionFilter() })
                ])
        }
    }

    mutating func outboundPolicy() -> OutboundPolicy {
        let kind: OutboundProtocol =
            switch self.number(0...5) {
            case 0:
                .detect(
                    timeout: self.duration(), opaque: self.opaque(), http1: self.outboundHTTP(),
                    http2: self.outboundHTTP())
            case 1: .opaque(self.opaque())
            case 2: .http1(self.outboundHTTP())
            case 3: .http2(self.outboundHTTP())
            case 4: .grpc(self.outboundGRPC())
            default:
                .tls(
                    self.list(0...2) { maker in
                        OutboundRoute(
                            metadata: maker.metadata(), hosts: maker.list(0...2) { $0.host() },
                            rules: [OutboundRoute.Rule(distribution: maker.distribution { $0.connectionFilter() })])
                    })
            }
        return OutboundPolicy(metadata: self.metadata(), protocol: kind)
    }

    mutating func profile() -> Profile {
        Profile(
            fullyQualifiedName: self.word(), isOpaque: self.chance(), endpoint: self.maybe { $0.endpoint() },
            routes: self.list(0...2) { maker in
                ProfileRoute(
                    condition: maker.pick([
                        .all([.path(maker.regex()), .not(.method("GET"))]), .any([.method("PURGE")]),
                    ]),
                    responseClasses: [
                        ResponseClass(condition: .any([.status(500...599), .not(.status(200...299))]), isFailure: true)
                    ], labels: ["route": maker.word()], isRetryable: maker.chance(),
                    timeout: maker.maybe { $0.duration() })
            }, retryBudget: self.maybe { _ in RetryBudget() },
            overrides: self.list(0...2) { WeightedTarget(authority: $0.word(), weight: 5, backend: $0.metadata()) },
            parent: self.maybe { $0.metadata() }, profile: self.maybe { $0.metadata() })
    }
}
