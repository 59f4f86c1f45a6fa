import MeshTestKit
import Testing

@testable import MeshCodec

@Suite struct ByteScanTests {
    @Test("every byte ends a token exactly when it may not be in one", arguments: 0..<12)
    func tokens(position: Int) {
        for byte in UInt8.min...UInt8.max {
            var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
            bytes[position] = byte
            let expected = bytes.firstIndex { !ASCII.isToken($0) } ?? bytes.count
            let found = (bytes.span.firstNonToken(from: 0), bytes.span.firstNonToken(from: position))
            #expect(found.0 == expected && found.1 == expected, "byte \(byte)")
        }
    }

    @Test("words find the same as single bytes", arguments: 0..<UInt64(300))
    func words(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = Array("abzAZ09-._~!@:[`{/ \t\r\n\u{7F}\u{80}".utf8)
        let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
            alphabet.randomElement(using: &random) ?? 0
        }
        let start = Int.random(in: 0...bytes.count, using: &random)
        let rest = bytes.indices.dropFirst(start)
        let nonToken = bytes.span.firstNonToken(from: start)
        #expect(nonToken == rest.first { !ASCII.isToken(bytes[$0]) } ?? bytes.count)
        let control = rest.first { bytes[$0] < 0x20 && bytes[$0] != ASCII.tab || bytes[$0] == 0x7F }
        let found = bytes.span.firstControl(from: start)
        #expect(found == control ?? bytes.count)
        if bytes.count >= 8 {
            let at = Int.random(in: 0...(bytes.count - 8), using: &random)
            let word = bytes[at..<(at + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let read = bytes.span.word(at: at)
            #expect(read == word)
        }
    }

    @Test("texts are found where they are and nowhere else", arguments: 0..<40)
    func comparison(count: Int) {
        let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        for offset in 0..<3 {
            let bytes = [UInt8](repeating: 0xAA, count: offset) + text + [0xBB, 0xCC]
            let (isThere, isBeyond) = (
                bytes.span.has(text.span, at: offset), bytes.span.has(text.span, at: bytes.count - count + 1)
            )
            #expect(isThere && !isBeyond)
            for index in 0..<count {
                var other = bytes
                other[offset + index] ^= 0x10
                let isEqual = other.span.has(text.span, at: offset)
                #expect(!isEqual, "byte \(index) differs")
            }
        }
    }
}
