internal import MeshModel

extension QueryMatch {
    /// True when some parameter of `query` has this name and a matching value.
    func matches(_ query: Span<UInt8>) -> Bool {
        var start = 0
        while start <= query.count {
            var end = start
            var equals: Int?
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals == nil, query[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            let nameEnd = equals ?? end
            let valueStart = equals.map { $0 + 1 } ?? end
            if Self.equals(self.name, decoding: query.extracting(start..<nameEnd)),
                self.valueMatches(query.extracting(valueStart..<end))
            {
                return true
            }
            start = end + 1
        }
        return false
    }

    private func valueMatches(_ encoded: Span<UInt8>) -> Bool {
        switch self.value {
        case .exact(let expected): return Self.equals(expected, decoding: encoded)
        case .regex(let regex):
            var matcher = LinearRegex.Matcher(regex)
            var decoder = PercentDecoder()
            while let byte = decoder.next(encoded) {
                guard matcher.feed(byte) else { return false }
            }
            return matcher.accepts
        }
    }

    private static func equals(_ expected: ByteString, decoding encoded: Span<UInt8>) -> Bool {
        let own = expected.bytes.span
        var decoder = PercentDecoder()
        var index = 0
        while let byte = decoder.next(encoded) {
            guard index < own.count, own[index] == byte else { return false }
            index += 1
        }
        return index == own.count
    }
}

/// Decodes `application/x-www-form-urlencoded` text byte by byte; what is no escape stays as it is.
struct PercentDecoder {
    private var offset = 0

    mutating func next(_ bytes: Span<UInt8>) -> UInt8? {
        guard self.offset < bytes.count else { return nil }
        let byte = bytes[self.offset]
        self.offset += 1
        if byte == UInt8(ascii: "+") { return UInt8(ascii: " ") }
        guard byte == UInt8(ascii: "%"), self.offset + 1 < bytes.count,
            let high = Self.hexDigit(bytes[self.offset]), let low = Self.hexDigit(bytes[self.offset + 1])
        else { return byte }
        self.offset += 2
        return high << 4 | low
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
