/// Escapes in JSON strings (RFC 8259 §7).
enum JSONEscapes {
    /// The bytes of a string that has escapes; `range` is what stands between its quotes.
    static func unescaped(_ bytes: [UInt8], _ range: Range<Int>) throws(JSONError) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\\") {
                try Self.escape(bytes, &index, end: range.upperBound, into: &text)
            } else {
                text.append(byte)
            }
        }
        return text
    }

    private static func escape(
        _ bytes: [UInt8], _ index: inout Int, end: Int, into text: inout [UInt8]
    ) throws(JSONError) {
        let letter = bytes[index]
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            // A lone surrogate becomes U+FFFD, as in Go.
            let scalar = Unicode.Scalar(try Self.codePoint(bytes, &index, end: end)) ?? "\u{FFFD}"
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw .unexpected(byte: letter, offset: index - 1)
        }
    }

    private static func codePoint(_ bytes: [UInt8], _ index: inout Int, end: Int) throws(JSONError) -> UInt32 {
        let first = try Self.fourHexDigits(bytes, &index, end: end)
        guard (0xD800..<0xDC00).contains(first), index + 1 < end, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { return first }
        var after = index + 2
        let second = try Self.fourHexDigits(bytes, &after, end: end)
        guard (0xDC00..<0xE000).contains(second) else { return first }
        index = after
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private static func fourHexDigits(_ bytes: [UInt8], _ index: inout Int, end: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = index < end ? bytes[index] : UInt8(ascii: "\"")
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw .unexpected(byte: byte, offset: index)
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}

extension Span<UInt8> {
    /// The offset of the first byte at or after `start` that ends a run of plain text in a JSON string: a quote, a
    /// backslash or a control character; else `count`.
    @inline(__always)
    func firstOfJSONString(from start: Int) -> Int {
        var index = start
        let last = self.count &- 8
        while index <= last {
            let word = self.word(at: index)
            let quote = word ^ (ByteScan.ones &* 0x22)
            let backslash = word ^ (ByteScan.ones &* 0x5C)
            // Marks above the lowest one may be false; the lowest is right.
            let marks =
                ((quote &- ByteScan.ones) & ~quote | (backslash &- ByteScan.ones) & ~backslash
                    | (word &- (ByteScan.ones &* 0x20)) & ~word) & ByteScan.tops
            if marks != 0 { return index &+ marks.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < self.count {
            let byte = self[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 { return index }
            index &+= 1
        }
        return self.count
    }
}
