import MeshModel
import MeshResources

/// Brings a document of a built-in kind into the form in which it is stored, as decoding into Go types would.
///
/// Members that are not declared are dropped and reported; nulls and empty lists and maps are dropped; a value of
/// another type is an error.
struct ShapeDecoder {
    let table: TypeTable
    /// The paths of members that were dropped.
    private(set) var unknownFields: [String] = []

    init(table: TypeTable) { self.table = table }

    /// The stored form of `value`.
    mutating func decode(_ value: JSONValue, as shape: Shape, kind: String) throws(APIFailure) -> JSONValue {
        do {
            return try self.value(value, shape, path: "", owner: kind, goField: "") ?? [:]
        } catch {
            throw .badRequest(error.text)
        }
    }

    private struct Mismatch: Error { let text: String }

    private mutating func value(
        _ value: JSONValue, _ shape: Shape, path: String, owner: String, goField: String
    ) throws(Mismatch) -> JSONValue? {
        if value.isNull { return nil }
        switch shape {
        case .any: return value
        case .named(let name):
            guard let structure = self.table.types[name] else { return value }
            return try self.object(value, structure, path: path, owner: owner, type: name, goField: goField)
        case .object(let structure):
            return try self.object(value, structure, path: path, owner: owner, type: owner, goField: goField)
        case .map(let element, _):
            guard let members = value.object else {
                throw Self.mismatch(value, owner, goField, "map[string]\(Self.goType(element))")
            }
            var result: [String: JSONValue] = [:]
            for (name, member) in members {
                let decoded = try self.value(
                    member, element, path: "\(path).\(name)", owner: owner, goField: goField)
                result[name] = decoded ?? Self.zero(of: element)
            }
            return result.isEmpty && !Self.isAny(element) ? nil : .object(result)
        case .list(let element, _):
            guard let elements = value.array else {
                throw Self.mismatch(value, owner, goField, "[]\(Self.goType(element))")
            }
            var result: [JSONValue] = []
            for (index, member) in elements.enumerated() {
                let decoded = try self.value(
                    member, element, path: "\(path)[\(index)]", owner: owner, goField: goField)
                result.append(decoded ?? Self.zero(of: element) ?? .null)
            }
            return result.isEmpty ? nil : .array(result)
        case .scalar(let scalar): return try Self.scalar(value, scalar, owner, goField)
        }
    }

