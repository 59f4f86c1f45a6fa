internal import CNIOBoringSSL

/// A private key; its bytes leave this type only as the PKCS#8 that the caller asked for.
@safe
public final class IdentityKey: @unchecked Sendable {
    // Invariant: one reference is ours. The library's keys are reference-counted and, once made, never changed, so
    // they may be shared between threads.
    let raw: OpaquePointer

    private init(owning raw: OpaquePointer) { unsafe self.raw = raw }

    deinit { unsafe EVP_PKEY_free(self.raw) }

    /// A new P-256 key.
    public static func generate() throws(TLSError) -> IdentityKey {
        guard let curve = unsafe EC_KEY_new_by_curve_name(NID_X9_62_prime256v1) else { throw .library(.key) }
        defer { unsafe EC_KEY_free(curve) }
        guard unsafe EC_KEY_generate_key(curve) == 1, let key = unsafe EVP_PKEY_new() else { throw .library(.key) }
        let result = unsafe IdentityKey(owning: key)
        // Takes a reference of its own on `curve`.
        guard unsafe EVP_PKEY_set1_EC_KEY(key, curve) == 1 else { throw .library(.key) }
        return result
    }

    /// Reads a PKCS#8 private key, DER.
    public init(pkcs8 der: [UInt8]) throws(TLSError) {
        let parsed: OpaquePointer? = unsafe der.withUnsafeBufferPointer { buffer in
            var reader = unsafe CBS()
            unsafe CBS_init(&reader, buffer.baseAddress, buffer.count)
            guard let key = unsafe EVP_parse_private_key(&reader) else { return nil }
            guard unsafe CBS_len(&reader) == 0 else {
                unsafe EVP_PKEY_free(key)
                return nil
            }
            return unsafe key
        }
        guard let parsed = unsafe parsed else {
            ERR_clear_error()
            throw .malformedKey
        }
        unsafe self.raw = parsed
    }

    /// The key as PKCS#8, DER; to be written only where nobody else reads.
    public func pkcs8() throws(TLSError) -> [UInt8] {
        var builder = unsafe CBB()
        guard unsafe CBB_init(&builder, 256) == 1 else { throw .library(.key) }
        defer { unsafe CBB_cleanup(&builder) }
        var memory: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard unsafe EVP_marshal_private_key(&builder, self.raw) == 1,
            unsafe CBB_finish(&builder, &memory, &count) == 1, let start = unsafe memory
        else { throw .library(.key) }
        // CBB_finish hands the buffer over.
        defer { unsafe OPENSSL_free(start) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// A certificate signing request, DER: common name and one DNS SAN are `name`.
    public func signingRequest(name: String) throws(TLSError) -> [UInt8] {
        guard Self.isName(name) else { throw .malformedName }
        guard let request = unsafe X509_REQ_new() else { throw .library(.request) }
        defer { unsafe X509_REQ_free(request) }
        try unsafe self.fill(request, name: name)
        guard unsafe X509_REQ_sign(request, self.raw, EVP_sha256()) > 0,
            let der = unsafe encoded({ unsafe i2d_X509_REQ(request, $0) })
        else { throw .library(.request) }
        return der
    }

    private func fill(_ request: OpaquePointer, name: String) throws(TLSError) {
        // A common name holds 64 bytes at most (RFC 5280, ub-common-name); a longer name stands in the SAN alone.
        let bytes = Array(name.utf8)
        if bytes.count <= 64, let subject = unsafe X509_REQ_get_subject_name(request) {
            let added = unsafe X509_NAME_add_entry_by_NID(
                subject, NID_commonName, MBSTRING_UTF8, bytes, bytes.count, -1, 0)
            guard added == 1 else { throw .library(.name) }
        }
        // `isName` admits no character that this syntax treats specially.
        guard let alternative = unsafe X509V3_EXT_nconf_nid(nil, nil, NID_subject_alt_name, "DNS:\(name)") else {
            throw .library(.name)
        }
        defer { unsafe X509_EXTENSION_free(alternative) }
        guard let extensions = unsafe OPENSSL_sk_new_null() else { throw .library(.request) }
        // Frees the stack, not the extension.
        defer { unsafe OPENSSL_sk_free(extensions) }
        guard unsafe OPENSSL_sk_push(extensions, UnsafeMutableRawPointer(alternative)) > 0,
            unsafe X509_REQ_set_pubkey(request, self.raw) == 1,
            unsafe X509_REQ_add_extensions(request, extensions) == 1
        else { throw .library(.request) }
    }

    /// True for a host name of letters, digits, hyphens, underscores and dots, up to 253 bytes.
    static func isName(_ name: String) -> Bool {
        (1...253).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
