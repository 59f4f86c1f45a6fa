import SwiftASN1
import X509

/// Reads certificates and keys from PEM text as people write it: several blocks, blank lines, a newline at the end.
enum PEMReader {
    /// More than any sensible bundle; a ConfigMap holds 1 MiB.
    static let sizeMax = 1 << 20

    /// Every certificate of `text`, in order; other blocks are refused.
    static func certificates(_ text: String) throws(IdentityError) -> [Certificate] {
        guard text.utf8.count <= Self.sizeMax else { throw .tooLarge(limit: Self.sizeMax) }
        do {
            return try PEMDocument.parseMultiple(pemString: text).map { try Certificate(pemDocument: $0) }
        } catch {
            throw .invalidCertificate("\(error)")
        }
    }

    /// The one private key of `text`: PKCS#8 or SEC1; a leading `EC PARAMETERS` block is skipped.
    static func privateKey(_ text: String) throws(IdentityError) -> Certificate.PrivateKey {
        guard text.utf8.count <= Self.sizeMax else { throw .tooLarge(limit: Self.sizeMax) }
        do {
            let documents = try PEMDocument.parseMultiple(pemString: text)
                .filter { $0.discriminator != "EC PARAMETERS" }
            guard documents.count == 1, let document = documents.first else { throw IdentityError.invalidKey }
            return try Certificate.PrivateKey(pemDocument: document)
        } catch {
            throw .invalidKey  // The cause could quote the key.
        }
    }
}

extension Certificate {
    /// The certificate's DER bytes.
    func derBytes() throws(IdentityError) -> [UInt8] {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        } catch {
            throw .invalidCertificate("\(error)")
        }
    }

    /// The certificate as one PEM block with a newline at the end.
    func pemText() throws(IdentityError) -> String {
        do {
            return try self.serializeAsPEM().pemString + "\n"
        } catch {
            throw .invalidCertificate("\(error)")
        }
    }
}
