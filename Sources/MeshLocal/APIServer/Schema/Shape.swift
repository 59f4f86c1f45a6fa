import MeshModel

/// What a place in a document may hold, and how changes to it merge.
indirect enum Shape: Sendable {
    /// One value that is replaced as a whole.
    case scalar(Scalar)
    /// An object with known members.
    case object(Structure)
    /// An object whose members all have one shape.
    case map(Shape, isAtomic: Bool)
    /// A list.
    case list(Shape, Topology)
    /// A type of the ``TypeTable``, by name, so that types may contain themselves.
    case named(String)
    /// Anything; objects merge, lists are replaced.
    case any

    /// The sorts of single values.
    enum Scalar: Sendable {
        case string, int32, int64, boolean, number, time, microTime, quantity, intOrString, bytes
    }

    /// How lists merge: structured-merge-diff's list types.
    enum Topology: Sendable {
        case atomic
        case set
        case map(keys: [String])
    }

    /// The members of an object.
    struct Structure: Sendable {
        var fields: [String: Field] = [:]
        /// Replaced as a whole by an apply.
        var isAtomic = false
        /// Members that are not declared stay.
        var preservesUnknown = false
        /// The shape of members that are not declared.
        var others: Shape?
    }

    /// One member.
    struct Field: Sendable {
        var shape: Shape
        var isRequired = false
        /// Strategic merge merges this list or map instead of replacing it.
        var mergesStrategically = false
        /// The key by which strategic merge identifies elements; nil for lists of scalars.
        var patchKey: String?
        var retainsKeys = false
        /// Filled in for list keys that are left out.
        var defaultValue: JSONValue?
    }
}

/// The types of the built-in kinds, by name.
struct TypeTable: Sendable {
    let types: [String: Shape.Structure]

    /// Every built-in type.
    static let builtIn = TypeTable(
        types: Self.parse(Self.fieldsCore).merging(Self.parse(Self.fieldsWorkloads)) { $1 }
            .merging(Self.parse(Self.fieldsOthers)) { $1 })

    /// The shape with a name replaced by what it stands for.
    func resolve(_ shape: Shape) -> Shape {
        guard case .named(let name) = shape else { return shape }
        guard let structure = self.types[name] else { return .any }
        return .object(structure)
    }

    /// Reads the table of fields.
    ///
    /// Types: `s` string, `i`/`l` integer, `b` boolean, `n` number, `t`/`u` time, `q` quantity, `x` int or string,
    /// `y` bytes, `o` free object, `*` anything, `[T]` list, `{T}` map, else the name of a type. Flags after the type:
    /// `!` required, `^` atomic, `@k,l` list map with these keys (none: set), `~k` strategic merge by this key,
    /// `&` strategic merge retains keys, `=v` default. A `^` after a type's own name makes the type atomic.
    static func parse(_ text: String) -> [String: Shape.Structure] {
        var result: [String: Shape.Structure] = [:]
        var current = ""
        for line in text.split(separator: "\n") {
            var words = line.split(separator: " ")[...]
            if !line.hasPrefix(" "), let head = words.popFirst() {
                current = head.hasSuffix("^") ? String(head.dropLast()) : String(head)
                result[current] = Shape.Structure(isAtomic: head.hasSuffix("^"))
            }
            for word in words {
                guard let colon = word.firstIndex(of: ":") else { continue }
                result[current]?.fields[String(word[..<colon])] = Self.field(word[word.index(after: colon)...])
            }
        }
        return result
    }

    private static func field(_ text: Substring) -> Shape.Field {
        let end = text.firstIndex { "!^@~&=".contains($0) } ?? text.endIndex
        var field = Shape.Field(shape: Self.shape(text[..<end]))
        var rest = text[end...]
        while let flag = rest.popFirst() {
            let stop = rest.firstIndex { "!^@~&=".contains($0) } ?? rest.endIndex
            let argument = String(rest[..<stop])
            rest = rest[stop...]
            switch flag {
            case "!": field.isRequired = true
            case "^": field.shape = Self.atomic(field.shape)
            case "@":
                if case .list(let element, _) = field.shape {
                    let keys = argument.split(separator: ",").map(String.init)
                    field.shape = .list(element, keys.isEmpty ? .set : .map(keys: keys))
                }
            case "~":
                field.mergesStrategically = true
                field.patchKey = argument.isEmpty ? nil : argument
            case "&": field.retainsKeys = true
            default: field.defaultValue = .string(argument)
            }
        }
        return field
    }

    private static func atomic(_ shape: Shape) -> Shape {
        switch shape {
        case .map(let value, _): .map(value, isAtomic: true)
        case .named: shape  // The type says so itself.
        default: shape
        }
    }

    private static func shape(_ text: Substring) -> Shape {
        if text.hasPrefix("[") { return .list(Self.shape(text.dropFirst().dropLast()), .atomic) }
        if text.hasPrefix("{") { return .map(Self.shape(text.dropFirst().dropLast()), isAtomic: false) }
        switch text {
        case "s": return .scalar(.string)
        case "i": return .scalar(.int32)
        case "l": return .scalar(.int64)
        case "b": return .scalar(.boolean)
        case "n": return .scalar(.number)
        case "t": return .scalar(.time)
        case "u": return .scalar(.microTime)
        case "q": return .scalar(.quantity)
        case "x": return .scalar(.intOrString)
        case "y": return .scalar(.bytes)
        case "o": return .map(.any, isAtomic: true)
        case "*": return .any
        default: return .named(String(text))
        }
    }
}
