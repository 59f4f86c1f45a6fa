internal import CNIOBoringSSL

/// A name in a certificate's subject alternative names.
public enum PeerName: Hashable, Sendable {
    /// A DNS name, lower case, without trailing dot.
    case dns(String)
    /// A URI, as it stands.
    case uri(String)

    /// The name itself.
    public var text: String {
        switch self {
        case .dns(let text), .uri(let text): text
        }
    }
}

/// What a certificate says, as far as a proxy cares.
public struct CertificateFacts: Hashable, Sendable {
    /// Seconds since 1970 from which on it is valid.
    public let notBefore: Int64
    /// Seconds since 1970 after which it is not.
    public let notAfter: Int64
    /// DNS names and URIs, in their order.
    public let names: [PeerName]

    /// Reads one DER certificate.
    public init(der: [UInt8]) throws(TLSError) {
        let certificate = try ParsedCertificate(der: der)
        unsafe self.init(certificate.raw)
    }

    init(_ certificate: OpaquePointer) {
        unsafe self.notBefore = Self.seconds(X509_get0_notBefore(certificate)) ?? .max
        unsafe self.notAfter = Self.seconds(X509_get0_notAfter(certificate)) ?? .min
        unsafe self.names = Self.names(of: certificate)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var seconds: Int64 = 0
        guard let time = unsafe time, unsafe ASN1_TIME_to_posix(time, &seconds) == 1 else { return nil }
        return seconds
    }

    /// Names with characters outside visible ASCII are left out: an embedded NUL must not shorten a name.
    static func names(of certificate: OpaquePointer) -> [PeerName] {
        guard let decoded = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let stack = OpaquePointer(decoded)
        defer { unsafe GENERAL_NAMES_free(stack) }
        var names: [PeerName] = []
        for index in 0..<(unsafe OPENSSL_sk_num(stack)) {
            guard let entry = unsafe OPENSSL_sk_value(stack, index) else { continue }
            var kind: Int32 = -1
            // The stack holds GENERAL_NAME; DNS names and URIs are ASN1_STRINGs owned by it.
            let name = unsafe entry.assumingMemoryBound(to: GENERAL_NAME.self)
            guard let value = unsafe GENERAL_NAME_get0_value(name, &kind), kind == GEN_DNS || kind == GEN_URI else {
                continue
            }
            let string = unsafe value.assumingMemoryBound(to: ASN1_STRING.self)
            guard let data = unsafe ASN1_STRING_get0_data(string) else { continue }
            let bytes = unsafe UnsafeBufferPointer(start: data, count: Int(ASN1_STRING_length(string)))
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { continue }
            if kind == GEN_URI {
                names.append(.uri(text))
            } else {
                names.append(.dns(String(text.hasSuffix(".") ? text.dropLast() : text[...]).lowercased()))
            }
        }
        return names
    }
}
