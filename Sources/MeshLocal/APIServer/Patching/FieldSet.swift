import MeshCodec
import MeshModel

/// A set of paths in a document, as `fieldsV1` of managed fields writes it.
///
/// Path elements are kept in their written form: `f:NAME`, `k:{KEYS}`, `v:VALUE`.
struct FieldSet: Hashable, Sendable {
    /// Whether the path that leads here belongs to the set.
    var isMember = false
    var children: [String: FieldSet] = [:]

    var isEmpty: Bool { !self.isMember && self.children.isEmpty }

    /// The members of the root, which has no path of its own.
    init() {}

    private init(isMember: Bool, children: [String: FieldSet]) {
        self.isMember = isMember
        self.children = children
    }

    static let leaf = FieldSet(isMember: true, children: [:])

    /// Reads `fieldsV1`.
    init(fieldsV1 value: JSONValue, isRoot: Bool = true) {
        let members = value.object ?? [:]
        self.isMember = !isRoot && (members["."] != nil || members.isEmpty)
        for (name, child) in members where name != "." {
            self.children[name] = FieldSet(fieldsV1: child, isRoot: false)
        }
    }

    /// The written form.
    var fieldsV1: JSONValue {
        var members: [String: JSONValue] = [:]
        for (name, child) in self.children { members[name] = child.fieldsV1 }
        if self.isMember, !self.children.isEmpty { members["."] = [:] }
        return .object(members)
    }

    private func cleaned() -> FieldSet? { self.isEmpty ? nil : self }

    func union(_ other: FieldSet) -> FieldSet {
        FieldSet(
            isMember: self.isMember || other.isMember,
            children: self.children.merging(other.children) { $0.union($1) })
    }

    func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: self.isMember && other.isMember, children: [:])
        for (name, child) in self.children {
            if let twin = other.children[name] { result.children[name] = child.intersection(twin).cleaned() }
        }
        return result
    }

    /// Without the members of the other set.
    func subtracting(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: self.isMember && !other.isMember, children: [:])
        for (name, child) in self.children {
            result.children[name] = other.children[name].map { child.subtracting($0).cleaned() } ?? child
        }
        return result
    }

    /// Without the members of the other set and everything under them.
    func subtractingBelow(_ other: FieldSet) -> FieldSet {
        if other.isMember { return FieldSet() }
        var result = FieldSet(isMember: self.isMember, children: [:])
        for (name, child) in self.children {
            result.children[name] = other.children[name].map { child.subtractingBelow($0).cleaned() } ?? child
        }
        return result
    }

    mutating func insert(_ path: [String]) { self.insert(path[...]) }

    private mutating func insert(_ path: ArraySlice<String>) {
        guard let first = path.first else {
            self.isMember = true
            return
        }
        self.children[first, default: FieldSet()].insert(path.dropFirst())
    }

    mutating func remove(_ path: [String]) {
        var set = FieldSet()
        set.insert(path)
        self = self.subtracting(set)
    }

    /// Removes the path and everything under it.
    mutating func removeAll(under path: [String]) {
        var set = FieldSet()
        set.insert(path)
        self = self.subtractingBelow(set)
    }

    /// The members in the form of messages: `.spec.containers[name="app"].image`.
    var paths: [String] {
        var result: [String] = []
        self.collect("", &result)
        return result
    }

    private func collect(_ prefix: String, _ result: inout [String]) {
        if self.isMember { result.append(prefix) }
        for (name, child) in self.children.sorted(by: { $0.key < $1.key }) {
            child.collect(prefix + Self.shown(name), &result)
        }
    }

    private static func shown(_ element: String) -> String {
        let text = element.dropFirst(2)
        switch element.first {
        case "k":
            guard let members = Self.read(text)?.object else { return "[\(text)]" }
            let keys = members.sorted { $0.key < $1.key }.map { "\($0.key)=\(GoText.quoted($0.value))" }
            return "[\(keys.joined(separator: ","))]"
        case "v": return "[=\(text)]"
        case "i": return "[\(text)]"
        default: return ".\(text)"
        }
    }

    private static func read(_ text: Substring) -> JSONValue? {
        do {
            return try JSONReader.read(Array(text.utf8))
        } catch {
            return nil  // Shown as it is.
        }
    }

    /// The path element of a list entry.
    static func element(of value: JSONValue, _ topology: Shape.Topology, _ defaults: (String) -> JSONValue?) -> String?
    {
        switch topology {
        case .atomic: return nil
        case .set: return "v:" + String(decoding: JSONWriter.write(value), as: UTF8.self)
        case .map(let keys):
            var members: [String: JSONValue] = [:]
            for key in keys { members[key] = value[key] ?? defaults(key) }
            return "k:" + String(decoding: JSONWriter.write(.object(members)), as: UTF8.self)
        }
    }
}
