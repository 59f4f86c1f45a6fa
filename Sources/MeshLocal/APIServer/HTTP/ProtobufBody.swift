import MeshModel
import MeshResources

/// Reads bodies in the protobuf encoding of the Kubernetes API, in which kubectl sends what it makes itself.
///
/// The envelope is four bytes of magic and a message with the type and the encoded object. A field that is not in the
/// table of numbers is an error, never dropped.
struct ProtobufBody {
    /// Why a body cannot be read.
    struct Failure: Error, Hashable { var text: String }

    static let mediaType = "application/vnd.kubernetes.protobuf"

    private let table: TypeTable
    private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]
    private static let depthMax = 32

    /// The document that `bytes` encode, an object of `type`.
    static func read(_ bytes: [UInt8], type: Shape, table: TypeTable) throws(Failure) -> JSONValue {
        guard bytes.starts(with: Self.magic) else {
            throw Failure(text: "provided data does not appear to be a protobuf message")
        }
        var envelope = Reader(bytes: bytes[4...])
        var object: ArraySlice<UInt8> = []
        var identity: [String: JSONValue] = [:]
        while let (number, field) = try envelope.next() {
            switch (number, field) {
            case (1, .bytes(let type)):
                var reader = Reader(bytes: type)
                while let (number, field) = try reader.next() {
                    guard case .bytes(let text) = field else { continue }
                    let value = JSONValue.string(String(decoding: text, as: UTF8.self))
                    if number == 1 { identity["apiVersion"] = value }
                    if number == 2 { identity["kind"] = value }
                }
            case (2, .bytes(let raw)): object = raw
            default: continue
            }
        }
        let body = ProtobufBody(table: table)
        var value = try body.value(.bytes(object), type, depth: 0)
        for (name, member) in identity where member.string?.isEmpty == false { value[name] = member }
        return value
    }

    private enum Field {
        case varint(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func varint() throws(Failure) -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard let byte = self.bytes.popFirst() else { throw Failure(text: "unexpected EOF") }
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            throw Failure(text: "proto: integer overflow")
        }

        mutating func next() throws(Failure) -> (Int, Field)? {
            guard !self.bytes.isEmpty else { return nil }
            let tag = try self.varint()
            let number = Int(truncatingIfNeeded: tag >> 3)
            switch tag & 7 {
            case 0: return (number, .varint(try self.varint()))
            case 1: return (number, try self.skip(8))
            case 2:
                guard let length = Int(exactly: try self.varint()), length <= self.bytes.count else {
                    throw Failure(text: "unexpected EOF")
                }
                defer { self.bytes = self.bytes.dropFirst(length) }
                return (number, .bytes(self.bytes.prefix(length)))
            case 5: return (number, try self.skip(4))
            default: throw Failure(text: "proto: illegal wireType \(tag & 7)")
            }
        }

        private mutating func skip(_ count: Int) throws(Failure) -> Field {
            guard self.bytes.count >= count else { throw Failure(text: "unexpected EOF") }
            self.bytes = self.bytes.dropFirst(count)
            return .fixed
        }
    }

    private func value(_ field: Field, _ shape: Shape, depth: Int) throws(Failure) -> JSONValue {
        guard depth < Self.depthMax else { throw Failure(text: "nested too deep") }
        switch (shape, field) {
        case (.named(let name), .bytes(let bytes)):
            guard let structure = self.table.types[name], let names = ProtobufNumbers.names[name] else {
                throw Failure(text: "\(name) is not read in this encoding; send JSON")
            }
            return try self.message(bytes, name, structure, names, depth: depth)
        case (.scalar(let scalar), _): return try Self.scalar(field, scalar)
        case (.map(.any, _), .bytes(let bytes)): return bytes.isEmpty ? [:] : .null
        default: throw Failure(text: "wrong wireType")
        }
    }

    private func message(
        _ bytes: ArraySlice<UInt8>, _ type: String, _ structure: Shape.Structure, _ names: [Int: String], depth: Int
    ) throws(Failure) -> JSONValue {
        var members: [String: JSONValue] = [:]
        var reader = Reader(bytes: bytes)
        while let (number, field) = try reader.next() {
            if depth == 0, names[number] == "status" { continue }  // Not the client's to set.
            guard let name = names[number], let shape = structure.fields[name]?.shape else {
                throw Failure(text: "field \(number) of \(type) is not read in this encoding; send JSON")
            }
            switch shape {
            case .list(let element, _):
                var list = members[name]?.array ?? []
                list.append(try self.value(field, element, depth: depth + 1))
                members[name] = .array(list)
            case .map(let element, _):
                guard case .bytes(let entry) = field else { throw Failure(text: "wrong wireType") }
                let (key, value) = try self.entry(entry, element, depth: depth + 1)
                var map = members[name]?.object ?? [:]
                map[key] = value
                members[name] = .object(map)
            default:
                let value = try self.value(field, shape, depth: depth + 1)
                // Go writes empty text and zero times for what is not set.
                if value != "", !value.isNull { members[name] = value }
            }
        }
        return .object(members)
    }

    private func entry(
        _ bytes: ArraySlice<UInt8>, _ element: Shape, depth: Int
    ) throws(Failure) -> (String, JSONValue) {
        var reader = Reader(bytes: bytes)
        var key = ""
        var value: JSONValue = ""
        while let (number, field) = try reader.next() {
            if number == 1, case .bytes(let text) = field { key = String(decoding: text, as: UTF8.self) }
            if number == 2 { value = try self.value(field, element, depth: depth) }
        }
        return (key, value)
    }

    private static func scalar(_ field: Field, _ scalar: Shape.Scalar) throws(Failure) -> JSONValue {
        switch (scalar, field) {
        case (.string, .bytes(let bytes)): return .string(String(decoding: bytes, as: UTF8.self))
        case (.bytes, .bytes(let bytes)): return .string(Base64.encode(bytes))
        case (.boolean, .varint(let value)): return .bool(value != 0)
        case (.int32, .varint(let value)), (.int64, .varint(let value)): return .integer(Int64(bitPattern: value))
        case (.quantity, .bytes(let bytes)):
            var reader = Reader(bytes: bytes)
            guard let (_, inner) = try reader.next(), case .bytes(let text) = inner else { return "0" }
            return .string(String(decoding: text, as: UTF8.self))
        case (.time, .bytes(let bytes)), (.microTime, .bytes(let bytes)):
            return try Self.time(bytes, isMicro: scalar == .microTime)
        case (.intOrString, .bytes(let bytes)): return try Self.intOrString(bytes)
        default: throw Failure(text: "wrong wireType")
        }
    }

    private static func time(_ bytes: ArraySlice<UInt8>, isMicro: Bool) throws(Failure) -> JSONValue {
        var reader = Reader(bytes: bytes)
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        while let (number, field) = try reader.next() {
            guard case .varint(let value) = field else { continue }
            if number == 1 { seconds = Int64(bitPattern: value) } else { nanoseconds = Int64(bitPattern: value) }
        }
        guard seconds > 0 else { return .null }
        let fraction = Int32(clamping: min(max(nanoseconds, 0), 999_999_999))
        let time = Timestamp(seconds: seconds, nanoseconds: fraction)
        return .string(isMicro ? time.microDescription : time.description)
    }

    private static func intOrString(_ bytes: ArraySlice<UInt8>) throws(Failure) -> JSONValue {
        var reader = Reader(bytes: bytes)
        var isText = false
        var number: Int64 = 0
        var text = ""
        while let (field, content) = try reader.next() {
            switch (field, content) {
            case (1, .varint(let kind)): isText = kind == 1
            case (2, .varint(let value)): number = Int64(bitPattern: value)
            case (3, .bytes(let bytes)): text = String(decoding: bytes, as: UTF8.self)
            default: continue
            }
        }
        return isText ? .string(text) : .integer(number)
    }
}
