import MeshModel

/// A member of a document together with its path, so that every refusal can name it.
struct Field {
    let path: String
    /// Nil when absent; `null` counts as absent.
    let value: JSONValue?

    init(_ path: String, _ value: JSONValue?) {
        self.path = path
        self.value = value?.isNull == true ? nil : value
    }

    var isPresent: Bool { self.value != nil }

    /// The member `name`; absent when this is no object.
    subscript(name: String) -> Field {
        Field(self.path.isEmpty ? name : "\(self.path).\(name)", self.value?[name])
    }

    /// This field, which must be there.
    func required(_ what: String) throws(Rejection) -> Field {
        guard self.isPresent else { throw Rejection(self.path, "is missing: \(what)") }
        return self
    }

    /// An object, or nil when absent.
    func object() throws(Rejection) -> [String: JSONValue]? {
        guard let value else { return nil }
        guard let members = value.object else { throw Rejection(self.path, "must be an object") }
        return members
    }

    /// The elements of a list; none when absent.
    func elements() throws(Rejection) -> [Field] {
        guard let value else { return [] }
        guard let elements = value.array else { throw Rejection(self.path, "must be a list") }
        return elements.enumerated().map { Field("\(self.path)[\($0.offset)]", $0.element) }
    }

    /// Text, or nil when absent.
    func text() throws(Rejection) -> String? {
        guard let value else { return nil }
        guard let text = value.string else { throw Rejection(self.path, "must be text") }
        return text
    }

    /// A whole number, or nil when absent.
    func integer() throws(Rejection) -> Int64? {
        guard let value else { return nil }
        guard let number = value.integer else { throw Rejection(self.path, "must be a whole number") }
        return number
    }

    /// A boolean, false when absent.
    func flag() throws(Rejection) -> Bool {
        guard let value else { return false }
        guard let flag = value.bool else { throw Rejection(self.path, "must be true or false") }
        return flag
    }

    /// Text that is one of `allowed`, or nil when absent.
    func oneOf(_ allowed: [String]) throws(Rejection) -> String? {
        guard let text = try self.text() else { return nil }
        guard allowed.contains(text) else {
            throw Rejection(self.path, "is \"\(text)\", which must be one of \(allowed.joined(separator: ", "))")
        }
        return text
    }

    /// A port number 1…65535, or nil when absent.
    func port() throws(Rejection) -> Int64? {
        guard let port = try self.integer() else { return nil }
        guard (1...65_535).contains(port) else { throw Rejection(self.path, "is \(port), which must be 1 to 65535") }
        return port
    }
}
