import MeshController
import MeshModel
import Testing

@Suite struct PolicyValidatorTests {
    typealias Case = ValidatorCase

    private func check(_ item: Case) throws {
        let rejection = try item.rejection()
        #expect(rejection?.field == item.field, "\(String(describing: rejection))")
    }

    static let servers: [Case] = [
        .policy("Server", #"{"podSelector": {}, "port": 80}"#, nil),
        .policy(
            "server", #"{"podSelector": {}, "port": "http", "proxyProtocol": "gRPC", "accessPolicy": "audit"}"#, nil),
        .policy("Server", #"{"externalWorkloadSelector": {"matchLabels": {"a": "b"}}, "port": 80}"#, nil),
        .policy("Server", #"{"port": 80}"#, "spec"),
        .policy("Server", #"{"podSelector": {}, "externalWorkloadSelector": {}, "port": 80}"#, "spec"),
        .policy("Server", #"{"podSelector": {}}"#, "spec.port"),
        .policy("Server", #"{"podSelector": {}, "port": 0}"#, "spec.port"),
        .policy("Server", #"{"podSelector": {}, "port": 70000}"#, "spec.port"),
        .policy("Server", #"{"podSelector": {}, "port": "Http!"}"#, "spec.port"),
        .policy("Server", #"{"podSelector": {}, "port": 80, "proxyProtocol": "http/1"}"#, "spec.proxyProtocol"),
        .policy("Server", #"{"podSelector": {}, "port": 80, "accessPolicy": "allow"}"#, "spec.accessPolicy"),
        .policy(
            "Server", #"{"podSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}, "port": 80}"#,
            "spec.podSelector.matchExpressions[0].operator"),
        .policy(
            "Server", #"{"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}, "port": 80}"#,
            "spec.podSelector.matchExpressions[0].values"),
        .policy("Server", "null", "spec"),
        .policy("Server", #""x""#, "spec"),
    ]

    @Test("Servers", arguments: servers)
    func server(item: Case) throws { try self.check(item) }

    static let authorizations: [Case] = [
        .policy("ServerAuthorization", #"{"server": {"name": "s"}, "client": {"unauthenticated": true}}"#, nil),
        .policy(
            "ServerAuthorization",
            #"{"server": {"selector": {}}, "client": {"meshTLS": {"identities": ["*"], "serviceAccounts": [{"name": "a"}]}}}"#,
            nil),
        .policy("ServerAuthorization", #"{"server": {}, "client": {}}"#, "spec.server"),
        .policy("ServerAuthorization", #"{"server": {"name": "s", "selector": {}}, "client": {}}"#, "spec.server"),
        .policy("ServerAuthorization", #"{"server": {"name": "s"}}"#, "spec.client"),
        .policy(
            "ServerAuthorization", #"{"server": {"name": "s"}, "client": {"unauthenticated": true, "meshTLS": {}}}"#,
            "spec.client.unauthenticated"),
        .policy(
            "ServerAuthorization",
            #"{"server": {"name": "s"}, "client": {"meshTLS": {"unauthenticatedTLS": true, "identities": ["*"]}}}"#,
            "spec.client.meshTLS.unauthenticatedTLS"),
        .policy(
            "ServerAuthorization",
            #"{"server": {"name": "s"}, "client": {"networks": [{"cidr": "10.0.0.0/8", "except": ["0.0.0.0/0"]}]}}"#,
            "spec.client.networks[0].except[0]"),
        .policy(
            "ServerAuthorization", #"{"server": {"name": "s"}, "client": {"networks": [{"cidr": "ten"}]}}"#,
            "spec.client.networks[0].cidr"),
    ]

    @Test("ServerAuthorizations", arguments: authorizations)
    func authorization(item: Case) throws { try self.check(item) }

    static func authorizationPolicy(_ target: String, _ references: String, _ field: String?) -> Case {
        .policy(
            "AuthorizationPolicy", #"{"targetRef": \#(target), "requiredAuthenticationRefs": \#(references)}"#, field)
    }
    static let server = #"{"group": "policy.linkerd.io", "kind": "server", "name": "s"}"#
    static let meshTLS = #"{"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": "m"}"#
    static let network = #"{"group": "policy.linkerd.io", "kind": "NetworkAuthentication", "name": "n"}"#
    static let account = #"{"kind": "ServiceAccount", "name": "a"}"#
    static let references = "spec.requiredAuthenticationRefs"

    static let policies: [Case] = [
        authorizationPolicy(server, "[]", nil),
        authorizationPolicy(server, "[\(meshTLS), \(network)]", nil),
        authorizationPolicy(server, "[\(account), \(network)]", nil),
        authorizationPolicy(#"{"group": "core", "kind": "Namespace", "name": "shop"}"#, "[\(account)]", nil),
        authorizationPolicy(#"{"kind": "Namespace", "name": "other"}"#, "[]", "spec.targetRef.name"),
        authorizationPolicy(#"{"group": "gateway.networking.k8s.io", "kind": "GRPCRoute", "name": "r"}"#, "[]", nil),
        authorizationPolicy(#"{"kind": "Service", "name": "s"}"#, "[]", "spec.targetRef.kind"),
        authorizationPolicy(#"{"kind": "Server", "name": "s"}"#, "[]", "spec.targetRef.kind"),
        authorizationPolicy(#"{"group": "policy.linkerd.io", "kind": "Server"}"#, "[]", "spec.targetRef.name"),
        authorizationPolicy(server, "[\(meshTLS), \(meshTLS)]", references),
        authorizationPolicy(server, "[\(account), \(account)]", references),
        authorizationPolicy(server, "[\(account), \(meshTLS)]", references),
        authorizationPolicy(server, "[\(network), \(network)]", references),
        authorizationPolicy(server, #"[{"kind": "User", "name": "u"}]"#, "\(references)[0].kind"),
        authorizationPolicy(server, "null", references),
        authorizationPolicy(server, "{}", references),
    ]

    @Test("AuthorizationPolicies", arguments: policies)
    func policy(item: Case) throws { try self.check(item) }

    static let authentications: [Case] = [
        .policy("MeshTLSAuthentication", #"{"identities": ["*", "*.shop.cluster.local", "a.b"]}"#, nil),
        .policy("MeshTLSAuthentication", #"{"identities": ["spiffe://a.b", "spiffe://a/b/C_d"]}"#, nil),
        .policy("MeshTLSAuthentication", #"{"identityRefs": [{"kind": "ServiceAccount", "name": "a"}]}"#, nil),
        .policy("MeshTLSAuthentication", #"{"identityRefs": [{"kind": "Namespace", "name": "a"}]}"#, nil),
        .policy("MeshTLSAuthentication", "{}", "spec"),
        .policy("MeshTLSAuthentication", #"{"identities": ["*"], "identityRefs": []}"#, "spec"),
        .policy("MeshTLSAuthentication", #"{"identities": []}"#, "spec.identities"),
        .policy("MeshTLSAuthentication", #"{"identities": ["a.*"]}"#, "spec.identities[0]"),
        .policy("MeshTLSAuthentication", #"{"identities": ["a", "A.b"]}"#, "spec.identities[1]"),
        .policy("MeshTLSAuthentication", #"{"identities": ["a."]}"#, "spec.identities[0]"),
        .policy("MeshTLSAuthentication", #"{"identities": [""]}"#, "spec.identities[0]"),
        .policy("MeshTLSAuthentication", #"{"identities": ["spiffe://"]}"#, "spec.identities[0]"),
        .policy("MeshTLSAuthentication", #"{"identities": ["spiffe://a/"]}"#, "spec.identities[0]"),
        .policy("MeshTLSAuthentication", #"{"identities": ["spiffe://a/.."]}"#, "spec.identities[0]"),
        .policy("MeshTLSAuthentication", #"{"identities": ["spiffe://a:80/b"]}"#, "spec.identities[0]"),
        .policy("MeshTLSAuthentication", #"{"identities": ["SPIFFE://a/b"]}"#, "spec.identities[0]"),
        .policy(
            "MeshTLSAuthentication", #"{"identityRefs": [{"kind": "Pod", "name": "a"}]}"#, "spec.identityRefs[0].kind"),
        .policy(
            "MeshTLSAuthentication", #"{"identityRefs": [{"kind": "Namespace", "name": "a", "namespace": "b"}]}"#,
            "spec.identityRefs[0].namespace"),
        .policy("NetworkAuthentication", #"{"networks": [{"cidr": "10.0.0.1"}, {"cidr": "fd00::/8"}]}"#, nil),
        .policy("NetworkAuthentication", #"{"networks": []}"#, "spec.networks"),
        .policy("NetworkAuthentication", "{}", "spec.networks"),
        .policy(
            "NetworkAuthentication", #"{"networks": [{"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}]}"#,
            "spec.networks[0].except[0]"),
        .policy(
            "NetworkAuthentication", #"{"networks": [{"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}]}"#,
            "spec.networks[0].except[0]"),
        .policy("NetworkAuthentication", #"{"networks": [{"cidr": "10.0.0.0/33"}]}"#, "spec.networks[0].cidr"),
    ]

    @Test("authentications", arguments: authentications)
    func authentication(item: Case) throws { try self.check(item) }

    static let others: [Case] = [
        .policy("EgressNetwork", #"{"trafficPolicy": "Allow"}"#, nil),
        .policy("EgressNetwork", #"{"trafficPolicy": "Deny", "networks": [{"cidr": "0.0.0.0/0"}]}"#, nil),
        .policy("EgressNetwork", #"{"trafficPolicy": "Allow", "networks": []}"#, "spec.networks"),
        .policy("EgressNetwork", "{}", "spec.trafficPolicy"),
        .policy(
            "HTTPLocalRateLimitPolicy",
            #"{"targetRef": \#(server), "total": {"requestsPerSecond": 10}, "identity": {"requestsPerSecond": 10}}"#,
            nil),
        .policy(
            "HTTPLocalRateLimitPolicy", #"{"targetRef": {"kind": "Pod", "name": "p"}}"#, "spec.targetRef.kind"),
        .policy(
            "HTTPLocalRateLimitPolicy", #"{"targetRef": \#(server), "total": {"requestsPerSecond": 0}}"#,
            "spec.total.requestsPerSecond"),
        .policy(
            "HTTPLocalRateLimitPolicy",
            #"{"targetRef": \#(server), "total": {"requestsPerSecond": 5}, "identity": {"requestsPerSecond": 6}}"#,
            "spec.identity.requestsPerSecond"),
        .policy(
            "HTTPLocalRateLimitPolicy",
            #"{"targetRef": \#(server), "overrides": [{"requestsPerSecond": 0, "clientRefs": []}]}"#,
            "spec.overrides[0].requestsPerSecond"),
        .policy(
            "HTTPLocalRateLimitPolicy",
            #"{"targetRef": \#(server), "total": {"requestsPerSecond": 5}, "overrides": [{"requestsPerSecond": 6, "clientRefs": []}]}"#,
            "spec.overrides[0].requestsPerSecond"),
        .policy(
            "HTTPLocalRateLimitPolicy",
            #"{"targetRef": \#(server), "overrides": [{"requestsPerSecond": 6, "clientRefs": [{"kind": "Namespace", "name": "n"}]}]}"#,
            "spec.overrides[0].clientRefs[0].kind"),
        .policy("Gateway", "{}", "kind"),
    ]

    @Test("EgressNetworks, rate limits, unknown kinds", arguments: others)
    func other(item: Case) throws { try self.check(item) }

    @Test("messages say what would be valid")
    func messages() throws {
        let item = Case.policy("Server", #"{"podSelector": {}, "port": 80, "accessPolicy": "allow"}"#, nil)
        let rejection = try #require(try item.rejection())
        #expect(
            rejection.description
                == #"spec.accessPolicy: is "allow", which must be one of deny, audit, all-authenticated, "#
                + "all-unauthenticated, cluster-authenticated, cluster-unauthenticated")
    }
}
