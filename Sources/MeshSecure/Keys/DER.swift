internal import CNIOBoringSSL

/// Runs `body` with a pointer to `bytes` that parsers of the library advance.
func withParser<R>(_ bytes: [UInt8], _ body: (inout UnsafePointer<UInt8>?, Int) -> R) -> R {
    // The array outlives the call, and parsers read at most `count` bytes behind the pointer.
    unsafe bytes.withUnsafeBufferPointer { buffer in
        var position = buffer.baseAddress
        return unsafe body(&position, buffer.count)
    }
}

/// The DER of an object whose `i2d` function is `encode`; nil when the library fails.
func encoded(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8]? {
    var memory: UnsafeMutablePointer<UInt8>?
    // With a nil pointer inside, i2d allocates the buffer, which is ours to free.
    let count = unsafe encode(&memory)
    guard count > 0, let start = unsafe memory else { return nil }
    defer { unsafe OPENSSL_free(start) }
    return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
}

/// An X.509 certificate of the library, freed with this value.
@safe
struct ParsedCertificate: ~Copyable {
    // Invariant: one reference is ours.
    let raw: OpaquePointer

    /// Parses exactly one DER certificate.
    init(der: [UInt8]) throws(TLSError) {
        let parsed: OpaquePointer? = unsafe withParser(der) { position, count in
            let start = unsafe position
            guard let certificate = unsafe d2i_X509(nil, &position, count) else { return nil }
            guard let start = unsafe start, let end = unsafe position, unsafe end - start == count else {
                unsafe X509_free(certificate)
                return nil
            }
            return unsafe certificate
        }
        guard let parsed = unsafe parsed else {
            ERR_clear_error()
            throw .malformedCertificate
        }
        unsafe self.raw = parsed
    }

    deinit { unsafe X509_free(self.raw) }
}
