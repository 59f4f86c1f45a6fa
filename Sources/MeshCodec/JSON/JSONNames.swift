/// The names of the members that a reader knows, ready to be compared with bytes.
public struct JSONNames: Sendable {
    private struct Entry: Sendable {
        /// The first eight bytes.
        var word: UInt64
        var bytes: [UInt8]
    }

    private let entries: [Entry]

    /// Knows `names`; each is meant by its place in the list.
    public init(_ names: [String]) {
        self.entries = names.map { name in
            let bytes = Array(name.utf8)
            return Entry(word: bytes.span.partialWord(at: 0, count: bytes.count), bytes: bytes)
        }
    }

    /// The place of the name that is written in `span`.
    func index(of span: Span<UInt8>) -> Int? {
        let word = span.partialWord(at: 0, count: span.count)
        for index in self.entries.indices {
            let entry = self.entries[index]
            guard entry.word == word, entry.bytes.count == span.count else { continue }
            if span.count <= 8 || span.has(entry.bytes.span, at: 0) { return index }
        }
        return nil
    }
}

/// The members of an object as the cases of an enumeration, named by their raw values.
public struct JSONFields<Field: CaseIterable & RawRepresentable & Sendable>: Sendable where Field.RawValue == String {
    @usableFromInline let names: JSONNames
    @usableFromInline let cases: [Field]

    /// Knows all cases.
    public init(_ type: Field.Type = Field.self) {
        self.cases = Array(Field.allCases)
        self.names = JSONNames(self.cases.map(\.rawValue))
    }

    /// Goes to the value of the next known member that is not null; nil behind the closing brace.
    @inlinable
    public func next(in json: inout JSONCursor) throws(JSONError) -> Field? {
        guard let index = try json.nextMember(of: self.names) else { return nil }
        return self.cases[index]
    }
}

/// Members that need not be read, at any depth; elements of lists count as the list.
public final class JSONOmission: Sendable {
    /// What becomes of a member.
    enum Rule {
        case keep
        case omit
        case within(JSONOmission)
    }

    private let rules: [String: JSONOmission?]

    /// Leaves out the members at `paths`, each a list of names.
    public init(_ paths: [[String]]) {
        var rules: [String: JSONOmission?] = [:]
        for (name, group) in Dictionary(grouping: paths.filter { !$0.isEmpty }, by: { $0[0] }) {
            let rests = group.map { Array($0.dropFirst()) }
            rules.updateValue(rests.contains([]) ? nil : JSONOmission(rests), forKey: name)
        }
        self.rules = rules
    }

    func rule(for name: String) -> Rule {
        guard let rule = self.rules[name] else { return .keep }
        return rule.map { .within($0) } ?? .omit
    }
}
