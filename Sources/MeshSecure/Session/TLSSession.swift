internal import CNIOBoringSSL

/// One TLS connection, without its socket.
///
/// Bytes from the socket go in by ``receive(_:into:)``; whatever is to be sent is in the buffers' output after every
/// call. Dropping the session frees it.
@safe
public struct TLSSession: ~Copyable {
    /// What the session can do now.
    public enum State: UInt8, Hashable, Sendable {
        /// Still talking about keys; nothing can be sealed.
        case handshaking
        /// Plaintext goes both ways.
        case open
        /// The peer ended its side properly.
        case ended
        /// Nothing more is possible.
        case failed
    }

    // Invariant: owned. Its BIO points at the area of `buffers`, and its context is `context`; both are held here and
    // dropped after the session is freed.
    private let raw: OpaquePointer
    private let buffers: TLSBuffers
    private let context: TLSContext
    /// What the session can do now.
    public private(set) var state = State.handshaking

    /// The server side of a connection.
    public static func accepting(_ context: TLSContext, buffers: TLSBuffers) throws(TLSError) -> TLSSession {
        precondition(context.role == .server)
        let session = try TLSSession(context, buffers)
        unsafe SSL_set_accept_state(session.raw)
        return session
    }

    /// The client side; asks for `serverName` and offers `protocols`, first preferred.
    ///
    /// Call ``start()`` to begin.
    public static func connecting(
        _ context: TLSContext, serverName: String?, protocols: [String] = [], buffers: TLSBuffers
    ) throws(TLSError) -> TLSSession {
        precondition(context.role == .client)
        let session = try TLSSession(context, buffers)
        unsafe SSL_set_connect_state(session.raw)
        if let serverName {
            guard IdentityKey.isName(serverName), unsafe SSL_set_tlsext_host_name(session.raw, serverName) == 1 else {
                throw .malformedName
            }
        }
        if !protocols.isEmpty {
            let wire = ProtocolPreference.wire(protocols)
            // Returns 0 when it worked, unlike its siblings.
            guard unsafe SSL_set_alpn_protos(session.raw, wire, wire.count) == 0 else { throw .library(.protocols) }
        }
        return session
    }

    private init(_ context: TLSContext, _ buffers: TLSBuffers) throws(TLSError) {
        guard let bio = unsafe BIO_new(buffers.method) else { throw .library(.transport) }
        guard let session = unsafe SSL_new(context.raw) else {
            unsafe BIO_free(bio)
            throw .library(.session)
        }
        unsafe self.raw = session
        self.buffers = buffers
        self.context = context
        unsafe BIO_set_data(bio, buffers.area)
        unsafe BIO_set_init(bio, 1)
        // The session takes the one reference, for both directions.
        unsafe SSL_set_bio(session, bio, bio)
    }

    deinit { unsafe SSL_free(self.raw) }

    /// Begins a client's handshake: its hello is in the output afterwards.
    public mutating func start() throws(TLSError) { try self.handshake() }

    /// Takes in what came from the socket, all of it, and writes the plaintext into `plain`.
    ///
    /// - Parameter plain: at least 17 KiB longer than `ciphertext`, so that everything fits.
    /// - Returns: how many bytes of `plain` were written. ``state`` may have changed, also when this throws, and there
    ///   may be output to send.
    public mutating func receive(
        _ ciphertext: Span<UInt8>, into plain: inout MutableSpan<UInt8>
    ) throws(TLSError) -> Int {
        precondition(plain.count >= ciphertext.count + 17 * 1024)
        var written = 0
        var failure: TLSError?
        unsafe ciphertext.withUnsafeBufferPointer { input in
            // Lent for this call only; taken back below.
            unsafe self.buffers.area.pointee.input = input.baseAddress
            unsafe self.buffers.area.pointee.inputCount = input.count
            defer {
                unsafe self.buffers.area.pointee.input = nil
                unsafe self.buffers.area.pointee.inputCount = 0
            }
            unsafe plain.withUnsafeMutableBufferPointer { target in
                do throws(TLSError) {
                    written = try unsafe self.read(into: target)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return written
    }

    private mutating func read(into target: UnsafeMutableBufferPointer<UInt8>) throws(TLSError) -> Int {
        if self.state == .handshaking { try self.handshake() }
        guard self.state == .open, let start = target.baseAddress else { return 0 }
        var written = 0
        while written < target.count {
            let result = unsafe SSL_read(self.raw, start + written, Int32(clamping: target.count - written))
            if result > 0 {
                written += Int(result)
                continue
            }
            switch unsafe SSL_get_error(self.raw, result) {
            case SSL_ERROR_WANT_READ: return written
            case SSL_ERROR_ZERO_RETURN:
                self.state = .ended
                return written
            default:
                self.state = .failed
                throw .record(reason: Self.takeReason())
            }
        }
        // The caller's `plain` was long enough for all input, so the session waits for more by now.
        return written
    }

    private mutating func handshake() throws(TLSError) {
        let result = unsafe SSL_do_handshake(self.raw)
        if result == 1 {
            self.state = .open
            return
        }
        switch unsafe SSL_get_error(self.raw, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
        default:
            self.state = .failed
            let verification = unsafe SSL_get_verify_result(self.raw)
            let reason = Self.takeReason()
            throw verification == X509_V_OK ? .handshake(reason: reason) : .untrusted(reason: Int32(verification))
        }
    }

    /// Encrypts `plain`; the records are in the output afterwards.
    ///
    /// - Precondition: ``state`` is open or ended, and `plain` is no longer than ``TLSBuffers/sealLimit``.
    public mutating func seal(_ plain: Span<UInt8>) throws(TLSError) {
        precondition(plain.count <= TLSBuffers.sealLimit)
        precondition(self.state == .open || self.state == .ended)
        guard !plain.isEmpty else { return }
        let result = unsafe plain.withUnsafeBufferPointer {
            unsafe SSL_write(self.raw, $0.baseAddress, Int32($0.count))
        }
        guard Int(result) == plain.count else {
            self.state = .failed
            throw .record(reason: Self.takeReason())
        }
    }

    /// Says that no more will come from this side; the notice is in the output afterwards.
    public mutating func close() {
        guard self.state == .open || self.state == .ended else { return }
        _ = unsafe SSL_shutdown(self.raw)
        ERR_clear_error()
    }

    // MARK: What was agreed

    /// The application protocol, when both sides agreed on one.
    public var applicationProtocol: String? {
        var start: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(self.raw, &start, &count)
        guard let start = unsafe start, count > 0 else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    /// The DNS names and URIs of the peer's certificate, in order; empty when it showed none.
    ///
    /// The certificate's chain was verified during the handshake.
    public var peerNames: [PeerName] {
        guard let certificate = unsafe SSL_get_peer_certificate(self.raw) else { return [] }
        defer { unsafe X509_free(certificate) }
        return unsafe CertificateFacts.names(of: certificate)
    }

    /// The key agreement, as IANA numbers it; 0x11EC is X25519MLKEM768.
    public var group: UInt16 { unsafe SSL_get_group_id(self.raw) }

    private static func takeReason() -> Int32 {
        let error = ERR_get_error()
        ERR_clear_error()
        return Int32(truncatingIfNeeded: error & 0xFFF)
    }
}
