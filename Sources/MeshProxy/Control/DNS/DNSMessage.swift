import MeshModel

/// Queries and answers of the DNS, as far as finding a host's addresses needs them (RFC 1035 §4).
enum DNSMessage {
    /// What is asked for.
    enum RecordType: UInt16, Hashable {
        /// IPv4.
        case a = 1
        /// IPv6.
        case aaaa = 28
    }

    /// What an answer says.
    enum Answer: Hashable {
        /// Addresses, and for how many seconds they hold.
        case addresses([IPAddress], ttl: UInt32)
        /// There is no such name, or it has no addresses of this kind.
        case none
        /// The server did not answer the question.
        case failed
    }

    /// Longest answer that is read; more comes only over TCP, which nobody needs for so few addresses.
    static let sizeMax = 4096
    private static let addressesMax = 64

    /// A query; nil for what is no host name.
    static func query(_ host: String, _ type: RecordType, id: UInt16) -> [UInt8]? {
        var message: [UInt8] = [
            UInt8(id >> 8), UInt8(truncatingIfNeeded: id), 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0,
        ]
        guard let name = Self.encode(host) else { return nil }
        message += name
        message += [0, UInt8(type.rawValue), 0, 1]
        return message
    }

    private static func encode(_ host: String) -> [UInt8]? {
        let labels = (host.hasSuffix(".") ? host.dropLast() : host[...]).split(
            separator: ".", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for label in labels {
            let label = Array(label.utf8)
            guard (1...63).contains(label.count) else { return nil }
            bytes.append(UInt8(label.count))
            bytes += label
        }
        bytes.append(0)
        return bytes.count <= 255 ? bytes : nil
    }

    /// Reads the answer to the query `query`; nil when it is not one, and must be ignored.
    static func answer(_ message: [UInt8], to query: [UInt8]) -> Answer? {
        guard message.count >= query.count, query.count > 16, message[0] == query[0], message[1] == query[1],
            message[2] & 0x80 != 0, message[4...5].elementsEqual([0, 1]),
            Self.sameQuestion(message, query)
        else { return nil }
        switch message[3] & 0x0F {
        case 0: break
        case 3: return Answer.none
        default: return .failed
        }
        let type = UInt16(query[query.count - 4]) << 8 | UInt16(query[query.count - 3])
        let count = Int(message[6]) << 8 | Int(message[7])
        return Self.records(message, from: query.count, count: count, type: type)
    }

    /// Names compare without case, which servers may change.
    private static func sameQuestion(_ message: [UInt8], _ query: [UInt8]) -> Bool {
        zip(message[12..<query.count], query[12...]).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }

    private static func records(_ message: [UInt8], from start: Int, count: Int, type: UInt16) -> Answer {
        var addresses: [IPAddress] = []
        var ttl = UInt32.max
        var offset = start
        for _ in 0..<count {
            guard let name = Self.skipName(message, at: offset), name + 10 <= message.count else { return .failed }
            let found = UInt16(message[name]) << 8 | UInt16(message[name + 1])
            let lifetime = message[(name + 4)..<(name + 8)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let length = Int(message[name + 8]) << 8 | Int(message[name + 9])
            let data = name + 10
            guard data + length <= message.count else { return .failed }
            if found == type, addresses.count < Self.addressesMax,
                let address = Self.address(message[data..<(data + length)])
            {
                addresses.append(address)
                ttl = min(ttl, lifetime)
            }
            offset = data + length
        }
        return addresses.isEmpty ? .none : .addresses(addresses, ttl: ttl)
    }

    private static func address(_ data: ArraySlice<UInt8>) -> IPAddress? {
        switch data.count {
        case 4: return .v4(data.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let upper = data.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return .v6(upper, data.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        default: return nil
        }
    }

    /// The offset behind a name, which may end in a pointer.
    private static func skipName(_ message: [UInt8], at start: Int) -> Int? {
        var offset = start
        while offset < message.count {
            let length = Int(message[offset])
            if length == 0 { return offset + 1 }
            if length & 0xC0 == 0xC0 { return offset + 2 <= message.count ? offset + 2 : nil }
            guard length < 64 else { return nil }
            offset += length + 1
        }
        return nil
    }
}

/// The servers and search list of `/etc/resolv.conf`.
struct ResolverConfiguration: Hashable {
    var servers: [IPAddress] = []
    var search: [String] = []
    /// Names with fewer dots are tried with the search list first.
    var dots = 1

    private static let serversMax = 3

    /// Reads the file's text; lines that make no sense are skipped as every resolver does.
    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let keyword = words.first else { continue }
            switch keyword {
            case "nameserver":
                if self.servers.count < Self.serversMax, words.count > 1, let address = IPAddress(words[1]) {
                    self.servers.append(address)
                }
            case "search", "domain": self.search = words.dropFirst().map(String.init)
            case "options":
                for word in words.dropFirst() where word.hasPrefix("ndots:") {
                    self.dots = Int(word.dropFirst(6)).map { min(max($0, 0), 15) } ?? self.dots
                }
            default: continue
            }
        }
        if self.servers.isEmpty { self.servers = [.v4(0x7F00_0001)] }
    }

    /// The full names to be tried for `host`, in order.
    func candidates(for host: String) -> [String] {
        if host.hasSuffix(".") { return [host] }
        let searched = self.search.map { "\(host).\($0)" }
        return host.count(where: { $0 == "." }) >= self.dots ? [host] + searched : searched + [host]
    }
}
