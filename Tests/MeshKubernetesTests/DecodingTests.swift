import MeshCodec
import MeshModel
import MeshResources
import MeshTestKit
import Testing

@testable import MeshKubernetes

@Suite struct DecodingTests {
    // MARK: - Readers against the general decoder

    private static let texts = ["", "a", "web-5d8f7", "ip-10-0-12-7.eu-west-1.compute.internal", "ü\"\\\n😀", "é"]

    private func text(_ random: inout SplitMix64) -> JSONValue {
        .string(Self.texts.randomElement(using: &random) ?? "")
    }

    /// Mostly a value that fits, sometimes null, nothing, or something else.
    private func put(_ value: JSONValue, _ name: String, _ object: inout JSONValue, _ random: inout SplitMix64) {
        switch UInt8.random(in: 0..<40, using: &random) {
        case 0: object[name] = .null
        case 1..<6: break
        case 6: object[name] = [.integer(1), .bool(true), "x", [:], [], .number(1.5)].randomElement(using: &random)
        default: object[name] = value
        }
    }

    private func reference(_ random: inout SplitMix64) -> JSONValue {
        var reference: JSONValue = [:]
        for name in ["apiVersion", "kind", "namespace", "name", "uid", "resourceVersion", "fieldPath", "other"] {
            self.put(self.text(&random), name, &reference, &random)
        }
        return reference
    }

    private func metadata(_ random: inout SplitMix64) -> JSONValue {
        var metadata: JSONValue = [:]
        for name in ["name", "namespace", "uid", "resourceVersion", "generateName", "selfLink"] {
            self.put(self.text(&random), name, &metadata, &random)
        }
        self.put(.integer(Int64.random(in: -9...Int64.max, using: &random)), "generation", &metadata, &random)
        self.put("2026-11-20T09:30:00Z", "creationTimestamp", &metadata, &random)
        self.put("2026-11-20T09:30:00.123456+01:00", "deletionTimestamp", &metadata, &random)
        self.put(.integer(30), "deletionGracePeriodSeconds", &metadata, &random)
        self.put(["a": self.text(&random), "app.kubernetes.io/name": self.text(&random)], "labels", &metadata, &random)
        self.put([:], "annotations", &metadata, &random)
        var owner = self.reference(&random)
        self.put(.bool(.random(using: &random)), "controller", &owner, &random)
        self.put([owner], "ownerReferences", &metadata, &random)
        self.put([self.text(&random), "b"], "finalizers", &metadata, &random)
        self.put([["manager": "x", "fieldsV1": ["f:a": [:]]]], "managedFields", &metadata, &random)
        return metadata
    }

    private func slice(_ random: inout SplitMix64) -> JSONValue {
        var slice: JSONValue = ["apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"]
        self.put(self.metadata(&random), "metadata", &slice, &random)
        slice["addressType"] = "IPv4"
        let endpoints = (0..<Int.random(in: 0..<4, using: &random)).map { _ -> JSONValue in
            var endpoint: JSONValue = ["addresses": [self.text(&random)]]
            var conditions: JSONValue = [:]
            for name in ["ready", "serving", "terminating"] {
                self.put(.bool(.random(using: &random)), name, &conditions, &random)
            }
            self.put(conditions, "conditions", &endpoint, &random)
            for name in ["hostname", "nodeName", "zone", "deprecatedTopology"] {
                self.put(self.text(&random), name, &endpoint, &random)
            }
            self.put(self.reference(&random), "targetRef", &endpoint, &random)
            self.put(["forZones": [["name": self.text(&random)]]], "hints", &endpoint, &random)
            return endpoint
        }
        self.put(.array(endpoints), "endpoints", &slice, &random)
        var port: JSONValue = [:]
        self.put(self.text(&random), "name", &port, &random)
        self.put(.integer(Int64.random(in: 0..<70_000, using: &random)), "port", &port, &random)
        self.put(
            ["TCP", "UDP", "QUIC"].randomElement(using: &random).map { .string($0) } ?? .null, "protocol", &port,
            &random)
        self.put(self.text(&random), "appProtocol", &port, &random)
        self.put([port], "ports", &slice, &random)
        return slice
    }

