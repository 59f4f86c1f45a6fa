import MeshCodec
import MeshModel
import MeshResources

/// Gives each request its `Authorization`, and renews what runs out.
actor CredentialSource {
    /// A file is read again after this time, as in client-go.
    private static let fileLifetime: Duration = .seconds(60)

    private struct Cached {
        var header: String
        var until: ContinuousClock.Instant?
    }

    private let credentials: ClusterAccess.Credentials
    private let server: String
    private let clock = ContinuousClock()
    private var cached: Cached?

    init(_ credentials: ClusterAccess.Credentials, server: String) {
        self.credentials = credentials
        self.server = server
    }

    /// The header's value; nil when there is none to send.
    func authorization() async throws(KubernetesError) -> String? {
        if let cached = self.cached, cached.until.map({ self.clock.now < $0 }) ?? true { return cached.header }
        let fresh: Cached
        switch self.credentials {
        case .none: return nil
        case .token(let token): fresh = Cached(header: "Bearer \(token)", until: nil)
        case .basic(let user, let password):
            fresh = Cached(header: "Basic \(Base64.encode("\(user):\(password)".utf8))", until: nil)
        case .tokenFile(let path): fresh = try self.read(path)
        case .exec(let plugin):
            let answer = try await plugin.run(server: self.server)
            guard let token = answer.token else { return nil }
            fresh = Cached(header: "Bearer \(token)", until: answer.lifetime.map { self.clock.now + $0 })
        }
        self.cached = fresh
        return fresh.header
    }

    /// The server did not accept `header`: the next request asks again, unless that happened already.
    ///
    /// - Returns: true when another try can bring something new.
    func refused(_ header: String?) -> Bool {
        switch self.credentials {
        case .none, .token, .basic: return false
        case .tokenFile, .exec:
            if self.cached?.header == header { self.cached = nil }
            return true
        }
    }

    private func read(_ path: String) throws(KubernetesError) -> Cached {
        let token = try SmallFile.text(path).filter { !$0.isWhitespace }
        guard !token.isEmpty else { throw .invalidAccess(reason: "\(path) is empty") }
        return Cached(header: "Bearer \(token)", until: self.clock.now + Self.fileLifetime)
    }
}
