public import MeshModel

extension JSONValue {
    /// The document that says what `value` says.
    ///
    /// - Throws: when a number has no place in JSON: beyond `Int64`, or not finite.
    public init(encoding value: some Encodable) throws(EncodingError) {
        if let same = value as? JSONValue {
            self = same
            return
        }
        let node = JSONNode()
        do {
            try value.encode(to: JSONValueEncoder(node: node, path: .root))
        } catch let error as EncodingError {
            throw error
        } catch {
            throw .invalidValue(value, .init(codingPath: [], debugDescription: "\(error)", underlyingError: error))
        }
        self = node.value
    }
}

/// A value that is still being written; containers share it by reference.
private final class JSONNode {
    enum Content {
        case scalar(JSONValue)
        case object([String: JSONNode])
        case array([JSONNode])
    }

    var content: Content = .scalar(.object([:]))

    var value: JSONValue {
        switch self.content {
        case .scalar(let value): value
        case .object(let members): .object(members.mapValues(\.value))
        case .array(let elements): .array(elements.map(\.value))
        }
    }

    /// The node of a member, new or as it was.
    func member(_ name: String) -> JSONNode {
        var members: [String: JSONNode] = [:]
        if case .object(let existing) = self.content { members = existing }
        if let node = members[name] { return node }
        let node = JSONNode()
        self.content = .scalar(.null)  // Leaves `members` the only owner.
        members[name] = node
        self.content = .object(members)
        return node
    }

    /// A new last element.
    func element() -> JSONNode {
        var elements: [JSONNode] = []
        if case .array(let existing) = self.content { elements = existing }
        let node = JSONNode()
        self.content = .scalar(.null)
        elements.append(node)
        self.content = .array(elements)
        return node
    }

    var count: Int {
        guard case .array(let elements) = self.content else { return 0 }
        return elements.count
    }
}

private struct JSONValueEncoder: Encoder, SingleValueEncodingContainer {
    let node: JSONNode
    let path: JSONPath

    var codingPath: [any CodingKey] { self.path.keys }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .object = self.node.content {} else { self.node.content = .object([:]) }
        return KeyedEncodingContainer(JSONKeyedEncoder<Key>(node: self.node, path: self.path))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .array = self.node.content {} else { self.node.content = .array([]) }
        return JSONUnkeyedEncoder(node: self.node, path: self.path)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { self.node.content = .scalar(.null) }
    func encode(_ value: Bool) { self.node.content = .scalar(.bool(value)) }
    func encode(_ value: String) { self.node.content = .scalar(.string(value)) }
    func encode(_ value: Float) throws { try self.encode(Double(value)) }
    func encode(_ value: Int) throws { try self.integer(value) }
    func encode(_ value: Int8) throws { try self.integer(value) }
    func encode(_ value: Int16) throws { try self.integer(value) }
    func encode(_ value: Int32) throws { try self.integer(value) }
    func encode(_ value: Int64) throws { try self.integer(value) }
    func encode(_ value: UInt) throws { try self.integer(value) }
    func encode(_ value: UInt8) throws { try self.integer(value) }
    func encode(_ value: UInt16) throws { try self.integer(value) }
    func encode(_ value: UInt32) throws { try self.integer(value) }
    func encode(_ value: UInt64) throws { try self.integer(value) }

    func encode(_ value: Double) throws {
        guard value.isFinite else { throw self.invalid(value, "JSON has no such number") }
        if let integer = Int64(exactly: value) {
            self.node.content = .scalar(.integer(integer))
        } else {
            self.node.content = .scalar(.number(value))
        }
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        if let document = value as? JSONValue {
            self.node.content = .scalar(document)
        } else {
            try value.encode(to: self)
        }
    }

    private func integer(_ value: some FixedWidthInteger) throws {
        guard let exact = Int64(exactly: value) else { throw self.invalid(value, "the number does not fit 64 bits") }
        self.node.content = .scalar(.integer(exact))
    }

    private func invalid(_ value: Any, _ reason: String) -> EncodingError {
        .invalidValue(value, .init(codingPath: self.codingPath, debugDescription: reason))
    }
}

private struct JSONKeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    let path: JSONPath

    var codingPath: [any CodingKey] { self.path.keys }

    func encodeNil(forKey key: Key) { self.encoder(key).encodeNil() }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try self.encoder(key).encode(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        self.encoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        self.encoder(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { JSONValueEncoder(node: self.node.member("super"), path: self.path) }
    func superEncoder(forKey key: Key) -> any Encoder { self.encoder(key) }

    private func encoder(_ key: Key) -> JSONValueEncoder {
        JSONValueEncoder(
            node: self.node.member(key.stringValue), path: .member(self.path, name: key.stringValue))
    }
}

private struct JSONUnkeyedEncoder: UnkeyedEncodingContainer {
    let node: JSONNode
    let path: JSONPath

    var codingPath: [any CodingKey] { self.path.keys }
    var count: Int { self.node.count }

    func encodeNil() { self.next().encodeNil() }
    func encode<Value: Encodable>(_ value: Value) throws { try self.next().encode(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        self.next().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self.next().unkeyedContainer() }
    func superEncoder() -> any Encoder { self.next() }

    private func next() -> JSONValueEncoder {
        let index = self.node.count
        return JSONValueEncoder(node: self.node.element(), path: .element(self.path, index: index))
    }
}