    @Test("a reader of bytes and the general decoder come to the same", arguments: 0..<UInt64(40))
    func readers(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let pool = StringPool(bits: 3)
        for _ in 0..<50 {
            let document = self.slice(&random)
            let bytes = JSONWriter.write(document, pretty: .random(using: &random))
            let reader = ObjectReader<EndpointSlice>()
            var json = JSONCursor(bytes, pool: pool)
            let expected = reader.decode(document)
            let read = try reader.read(&json)
            let isAtEnd = json.isAtEnd()
            #expect(read == expected)
            #expect(isAtEnd)
            var direct = JSONCursor(bytes, pool: pool)
            if case .success(let slice) = expected {
                // Numbers such as 1.0 are left to the general decoder; nothing else is.
                let found = try EndpointSlice(reading: &direct)
                #expect(found == slice)
            } else {
                let found = try? EndpointSlice(reading: &direct)  // Nil is what is expected.
                #expect(found == nil)
            }
        }
    }

    // MARK: - Lists

    private func list(_ items: [JSONValue], next: String? = nil) -> [UInt8] {
        var metadata: JSONValue = ["resourceVersion": "77"]
        metadata["continue"] = next.map(JSONValue.string)
        let list: JSONValue = [
            "kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1", "metadata": metadata,
            "items": .array(items), "extra": [["x": [1, 2.5, nil]]],
        ]
        return JSONWriter.write(list)
    }

    @Test("a list is read alike however it is cut", arguments: 0..<UInt64(30))
    func cuts(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let items = (0..<Int.random(in: 0..<12, using: &random)).map { _ in self.slice(&random) }
        let bytes = self.list(items, next: seed.isMultiple(of: 2) ? "more" : nil)
        let reader = ObjectReader<EndpointSlice>()
        var decoder = ListDecoder(reader: reader, objectBytesMax: 1 << 20, batchBytes: 1)
        var objects: [EndpointSlice] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 1..<300, using: &random))
            try decoder.feed(rest.prefix(count)) { objects.append($0) }
            rest = rest.dropFirst(count)
        }
        let head = try decoder.finish { objects.append($0) }
        let expected = items.map(reader.decode)
        #expect(objects == expected.compactMap { try? $0.get() })  // Failures are compared in the next line.
        #expect(head.invalid == expected.compactMap { if case .failure(let invalid) = $0 { invalid } else { nil } })
        #expect(head.resourceVersion == "77")
        #expect(head.next == (seed.isMultiple(of: 2) ? "more" : nil))
    }

    @Test(
        "a list that breaks off, goes on or is no list is refused",
        arguments: [
            #"{"kind":"PodList","items":[{"metadata":{"name":"a"}}"#, #"{"kind":"PodList","items":[]} x"#, "<html>",
            "[]", "",
            #"{"kind":"Pod","items":[]}"#, #"{"kind":"PodList","items":[{"metadata":{}},]}"#,
            #"{"kind":"PodList","items":{}}"#,
        ])
    func broken(text: String) {
        #expect(throws: KubernetesError.self) {
            var decoder = ListDecoder(reader: ObjectReader<Pod>(), objectBytesMax: 1 << 20)
            try decoder.feed(Array(text.utf8)) { _ in }
            _ = try decoder.finish { _ in }
        }
    }

    @Test("a list whose items are null is empty; an object beyond the limit is refused")
    func limits() throws {
        var empty = ListDecoder(reader: ObjectReader<Pod>(), objectBytesMax: 1 << 20)
        try empty.feed(Array(#"{"kind":"PodList","metadata":{"resourceVersion":"5"},"items":null}"#.utf8)) { _ in }
        #expect(try empty.finish { _ in }.resourceVersion == "5")
        #expect(throws: KubernetesError.self) {
            var decoder = ListDecoder(reader: ObjectReader<Pod>(), objectBytesMax: 1000, batchBytes: 100)
            try decoder.feed(Array(#"{"kind":"PodList","items":[{"x":""#.utf8)) { _ in }
            for _ in 0..<100 { try decoder.feed(Array(repeating: 0x61, count: 100)) { _ in } }
        }
    }
}
