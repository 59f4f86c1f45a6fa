import MeshCodec
import MeshModel
import Testing

@Suite struct JSONCodableTests {
    struct Sample: Codable, Hashable {
        enum Mode: String, Codable { case fast, slow }

        var name: String
        var count: UInt16?
        var ratio: Double
        var mode: Mode
        var tags: [String: [Int]]
        var extra: JSONValue
    }

    @Test("a value survives writing and reading")
    func roundTrip() throws {
        let sample = Sample(
            name: "a", count: 7, ratio: 1.5, mode: .slow, tags: ["x": [1, 2], "y": []], extra: ["k": [nil, true]])
        let document = try JSONValue(encoding: sample)
        #expect(document["tags"] == ["x": [1, 2], "y": []])
        #expect(document["extra"] == ["k": [nil, true]])
        #expect(try document.decode(Sample.self) == sample)
    }

    @Test("absent and null members of optionals are nil, unknown members are ignored")
    func optionals() throws {
        let document: JSONValue = [
            "name": "a", "count": nil, "ratio": 2, "mode": "fast", "tags": [:], "extra": nil, "more": [1],
        ]
        let sample = try document.decode(Sample.self)
        #expect(sample.count == nil)
        #expect(sample.ratio == 2)
        #expect(sample.extra == .null)
    }

    @Test(
        "what does not fit is refused, with the path to it",
        arguments: [
            ("tags", JSONValue.object(["x": .array([.integer(1), .string("two")])]), "tags.x.[1]"),
            ("count", .integer(70_000), "count"), ("mode", .string("warp"), "mode"), ("name", .integer(1), "name"),
        ])
    func refused(name: String, value: JSONValue, path: String) throws {
        var document: JSONValue = ["name": "a", "ratio": 2, "mode": "fast", "tags": [:], "extra": 1]
        document[name] = value
        let error = try #require(throws: DecodingError.self) { try document.decode(Sample.self) }
        let keys: [any CodingKey] =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            case .keyNotFound(_, let context): context.codingPath
            @unknown default: []
            }
        #expect(keys.map(\.stringValue).joined(separator: ".") == path)
    }

    @Test("numbers without a place in JSON are refused")
    func invalidNumbers() {
        #expect(throws: EncodingError.self) { try JSONValue(encoding: [Double.infinity]) }
        #expect(throws: EncodingError.self) { try JSONValue(encoding: [UInt64.max]) }
    }
}
