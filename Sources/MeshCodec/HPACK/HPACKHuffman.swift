/// The Huffman code of HPACK (RFC 7541 §5.2, appendix B).
///
/// The code is canonical, so its 257 lengths are all that has to be written down.
struct HPACKHuffman: Sendable {
    /// Length in bits of the code of each byte, and of the end of string.
    private static let lengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28,
        28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23,
        22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
        23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26,
        28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
        27, 27, 27, 26,
        30,
    ]

    static let shared = HPACKHuffman()

    /// Code of each symbol, right-aligned.
    private var codes = InlineArray<257, UInt32>(repeating: 0)
    private var sizes = InlineArray<257, UInt8>(repeating: 0)
    /// For each value of the next eight bits: symbol and length, or 0 if the code is longer.
    private var short = InlineArray<256, UInt16>(repeating: 0)
    /// Symbols in the order of their codes.
    private var symbols = InlineArray<257, UInt16>(repeating: 0)
    /// For each length: the first code beyond it, left-aligned in 32 bits.
    private var limits = InlineArray<31, UInt32>(repeating: 0)
    /// For each length: what to add to a code of that length to get its place in `symbols`.
    private var offsets = InlineArray<31, Int>(repeating: 0)

    private init() {
        var code: UInt32 = 0
        var place = 0
        for length in 1...30 {
            code <<= 1
            self.offsets[length] = place - Int(code)
            for symbol in 0...256 where Self.lengths[symbol] == UInt8(length) {
                self.codes[symbol] = code
                self.sizes[symbol] = UInt8(length)
                self.symbols[place] = UInt16(symbol)
                if length <= 8 { self.fill(symbol, code: Int(code), length: length) }
                place += 1
                code += 1
            }
            // The last code of 30 bits is all ones, whose limit does not fit.
            self.limits[length] = length == 30 ? .max : code << UInt32(32 - length)
        }
    }

    private mutating func fill(_ symbol: Int, code: Int, length: Int) {
        let first = code << (8 - length)
        for index in first..<(first + 1 << (8 - length)) {
            self.short[index] = UInt16(symbol) << 8 | UInt16(length)
        }
    }

    /// How many bytes `text` takes when encoded.
    func encodedCount(_ text: Span<UInt8>) -> Int {
        var bits = 0
        for index in text.indices { bits &+= Int(self.sizes[Int(text[index])]) }
        return (bits &+ 7) &>> 3
    }

    /// Appends the code of `text` to `output`.
    func encode(_ text: Span<UInt8>, into output: inout [UInt8]) {
        var bits: UInt64 = 0
        var count: UInt64 = 0
        for index in text.indices {
            let symbol = Int(text[index])
            let size = UInt64(self.sizes[symbol])
            bits = bits &<< size | UInt64(self.codes[symbol])
            count &+= size
            while count >= 8 {
                count &-= 8
                output.append(UInt8(truncatingIfNeeded: bits &>> count))
            }
        }
        guard count > 0 else { return }
        // Padded with the first bits of the end of string, which are ones.
        let free = 8 &- count
        output.append(UInt8(truncatingIfNeeded: bits &<< free | ((1 &<< free) &- 1)))
    }

    /// Decodes `code` into `output` from `start`, which must have room for 8/5 of its length.
    ///
    /// - Returns: the end of what was written; nil if the code contains the end of string or is badly padded.
    func decode(_ code: Span<UInt8>, into output: inout [UInt8], at start: Int) -> Int? {
        var bits: UInt64 = 0  // Left-aligned.
        var count = 0
        var index = 0
        var end = start
        while true {
            while count <= 56, index < code.count {
                bits |= UInt64(code[index]) &<< UInt64(truncatingIfNeeded: 56 &- count)
                count &+= 8
                index &+= 1
            }
            if count == 0 { return end }
            let entry = self.short[Int(truncatingIfNeeded: bits &>> 56)]
            var length = Int(entry & 0xFF)
            var symbol = entry &>> 8
            if length == 0 {
                let top = UInt32(truncatingIfNeeded: bits &>> 32)
                length = 9
                while length < 30, top >= self.limits[length] { length &+= 1 }
                let place = Int(top &>> UInt32(truncatingIfNeeded: 32 &- length)) &+ self.offsets[length]
                guard place < 257 else { return nil }
                symbol = self.symbols[place]
            }
            guard length <= count else {
                // Fewer than eight bits may be left over, all ones (RFC 7541 §5.2).
                let ones = ~UInt64(0) &<< UInt64(truncatingIfNeeded: 64 &- count)
                return count < 8 && bits == ones ? end : nil
            }
            guard symbol < 256 else { return nil }
            output[end] = UInt8(truncatingIfNeeded: symbol)
            end &+= 1
            bits &<<= UInt64(truncatingIfNeeded: length)
            count &-= length
        }
    }
}
