import MeshModel

/// Bytes that are written as base64 text, as in the data of a Secret.
public struct Base64Data: Hashable, Sendable {
    /// The bytes.
    public var bytes: [UInt8]

    /// Wraps bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The bytes as text; nil when they are not UTF-8.
    public var text: String? { String(validating: self.bytes, as: UTF8.self) }
}

extension Base64Data: Codable {
    /// Reads base64 text; null is no bytes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self.bytes = []
            return
        }
        guard let bytes = Base64.decode(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not base64 text")
        }
        self.bytes = bytes
    }

    /// Writes base64 text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Base64.encode(self.bytes))
    }
}
