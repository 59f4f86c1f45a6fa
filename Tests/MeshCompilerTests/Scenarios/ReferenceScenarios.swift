import MeshModel
import MeshResources
import Testing

@testable import MeshCompiler

/// The scenarios 11.16–11.31: selectors, references, durations.
@Suite struct ReferenceScenarios {
    private static func expression(
        _ key: String, _ operation: LabelSelectorOperator, _ values: [String]
    ) -> LabelSelectorRequirement {
        LabelSelectorRequirement(key: key, operator: operation, values: values)
    }

    @Test(
        "11.16–11.22 selectors",
        arguments: [
            (LabelSelector(), [:], true), (LabelSelector(matchLabels: ["foo": "bar"]), ["foo": "bar"], true),
            (LabelSelector(matchLabels: ["foo": "bar"]), ["foo": "bar", "bah": "baz"], true),
            (LabelSelector(matchExpressions: [expression("foo", .in, ["bar"])]), ["foo": "bar", "bah": "baz"], true),
            (
                LabelSelector(matchExpressions: [expression("foo", .notIn, ["quux"])]), ["foo": "bar", "bah": "baz"],
                true
            ),
            (
                LabelSelector(matchLabels: ["foo": "bar"], matchExpressions: [expression("bah", .in, ["bar"])]),
                ["foo": "bar", "bah": "baz"], false
            ),
            (
                LabelSelector(matchLabels: ["foo": "bar"], matchExpressions: [expression("bah", .in, ["bar"])]),
                ["foo": "bar", "bah": "bar"], true
            ),
        ] as [(LabelSelector, [String: String], Bool)])
    func selectors(selector: LabelSelector, labels: [String: String], matches: Bool) {
        #expect(selector.matches(labels) == matches)
    }

    @Test("11.23 a reference without a group names a Namespace")
    func namespace() {
        let reference = LocalTargetReference(kind: "Namespace", name: "appns")
        #expect(reference.isOf("Namespace"))
        #expect(!reference.isOf("Namespace", in: "policy.linkerd.io"))
    }

    @Test(
        "11.24, 11.25 a ServiceAccount in any spelling of group and kind", arguments: [nil, "", "core", "CORE"],
        ["ServiceAccount", "serviceaccount", "SERVICEACCOUNT"])
    func accounts(group: String?, kind: String) {
        for namespace in [nil, "appns"] {
            let reference = NamespacedTargetReference(group: group, kind: kind, name: "default", namespace: namespace)
            #expect(reference.isOf("ServiceAccount"))
            #expect(!reference.isOf("Namespace"))
            #expect(reference.key(default: "appns") == ObjectKey(namespace: "appns", name: "default"))
            #expect(reference.key(default: "appns") != ObjectKey(namespace: "appns", name: "special"))
        }
    }

    @Test("11.26 a Server is of the policy group", arguments: ["policy.linkerd.io", "POLICY.linkerd.io"])
    func server(group: String) {
        #expect(LocalTargetReference(group: group, kind: "Server", name: "s").isOf("Server", in: APIGroup.policy))
        #expect(!LocalTargetReference(kind: "Server", name: "s").isOf("Server", in: APIGroup.policy))
    }

    @Test("11.27 backends of all rules are Services unless they say otherwise")
    func backends() {
        let http = [
            [
                HTTPBackendReference(name: "a", namespace: "default", port: 1),
                HTTPBackendReference(name: "b", port: 2),
            ],
            [HTTPBackendReference(group: "Core", kind: "Service", name: "c", port: 3)], [],
        ]
        let plain = http.map {
            $0.map { BackendReference(group: $0.group, kind: $0.kind, name: $0.name, namespace: $0.namespace) }
        }
        let meta = ObjectMeta(name: "r", namespace: "ns-0")
        let all: [[BackendName]] = [
            HTTPRoute(
                group: .gateway, metadata: meta, spec: HTTPRouteSpec(rules: http.map { HTTPRouteRule(backendRefs: $0) })
            ).backendNames,
            GRPCRoute(metadata: meta, spec: GRPCRouteSpec(rules: http.map { GRPCRouteRule(backendRefs: $0) }))
                .backendNames,
            TLSRoute(metadata: meta, spec: TLSRouteSpec(rules: plain.map { ConnectionRouteRule(backendRefs: $0) }))
                .backendNames,
            TCPRoute(metadata: meta, spec: TCPRouteSpec(rules: plain.map { ConnectionRouteRule(backendRefs: $0) }))
                .backendNames,
        ]
        for names in all {
            #expect(names.count == 3)
            #expect(names.allSatisfy { $0.isOf("Service") })
            #expect(names.map(\.key.description) == ["default/a", "ns-0/b", "ns-0/c"])
        }
    }

    @Test("11.28 TLSRoutes are read as v1alpha2")
    func tlsVersion() { #expect(TLSRoute.resourceType.version == "v1alpha2") }

    @Test(
        "11.29–11.31 durations as Go reads them",
        arguments: [
            ("0", 0), ("5s", 5_000_000_000), ("30s", 30_000_000_000), ("1478s", 1_478_000_000_000),
            ("-5s", -5_000_000_000), ("+5s", 5_000_000_000), ("-0", 0), ("+0", 0), ("5.6s", 5_600_000_000),
            ("5.s", 5_000_000_000), (".5s", 500_000_000), ("1.0s", 1_000_000_000), ("1.00s", 1_000_000_000),
            ("1.004s", 1_004_000_000), ("1.0040s", 1_004_000_000), ("100.00100s", 100_001_000_000), ("10ns", 10),
            ("11us", 11_000), ("12µs", 12_000), ("12μs", 12_000), ("13ms", 13_000_000), ("14s", 14_000_000_000),
            ("15m", 900_000_000_000), ("16h", 57_600_000_000_000), ("52763797000ns", 52_763_797_000),
            ("0.3333333333333333333h", 1_200_000_000_000), ("9007199254740993ns", 9_007_199_254_740_993),
            ("0.100000000000000000000h", 360_000_000_000),
        ] as [(String, Int64)])
    func durations(text: String, nanoseconds: Int64) {
        #expect(Duration(goText: text) == .nanoseconds(nanoseconds))
    }
}
