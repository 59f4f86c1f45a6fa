import MeshModel
import MeshPolicy
import Testing

@Suite struct RouteSelectionTests {
    private func route(_ name: String, hosts: [String] = [], _ matches: HTTPRouteMatch...) -> InboundRoute<HTTPKind> {
        InboundRoute(
            metadata: .implicit(name), hosts: hosts.map { HostMatch($0) },
            rules: [InboundRoute.Rule(matches: matches)])
    }

    private func name(_ request: TestRequest, _ routes: [InboundRoute<HTTPKind>]) -> String? {
        request.choice(in: routes).map { routes[$0.route].metadata.name }
    }

    @Test(
        "prefixes cover whole segments",
        arguments: [
            ("/foo", "/foo", true), ("/foo", "/foo/bar", true), ("/foo", "/foobar", false), ("/foo/", "/foo", true),
            ("/foo/", "/foo/bar", true), ("/", "/anything", true), ("/", "/", true), ("/foo", "/", false),
            ("/", "*", false),
        ])
    func prefixes(prefix: String, path: String, expected: Bool) {
        let routes = [self.route("r", HTTPRouteMatch(path: .prefix(ByteString(prefix))))]
        #expect((TestRequest(path).choice(in: routes) != nil) == expected)
    }

    @Test("a prefix reports the bytes that it covers")
    func prefixLength() {
        let routes = [self.route("r", HTTPRouteMatch(path: .prefix("/foo/")))]
        #expect(TestRequest("/foo/bar").choice(in: routes)?.prefixLength == 4)
    }

    @Test("an exact host beats a longer suffix, which beats none")
    func hosts() {
        let any = HTTPRouteMatch(path: .prefix("/"))
        let routes = [
            self.route("none", any), self.route("suffix", hosts: ["*.example.com"], any),
            self.route("longer", hosts: ["*.a.example.com"], any), self.route("exact", hosts: ["b.example.com"], any),
        ]
        #expect(self.name(TestRequest("/", host: "x.example.com"), routes) == "suffix")
        #expect(self.name(TestRequest("/", host: "x.a.example.com"), routes) == "longer")
        #expect(self.name(TestRequest("/", host: "B.Example.com.:8080"), routes) == "exact")
        #expect(self.name(TestRequest("/", host: "example.com"), routes) == "none")
    }

    @Test("a route for other hosts is skipped however specific it is")
    func otherHosts() {
        let routes = [
            self.route("other", hosts: ["other"], HTTPRouteMatch(path: .exact("/a"), method: "GET")),
            self.route("any", HTTPRouteMatch(path: .prefix("/"))),
        ]
        #expect(self.name(TestRequest("/a"), routes) == "any")
    }

    @Test("the longer path wins, whatever its kind, then headers, query and method; ties go to the first")
    func precedence() throws {
        let header = HeaderMatch(name: "X-A", value: .exact("1"))
        let query = QueryMatch(name: "q", value: .exact("1"))
        let routes = [
            self.route("prefix", HTTPRouteMatch(path: .prefix("/a"))),
            self.route("exact", HTTPRouteMatch(path: .exact("/a/b"))),
            self.route("regex", HTTPRouteMatch(path: .regex(try LinearRegex("/a/.*")))),
            self.route("method", HTTPRouteMatch(path: .prefix("/a"), method: "GET")),
            self.route("query", HTTPRouteMatch(path: .prefix("/a"), query: [query])),
            self.route("header", HTTPRouteMatch(path: .prefix("/a"), headers: [header])),
        ]
        #expect(self.name(TestRequest("/a/b"), routes) == "exact")
        #expect(self.name(TestRequest("/a/c"), routes) == "regex")
        #expect(self.name(TestRequest("POST", "/a"), routes) == "prefix")
        #expect(self.name(TestRequest("GET", "/a"), routes) == "method")
        #expect(self.name(TestRequest("/a?q=1"), routes) == "query")
        #expect(self.name(TestRequest("/a?q=1", headers: [("x-a", "1")]), routes) == "header")
    }

    @Test("one of several header values is enough; names ignore case")
    func headers() {
        let match = HTTPRouteMatch(headers: [HeaderMatch(name: "Version", value: .exact("two"))])
        let routes = [self.route("r", match)]
        #expect(TestRequest("/", headers: [("VERSION", "one"), ("version", "two")]).choice(in: routes) != nil)
        #expect(TestRequest("/", headers: [("version", "Two")]).choice(in: routes) == nil)
    }

    @Test(
        "query values are decoded",
        arguments: [
            ("a%20b=c%2Bd", true), ("a+b=c%2bd", true), ("x=1&a b=c%2Bd", true), ("a%20b=c+d", false), ("a%20b", false),
            ("", false), ("a%20b=c%2Bd&a%20b=other", true),
        ])
    func query(query: String, expected: Bool) {
        let match = HTTPRouteMatch(query: [QueryMatch(name: "a b", value: .exact("c+d"))])
        #expect((TestRequest("/?\(query)").choice(in: [self.route("r", match)]) != nil) == expected)
    }

    @Test("nothing matches a route without rules; a rule without matches takes everything")
    func emptyLists() {
        #expect(TestRequest("/").choice(in: [InboundRoute<HTTPKind>(metadata: .implicit("r"), rules: [])]) == nil)
        #expect(TestRequest("/").choice(in: [self.route("r")]) != nil)
    }

    @Test("gRPC calls are matched by service, then method, and must be POST")
    func grpc() {
        func route(_ name: String, _ match: GRPCRouteMatch) -> InboundRoute<GRPCKind> {
            InboundRoute(metadata: .implicit(name), rules: [InboundRoute.Rule(matches: [match])])
        }
        let routes = [
            route("any", GRPCRouteMatch()), route("service", GRPCRouteMatch(service: "emoji.Voting")),
            route("method", GRPCRouteMatch(service: "emoji.Voting", method: "Vote")),
        ]
        func name(_ request: TestRequest) -> String? {
            request.choice(in: routes).map { routes[$0.route].metadata.name }
        }
        #expect(name(TestRequest("POST", "/emoji.Voting/Vote", isGRPC: true)) == "method")
        #expect(name(TestRequest("POST", "/emoji.Voting/List", isGRPC: true)) == "service")
        #expect(name(TestRequest("POST", "/other.Thing/List", isGRPC: true)) == "any")
        #expect(name(TestRequest("GET", "/emoji.Voting/Vote", isGRPC: true)) == nil)
        #expect(name(TestRequest("POST", "/nothing", isGRPC: true)) == nil)
    }

    @Test("server names choose TLS routes")
    func serverNames() {
        func route(_ name: String, _ hosts: String...) -> OutboundRoute<TLSKind> {
            OutboundRoute(
                metadata: .implicit(name), hosts: hosts.map { HostMatch($0) },
                rules: [OutboundRoute.Rule(distribution: .empty)])
        }
        let routes = [route("any"), route("suffix", "*.example.com"), route("exact", "a.example.com")]
        func name(_ host: String) -> String? {
            routes.choose(serverName: Array(host.utf8).span).map { routes[$0.route].metadata.name }
        }
        #expect(name("a.example.com") == "exact")
        #expect(name("b.example.com") == "suffix")
        #expect(name("c") == "any")
    }
}
