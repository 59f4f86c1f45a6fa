internal import MeshModel

extension HostMatch {
    /// How specifically the host of `authority` is matched; nil when it is not.
    func rank(of host: Span<UInt8>) -> Int? {
        switch self {
        case .exact(let name): name.equalsLowercased(host) ? MatchRank.exactHost + name.count : nil
        case .suffix(let suffix):
            host.count > suffix.count && suffix.isSuffixLowercased(of: host) ? suffix.count : nil
        }
    }

    /// The best rank of several matches; 0 when there are none to satisfy, nil when none is satisfied.
    static func bestRank(of matches: [HostMatch], authority: Span<UInt8>) -> Int? {
        guard !matches.isEmpty else { return 0 }
        let host = authority.extracting(0..<Self.hostLength(authority))
        var best: Int?
        for match in matches {
            guard let rank = match.rank(of: host) else { continue }
            best = max(best ?? 0, rank)
        }
        return best
    }

    /// True when one of `matches` is for `authority`, which may carry a port, or when there are none to satisfy.
    public static func matches(_ matches: [HostMatch], authority: Span<UInt8>) -> Bool {
        self.bestRank(of: matches, authority: authority) != nil
    }

    /// Length of an authority without its port and without one trailing dot.
    private static func hostLength(_ authority: Span<UInt8>) -> Int {
        var end = authority.count
        var index = end
        while index > 0 {
            index -= 1
            let byte = authority[index]
            if byte == UInt8(ascii: ":") {
                end = index
                break
            }
            guard byte &- UInt8(ascii: "0") < 10 else { break }
        }
        if end > 0, authority[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return end
    }
}
