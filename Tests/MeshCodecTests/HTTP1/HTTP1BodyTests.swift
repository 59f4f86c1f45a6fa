import Testing

@testable import MeshCodec

@Suite struct HTTP1BodyTests {
    @Test(arguments: [
        ("0\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5;a=b;c=\"d\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\nB:\r\n\r\n", "hello0123456789"),
        ("000a\r\n0123456789\r\n00\r\n\r\n", "0123456789"),
    ])
    func `chunks end where they say, however they are cut`(text: String, content: String) throws {
        let wire = Array(text.utf8) + Array("NEXT".utf8)
        let length = text.utf8.count
        for cut in 0...wire.count {
            var body = HTTP1Body.chunked
            var used = try body.consume(wire.span.extracting(first: cut))
            #expect(used == min(cut, length))
            used += try body.consume(wire.span.extracting(droppingFirst: used))
            #expect(used == length)
            #expect(body.isComplete)
        }
        for step in 1...7 {
            #expect(try self.contents(of: wire, step: step) == Array(content.utf8))
        }
    }

    /// Decodes a chunked body of which `step` bytes are seen at a time.
    private func contents(of wire: [UInt8], step: Int) throws(HTTP1Error) -> [UInt8] {
        var body = HTTP1Body.chunked
        var content: [UInt8] = []
        var offset = 0
        var end = 0
        while true {
            switch try body.next(wire.span.extracting(offset..<end)) {
            case .data(let count):
                content += wire[offset..<(offset + count)]
                offset += count
            case .framing(let count), .trailers(let count): offset += count
            case .needsMore: end = min(end + step, wire.count)
            case .end: return content
            }
        }
    }

    @Test(arguments: [
        ("\r\n", HTTP1Error.invalidChunk),
        ("g\r\n", .invalidChunk),
        ("-1\r\n", .invalidChunk),
        ("0x5\r\nhello\r\n", .invalidChunk),
        ("5 \r\nhello\r\n", .invalidChunk),
        (" 5\r\nhello\r\n", .invalidChunk),
        ("5\nhello\n", .invalidChunk),
        ("5\r\nhelloX\r\n", .invalidChunk),
        ("5\r\nhello\n0\r\n\r\n", .invalidChunk),
        ("5\rhello", .invalidChunk),
        ("FFFFFFFFFFFFFFFF\r\n", .invalidChunk),
        ("10000000000000005\r\n", .invalidChunk),
        ("0000000000000000\r\n", .invalidChunk),
        ("5;\n\r\nhello", .controlCharacter),
        ("5;a=\u{0}\r\nhello", .controlCharacter),
        ("0\r\nX : y\r\n\r\n", .malformedField),
        ("0\r\n x: y\r\n\r\n", .malformedField),
        ("0\r\nX\r\n\r\n", .malformedField),
        ("0\r\nX: y\n\r\n", .controlCharacter),
        ("0\r\nX: y\rZ\r\n", .invalidChunk),
        ("0\r\n\rX", .invalidChunk),
        ("1;\(String(repeating: "x", count: 300))\r\n", .chunkExtensionTooLong(limit: 256)),
        ("0\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n", .trailersTooLarge(limit: 16_384)),
    ])
    func `broken chunks are refused however they are cut`(text: String, error: HTTP1Error) {
        let wire = Array(text.utf8)
        for cut in stride(from: 0, to: wire.count, by: max(1, wire.count / 40)) {
            #expect(throws: error) {
                var body = HTTP1Body.chunked
                let used = try body.consume(wire.span.extracting(first: cut))
                _ = try body.consume(wire.span.extracting(droppingFirst: used))
            }
        }
    }

    @Test func `a length ends the body and the next message stays`() throws {
        var body = HTTP1Body(length: 5)
        let wire = Array("helloNEXT".utf8)
        let first = try body.consume(wire.span.extracting(first: 3))
        #expect(first == 3)
        #expect(!body.isComplete)
        let second = try body.consume(wire.span.extracting(droppingFirst: 3))
        #expect(second == 2)
        #expect(body.isComplete)
        let third = try body.consume(wire.span)
        #expect(third == 0)
    }

    @Test func `only a body without a length may be ended by closing`() {
        #expect(HTTP1Body.untilClose.isWholeIfClosed)
        #expect(!HTTP1Body(length: 5).isWholeIfClosed)
        #expect(!HTTP1Body.chunked.isWholeIfClosed)
        #expect(HTTP1Body(length: 0).isWholeIfClosed)
    }

    @Test func `the state of a body stays small`() {
        #expect(MemoryLayout<HTTP1Body>.size <= 32)
        #expect(MemoryLayout<HTTP1ScanProgress>.size == 4)
    }
}
