import MeshCodec
import MeshModel
import NIOSSL

/// What says who asks, for one request.
struct PresentedCredentials: Sendable {
    /// Which reading of the credentials this is; a later one has a higher number.
    var generation: UInt64 = 0
    /// The value of `Authorization`; nil when there is none to send.
    var authorization: String?
    /// Settings with the client certificate that a plugin printed; nil leaves those of the client.
    var tls: TLSConfiguration?
}

/// Gives each request its credentials, and renews what runs out.
actor CredentialSource {
    /// A file is read again after this time, as in client-go.
    private static let fileLifetime: Duration = .seconds(60)

    private struct Cached {
        var presented: PresentedCredentials
        var until: ContinuousClock.Instant?
    }

    private let access: ClusterAccess
    private let clock = ContinuousClock()
    private var cached: Cached?
    private var generation: UInt64 = 0
    /// Those who wait for a plugin that somebody else has started; nil while none runs.
    private var waiters: [CheckedContinuation<Void, Never>]?

    init(_ access: ClusterAccess) { self.access = access }

    /// What to send now; of several callers one runs the plugin and the others wait for its answer.
    func present() async throws(KubernetesError) -> PresentedCredentials {
        while true {
            if let cached = self.cached, cached.until.map({ self.clock.now < $0 }) ?? true { return cached.presented }
            guard case .exec(let plugin) = self.access.credentials else { return try self.read() }
            guard self.waiters == nil else {
                await withCheckedContinuation { self.waiters?.append($0) }
                continue
            }
            self.waiters = []
            defer {
                for waiter in self.waiters ?? [] { waiter.resume() }
                self.waiters = nil
            }
            let answer = try await plugin.run(for: self.access)
            return self.keep(
                authorization: answer.token.map { "Bearer \($0)" },
                tls: try answer.certificate.map { certificate throws(KubernetesError) in
                    var access = self.access
                    access.certificate = certificate
                    return try ConnectionSettings.tls(access)
                }, for: answer.lifetime)
        }
    }

    /// The server did not accept `presented`: the next request asks again, unless that happened already.
    ///
    /// - Returns: true when another try can bring something new.
    func refused(_ presented: PresentedCredentials) -> Bool {
        switch self.access.credentials {
        case .none, .token, .basic: return false
        case .tokenFile, .exec:
            if self.cached?.presented.generation == presented.generation { self.cached = nil }
            return true
        }
    }

    private func read() throws(KubernetesError) -> PresentedCredentials {
        switch self.access.credentials {
        case .none, .exec: return PresentedCredentials()
        case .token(let token): return self.keep(authorization: "Bearer \(token)")
        case .basic(let user, let password):
            return self.keep(authorization: "Basic \(Base64.encode("\(user):\(password)".utf8))")
        case .tokenFile(let path):
            let token = try SmallFile.text(path).filter { !$0.isWhitespace }
            guard !token.isEmpty else { throw .invalidAccess(reason: "\(path) is empty") }
            return self.keep(authorization: "Bearer \(token)", for: Self.fileLifetime)
        }
    }

    private func keep(
        authorization: String?, tls: TLSConfiguration? = nil, for lifetime: Duration? = nil
    ) -> PresentedCredentials {
        self.generation += 1
        let presented = PresentedCredentials(generation: self.generation, authorization: authorization, tls: tls)
        self.cached = Cached(presented: presented, until: lifetime.map { self.clock.now + $0 })
        return presented
    }
}
