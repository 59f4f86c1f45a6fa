internal import CNIOBoringSSL

/// The certificate that proves who we are, and its key.
public struct TLSCredentials: Sendable {
    /// DER, leaf first, then intermediates.
    public let chain: [[UInt8]]
    /// Belongs to the leaf.
    public let key: IdentityKey

    /// Pairs a chain with its key; a context checks that they match.
    public init(chain: [[UInt8]], key: IdentityKey) {
        self.chain = chain
        self.key = key
    }
}

/// What TLS sessions start from: credentials, anchors, protocols.
///
/// Never changed; replaced whole.
/// TLS 1.3 only. Groups, first preferred: X25519MLKEM768, X25519, P-256, P-384. A peer's chain must lead to an anchor;
/// names are not checked here but by whoever knows whom to expect (``TLSSession/peerNames``). No resumption, so that
/// each session proves its identity anew.
@safe
public final class TLSContext: @unchecked Sendable {
    /// Which end a session is.
    public enum Role: Hashable, Sendable {
        /// Opens sessions; the server must have a certificate.
        case client
        /// Accepts sessions; a client's certificate is optional, but verified when given.
        case server
    }

    // Invariant: one reference is ours. After init nothing changes it, and the library's contexts may then be shared
    // between threads.
    let raw: OpaquePointer
    /// Which end.
    public let role: Role
    // The selection callback reads this object through an unretained pointer; sessions keep the context alive.
    private let preference: ProtocolPreference

    /// A context; a client may be without credentials, a server may not.
    public init(
        _ role: Role, credentials: TLSCredentials?, anchors: TrustAnchors, protocols: [String] = []
    ) throws(TLSError) {
        guard let context = unsafe SSL_CTX_new(TLS_method()) else { throw .library(.context) }
        unsafe self.raw = context
        self.role = role
        self.preference = ProtocolPreference(protocols)
        try self.restrict()
        if let credentials { try self.present(credentials) } else if role == .server { throw .noCertificate }
        let store = try CertificateStore.trusting(anchors)
        // Takes a reference of its own.
        guard unsafe SSL_CTX_set1_verify_cert_store(context, store.raw) == 1 else { throw .library(.anchors) }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if role == .server, !protocols.isEmpty { self.selectProtocols() }
    }

    deinit { unsafe SSL_CTX_free(self.raw) }

    private func restrict() throws(TLSError) {
        guard unsafe SSL_CTX_set_min_proto_version(self.raw, UInt16(TLS1_3_VERSION)) == 1,
            unsafe SSL_CTX_set_max_proto_version(self.raw, UInt16(TLS1_3_VERSION)) == 1
        else { throw .library(.context) }
        let groups = [
            UInt16(SSL_GROUP_X25519_MLKEM768), UInt16(SSL_GROUP_X25519), UInt16(SSL_GROUP_SECP256R1),
            UInt16(SSL_GROUP_SECP384R1),
        ]
        guard unsafe SSL_CTX_set1_group_ids(self.raw, groups, groups.count) == 1 else { throw .library(.groups) }
        unsafe SSL_CTX_set_session_cache_mode(self.raw, SSL_SESS_CACHE_OFF)
        unsafe SSL_CTX_set_options(self.raw, UInt32(SSL_OP_NO_TICKET))
        // A retry after a full output buffer passes other memory.
        unsafe SSL_CTX_set_mode(self.raw, UInt32(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
    }

    private func present(_ credentials: TLSCredentials) throws(TLSError) {
        guard let leaf = credentials.chain.first else { throw .noCertificate }
        let certificate = try ParsedCertificate(der: leaf)
        // Each of these takes references of its own.
        guard unsafe SSL_CTX_use_certificate(self.raw, certificate.raw) == 1 else { throw .library(.certificate) }
        for der in credentials.chain.dropFirst() {
            let intermediate = try ParsedCertificate(der: der)
            guard unsafe SSL_CTX_add1_chain_cert(self.raw, intermediate.raw) == 1 else {
                throw .library(.certificate)
            }
        }
        guard unsafe SSL_CTX_use_PrivateKey(self.raw, credentials.key.raw) == 1,
            unsafe SSL_CTX_check_private_key(self.raw) == 1
        else {
            ERR_clear_error()
            throw .keyMismatch
        }
    }

    private func selectProtocols() {
        // Unretained: `preference` lives as long as this object, and sessions hold this object.
        let argument = unsafe Unmanaged.passUnretained(self.preference).toOpaque()
        unsafe SSL_CTX_set_alpn_select_cb(
            self.raw,
            { _, selected, selectedCount, offered, offeredCount, argument in
                guard let argument = unsafe argument, let offered = unsafe offered else { return SSL_TLSEXT_ERR_NOACK }
                let preference = unsafe Unmanaged<ProtocolPreference>.fromOpaque(argument).takeUnretainedValue()
                let bytes = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredCount))
                guard let choice = unsafe preference.choose(among: bytes) else { return SSL_TLSEXT_ERR_NOACK }
                // The choice lies inside `offered`, which the library owns.
                unsafe selected?.pointee = offered + choice.lowerBound
                unsafe selectedCount?.pointee = UInt8(choice.count)
                return SSL_TLSEXT_ERR_OK
            }, argument)
    }
}

/// Our protocols, first preferred.
final class ProtocolPreference: Sendable {
    let protocols: [[UInt8]]

    init(_ protocols: [String]) {
        precondition(protocols.allSatisfy { (1...255).contains($0.utf8.count) })
        self.protocols = protocols.map { Array($0.utf8) }
    }

    /// Where in the peer's list the first of ours stands that it offers.
    func choose(among offered: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        for wanted in self.protocols {
            var position = 0
            while position < offered.count {
                let start = position + 1
                let end = start + Int(unsafe offered[position])
                guard end <= offered.count else { return nil }
                if end - start == wanted.count, unsafe offered[start..<end].elementsEqual(wanted) {
                    return start..<end
                }
                position = end
            }
        }
        return nil
    }

    /// The list as ALPN writes it (RFC 7301 §3.1).
    static func wire(_ protocols: [String]) -> [UInt8] {
        protocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) }
    }
}
