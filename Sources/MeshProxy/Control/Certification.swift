import MeshModel
import MeshReactor
import MeshSecure
import MeshWire
import SwiftProtobuf

/// Obtains this proxy's certificate and renews it: the decisions, without the waiting.
struct Certification {
    static let path = "/io.linkerd.proxy.identity.Identity/Certify"
    /// Tokens are a few kilobytes.
    private static let tokenMax = 64 * 1024
    private static let backoff = Backoff(minimum: .milliseconds(200), maximum: .seconds(10), jitter: 0.1)
    private static let intermediatesMax = 16

    /// Why there is no new certificate.
    enum Failure: Error, Hashable {
        case token(String)
        case key(String)
        case refused(code: UInt8, text: String)
        case malformed(String)
        case untrusted(String)
        case wrongName([String])
        case expired
    }

    private let settings: Settings.Identity
    private let anchors: TrustAnchors
    private let key: IdentityKey
    private let request: [UInt8]
    /// The newest certificate.
    private(set) var identity: ProxyIdentity?
    /// Certificates obtained so far.
    private(set) var refreshes = 0
    /// When the newest was obtained, in seconds since 1970.
    private(set) var refreshed: Int64 = 0
    /// When to ask next; nil while a question is under way.
    private(set) var due: MonotonicTime?
    private var failures = 0

    init(_ settings: Settings.Identity, anchors: TrustAnchors, now: MonotonicTime) throws(TLSError) {
        self.settings = settings
        self.anchors = anchors
        self.key = try IdentityKey.generate()
        self.request = try self.key.signingRequest(name: settings.name)
        self.due = now
    }

    /// The request to be sent now.
    mutating func begin() throws(Failure) -> [UInt8] {
        self.due = nil
        let token: [UInt8]
        do { token = try readFile(self.settings.tokenPath, limit: Self.tokenMax) } catch { throw .token("\(error)") }
        let trimmed = token.reversed().drop { $0 <= 0x20 }.reversed()
        guard !trimmed.isEmpty else { throw .token("empty") }
        return Io_Linkerd_Proxy_Identity_CertifyRequest(
            identity: self.settings.name, token: Array(trimmed), csr: self.request
        ).serialized
    }

    /// Takes a response over, if it is what it should be.
    mutating func finish(_ message: [UInt8], wallSeconds: Int64, now: MonotonicTime) throws(Failure) -> ProxyIdentity {
        let response: Io_Linkerd_Proxy_Identity_CertifyResponse
        do {
            response = try Io_Linkerd_Proxy_Identity_CertifyResponse(serializedBytes: message)
        } catch { throw .malformed("\(error)") }
        let chain = [response.leafBytes] + response.intermediateBytes.prefix(Self.intermediatesMax)
        let expiry: Int64
        do throws(TLSError) {
            let facts = try CertificateFacts(der: chain[0])
            guard facts.names.contains(.dns(self.settings.name)) else { throw Self.mismatch }
            expiry = facts.notAfter
            try self.anchors.verify(chain, at: wallSeconds)
        } catch {
            if error == Self.mismatch { throw .wrongName([]) }
            throw .untrusted("\(error)")
        }
        guard expiry > wallSeconds else { throw .expired }
        let identity: ProxyIdentity
        do throws(TLSError) {
            let credentials = TLSCredentials(chain: chain, key: self.key)
            identity = ProxyIdentity(
                name: self.settings.name, expiry: expiry,
                client: try TLSContext(.client, credentials: credentials, anchors: self.anchors),
                server: try TLSContext(
                    .server, credentials: credentials, anchors: self.anchors, protocols: ["transport.l5d.io/v1"]))
        } catch { throw .untrusted("\(error)") }
        self.identity = identity
        self.failures = 0
        self.refreshes += 1
        self.refreshed = wallSeconds
        self.due = now.advanced(by: self.refreshDelay(expiry: expiry, wallSeconds: wallSeconds))
        return identity
    }

    private static let mismatch = TLSError.malformedName

    /// No certificate came; asks again soon, or by the rest of the current one's life.
    mutating func failed(wallSeconds: Int64, now: MonotonicTime, using random: inout some RandomNumberGenerator) {
        let wait: Duration
        if let expiry = self.identity?.expiry {
            wait = self.refreshDelay(expiry: expiry, wallSeconds: wallSeconds)
        } else {
            wait = Self.backoff.delay(attempt: self.failures, using: &random)
        }
        self.failures += 1
        self.due = now.advanced(by: wait)
    }

    /// 70 % of what is left, within the limits of the settings.
    private func refreshDelay(expiry: Int64, wallSeconds: Int64) -> Duration {
        let left = Duration.seconds(max(0, expiry - wallSeconds)) * 0.7
        return min(max(left, self.settings.refreshMin), self.settings.refreshMax)
    }
}
