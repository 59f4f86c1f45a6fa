import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

/// Turns ``ClusterAccess`` into what the HTTP library wants.
enum ConnectionSettings {
    /// The URL that paths are appended to, and the settings of connections.
    static func make(
        _ access: ClusterAccess, connectionsMax: Int
    ) throws(KubernetesError) -> (base: String, settings: HTTPClient.Configuration) {
        var settings = HTTPClient.Configuration()
        settings.httpVersion = .http1Only
        settings.redirectConfiguration = .disallow
        settings.timeout.connect = .seconds(10)
        settings.connectionPool.idleTimeout = .seconds(60)
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsMax
        settings.connectionPool.retryConnectionEstablishment = false
        settings.http1_1ConnectionDebugInitializer = { channel in Self.keepAlive(channel) }
        settings.tlsConfiguration = try Self.tls(access)
        var base = access.server
        while base.hasSuffix("/") { base.removeLast() }
        if !base.contains("://") { base = "https://\(base)" }
        if let name = access.serverName, let host = Self.host(of: base) {
            settings.dnsOverride = [name: host.trimmingBrackets]
            base = base.replacingFirst(host, with: name)
        }
        return (base, settings)
    }

    /// Whom to trust and which certificate to show.
    static func tls(_ access: ClusterAccess) throws(KubernetesError) -> TLSConfiguration {
        do {
            return try Self.uncheckedTLS(access)
        } catch {
            throw .invalidAccess(reason: "the certificates cannot be used: \(error)")
        }
    }

    private static func uncheckedTLS(_ access: ClusterAccess) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        switch access.trust {
        case .system: break
        case .authorities(let pem):
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
        case .anything: tls.certificateVerification = .none
        }
        if let certificate = access.certificate {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chainPEM.utf8))
            tls.certificateChain = chain.map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(certificate.keyPEM.utf8), format: .pem))
        }
        return tls
    }

    /// A peer that vanished without a word is noticed within about a minute, also on an idle watch.
    private static func keepAlive(_ channel: any Channel) -> EventLoopFuture<Void> {
        let options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
            (.init(level: .socket, name: .so_keepalive), 1),
            (.init(level: .tcp, name: .init(rawValue: 4)), 30),  // TCP_KEEPIDLE, in seconds.
            (.init(level: .tcp, name: .init(rawValue: 5)), 10),  // TCP_KEEPINTVL, in seconds.
            (.init(level: .tcp, name: .init(rawValue: 6)), 3),  // TCP_KEEPCNT.
            (.init(level: .tcp, name: .init(rawValue: 18)), 30_000),  // TCP_USER_TIMEOUT, in milliseconds.
        ]
        return .andAllSucceed(
            options.map { channel.setOption($0.0, value: $0.1) }, on: channel.eventLoop)
    }

    private static func host(of base: String) -> Substring? {
        guard let start = base.range(ofText: "://") else { return nil }
        let authority = base[start...].prefix { $0 != "/" }
        if authority.first == "[" {
            return authority.prefix(through: authority.firstIndex(of: "]") ?? authority.startIndex)
        }
        return authority.prefix { $0 != ":" }
    }
}

extension String {
    /// Where the text after `mark` begins.
    fileprivate func range(ofText mark: String) -> Index? {
        var index = self.startIndex
        while index < self.endIndex {
            if self[index...].hasPrefix(mark) { return self.index(index, offsetBy: mark.count) }
            index = self.index(after: index)
        }
        return nil
    }

    fileprivate func replacingFirst(_ part: Substring, with text: String) -> String {
        String(self[..<part.startIndex]) + text + String(self[part.endIndex...])
    }
}

extension Substring {
    fileprivate var trimmingBrackets: String { String(self.filter { $0 != "[" && $0 != "]" }) }
}
