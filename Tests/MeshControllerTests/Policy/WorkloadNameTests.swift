import MeshCompiler
import Testing

@testable import MeshController

@Suite struct WorkloadNameTests {
    @Test(
        "11.9–11.11 how proxies name their workloads",
        arguments: [
            ("my-namespace:my-pod", WorkloadName(namespace: "my-namespace", kind: .pod, name: "my-pod")),
            (
                #"{"ns":"my-namespace", "pod":"my-pod"}"#,
                WorkloadName(namespace: "my-namespace", kind: .pod, name: "my-pod")
            ),
            (
                #"{"ns":"my-namespace", "external_workload":"my-external"}"#,
                WorkloadName(namespace: "my-namespace", kind: .external, name: "my-external")
            ),
        ])
    func names(text: String, expected: WorkloadName) { #expect(WorkloadName(parsing: text) == expected) }

    @Test(
        "what names no workload, or two",
        arguments: [
            "", "pod", "ns:", ":pod", "a:b:c", "{}", #"{"ns":"a"}"#, #"{"ns":"","pod":"p"}"#,
            #"{"ns":"a","pod":"p","external_workload":"e"}"#, #"{"ns":"a","pod":"p""#, #"{"ns":1,"pod":"p"}"#,
            "{" + String(repeating: " ", count: 5000) + "}",
        ])
    func nonsense(text: String) { #expect(WorkloadName(parsing: text) == nil) }
}
