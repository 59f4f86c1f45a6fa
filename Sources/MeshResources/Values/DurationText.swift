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
        var total: Double = 0
        var exact: Int64 = 0
        while !rest.isEmpty {
            guard let (amount, unit) = Self.nextTerm(&rest) else { return nil }
            total += amount * Double(unit)
            guard total < 9.2e18 else { return nil }
            exact += Int64((amount * Double(unit)).rounded(.toNearestOrAwayFromZero))
        }
        self = .nanoseconds(isNegative ? -exact : exact)
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

    private static func nextTerm(_ rest: inout Substring) -> (amount: Double, unit: Int64)? {
        let number = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
        guard number.contains(where: { $0 != "." }), number.count(where: { $0 == "." }) <= 1 else { return nil }
        rest = rest.dropFirst(number.count)
        let unit = rest.prefix { $0 != "." && !("0"..."9").contains($0) }
        guard let nanoseconds = Self.nanoseconds(ofUnit: unit) else { return nil }
        rest = rest.dropFirst(unit.count)
        let padded = "0\(number)\(number.hasSuffix(".") ? "0" : "")"
        guard let amount = Double(padded) else { return nil }
        return (amount, nanoseconds)
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
