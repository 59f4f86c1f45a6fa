internal import MeshModel
internal import MeshPolicy
internal import SwiftProtobuf

// The generated messages hold `bytes` fields as Foundation's `Data`. This file alone names it, and only to convert.
#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension ByteString {
    var data: Data { Data(self.bytes) }
}

extension WireHeaders {
    init(_ fields: [(name: String, value: ByteString)]) {
        self.init()
        self.headers = fields.map { field in
            .with {
                $0.name = field.name
                $0.value = field.value.data
            }
        }
    }

    var fields: [(name: String, value: ByteString)] { self.headers.map { ($0.name, ByteString($0.value)) } }
}

extension WireHeaderMatch {
    init(name: String, exact value: ByteString) {
        self.init()
        self.name = name
        self.exact = value.data
    }
}

extension Io_Linkerd_Proxy_Identity_CertifyRequest {
    /// Asks for a certificate of `identity` for the key that signed the DER request `csr`; `token` says who asks.
    public init(identity: String, token: [UInt8], csr: [UInt8]) {
        self.init()
        self.identity = identity
        self.token = Data(token)
        self.certificateSigningRequest = Data(csr)
    }

    /// The token's bytes.
    public var tokenBytes: [UInt8] { Array(self.token) }
    /// The DER of the request.
    public var csrBytes: [UInt8] { Array(self.certificateSigningRequest) }
}

extension Io_Linkerd_Proxy_Identity_CertifyResponse {
    /// A leaf, the certificates between it and a trust anchor, nearest first, and the end of its validity.
    public init(leaf: [UInt8], intermediates: [[UInt8]], validUntil seconds: Int64) {
        self.init()
        self.leafCertificate = Data(leaf)
        self.intermediateCertificates = intermediates.map { Data($0) }
        self.validUntil = .with { $0.seconds = seconds }
    }

    /// The DER of the leaf.
    public var leafBytes: [UInt8] { Array(self.leafCertificate) }
    /// The DER of the intermediates, nearest the leaf first.
    public var intermediateBytes: [[UInt8]] { self.intermediateCertificates.map { Array($0) } }
}

extension ValueMatch {
    /// The wire's exact value of a header.
    init?(header wire: WireHeaderMatch) throws(WireError) {
        switch wire.value {
        case .exact(let value): self = .exact(ByteString(value))
        case .regex(let pattern): self = .regex(try LinearRegex(wire: pattern, "header.regex"))
        case nil: return nil
        }
    }
}
