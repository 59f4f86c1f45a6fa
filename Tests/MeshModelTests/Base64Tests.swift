import MeshModel
import MeshTestKit
import Testing

@Suite struct Base64Tests {
    @Test(
        "both alphabets write the vectors of RFC 4648",
        arguments: [
            ("", "", ""), ("f", "Zg==", "Zg"), ("fo", "Zm8=", "Zm8"), ("foo", "Zm9v", "Zm9v"),
            ("foob", "Zm9vYg==", "Zm9vYg"),
            ("fooba", "Zm9vYmE=", "Zm9vYmE"), ("foobar", "Zm9vYmFy", "Zm9vYmFy"), ("~~?>", "fn4/Pg==", "fn4_Pg"),
        ])
    func vectors(plain: String, padded: String, url: String) {
        #expect(Base64.encode(plain.utf8) == padded)
        #expect(Base64.encodeURL(plain.utf8) == url)
        #expect(Base64.decode(padded) == Array(plain.utf8))
        #expect(Base64.decodeURL(url) == Array(plain.utf8))
        #expect(Base64.firstInvalid(padded) == nil)
    }

    @Test("what was written is read", arguments: 0..<UInt64(50))
    func roundTrip(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let bytes = (0..<Int(seed)).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes)
    }

    @Test(
        "text that cannot be decoded says where",
        arguments: [
            ("Z", 1), ("Zg", 2), ("Zg=", 3), ("Zg=v", 3), ("=", 0), ("Z===", 1), ("Zg===", 4), ("Zm9v!", 4),
            ("Zm 9", 2),
        ])
    func invalid(text: String, offset: Int) {
        #expect(Base64.decode(text) == nil)
        #expect(Base64.firstInvalid(text) == offset)
    }

    @Test(
        "URL text has neither padding nor the other alphabet",
        arguments: ["Zg==", "fn4/Pg", "fn4+Pg", "Z", "Zm9v\n", "é"])
    func invalidURL(text: String) {
        #expect(Base64.decodeURL(text) == nil)
    }
}
