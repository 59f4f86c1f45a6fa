import MeshModel
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

    private let current = Mutex<NIOSSLContextConfigurationOverride?>(nil)
    private let filled = Latch()

    /// Nothing to present yet.
    public init() {}

    /// Presents `chain` from now on.
    ///
    /// - Parameters:
    ///   - chain: DER certificates, the leaf first.
    ///   - key: the leaf's private key, PKCS #8 DER.
    /// - Throws: when one of them cannot be read; the former pair stays.
    public func update(chain: [[UInt8]], key: [UInt8]) throws(Refusal) {
        do {
            let certificates = try chain.map { try NIOSSLCertificate(bytes: $0, format: .der) }
            try self.present(certificates) { try NIOSSLPrivateKey(bytes: key, format: .der) }
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw .unreadableCertificate
        }
    }

    /// Presents a chain and key given as PEM, the leaf first.
    ///
    /// - Throws: when one of them cannot be read; the former pair stays.
    public func update(chainPEM: String, keyPEM: String) throws(Refusal) {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(Array(chainPEM.utf8))
            try self.present(certificates) { try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem) }
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw .unreadableCertificate
        }
    }

    /// Returns as soon as there is something to present.
    ///
    /// - Throws: when the task is cancelled first.
    public func ready() async throws(CancellationError) { try await self.filled.wait() }

    /// What the next handshake presents.
    public var sslContextConfigurationOverride: NIOSSLContextConfigurationOverride {
        self.current.withLock { $0 } ?? .noChanges
    }

    private func present(_ certificates: [NIOSSLCertificate], key: () throws -> NIOSSLPrivateKey) throws(Refusal) {
        guard !certificates.isEmpty else { throw .unreadableCertificate }
        var fresh = NIOSSLContextConfigurationOverride.noChanges
        fresh.certificateChain = certificates.map { .certificate($0) }
        do {
            fresh.privateKey = .privateKey(try key())
        } catch {
            throw .unreadableKey
        }
        self.current.withLock { $0 = fresh }
        self.filled.open()
    }
}
