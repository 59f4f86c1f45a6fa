/// Keeps a large field that is mostly absent behind a reference, so that its absence costs 8 bytes.
@propertyWrapper
public struct Boxed<Value> {
    private var box: Indirect<Value>?

    /// The field; nil is not stored.
    public var wrappedValue: Value? {
        get { self.box?.wrapped }
        set { self.box = newValue.map(Indirect.init) }
    }

    /// Puts `wrappedValue` behind a reference.
    public init(wrappedValue: Value?) { self.box = wrappedValue.map(Indirect.init) }
}

extension Boxed: Sendable where Value: Sendable {}
extension Boxed: Equatable where Value: Equatable {}
extension Boxed: Hashable where Value: Hashable {}

extension Boxed: Omissible where Value: Hashable {
    static var omitted: Boxed { Boxed(wrappedValue: nil) }
}

extension Boxed: Codable where Value: Codable {
    /// Reads the field itself.
    public init(from decoder: any Decoder) throws {
        self.init(wrappedValue: try decoder.singleValueContainer().decode(Value?.self))
    }

    /// Writes the field itself.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.wrappedValue)
    }
}
