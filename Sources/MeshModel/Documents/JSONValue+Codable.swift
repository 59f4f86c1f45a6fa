extension JSONValue: Codable {
    /// Reads any value; containers are asked in the order of what documents hold most.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
            return
        }
        let attempts: [(any SingleValueDecodingContainer) throws -> JSONValue] = [
            { .string(try $0.decode(String.self)) }, { .object(try $0.decode([String: JSONValue].self)) },
            { .array(try $0.decode([JSONValue].self)) }, { .bool(try $0.decode(Bool.self)) },
            { .integer(try $0.decode(Int64.self)) },
        ]
        for attempt in attempts {
            do {
                self = try attempt(container)
                return
            } catch DecodingError.typeMismatch {
                continue
            }
        }
        self = .number(try container.decode(Double.self))
    }

    /// Writes the value itself.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
