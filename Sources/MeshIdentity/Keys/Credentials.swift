/// A certificate chain and its private key as PEM, as Secrets and TLS servers take them.
///
/// Its description never shows the key.
public struct Credentials: Sendable, Hashable {
    /// The certificate first, then those that lead to the anchor.
    public let certificates: String
    /// PKCS#8 or SEC1.
    public let privateKey: String

    /// Holds both texts; nothing is checked until they are used.
    public init(certificates: String, privateKey: String) {
        self.certificates = certificates
        self.privateKey = privateKey
    }

    /// Finds the pair in a Secret's data, already decoded: `crt.pem`/`key.pem` (linkerd.io/tls) or
    /// `tls.crt`/`tls.key` (kubernetes.io/tls).
    ///
    /// Nil when neither form is complete, as in a Secret that is half written.
    public init?(secret data: [String: [UInt8]]) {
        for (certificate, key) in [("crt.pem", "key.pem"), ("tls.crt", "tls.key")] {
            guard let certificateBytes = data[certificate], let keyBytes = data[key] else { continue }
            self.certificates = String(decoding: certificateBytes, as: UTF8.self)
            self.privateKey = String(decoding: keyBytes, as: UTF8.self)
            return
        }
        return nil
    }
}

extension Credentials {
    /// The certificates as DER, in order.
    public func certificateBytes() throws(IdentityError) -> [[UInt8]] {
        var chain: [[UInt8]] = []
        for certificate in try PEMReader.certificates(self.certificates) { chain.append(try certificate.derBytes()) }
        return chain
    }

    /// The key as PKCS#8 DER.
    public func keyBytes() throws(IdentityError) -> [UInt8] { try PEMReader.privateKey(self.privateKey).derBytes() }
}

extension Credentials: CustomStringConvertible, CustomReflectable {
    /// Says that there are credentials, not what they are.
    public var description: String { "Credentials(redacted)" }
    /// Nothing, so that dumps show no key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
