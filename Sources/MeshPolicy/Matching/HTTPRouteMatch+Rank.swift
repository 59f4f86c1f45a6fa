internal import MeshModel

extension PathMatch {
    /// The length that counts in precedence and the bytes that a prefix covers; nil without a match.
    func rank(of path: Span<UInt8>) -> (length: Int, prefix: Int)? {
        switch self {
        case .exact(let value): return value.equals(path) ? (value.count, 0) : nil
        case .prefix(let value):
            guard let length = Self.matchedPrefix(value, of: path) else { return nil }
            return (max(length, 1), length)
        case .regex(let regex): return regex.matches(path) ? (path.count, 0) : nil
        }
    }

    /// Length of `prefix` without its trailing `/` when `path` is that or lies below it.
    private static func matchedPrefix(_ prefix: ByteString, of path: Span<UInt8>) -> Int? {
        let slash = UInt8(ascii: "/")
        let own = prefix.bytes.span
        let length = own.count > 0 && own[own.count - 1] == slash ? own.count - 1 : own.count
        guard path.count >= length else { return nil }
        for index in 0..<length where path[index] != own[index] { return nil }
        guard path.count == length || path[length] == slash else { return nil }
        // Only `/` itself is left with nothing: it covers every path, but not `*`.
        return path.count == 0 ? nil : length
    }
}

extension ValueMatch {
    func matches(_ value: Span<UInt8>) -> Bool {
        switch self {
        case .exact(let expected): expected.equals(value)
        case .regex(let regex): regex.matches(value)
        }
    }
}

extension HeaderMatch {
    func matches(_ bytes: Span<UInt8>, _ fields: Span<FieldRange>) -> Bool {
        for index in fields.indices {
            let field = fields[index]
            if Int(field.name.count) == self.name.count,
                self.name.equalsLowercased(bytes.extracting(field.name.indices)),
                self.value.matches(bytes.extracting(field.value.indices))
            {
                return true
            }
        }
        return false
    }
}

extension HTTPRouteMatch {
    /// How specifically a request is matched, without its host; nil when it is not.
    func rank(_ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>) -> (rank: MatchRank, prefix: Int)?
    {
        var rank = MatchRank()
        var prefix = 0
        if let method = self.method {
            guard method.equals(bytes.extracting(head.method.indices)) else { return nil }
            rank.method = 1
        }
        if let path = self.path {
            guard let match = path.rank(of: bytes.extracting(head.path.indices)) else { return nil }
            rank.path = match.length
            prefix = match.prefix
        }
        for header in self.headers {
            guard header.matches(bytes, fields) else { return nil }
            rank.headers += 1
        }
        for parameter in self.query {
            guard parameter.matches(bytes.extracting(head.query.indices)) else { return nil }
            rank.query += 1
        }
        return (rank, prefix)
    }
}
