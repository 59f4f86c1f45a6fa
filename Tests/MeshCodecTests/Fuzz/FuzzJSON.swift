import MeshModel

@testable import MeshCodec

extension FuzzTarget {
    static let json = FuzzTarget(
        name: "json", lengthMax: 4096,
        seeds: [
            #"{"a":[1,-2.5e3,true,false,null,"x\n\u00e9\ud83d\ude00\/"],"b":{"c":""},"a":{}}"#, " [ ] ", "0", "-0.0e-0",
            "\"\\ud800\"", "12345678901234567890", "[[[[[[[[[[1]]]]]]]]]]", #"{"é":"\u0000"}"#,
        ].map { Array($0.utf8) },
        words: ["{", "}", "[", "]", "\"", ":", ",", "\\u", "\\ud83d\\ude00", "true", "null", "1e308", "-", "\\"],
        check: JSONProperties.check)
}

enum JSONProperties {
    private static let depthMax = 32

    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let value = try? JSONReader.read(bytes, depthMax: self.depthMax) else { return }
        try require(self.depth(value) <= self.depthMax, "deeper than the limit")
        for pretty in [false, true] {
            let written = JSONWriter.write(value, pretty: pretty)
            guard let again = try? JSONReader.read(written, depthMax: self.depthMax) else {
                throw Finding("cannot be read again: \(String(decoding: written, as: UTF8.self))")
            }
            // A number such as 1.0 is written as 1, so it is the bytes that have to agree.
            try require(
                JSONWriter.write(again) == JSONWriter.write(value), "another value when written and read again")
        }
        try require(
            (try? JSONReader.read(bytes, sizeMax: bytes.count - 1)) == nil, "longer than the limit")
    }

    private static func depth(_ value: JSONValue) -> Int {
        switch value {
        case .array(let elements): 1 + (elements.map(self.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.map(self.depth).max() ?? 0)
        case .null, .bool, .integer, .number, .string: 0
        }
    }
}
