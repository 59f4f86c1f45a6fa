/// A field's type that has a meaning when the field is absent or null.
///
/// Stored objects leave out what is empty; the decoding below lets fields be plain values instead of optionals
/// wherever absence and emptiness mean the same. Where they differ the field is an `Optional`.
protocol Omissible: Hashable {
    /// What absence means.
    static var omitted: Self { get }
}

extension Bool: Omissible {
    static var omitted: Bool { false }
}

extension Array: Omissible where Element: Hashable {
    static var omitted: [Element] { [] }
}

extension Dictionary: Omissible where Value: Hashable {
    static var omitted: [Key: Value] { [:] }
}

// Synthesised conformances in this module prefer these to the general ones.
extension KeyedDecodingContainer {
    func decode<Value: Decodable & Omissible>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try self.decodeIfPresent(type, forKey: key) ?? .omitted
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        try self.decodeIfPresent(type, forKey: key) ?? false
    }
}

extension KeyedEncodingContainer {
    mutating func encode<Value: Encodable & Omissible>(_ value: Value, forKey key: Key) throws {
        guard value != .omitted else { return }
        try self.encodeIfPresent(Optional(value), forKey: key)
    }

    mutating func encode(_ value: Bool, forKey key: Key) throws {
        guard value else { return }
        try self.encodeIfPresent(Optional(value), forKey: key)
    }
}
