@testable import MeshCodec

extension FuzzTarget {
    static let hpack = FuzzTarget(
        name: "hpack", lengthMax: 2048,
        seeds: [
            // Requests of RFC 7541, appendix C.4, each behind its length.
            [17, 0x82, 0x86, 0x84, 0x41, 0x8C, 0xF1, 0xE3, 0xC2, 0xE5, 0xF2, 0x3A, 0x6B, 0xA0, 0xAB, 0x90, 0xF4, 0xFF],
            [
                12, 0x82, 0x86, 0x84, 0xBE, 0x58, 0x86, 0xA8, 0xEB, 0x10, 0x64, 0x9C, 0xBF, 24, 0x82, 0x87, 0x85, 0xBF,
                0x40, 0x88, 0x25, 0xA8, 0x49, 0xE9, 0x5B, 0xA9, 0x7D, 0x7F, 0x89, 0x25, 0xA8, 0x49, 0xE9, 0x5B, 0xB8,
                0xE8,
                0xB4, 0xBF,
            ],
            [5, 0x40, 1, 0x61, 1, 0x62, 2, 0xBE, 0xBE, 3, 0x3F, 0xE1, 0x1F, 2, 0x20, 0xBE],
            [9, 0x10, 3, 0x61, 0x62, 0x63, 3, 0x64, 0x65, 0x66, 4, 0x0F, 0x2F, 1, 0x78],
        ],
        words: ["\u{20}", "\u{3F}", "\u{7F}", "\u{40}\u{01}a\u{01}b"],
        check: { bytes throws(Finding) in
            try HPACKProperties.checkDecoding(bytes)
            try HPACKProperties.checkHuffman(bytes)
            try HPACKProperties.checkEncoding(bytes)
        })
}

enum HPACKProperties {
    private static let sizeMax = 1024

    /// Decodes blocks, each behind a byte with its length, with one table: nothing exceeds its limit, and what was
    /// decoded is decoded again from what our encoder makes of it.
    static func checkDecoding(_ bytes: [UInt8]) throws(Finding) {
        var decoder = HPACKDecoder()
        var encoder = HPACKEncoder()
        var mirror = HPACKDecoder()
        var list = HTTP2HeaderList(sizeMax: self.sizeMax)
        var rest = bytes[...]
        while let length = rest.popFirst() {
            let block = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            list.removeAll()
            do { try decoder.decode(block.span, into: &list) } catch { return }
            let fields = self.fields(list)
            let size = fields.reduce(0) { $0 + $1.name.count + $1.value.count + 32 }
            try require(size <= self.sizeMax, "\(size) bytes in a list of at most \(self.sizeMax)")
            try require(list.bytes.count <= 16 * self.sizeMax, "\(list.bytes.count) bytes of memory")
            try require(decoder.tableSize <= HPACKTable.sizeMax, "a table of \(decoder.tableSize) bytes")
            try self.checkRoundTrip(fields, &encoder, &mirror)
        }
    }

    /// Makes heads of the bytes and sends them through one encoder and one decoder, with changing table limits.
    static func checkEncoding(_ bytes: [UInt8]) throws(Finding) {
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder()
        var random = FuzzRandom(hashing: bytes)
        var fields: [Field] = []
        var rest = bytes[...]
        while let kind = rest.popFirst() {
            switch kind & 7 {
            case 0: encoder.setPeerLimit(Int(rest.popFirst() ?? 0) * 20)
            case 1:
                try self.checkRoundTrip(fields, &encoder, &decoder)
                fields.removeAll()
            case 2:
                let name = Array(["cookie", ":path", "user-agent", "x-a", ":status"][random.below(5)].utf8)
                fields.append(Field(name: name, value: Array(rest.prefix(3)), isSensitive: kind & 8 != 0))
            default:
                let nameCount = Int(kind >> 4) + 1
                let valueCount = Int(rest.popFirst() ?? 0) * (kind & 8 != 0 ? 3 : 1)
                let name = rest.prefix(nameCount).map { 0x61 + $0 % 26 }
                rest = rest.dropFirst(nameCount)
                var value: [UInt8] = []
                while value.count < valueCount {
                    value.append(rest.isEmpty ? 0x76 : rest[rest.startIndex + value.count % rest.count])
                }
                fields.append(Field(name: name, value: value, isSensitive: kind & 7 == 7))
            }
        }
        try self.checkRoundTrip(fields, &encoder, &decoder)
    }

    static func checkHuffman(_ bytes: [UInt8]) throws(Finding) {
        let huffman = HPACKHuffman.shared
        var code: [UInt8] = []
        huffman.encode(bytes.span, into: &code)
        try require(code.count == huffman.encodedCount(bytes.span), "another length of the code")
        try require(self.decoded(code) == bytes, "another text when decoded")
        guard let text = self.decoded(bytes) else { return }
        code.removeAll()
        huffman.encode(text.span, into: &code)
        try require(code == bytes, "two codes for one text")
    }

    private static func decoded(_ code: [UInt8]) -> [UInt8]? {
        var text = [UInt8](repeating: 0, count: code.count * 8 / 5 + 1)
        guard let end = HPACKHuffman.shared.decode(code.span, into: &text, at: 0) else { return nil }
        return Array(text[..<end])
    }

    private struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
        var isSensitive: Bool
    }

    private static func fields(_ list: borrowing HTTP2HeaderList) -> [Field] {
        (0..<list.count).map { index in
            let field = list[index]
            return Field(
                name: Array(list.bytes[field.nameRange]), value: Array(list.bytes[field.valueRange]),
                isSensitive: field.isSensitive)
        }
    }

    private static func checkRoundTrip(
        _ fields: [Field], _ encoder: inout HPACKEncoder, _ decoder: inout HPACKDecoder
    ) throws(Finding) {
        var block: [UInt8] = []
        encoder.begin(into: &block)
        for field in fields {
            encoder.encode(
                name: field.name.span, value: field.value.span,
                field: .recognise(field.name.span, at: 0, count: field.name.count),
                staticName: HPACKStaticTable.shared.index(ofName: field.name.span), isSensitive: field.isSensitive,
                into: &block)
        }
        var list = HTTP2HeaderList(sizeMax: 1 << 20)
        do { try decoder.decode(block.span, into: &list) } catch { throw Finding("our own block is refused: \(error)") }
        let again = self.fields(list)
        try require(again.count == fields.count, "\(again.count) of \(fields.count) fields")
        for (before, after) in zip(fields, again) {
            try require(before.name == after.name && before.value == after.value, "another field")
            try require(after.isSensitive || !before.isSensitive, "a secret may be indexed by others")
        }
    }
}
