import Crypto
import MeshCodec
import MeshModel
import MeshResources

/// Signs and checks the tokens of service accounts: JSON Web Tokens with ES256 (RFC 7519, RFC 7518 §3.4).
struct TokenSigner: Sendable {
    /// What a token says.
    struct Claims: Sendable {
        var account: ObjectKey
        var accountUID: String
        var audiences: [String]
        var issuedAt: Int64
        var expiresAt: Int64
        var pod: (name: String, uid: String)?
        var tokenID: String

        /// The name that the account has as a user.
        var userName: String { "system:serviceaccount:\(self.account.namespace):\(self.account.name)" }
    }

    let issuer: String
    private let key: P256.Signing.PrivateKey
    private let keyID: String

    init(issuer: String) {
        self.issuer = issuer
        self.key = P256.Signing.PrivateKey()
        self.keyID = Base64.encodeURL(Array(SHA256.hash(data: self.key.publicKey.x963Representation)))
    }

    /// The signed token.
    func sign(_ claims: Claims) throws -> String {
        var kubernetes: JSONValue = [
            "namespace": .string(claims.account.namespace),
            "serviceaccount": ["name": .string(claims.account.name), "uid": .string(claims.accountUID)],
        ]
        if let pod = claims.pod { kubernetes["pod"] = ["name": .string(pod.name), "uid": .string(pod.uid)] }
        let payload: JSONValue = [
            "iss": .string(self.issuer), "sub": .string(claims.userName),
            "aud": .array(claims.audiences.map(JSONValue.string)), "iat": .integer(claims.issuedAt),
            "nbf": .integer(claims.issuedAt), "exp": .integer(claims.expiresAt), "jti": .string(claims.tokenID),
            "kubernetes.io": kubernetes,
        ]
        let header: JSONValue = ["alg": "ES256", "kid": .string(self.keyID)]
        let text = Base64.encodeURL(JSONWriter.write(header)) + "." + Base64.encodeURL(JSONWriter.write(payload))
        let signature = try self.key.signature(for: Array(text.utf8))
        return text + "." + Base64.encodeURL(Array(signature.rawRepresentation))
    }

    /// The claims of a token of ours that has not expired; nil for anything else.
    func verify(_ token: String, now: Timestamp) -> Claims? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard token.utf8.count < 16_384, parts.count == 3, let header = Self.document(parts[0]),
            header["alg"]?.string == "ES256", header["kid"]?.string == self.keyID,
            let raw = Base64.decodeURL(parts[2]), let payload = Self.document(parts[1])
        else { return nil }
        do {
            let signature = try P256.Signing.ECDSASignature(rawRepresentation: raw)
            let signed = Array("\(parts[0]).\(parts[1])".utf8)
            guard self.key.publicKey.isValidSignature(signature, for: signed) else { return nil }
        } catch {
            return nil  // Not a signature.
        }
        let kubernetes = payload["kubernetes.io"]
        guard payload["iss"]?.string == self.issuer, let expires = payload["exp"]?.integer, now.seconds < expires,
            let issued = payload["iat"]?.integer, let namespace = kubernetes?["namespace"]?.string,
            let name = kubernetes?["serviceaccount"]?["name"]?.string,
            let uid = kubernetes?["serviceaccount"]?["uid"]?.string
        else { return nil }
        var pod: (String, String)?
        if let podName = kubernetes?["pod"]?["name"]?.string, let podUID = kubernetes?["pod"]?["uid"]?.string {
            pod = (podName, podUID)
        }
        return Claims(
            account: ObjectKey(namespace: namespace, name: name), accountUID: uid,
            audiences: (payload["aud"]?.array ?? []).compactMap(\.string), issuedAt: issued, expiresAt: expires,
            pod: pod, tokenID: payload["jti"]?.string ?? "")
    }

    private static func document(_ part: Substring) -> JSONValue? {
        guard let bytes = Base64.decodeURL(part) else { return nil }
        do {
            return try JSONReader.read(bytes)
        } catch {
            return nil  // Not a token.
        }
    }
}
