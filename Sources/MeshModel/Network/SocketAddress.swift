/// An IP address and a TCP or UDP port.
public struct SocketAddress: Hashable, Sendable {
    /// The host.
    public var ip: IPAddress
    /// 0 means "any" where a port is asked for.
    public var port: UInt16

    /// Pairs an address with a port.
    public init(_ ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Parses `1.2.3.4:80` or `[::1]:80`.
    public init?(_ text: some StringProtocol) {
        let host: Substring
        let tail: Substring
        let text = Substring(text)
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            guard rest.first == ":" else { return nil }
            tail = rest.dropFirst()
        } else {
            guard let colon = text.lastIndex(of: ":") else { return nil }
            host = text[..<colon]
            tail = text[text.index(after: colon)...]
            guard !host.contains(":") else { return nil }
        }
        guard tail.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(tail), let ip = IPAddress(host) else {
            return nil
        }
        self.init(ip, port: port)
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `1.2.3.4:80` or `[::1]:80`.
    public var description: String {
        switch self.ip {
        case .v4: "\(self.ip):\(self.port)"
        case .v6: "[\(self.ip)]:\(self.port)"
        }
    }
}
