import MeshController
import MeshModel
import Testing

@Suite struct RouteValidatorTests {
    typealias Case = ValidatorCase

    private func check(_ item: Case) throws {
        let rejection = try item.rejection()
        #expect(rejection?.field == item.field, "\(String(describing: rejection))")
    }

    static let service = #""parentRefs": [{"group": "core", "kind": "Service", "name": "s", "port": 80}]"#
    static let egress = #""parentRefs": [{"group": "policy.linkerd.io", "kind": "EgressNetwork", "name": "e"}]"#

    static func rule(_ rule: String, _ field: String?) -> [Case] {
        ["policy.linkerd.io", "gateway.networking.k8s.io"].map { group in
            Case(
                kind: GroupKind(group: group, kind: "HTTPRoute"), spec: #"{\#(service), "rules": [\#(rule)]}"#,
                field: field.map { "spec.rules[0].\($0)" })
        }
    }

    static let matches: [Case] = [
        rule(#"{"matches": [{"path": {"value": "/a"}, "headers": [{"name": "x-a", "value": "b"}]}]}"#, nil),
        rule(#"{"matches": [{"path": {"type": "RegularExpression", "value": "a.*"}}]}"#, nil),
        rule(#"{"matches": [{"path": {"type": "Exact", "value": "a"}}]}"#, "matches[0].path.value"),
        rule(#"{"matches": [{"path": {"value": "a"}}]}"#, "matches[0].path.value"),
        rule(#"{"matches": [{"path": {"type": "RegularExpression", "value": "a("}}]}"#, "matches[0].path.value"),
        rule(#"{"matches": [{"path": {"type": "Glob", "value": "/a"}}]}"#, "matches[0].path.type"),
        rule(#"{"matches": [{"headers": [{"name": "a b", "value": "c"}]}]}"#, "matches[0].headers[0].name"),
        rule(#"{"matches": [{"headers": [{"name": "a", "value": "c\nd"}]}]}"#, "matches[0].headers[0].value"),
        rule(
            #"{"matches": [{"headers": [{"name": "a", "type": "RegularExpression", "value": "["}]}]}"#,
            "matches[0].headers[0].value"),
        rule(
            #"{"matches": [{"queryParams": [{"name": "a", "type": "RegularExpression", "value": "*"}]}]}"#,
            "matches[0].queryParams[0].value"),
    ].flatMap { $0 }

    @Test("matches", arguments: matches)
    func match(item: Case) throws { try self.check(item) }

    static let filters: [Case] = [
        rule(#"{"filters": [{"type": "RequestMirror", "requestMirror": {}}, {"type": "URLRewrite"}]}"#, nil),
        rule(
            #"{"filters": [{"requestHeaderModifier": {"add": [{"name": "a", "value": "b"}], "remove": ["c"]}}]}"#, nil),
        rule(
            #"{"filters": [{"requestHeaderModifier": {"set": [{"name": "a:", "value": "b"}]}}]}"#,
            "filters[0].requestHeaderModifier.set[0].name"),
        rule(
            #"{"filters": [{"requestHeaderModifier": {"remove": [""]}}]}"#,
            "filters[0].requestHeaderModifier.remove[0]"),
        rule(
            #"{"filters": [{"requestRedirect": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "a"}}}]}"#,
            "filters[0].requestRedirect.path.replaceFullPath"),
        rule(#"{"filters": [{"requestRedirect": {"statusCode": 99}}]}"#, "filters[0].requestRedirect.statusCode"),
        rule(
            #"{"backendRefs": [{"name": "b", "port": 80, "filters": [{"responseHeaderModifier": {"remove": ["a b"]}}]}]}"#,
            "backendRefs[0].filters[0].responseHeaderModifier.remove[0]"),
    ].flatMap { $0 }

    @Test("filters", arguments: filters)
    func filter(item: Case) throws { try self.check(item) }

    static let particulars: [Case] = [
        .policy(
            "HTTPRoute", #"{\#(service), "rules": [{"timeouts": {"request": "1s", "backendRequest": "1s"}}]}"#, nil),
        .policy(
            "HTTPRoute", #"{\#(service), "rules": [{"timeouts": {"request": "-1s"}}]}"#,
            "spec.rules[0].timeouts.request"),
        .policy(
            "HTTPRoute", #"{\#(service), "rules": [{"timeouts": {"request": "1s", "backendRequest": "2s"}}]}"#,
            "spec.rules[0].timeouts.backendRequest"),
        .policy(
            "HTTPRoute", #"{\#(service), "rules": [{"timeouts": {"request": "0s", "backendRequest": "2s"}}]}"#,
            "spec.rules[0].timeouts.backendRequest"),
        .gateway("HTTPRoute", #"{\#(service), "rules": [{"timeouts": {"request": "soon"}}]}"#, nil),
        .policy("HTTPRoute", #"{\#(service), "rules": [{"backendRefs": [{"name": "b"}]}]}"#, nil),
        .gateway(
            "HTTPRoute", #"{\#(service), "rules": [{"backendRefs": [{"name": "b"}]}]}"#,
            "spec.rules[0].backendRefs[0].port"),
        .gateway(
            "HTTPRoute", #"{\#(service), "rules": [{"backendRefs": [{"group": "core", "name": "b", "port": 0}]}]}"#,
            "spec.rules[0].backendRefs[0].port"),
        .gateway("HTTPRoute", #"{"rules": [{"backendRefs": [{"group": "x.y", "kind": "Bucket", "name": "b"}]}]}"#, nil),
        .policy("HTTPRoute", "{\(egress)}", "spec.parentRefs[0].port"),
        .gateway("GRPCRoute", "{\(egress)}", "spec.parentRefs[0].port"),
        .gateway("TCPRoute", #"{\#(egress), "rules": [{}]}"#, "spec.parentRefs[0].port"),
        .gateway("HTTPRoute", "null", nil),
        .gateway(
            "GRPCRoute", #"{"rules": [{"matches": [{"method": {"type": "RegularExpression", "method": "a"}}]}]}"#,
            "spec.rules[0].matches[0].method.type"),
        .gateway("GRPCRoute", #"{"rules": [{"backendRefs": [{"name": "b"}]}]}"#, "spec.rules[0].backendRefs[0].port"),
        .gateway("TLSRoute", #"{"rules": [{}]}"#, nil),
        .gateway("TLSRoute", #"{"rules": []}"#, "spec.rules"),
        .gateway("TCPRoute", #"{"rules": [{}, {}]}"#, "spec.rules"),
    ]

    @Test("what differs between kinds", arguments: particulars)
    func particular(item: Case) throws { try self.check(item) }

    static let retries = #"{"retry.linkerd.io/http": "6xx"}"#
    static let annotated: [Case] = [
        .policy("HTTPRoute", "{\(service)}", nil, annotations: #"{"retry.linkerd.io/http": "5xx,429"}"#),
        .policy("HTTPRoute", "{\(service)}", "metadata.annotations[retry.linkerd.io/http]", annotations: retries),
        .gateway("HTTPRoute", "{\(service)}", "metadata.annotations[retry.linkerd.io/http]", annotations: retries),
        .gateway("HTTPRoute", #"{"parentRefs": [{"kind": "Gateway", "name": "g"}]}"#, nil, annotations: retries),
        .gateway("GRPCRoute", "{\(service)}", nil, annotations: retries),
        .gateway(
            "GRPCRoute", "{\(service)}", "metadata.annotations[retry.linkerd.io/grpc]",
            annotations: #"{"retry.linkerd.io/grpc": "teapot"}"#),
        .policy(
            "HTTPRoute", "{\(service)}", "metadata.annotations[timeout.linkerd.io/request]",
            annotations: #"{"timeout.linkerd.io/request": "soon"}"#),
        .policy(
            "HTTPRoute", "{\(service)}", "metadata.annotations[retry.linkerd.io/limit]",
            annotations: #"{"retry.linkerd.io/limit": "-1"}"#),
    ]

    @Test("retry and timeout annotations", arguments: annotated)
    func annotations(item: Case) throws { try self.check(item) }

    static let profiles: [Case] = [
        .profile("{}", nil),
        .profile(#"{"routes": [{"name": "r", "condition": {"method": "GET", "any": [{"pathRegex": "/a"}]}}]}"#, nil),
        .profile("{}", "metadata.name", name: "Web"),
        .profile(#"{"route": []}"#, "spec.route"),
        .profile(#"{"routes": [null]}"#, "spec.routes[0]"),
        .profile(#"{"routes": [{"condition": {"method": "GET"}}]}"#, "spec.routes[0].name"),
        .profile(#"{"routes": [{"name": "r"}]}"#, "spec.routes[0].condition"),
        .profile(#"{"routes": [{"name": "r", "condition": {}}]}"#, "spec.routes[0].condition"),
        .profile(#"{"routes": [{"name": "r", "condition": {"all": [{}]}}]}"#, "spec.routes[0].condition.all[0]"),
        .profile(#"{"routes": [{"name": "r", "condition": {"all": [null]}}]}"#, "spec.routes[0].condition.all[0]"),
        .profile(
            #"{"routes": [{"name": "r", "condition": {"method": "GET"}, "timeout": "x"}]}"#,
            "spec.routes[0].timeout"),
        .profile(
            #"{"routes": [{"name": "r", "condition": {"method": "GET"}, "responseClasses": [{}]}]}"#,
            "spec.routes[0].responseClasses[0].condition"),
        .profile(
            #"{"routes": [{"name": "r", "condition": {"method": "GET"}, "responseClasses": [{"condition": {"status": {"min": 99}}}]}]}"#,
            "spec.routes[0].responseClasses[0].condition.status.min"),
        .profile(
            #"{"routes": [{"name": "r", "condition": {"method": "GET"}, "responseClasses": [{"condition": {"status": {"min": 500, "max": 400}}}]}]}"#,
            "spec.routes[0].responseClasses[0].condition.status.max"),
        .profile(#"{"retryBudget": {"retryRatio": 0.2, "minRetriesPerSecond": 10, "ttl": "10s"}}"#, nil),
        .profile(#"{"retryBudget": {"retryRatio": -0.2, "ttl": "10s"}}"#, "spec.retryBudget.retryRatio"),
        .profile(#"{"retryBudget": {"retryRatio": 0.2}}"#, "spec.retryBudget.ttl"),
        .profile(#"{"retryBudget": {"retryRatio": 0.2, "ttl": "soon"}}"#, "spec.retryBudget.ttl"),
    ]

    @Test("ServiceProfiles", arguments: profiles)
    func profile(item: Case) throws { try self.check(item) }

    @Test("conditions nest only so deep")
    func depth() throws {
        let inner =
            String(repeating: #"{"not": "#, count: 40) + #"{"method": "GET"}"# + String(repeating: "}", count: 40)
        let item = Case.profile(#"{"routes": [{"name": "r", "condition": \#(inner)}]}"#, nil)
        #expect(try item.rejection()?.reason.contains("nested deeper") == true)
    }
}
