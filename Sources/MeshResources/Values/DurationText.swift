extension Duration {
    /// Parses Go's duration text: an optional sign, then decimal numbers with units (`1h2m3.5s`, `300ms`), or `0`.
    ///
    /// Units are ns, us, µs, μs, ms, s, m and h. Nil for anything else, and beyond about 292 years.
    public init?(goText text: some StringProtocol) {
        var rest = Substring(text)
        guard rest.utf8.count <= 128 else { return nil }
        let isNegative = rest.first == "-"
        if let first = rest.first, first == "-" || first == "+" { rest.removeFirst() }
        if rest == "0" {
            self = .zero
            return
        }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            guard let term = Self.nextTerm(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(term)
            guard !overflow else { return nil }
            total = sum
        }
        self = .nanoseconds(isNegative ? -total : total)
    }

    /// Parses a Gateway API duration: up to four terms of at most five digits with h, m, s or ms (GEP-2257).
    public init?(gatewayText text: some StringProtocol) {
        var rest = Substring(text)
        var terms = 0
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard (1...5).contains(digits.count), let amount = Int64(digits), terms < 4 else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            guard ["h", "m", "s", "ms"].contains(unit), let nanoseconds = Self.nanoseconds(ofUnit: unit) else {
                return nil
            }
            rest = rest.dropFirst(unit.count)
            total += amount * nanoseconds
            terms += 1
        }
        guard terms > 0 else { return nil }
        self = .nanoseconds(total)
    }

    /// The nanoseconds of a number with a unit, exact for whole numbers and rounded for fractions.
    private static func nextTerm(_ rest: inout Substring) -> Int64? {
        let whole = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(whole.count)
        var fraction = Substring()
        if rest.first == "." {
            rest.removeFirst()
            fraction = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty, whole.count <= 19 else { return nil }
        let unitName = rest.prefix { $0 != "." && !("0"..."9").contains($0) }
        guard let unit = Self.nanoseconds(ofUnit: unitName) else { return nil }
        rest = rest.dropFirst(unitName.count)
        // More digits of the fraction than these are less than a nanosecond of the largest unit.
        let digits = fraction.prefix(18)
        let scale = (0..<digits.count).reduce(UInt128(1)) { power, _ in power * 10 }
        let part = ((UInt128(digits) ?? 0) * UInt128(unit) + scale / 2) / scale
        return Int64(exactly: (UInt128(whole) ?? 0) * UInt128(unit) + part)
    }

    private static func nanoseconds(ofUnit unit: Substring) -> Int64? {
        switch unit {
        case "ns": 1
        case "us", "µs", "μs": 1_000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }
}
