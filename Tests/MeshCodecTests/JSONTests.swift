import MeshCodec
import MeshModel
import Testing

@Suite struct JSONTests {
    @Test(
        "a document survives reading and writing",
        arguments: [
            "null", "true", "[1,2.5,-3e+20]", #"{"a":{"b":[]},"c":"x\"\\\n\u0001é"}"#, "9223372036854775807", "{}",
        ])
    func roundTrip(text: String) throws {
        let value = try JSONReader.read(Array(text.utf8))
        #expect(try JSONReader.read(JSONWriter.write(value)) == value)
        #expect(try JSONReader.read(JSONWriter.write(value, pretty: true)) == value)
    }

    @Test("escapes become the characters that they name")
    func escapes() throws {
        let value = try JSONReader.read(Array(#""\u0041\ud83d\ude00\/\b\ud800x""#.utf8))
        #expect(value == .string("A😀/\u{8}\u{FFFD}x"))
    }

    @Test(
        "what is no document is refused",
        arguments: [
            ("", JSONError.truncated), ("{", .truncated), ("[1,]", .unexpected(byte: 0x5D, offset: 3)),
            ("01", .invalidNumber(offset: 0)), ("1.", .truncated), ("1.x", .invalidNumber(offset: 0)),
            ("1e999", .invalidNumber(offset: 0)),
            ("\"a", .truncated), ("nul", .truncated), ("1 2", .trailingBytes(offset: 2)),
            ("\"\u{1}\"", .unexpected(byte: 1, offset: 1)), ("{1:2}", .unexpected(byte: 0x31, offset: 1)),
        ])
    func refused(text: String, expected: JSONError) {
        #expect(throws: expected) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test("nesting and size have limits")
    func limits() {
        let deep = Array(repeatElement(UInt8(ascii: "["), count: 200_000))
        #expect(throws: JSONError.tooDeep(limit: 128)) { try JSONReader.read(deep) }
        #expect(throws: JSONError.tooLarge(limit: 4)) { try JSONReader.read(Array("[1,2]".utf8), sizeMax: 4) }
    }

    @Test("invalid UTF-8 is refused")
    func invalidUTF8() {
        #expect(throws: JSONError.invalidString(offset: 1)) { try JSONReader.read([0x22, 0xFF, 0x22]) }
    }
}
