public import NIOCertificateReloading
public import NIOSSL
import Synchronization

/// The certificate chain and key that our listeners present, exchangeable while they serve.
///
/// Whoever issues the certificate calls ``update(chain:key:)``, again before it expires; every handshake uses the
/// newest pair. Listeners wait for the first one.
public final class ServerCredentials: CertificateReloader, Sendable {
    /// Why a pair was refused.
    public enum Refusal: Error, Hashable, Sendable {
        /// No certificate, or one that cannot be read.
        case unreadableCertificate
        /// The key cannot be read.
        case unreadableKey
    }

    private struct State {
        var current: NIOSSLContextConfigurationOverride?
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    /// Nothing to present yet.
    public init() {}

    /// Presents `chain` from now on.
    ///
    /// - Parameters:
    ///   - chain: DER certificates, the leaf first.
    ///   - key: the leaf's private key, PKCS #8 DER.
    /// - Throws: when one of them cannot be read; the former pair stays.
    public func update(chain: [[UInt8]], key: [UInt8]) throws(Refusal) {
        var certificates: [NIOSSLCertificateSource] = []
        for bytes in chain {
            do {
                certificates.append(.certificate(try NIOSSLCertificate(bytes: bytes, format: .der)))
            } catch {
                throw .unreadableCertificate
            }
        }
        guard !certificates.isEmpty else { throw .unreadableCertificate }
        var fresh = NIOSSLContextConfigurationOverride.noChanges
        fresh.certificateChain = certificates
        do {
            fresh.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .der))
        } catch {
            throw .unreadableKey
        }
        let waiting = self.state.withLock { state in
            state.current = fresh
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns as soon as there is something to present.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    public func ready() async throws {
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let now = self.state.withLock { state in
                    if state.current != nil || Task.isCancelled { return true }
                    state.waiting[id] = continuation
                    return false
                }
                guard now else { return }
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    continuation.resume()
                }
            }
        } onCancel: {
            let waiter = self.state.withLock { $0.waiting.removeValue(forKey: id) }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// What the next handshake presents.
    public var sslContextConfigurationOverride: NIOSSLContextConfigurationOverride {
        self.state.withLock { $0.current } ?? .noChanges
    }
}
