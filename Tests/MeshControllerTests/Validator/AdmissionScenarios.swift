import MeshController
import MeshModel
import Testing

/// The scenarios 1–10: what the validating webhook lets in.
@Suite struct AdmissionScenarios {
    /// One object, by the number of its scenario.
    struct Numbered: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let item: ValidatorCase
        let isAccepted: Bool

        /// An object of policy.linkerd.io unless `gateway` says otherwise.
        init(_ number: String, _ kind: String, _ spec: String, _ isAccepted: Bool, gateway: Bool = false) {
            self.testDescription = "\(number) \(kind)"
            self.item = gateway ? .gateway(kind, spec, nil) : .policy(kind, spec, nil)
            self.isAccepted = isAccepted
        }
    }

    private static let mesh =
        #"{"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": "mtls-clients"}"#
    private static let net =
        #"{"group": "policy.linkerd.io", "kind": "NetworkAuthentication", "name": "cluster-nets", "namespace": "linkerd"}"#
    private static let otherMesh =
        #"{"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": "m", "namespace": "other"}"#

    private static func authz(_ target: String, _ refs: String?) -> String {
        let list = refs.map { #", "requiredAuthenticationRefs": [\#($0)]"# } ?? ""
        return #"{"targetRef": \#(target)\#(list)}"#
    }

    private static let api = #"{"group": "policy.linkerd.io", "kind": "Server", "name": "api"}"#

    static let policies = [
        Numbered("1.1", "AuthorizationPolicy", authz(api, "\(mesh), \(net)"), true),
        Numbered(
            "1.2", "AuthorizationPolicy", authz(#"{"kind": "Namespace", "name": "shop"}"#, "\(mesh), \(net)"), true),
        Numbered(
            "1.3", "AuthorizationPolicy", authz(#"{"kind": "Namespace", "name": "foobar"}"#, "\(mesh), \(net)"), false),
        Numbered("1.4", "AuthorizationPolicy", authz(api, mesh), true),
        Numbered("1.5", "AuthorizationPolicy", authz(api, net), true),
        Numbered("1.6", "AuthorizationPolicy", authz(api, ""), true),
        Numbered("1.7", "AuthorizationPolicy", authz(api, nil), false),
        Numbered(
            "1.8", "AuthorizationPolicy",
            authz(#"{"group": "apps", "kind": "Deployment", "name": "api"}"#, "\(mesh), \(net)"), false),
        Numbered("1.9", "AuthorizationPolicy", authz(api, "\(mesh), \(otherMesh)"), false),
        Numbered(
            "2.1", "MeshTLSAuthentication", #"{"identityRefs": [{"kind": "ServiceAccount", "name": "default"}]}"#, true),
        Numbered(
            "2.2", "MeshTLSAuthentication", #"{"identityRefs": [{"kind": "Namespace", "name": "default"}]}"#, true),
        Numbered("2.3", "MeshTLSAuthentication", #"{"identities": ["example.id"]}"#, true),
        Numbered("2.4", "MeshTLSAuthentication", "{}", false),
        Numbered(
            "2.5", "MeshTLSAuthentication",
            #"{"identities": ["example.id"], "identityRefs": [{"kind": "ServiceAccount", "name": "default"}]}"#, false),
    ]

    static let networks = [
        Numbered(
            "3.1", "NetworkAuthentication",
            #"{"networks": [{"cidr": "10.1.0.0/24"}, {"cidr": "10.1.1.0/24", "except": ["10.1.1.0/28"]}]}"#, true),
        Numbered(
            "3.2", "NetworkAuthentication", #"{"networks": [{"cidr": "10.1.0.0/16", "except": ["10.1.1.1"]}]}"#, true),
        Numbered(
            "3.3", "NetworkAuthentication", #"{"networks": [{"cidr": "10.1.1.0/24", "except": ["10.1.0.0/16"]}]}"#,
            false),
        Numbered(
            "3.4", "NetworkAuthentication", #"{"networks": [{"cidr": "10.1.0.0/16", "except": ["bogus"]}]}"#, false),
        Numbered("3.5", "NetworkAuthentication", #"{"networks": []}"#, false),
        Numbered(
            "4.1", "ServerAuthorization",
            client(
                #""networks": [{"cidr": "10.1.0.0/24"}, {"cidr": "10.1.1.0/24", "except": ["10.1.1.0/28"]}], "unauthenticated": true"#
            ), true),
        Numbered(
            "4.2", "ServerAuthorization",
            client(#""networks": [{"cidr": "10.1.1.0/24", "except": ["10.1.0.0/16"]}], "unauthenticated": true"#), false
        ),
        Numbered(
            "4.3", "ServerAuthorization", client(#""unauthenticated": true, "meshTLS": {"identities": ["*"]}"#), false),
        Numbered(
            "4.4", "ServerAuthorization",
            client(
                #""networks": [{"cidr": "10.1.0.2"}, {"cidr": "10.1.1.0/24", "except": ["10.1.1.3"]}], "unauthenticated": true"#
            ), true),
        Numbered(
            "4.5", "ServerAuthorization",
            client(#""networks": [{"cidr": "10.1.1.0/24", "except": ["10.1.2.0/24"]}], "unauthenticated": true"#), false
        ),
        Numbered(
            "4.6", "ServerAuthorization", client(#""networks": [{"cidr": "bogus"}], "unauthenticated": true"#), false),
    ]

    private static func client(_ client: String) -> String {
        #"{"server": {"name": "api"}, "client": {\#(client)}}"#
    }

    private static let labels = #""podSelector": {"matchLabels": {"app": "api"}}"#
    private static let clientReference = #"{"kind": "ServiceAccount", "name": "c", "namespace": "shop"}"#

    static let others = [
        Numbered("5.1", "Server", "{\(labels), \"port\": 80}", true),
        Numbered("5.2", "Server", #"{\#(labels), "port": "http", "proxyProtocol": "HTTP/2"}"#, true),
        Numbered("5.3", "Server", #"{\#(labels), "port": 80, "proxyProtocol": "garbanzo"}"#, false),
        Numbered(
            "6.1", "EgressNetwork",
            #"{"trafficPolicy": "Allow", "networks": [{"cidr": "10.1.0.0/24"}, {"cidr": "10.1.1.0/24", "except": ["10.1.1.0/28"]}]}"#,
            true),
        Numbered("6.2", "EgressNetwork", #"{"trafficPolicy": "Allow", "networks": []}"#, false),
        Numbered("6.3", "HTTPLocalRateLimitPolicy", limit(api, identity: 100, override: 200), true),
        Numbered(
            "6.4", "HTTPLocalRateLimitPolicy",
            limit(#"{"group": "apps", "kind": "Deployment", "name": "d"}"#, identity: 100, override: 200), false),
        Numbered("6.5", "HTTPLocalRateLimitPolicy", limit(api, identity: 100, override: 1001), false),
    ]

    private static func limit(_ target: String, identity: Int, override: Int) -> String {
        """
        {"targetRef": \(target), "total": {"requestsPerSecond": 1000}, "identity": {"requestsPerSecond": \(identity)},
         "overrides": [{"requestsPerSecond": \(override), "clientRefs": [\(clientReference)]}]}
        """
    }

    private static let server = #"{"group": "policy.linkerd.io", "kind": "Server", "name": "api"}"#
    private static let egress = #"{"group": "policy.linkerd.io", "kind": "EgressNetwork", "name": "e"}"#
    private static let ported = #"{"group": "policy.linkerd.io", "kind": "EgressNetwork", "name": "e", "port": 555}"#

    private static func route(_ parent: String, _ rules: String) -> String {
        #"{"parentRefs": [\#(parent)], "rules": [\#(rules)]}"#
    }

    private static func exact(_ path: String) -> String {
        #"{"matches": [{"path": {"type": "Exact", "value": "\#(path)"}}]}"#
    }

    private static let relativeRedirect =
        #"{"filters": [{"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "foo/bar"}}}]}"#

    static let routes = [
        Numbered("7.1", "HTTPRoute", route(server, exact("/foo")), true),
        Numbered("7.2", "HTTPRoute", route(ported, exact("/foo")), true),
        Numbered("7.3", "HTTPRoute", route(egress, exact("/foo")), false),
        Numbered("7.4", "HTTPRoute", route(server, exact("foo/bar")), false),
        Numbered("8.1", "HTTPRoute", route(server, exact("/foo")), true, gateway: true),
        Numbered(
            "8.2", "HTTPRoute",
            route(
                server,
                #"{"filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "m", "port": 80}}}]}"#
            ), true, gateway: true),
        Numbered(
            "8.3", "HTTPRoute",
            route(server, #"{"filters": [{"type": "URLRewrite", "urlRewrite": {"hostname": "foo.bar"}}]}"#), true,
            gateway: true),
        Numbered(
            "8.4", "HTTPRoute",
            route(server, #"{"backendRefs": [{"group": "foreign.example.com", "kind": "Thing", "name": "t"}]}"#), true,
            gateway: true),
        Numbered(
            "8.5", "HTTPRoute",
            route(server, #"{"backendRefs": [{"group": "core", "kind": "Service", "name": "b", "port": 8080}]}"#), true,
            gateway: true),
        Numbered(
            "8.6", "HTTPRoute", route(server, #"{"backendRefs": [{"name": "b", "port": 8080}]}"#), true, gateway: true),
        Numbered("8.7", "HTTPRoute", route(server, exact("foo/bar")), false, gateway: true),
        Numbered("8.8", "HTTPRoute", route(server, relativeRedirect), false, gateway: true),
        Numbered(
            "8.9", "HTTPRoute",
            route(server, #"{"backendRefs": [{"group": "core", "kind": "Service", "name": "b"}]}"#), false,
            gateway: true),
        Numbered("9.1", "GRPCRoute", route(ported, "{}"), true, gateway: true),
        Numbered("9.2", "GRPCRoute", route(egress, "{}"), false, gateway: true),
        Numbered("9.3", "TLSRoute", route(ported, "{}"), true, gateway: true),
        Numbered("9.4", "TLSRoute", route(egress, "{}"), false, gateway: true),
        Numbered("9.5", "TCPRoute", route(ported, "{}"), true, gateway: true),
        Numbered("9.6", "TCPRoute", route(ported, "{}, {}"), false, gateway: true),
    ]

    private static func identity(_ number: String, _ text: String, _ isAccepted: Bool) -> Numbered {
        Numbered(number, "MeshTLSAuthentication", #"{"identities": ["\#(text)"]}"#, isAccepted)
    }

    static let identities = [
        identity("10.1", "system.local", true), identity("10.2", "*", true), identity("10.3", "*.system.local", true),
        identity("10.4", "system.local.*", false), identity("10.5", ".system.local", false),
        identity("10.6", "system..local", false), identity("10.7", "spiffe://trustdomain", true),
        identity("10.8", "spiffe://trustdomain/path/element", true),
        identity("10.9", "http://domain.test/path/element", false), identity("10.10", "spiffe:/path/element", false),
        identity("10.11", "spiffe:path/element", false),
        identity("10.12", "spiffe://domain.test/path/element?query=", false),
        identity("10.13", "spiffe://domain.test/path/element#fragment-1", false),
        identity("10.14", "spiffe://user:password@test.org/path/element", false),
        identity("10.15", "spiffe://test.org/", false), identity("10.16", "spiffe://test.org//", false),
        identity("10.17", "spiffe://test.org/path/other/", false),
        identity("10.18", "spiffe://test.org/./other", false),
    ]

    @Test("admission", arguments: policies + networks + others + routes + identities)
    func admission(scenario: Numbered) throws {
        let rejection = try scenario.item.rejection()
        #expect((rejection == nil) == scenario.isAccepted, "\(String(describing: rejection))")
    }
}
