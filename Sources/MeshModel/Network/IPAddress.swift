/// An IPv4 or IPv6 address, as a value without references.
///
/// IPv4-mapped IPv6 addresses (`::ffff:a.b.c.d`) stay IPv6 here; ``canonical`` folds them, and whoever accepts a
/// connection on a dual-stack socket folds them at once, so that one peer has one address.
public enum IPAddress: Hashable, Sendable {
    /// Host order: 10.0.0.1 is `0x0A00_0001`.
    case v4(UInt32)
    /// Upper and lower 64 bits, hextets 1–4 and 5–8.
    case v6(UInt64, UInt64)

    /// Parses the textual forms of RFC 4291 §2.2 and dotted IPv4; no brackets, no zone, no prefix length.
    ///
    /// Leading zeros in an IPv4 octet are refused: readers disagree on whether they mean octal.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 45 else { return nil }
        if bytes.contains(UInt8(ascii: ":")) {
            guard let (upper, lower) = Self.parse6(bytes[...]) else { return nil }
            self = .v6(upper, lower)
        } else {
            guard let value = Self.parse4(bytes[...]) else { return nil }
            self = .v4(value)
        }
    }

    /// 32 or 128.
    public var bitWidth: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// 127.0.0.0/8 or ::1, also when mapped.
    public var isLoopback: Bool {
        switch self.canonical {
        case .v4(let value): value >> 24 == 127
        case .v6(let upper, let lower): upper == 0 && lower == 1
        }
    }

    /// 0.0.0.0 or `::`.
    public var isUnspecified: Bool {
        switch self {
        case .v4(let value): value == 0
        case .v6(let upper, let lower): upper == 0 && lower == 0
        }
    }

    /// The IPv4 address inside an IPv4-mapped one, otherwise itself.
    public var canonical: IPAddress {
        if case .v6(0, let lower) = self, lower >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: lower)) }
        return self
    }

    private static func parse4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var octets = 0
        for part in bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard octets < 4, (1...3).contains(part.count), let first = part.first else { return nil }
            guard part.count == 1 || first != UInt8(ascii: "0") else { return nil }
            var octet: UInt32 = 0
            for byte in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
            }
            guard octet <= 255 else { return nil }
            value = value << 8 | octet
            octets += 1
        }
        return octets == 4 ? value : nil
    }

    private static func parse6(_ bytes: ArraySlice<UInt8>) -> (UInt64, UInt64)? {
        var groups: [UInt16] = []
        var gap: Int?
        var rest = bytes
        let colon = UInt8(ascii: ":")
        if rest.starts(with: [colon, colon]) {
            gap = 0
            rest = rest.dropFirst(2)
        } else if rest.first == colon {
            return nil
        }
        while !rest.isEmpty {
            let part = rest.prefix { $0 != colon }
            if part.contains(UInt8(ascii: ".")) {
                guard part.endIndex == rest.endIndex, groups.count <= 6, let v4 = parse4(part) else { return nil }
                groups += [UInt16(truncatingIfNeeded: v4 >> 16), UInt16(truncatingIfNeeded: v4)]
                break
            }
            guard groups.count < 8, let group = parseGroup(part) else { return nil }
            groups.append(group)
            rest = rest[part.endIndex...]
            guard let separator = rest.first else { break }
            precondition(separator == colon)
            rest = rest.dropFirst()
            if rest.first == colon {
                guard gap == nil else { return nil }
                gap = groups.count
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        let upper = groups[0..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let lower = groups[4..<8].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        return (upper, lower)
    }

    private static func parseGroup(_ part: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(part.count) else { return nil }
        var value: UInt16 = 0
        for byte in part {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted IPv4, or IPv6 in the canonical form of RFC 5952.
    public var description: String {
        switch self {
        case .v4(let value):
            return "\(value >> 24).\(value >> 16 & 0xFF).\(value >> 8 & 0xFF).\(value & 0xFF)"
        case .v6(let upper, let lower):
            if upper == 0, lower >> 32 == 0xFFFF {
                return "::ffff:\(IPAddress.v4(UInt32(truncatingIfNeeded: lower)))"
            }
            let groups = (0..<8).map { index in
                UInt16(truncatingIfNeeded: (index < 4 ? upper : lower) >> UInt64((3 - index % 4) * 16))
            }
            guard let gap = Self.longestZeroRun(groups) else { return Self.join(groups[...]) }
            return "\(Self.join(groups[..<gap.lowerBound]))::\(Self.join(groups[gap.upperBound...]))"
        }
    }

    private static func join(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    /// The first of the longest runs of at least two zero groups (RFC 5952 §4.2).
    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start: Int?
        for index in 0...groups.count {
            if index < groups.count, groups[index] == 0 {
                start = start ?? index
            } else if let begin = start {
                if index - begin >= 2, index - begin > (best?.count ?? 0) { best = begin..<index }
                start = nil
            }
        }
        return best
    }
}