    private mutating func object(
        _ value: JSONValue, _ structure: Shape.Structure, path: String, owner: String, type: String, goField: String
    ) throws(Mismatch) -> JSONValue {
        guard let members = value.object else { throw Self.mismatch(value, owner, goField, "v1.\(type)") }
        var result: [String: JSONValue] = [:]
        // In order of names, so that warnings have one order.
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            let memberPath = path.isEmpty ? name : "\(path).\(name)"
            guard let field = structure.fields[name] else {
                if structure.preservesUnknown { result[name] = member } else { self.unknownFields.append(memberPath) }
                continue
            }
            let next = goField.isEmpty ? name : "\(goField).\(name)"
            result[name] = try self.value(member, field.shape, path: memberPath, owner: type, goField: next)
        }
        return .object(result)
    }

    private static func scalar(
        _ value: JSONValue, _ scalar: Shape.Scalar, _ owner: String, _ goField: String
    ) throws(Mismatch) -> JSONValue? {
        switch (scalar, value) {
        case (.string, .string), (.boolean, .bool), (.number, .integer), (.number, .number): return value
        case (.int64, .integer): return value
        case (.int32, .integer(let number)):
            guard Int32(exactly: number) != nil else {
                throw Mismatch(
                    text:
                        "json: cannot unmarshal number \(number) into Go struct field \(owner).\(goField) of type int32"
                )
            }
            return value
        case (.int32, .number), (.int64, .number):
            guard let number = value.integer else { throw self.mismatch(value, owner, goField, "int32") }
            return .integer(number)
        case (.intOrString, .integer), (.intOrString, .string): return value
        case (.quantity, .string(let text)):
            guard Quantity(text) != nil else {
                throw Mismatch(
                    text: "quantities must match the regular expression "
                        + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
            }
            return value
        case (.quantity, .integer(let number)): return .string(String(number))
        case (.quantity, .number(let number)): return .string(String(number))
        case (.time, .string(let text)):
            guard let time = Timestamp(text) else {
                throw Mismatch(text: Self.badTime(text, "2006-01-02T15:04:05Z07:00"))
            }
            return .string(time.description)
        case (.microTime, .string(let text)):
            // Exactly six digits of a fraction, as the layout says.
            guard let time = Timestamp(text), text.utf8.count >= 27, text.utf8.dropFirst(19).first == UInt8(ascii: "."),
                text.utf8.dropFirst(20).prefix(while: { (0x30...0x39).contains($0) }).count == 6
            else { throw Mismatch(text: Self.badMicroTime(text)) }
            return .string(time.microDescription)
        case (.bytes, .string(let text)):
            if let offset = Base64.firstInvalid(text) {
                throw Mismatch(text: "illegal base64 data at input byte \(offset)")
            }
            return value
        default: throw self.mismatch(value, owner, goField, Self.goType(.scalar(scalar)))
        }
    }

    private static func badMicroTime(_ text: String) -> String {
        let layout = "2006-01-02T15:04:05.000000Z07:00"
        guard Timestamp(text) != nil else { return self.badTime(text, layout) }
        let digits = text.utf8.dropFirst(20).prefix { (0x30...0x39).contains($0) }.count
        let hasFraction = text.utf8.dropFirst(19).first == UInt8(ascii: ".")
        let isLong = hasFraction && digits > 6
        let rest = String(text.dropFirst(isLong ? 26 : 19))
        return "parsing time \"\(text)\" as \"\(layout)\": cannot parse \"\(rest)\" as "
            + (isLong ? "\"Z07:00\"" : "\".000000\"")
    }

    private static func badTime(_ text: String, _ layout: String) -> String {
        "parsing time \"\(text)\" as \"\(layout)\": cannot parse \"\(text)\" as \"2006\""
    }

    private static func mismatch(_ value: JSONValue, _ owner: String, _ field: String, _ type: String) -> Mismatch {
        let found =
            switch value {
            case .string: "string"
            case .integer, .number: "number"
            case .bool: "bool"
            case .array: "array"
            case .object: "object"
            case .null: "null"
            }
        return Mismatch(text: "json: cannot unmarshal \(found) into Go struct field \(owner).\(field) of type \(type)")
    }

    private static func goType(_ shape: Shape) -> String {
        switch shape {
        case .scalar(.string), .scalar(.quantity), .scalar(.intOrString): "string"
        case .scalar(.int32): "int32"
        case .scalar(.int64): "int64"
        case .scalar(.boolean): "bool"
        case .scalar(.number): "float64"
        case .scalar(.bytes): "[]uint8"
        case .scalar(.time), .scalar(.microTime): "string"
        case .named(let name): "v1.\(name)"
        case .list(let element, _): "[]\(Self.goType(element))"
        case .map(let element, _): "map[string]\(Self.goType(element))"
        case .object, .any: "interface {}"
        }
    }

    private static func isAny(_ shape: Shape) -> Bool {
        if case .any = shape { true } else { false }
    }

    /// What Go puts for a null element of a list or map.
    private static func zero(of shape: Shape) -> JSONValue? {
        switch shape {
        case .scalar(.string), .scalar(.bytes): ""
        case .scalar(.boolean): false
        case .scalar(.int32), .scalar(.int64), .scalar(.number), .scalar(.intOrString): 0
        case .scalar(.quantity): "0"
        case .named, .object: [:]
        case .list, .map, .any, .scalar: nil
        }
    }
}
