internal import CNIOBoringSSL

/// The certificates that every chain must lead to; several while they are being rotated.
public struct TrustAnchors: Hashable, Sendable {
    /// More anchors than this are refused.
    public static let limit = 64

    /// Each DER.
    public let certificates: [[UInt8]]

    /// Takes one or more DER certificates.
    public init(der certificates: [[UInt8]]) throws(TLSError) {
        guard !certificates.isEmpty, certificates.count <= Self.limit else { throw .noAnchors }
        for der in certificates { _ = try ParsedCertificate(der: der) }
        self.certificates = certificates
    }

    /// Reads all certificates of a PEM bundle; text between blocks is ignored, a damaged block is an error.
    public init(pem: String) throws(TLSError) {
        try self.init(der: Self.blocks(pem))
    }

    /// Checks that `chain`, leaf first, leads to an anchor and is valid at `seconds` since 1970.
    public func verify(_ chain: [[UInt8]], at seconds: Int64) throws(TLSError) {
        guard let leaf = chain.first else { throw .noCertificate }
        let certificate = try ParsedCertificate(der: leaf)
        let store = try CertificateStore.trusting(self)
        guard let context = unsafe X509_STORE_CTX_new() else { throw .library(.anchors) }
        defer { unsafe X509_STORE_CTX_free(context) }
        let others = try CertificateStack.holding(Array(chain.dropFirst()))
        guard unsafe X509_STORE_CTX_init(context, store.raw, certificate.raw, others.raw) == 1 else {
            throw .library(.anchors)
        }
        unsafe X509_STORE_CTX_set_time_posix(context, 0, seconds)
        guard unsafe X509_verify_cert(context) == 1 else {
            let reason = unsafe X509_STORE_CTX_get_error(context)
            ERR_clear_error()
            throw .untrusted(reason: Int32(reason))
        }
    }

    static func blocks(_ pem: String) throws(TLSError) -> [[UInt8]] {
        let begin = "-----BEGIN CERTIFICATE-----"
        let end = "-----END CERTIFICATE-----"
        var blocks: [[UInt8]] = []
        var current: [UInt8]?
        for line in pem.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix(begin) {
                guard current == nil else { throw .malformedCertificate }
                current = []
            } else if line.hasPrefix(end) {
                guard let text = current, let der = Base64.decode(text) else { throw .malformedCertificate }
                blocks.append(der)
                current = nil
            } else if current != nil {
                current?.append(contentsOf: line.utf8)
            }
        }
        guard current == nil else { throw .malformedCertificate }
        return blocks
    }
}

/// A store of the library that trusts the anchors themselves, also when they are not self-signed.
@safe
struct CertificateStore: ~Copyable {
    // Invariant: one reference is ours.
    let raw: OpaquePointer

    private init() throws(TLSError) {
        guard let store = unsafe X509_STORE_new() else { throw .library(.anchors) }
        unsafe self.raw = store
    }

    deinit { unsafe X509_STORE_free(self.raw) }

    static func trusting(_ anchors: TrustAnchors) throws(TLSError) -> CertificateStore {
        let store = try CertificateStore()
        for der in anchors.certificates {
            let certificate = try ParsedCertificate(der: der)
            // Takes a reference of its own. A duplicate is no error to the library.
            guard unsafe X509_STORE_add_cert(store.raw, certificate.raw) == 1 else { throw .library(.anchors) }
        }
        unsafe X509_STORE_set_flags(store.raw, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        return store
    }
}

/// A stack of parsed certificates, freed with its contents.
@safe
struct CertificateStack: ~Copyable {
    // Invariant: the stack is ours, and so is one reference to each certificate on it.
    let raw: OpaquePointer

    private init() throws(TLSError) {
        guard let stack = unsafe OPENSSL_sk_new_null() else { throw .library(.certificate) }
        unsafe self.raw = stack
    }

    static func holding(_ certificates: [[UInt8]]) throws(TLSError) -> CertificateStack {
        let stack = try CertificateStack()
        for der in certificates {
            let certificate = try ParsedCertificate(der: der)
            // The stack gets its own reference; `certificate` gives its one back at the end of the turn.
            unsafe X509_up_ref(certificate.raw)
            guard unsafe OPENSSL_sk_push(stack.raw, UnsafeMutableRawPointer(certificate.raw)) > 0 else {
                unsafe X509_free(certificate.raw)
                throw .library(.certificate)
            }
        }
        return stack
    }

    deinit {
        while let certificate = unsafe OPENSSL_sk_pop(self.raw) { unsafe X509_free(OpaquePointer(certificate)) }
        unsafe OPENSSL_sk_free(self.raw)
    }
}

/// Base64 of RFC 4648 §4, as PEM uses it.
enum Base64 {
    /// The bytes of `text`; nil when it is not base64; white space inside is skipped.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in text where byte != 0x20 && byte != 0x09 && byte != 0x0D {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = Self.value(byte) else { return nil }
            bits = bits << 6 | value
            count += 1
            if count % 4 == 0 {
                bytes += [UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8)]
                bytes.append(UInt8(truncatingIfNeeded: bits))
            }
        }
        switch (count % 4, padding) {
        case (0, 0): break
        case (2, 2): bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
        case (3, 1): bytes += [UInt8(truncatingIfNeeded: bits >> 10), UInt8(truncatingIfNeeded: bits >> 2)]
        default: return nil
        }
        return bytes
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
