/// Ways to look at bytes that compile to single loads, without leaving bounds-checked code.
extension Span<UInt8> {
    /// The eight bytes from `offset` as one little-endian word.
    ///
    /// Reading from a span that is known to have eight bytes lets the compiler drop the checks of the reads and merge
    /// them into one load, in loops as well.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        let eight = self.extracting(droppingFirst: offset).extracting(first: 8)
        precondition(eight.count == 8)
        let low = UInt64(eight[0]) | UInt64(eight[1]) << 8 | UInt64(eight[2]) << 16 | UInt64(eight[3]) << 24
        let high = UInt64(eight[4]) << 32 | UInt64(eight[5]) << 40 | UInt64(eight[6]) << 48 | UInt64(eight[7]) << 56
        return low | high
    }

    /// Up to eight bytes from `offset` as one little-endian word, filled up with zeros.
    @inline(__always)
    func partialWord(at offset: Int, count: Int) -> UInt64 {
        if offset <= self.count &- 8 {
            let mask = count >= 8 ? UInt64.max : (1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1
            return self.word(at: offset) & mask
        }
        var word: UInt64 = 0
        for index in 0..<Swift.min(count, 8) {
            word |= UInt64(self[offset &+ index]) &<< UInt64(truncatingIfNeeded: index &* 8)
        }
        return word
    }

    /// The offset of the first control character other than a tab at or after `start`, else `count`.
    @inline(__always)
    func firstControl(from start: Int) -> Int {
        var index = start
        let last = self.count &- 8
        while index <= last {
            let found = ByteScan.controls(in: self.word(at: index))
            if found != 0 {
                let at = index &+ found.trailingZeroBitCount &>> 3
                guard self[at] == ASCII.tab else { return at }
                index = at &+ 1
            } else {
                index &+= 8
            }
        }
        while index < self.count {
            let byte = self[index]
            if byte < 0x20 && byte != ASCII.tab || byte == 0x7F { return index }
            index &+= 1
        }
        return self.count
    }

    /// The offset of the first byte at or after `start` that may not occur in a token, else `count`.
    @inline(__always)
    func firstNonToken(from start: Int) -> Int {
        var index = start
        let last = self.count &- 8
        while index <= last {
            let others = ByteScan.uncommonInTokens(in: self.word(at: index))
            guard others != 0 else {
                index &+= 8
                continue
            }
            index &+= others.trailingZeroBitCount &>> 3
            guard ASCII.isToken(self[index]) else { return index }
            index &+= 1
        }
        while index < self.count, ASCII.isToken(self[index]) { index &+= 1 }
        return index
    }

    /// Whether the bytes from `offset` equal `text`.
    @inline(__always)
    func has(_ text: Span<UInt8>, at offset: Int) -> Bool {
        guard offset >= 0, text.count <= self.count - offset else { return false }
        let count = text.count
        guard count >= 8 else {
            return self.partialWord(at: offset, count: count) == text.partialWord(at: 0, count: count)
        }
        var index = 0
        while index &+ 8 < count {
            guard self.word(at: offset &+ index) == text.word(at: index) else { return false }
            index &+= 8
        }
        // The last eight bytes, some of them for the second time.
        return self.word(at: offset &+ count &- 8) == text.word(at: count &- 8)
    }

}

/// Arithmetic on eight bytes at a time.
enum ByteScan {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let tops: UInt64 = 0x8080_8080_8080_8080

    /// Marks (bit 7 of a byte) control characters in `word`; marks above the lowest one may be false.
    @inline(__always)
    static func controls(in word: UInt64) -> UInt64 {
        let below = (word &- (ones &* 0x20)) & ~word
        let delete = word ^ (ones &* 0x7F)
        return (below | (delete &- ones) & ~delete) & tops
    }

    /// Marks (bit 7 of a byte) what is neither a letter nor a digit, `-` or `.`; exact for every byte.
    ///
    /// Sums of seven-bit bytes cannot carry into the next byte; bit 7 says whether a byte reached a bound.
    @inline(__always)
    static func uncommonInTokens(in word: UInt64) -> UInt64 {
        let plain = word & ~tops
        let folded = plain | ones &* 0x20
        let letters = (folded &+ ones &* 0x1F) & ~(folded &+ ones &* 0x05)
        let digits = (plain &+ ones &* 0x50) & ~(plain &+ ones &* 0x46)
        let marks = (plain &+ ones &* 0x53) & ~(plain &+ ones &* 0x51)
        return ~(letters | digits | marks) & tops | word & tops
    }
}

/// Names of bytes.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let newline: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A

    /// Whether `byte` may occur in a token (RFC 9110 §5.6.2).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        // Two bitmaps of 64 characters each: ! # $ % & ' * + - . 0–9, and A–Z ^ _ ` a–z | ~.
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        let bit = UInt64(byte & 63)
        return byte < 64 ? (low &>> bit) & 1 == 1 : byte < 128 && (high &>> bit) & 1 == 1
    }

    /// The value of a decimal digit, or something above 9.
    @inline(__always)
    static func digit(_ byte: UInt8) -> UInt8 { byte &- 0x30 }

    /// The value of a hexadecimal digit.
    @inline(__always)
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        let decimal = byte &- 0x30
        if decimal <= 9 { return decimal }
        let letter = (byte | 0x20) &- 0x61
        return letter <= 5 ? letter &+ 10 : nil
    }
}

extension Span<UInt8> {
    /// Whether these bytes equal `lowercased`, letters of either case being equal.
    public func equalsIgnoringCase(_ lowercased: Span<UInt8>) -> Bool {
        guard self.count == lowercased.count else { return false }
        for index in self.indices {
            var byte = self[index]
            if byte &- 0x41 < 26 { byte |= 0x20 }
            if byte != lowercased[index] { return false }
        }
        return true
    }

    /// Whether these bytes equal a lower-case literal, letters of either case being equal.
    public func equalsIgnoringCase(_ lowercased: String) -> Bool {
        self.equalsIgnoringCase(lowercased.utf8Span.span)
    }
}

extension [UInt8] {
    /// Appends `bytes` as one copy.
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>) {
        self.append(addingCapacity: bytes.count) { output in
            for index in 0..<bytes.count { output.append(bytes[index]) }
        }
    }

    /// Writes `bytes` over those from `offset`.
    @inline(__always)
    mutating func overwrite(at offset: Int, _ bytes: Span<UInt8>) {
        precondition(offset >= 0 && bytes.count <= self.count &- offset)
        var target = self.mutableSpan
        for index in 0..<bytes.count { target[offset &+ index] = bytes[index] }
    }
}
