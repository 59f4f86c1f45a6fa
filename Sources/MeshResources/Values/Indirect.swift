/// A value behind a reference, for types that contain themselves.
public indirect enum Indirect<Wrapped> {
    /// The value.
    case value(Wrapped)

    /// Moves `wrapped` behind a reference.
    public init(_ wrapped: Wrapped) { self = .value(wrapped) }

    /// The value.
    public var wrapped: Wrapped {
        switch self {
        case .value(let wrapped): wrapped
        }
    }
}

extension Indirect: Equatable where Wrapped: Equatable {}
extension Indirect: Hashable where Wrapped: Hashable {}
extension Indirect: Sendable where Wrapped: Sendable {}
extension Indirect: Codable where Wrapped: Codable {
    /// Reads the value itself.
    public init(from decoder: any Decoder) throws { self = .value(try Wrapped(from: decoder)) }
    /// Writes the value itself.
    public func encode(to encoder: any Encoder) throws { try self.wrapped.encode(to: encoder) }
}
