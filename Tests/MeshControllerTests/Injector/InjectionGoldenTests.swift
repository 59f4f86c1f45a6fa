import FoundationEssentials
import MeshCodec
import MeshCompiler
import MeshController
import MeshModel
import Testing

/// Every document under `Golden/Injection` is a pod, its namespace's annotations and its owner; beside it stands the
/// pod as it comes out, or why it is left alone.
///
/// `UPDATE_GOLDEN=1` rewrites the results; the diff is reviewed like code.
@Suite struct InjectionGoldenTests {
    static let folder = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Golden/Injection"

    static let cases: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".input.json") }.map { String($0.dropLast(".input.json".count)) }.sorted()

    @Test("the golden folder is there")
    func folder() { #expect(Self.cases.count >= 15) }

    @Test("a pod comes out as written down", arguments: cases)
    func golden(name: String) throws {
        let input = try JSONReader.read(Self.bytes("\(name).input.json"))
        let pod = try #require(input["pod"])
        let owner = input["owner"].map {
            Injector.Owner(kind: $0["kind"]?.string ?? "", name: $0["name"]?.string ?? "")
        }
        var settings = InjectionSettings()
        settings.mesh.ipv6 = input["ipv6"]?.bool ?? false
        var result: JSONValue = [:]
        do {
            let outcome = try Injector(settings: settings).inject(
                pod: pod, namespace: "shop",
                namespaceAnnotations: (input["namespaceAnnotations"]?.object ?? [:]).compactMapValues(\.string),
                owner: owner, trust: Injector.Trust(pem: "ANCHORS\n", digest: "d1ge57"))
            if case .skip(let reasons) = outcome.verdict {
                result["skipped"] = .array(reasons.map { .string($0.rawValue) })
            }
            if !outcome.ignored.isEmpty { result["ignored"] = .array(outcome.ignored.map { .string($0) }) }
            result["pod"] = Self.readable(try pod.applying(outcome.patch))
        } catch let error as InjectionError {
            result["refused"] = .string("\(error)")
        }
        let bytes = JSONWriter.write(result, pretty: true) + [0x0A]
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(bytes).write(to: URL(filePath: "\(Self.folder)/\(name).output.json"))
        }
        let expected = try Self.bytes("\(name).output.json")
        #expect(String(decoding: bytes, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    /// Environments as one line a variable, in order, so that a person can review them.
    private static func readable(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { name, value in
                        guard name == "env", let entries = value.array else { return (name, Self.readable(value)) }
                        return (name, .array(entries.map { .string(Self.line($0)) }))
                    }))
        case .array(let elements): return .array(elements.map { Self.readable($0) })
        default: return value
        }
    }

    private static func line(_ variable: JSONValue) -> String {
        let name = variable["name"]?.string ?? "?"
        if let field = variable[path: "valueFrom", "fieldRef", "fieldPath"]?.string { return "\(name) <- \(field)" }
        return "\(name)=\(variable["value"]?.string ?? "?")"
    }

    private static func bytes(_ file: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: "\(Self.folder)/\(file)")))
    }
}
