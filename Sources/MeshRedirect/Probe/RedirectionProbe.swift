import Glibc
public import MeshModel

/// Proves by a connection of its own that outgoing traffic reaches the proxy's port.
///
/// It listens where the proxy will, dials an address that nobody has, and must find itself at the other end. It runs
/// before the proxy starts, as a user that is redirected.
public struct RedirectionProbe: Sendable {
    /// How a probe can end well.
    public enum Outcome: Hashable, Sendable {
        /// The connection came back to us.
        case redirected
        /// There is no route to the address, so that nothing could be learnt.
        case unreachable
    }

    private let target: SocketAddress
    private let listener: SocketAddress
    private let timeout: Duration

    /// Prepares a probe that dials `target` and expects to arrive at `listener`.
    public init(target: SocketAddress, listener: SocketAddress, timeout: Duration = .seconds(10)) {
        self.target = target
        self.listener = listener
        self.timeout = timeout
    }

    /// Listens, dials, and compares a random token.
    ///
    /// Blocks the calling thread for at most the timeout.
    /// - Throws: ``RedirectError/probeFailed(_:)`` when the connection goes elsewhere or nowhere.
    public func run() throws(RedirectError) -> Outcome {
        let server = try Self.socket(for: self.listener)
        defer { close(server) }
        try self.listen(server)
        let client = try Self.socket(for: self.target)
        defer { close(client) }
        if try !self.connect(client) { return .unreachable }
        return try self.exchange(server: server, client: client)
    }

    private func listen(_ server: CInt) throws(RedirectError) {
        var yes: CInt = 1
        _ = setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        guard self.listener.withSockaddr({ bind(server, $0, $1) }) == 0, Glibc.listen(server, 8) == 0 else {
            throw .probeFailed("cannot listen on \(self.listener): \(Self.lastError)")
        }
    }

    /// Starts to connect; false when no route leads there.
    private func connect(_ client: CInt) throws(RedirectError) -> Bool {
        guard self.target.withSockaddr({ Glibc.connect(client, $0, $1) }) != 0 else { return true }
        switch errno {
        case EINPROGRESS: return true
        case ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL: return false
        default: throw .probeFailed("cannot connect to \(self.target): \(Self.lastError)")
        }
    }

    private func exchange(server: CInt, client: CInt) throws(RedirectError) -> Outcome {
        var random = SystemRandomNumberGenerator()
        let token = (0..<32).map { _ in UInt8.random(in: 97...122, using: &random) }
        let deadline = ContinuousClock.now + self.timeout
        var received: [UInt8] = []
        while true {
            let left = deadline - .now
            guard left > .zero else { throw .probeFailed("no answer from \(self.target) within \(self.timeout)") }
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            var watched = [
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&watched, 2, CInt(min(max(1, milliseconds), 60_000)))
            if watched[0].revents != 0 { Self.answer(server, token: token) }
            guard watched[1].revents != 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 256)
            let count = recv(client, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count >= 0 else { throw .probeFailed("\(self.target): \(Self.lastError)") }
            received += buffer.prefix(count)
            if received == token { return .redirected }
            guard count > 0, token.starts(with: received) else {
                throw .probeFailed("\(self.target) answered, and it was not us")
            }
        }
    }

    private static func answer(_ server: CInt, token: [UInt8]) {
        let peer = accept(server, nil, nil)
        guard peer >= 0 else { return }
        _ = send(peer, token, token.count, CInt(MSG_NOSIGNAL))
        close(peer)
    }

    private static func socket(for address: SocketAddress) throws(RedirectError) -> CInt {
        let family = address.ip.bitWidth == 32 ? AF_INET : AF_INET6
        let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(family, type, 0)
        guard descriptor >= 0 else { throw .probeFailed("no socket: \(Self.lastError)") }
        return descriptor
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}

extension SocketAddress {
    /// Calls `body` with the address as the kernel takes it.
    fileprivate func withSockaddr(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        switch self.ip {
        case .v4(let value):
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = self.port.bigEndian
            raw.sin_addr.s_addr = value.bigEndian
            // A sockaddr_in is a sockaddr to the kernel, which is told its true length.
            return withUnsafePointer(to: &raw) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .v6(let upper, let lower):
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = self.port.bigEndian
            withUnsafeMutableBytes(of: &raw.sin6_addr) { bytes in
                bytes.storeBytes(of: upper.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: lower.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return withUnsafePointer(to: &raw) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }
}
