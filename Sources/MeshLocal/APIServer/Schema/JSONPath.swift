import MeshModel

/// The part of JSONPath that printer columns and kubectl's templates use.
///
/// `.a.b`, `.a['b.c']`, `.a[0]`, `.a[*].b`, `.a[?(@.type=="Ready")].b`, with `\.` for a dot in a name.
struct JSONPath: Sendable {
    private enum Step: Sendable {
        case member(String)
        case index(Int)
        case all
        case filter([String], String, isEqual: Bool)
    }
    private let steps: [Step]

    /// Reads a path; what cannot be read ends it.
    init(_ text: String) {
        var steps: [Step] = []
        var rest = Array(text)[...]
        if rest.first == "{", rest.last == "}" { rest = rest.dropFirst().dropLast() }
        if rest.first == "$" { rest = rest.dropFirst() }
        while let first = rest.first {
            if first == "." {
                rest = rest.dropFirst()
                var name = ""
                while let character = rest.first, character != ".", character != "[" {
                    rest = rest.dropFirst()
                    if character == "\\", let escaped = rest.popFirst() {
                        name.append(escaped)
                    } else {
                        name.append(character)
                    }
                }
                if name == "*" { steps.append(.all) } else if !name.isEmpty { steps.append(.member(name)) }
            } else if first == "[" {
                guard let close = Self.closing(rest),
                    let step = Self.bracket(String(rest[(rest.startIndex + 1)..<close]))
                else { break }
                steps.append(step)
                rest = rest[(close + 1)...]
            } else {
                break
            }
        }
        self.steps = steps
    }

    private static func closing(_ rest: ArraySlice<Character>) -> Int? {
        var quote: Character?
        for index in rest.indices {
            if let open = quote {
                if rest[index] == open { quote = nil }
            } else if rest[index] == "'" || rest[index] == "\"" {
                quote = rest[index]
            } else if rest[index] == "]" {
                return index
            }
        }
        return nil
    }

    private static func bracket(_ text: String) -> Step? {
        if text == "*" { return .all }
        if let index = Int(text) { return .index(index) }
        if let quote = text.first, quote == "'" || quote == "\"" { return .member(String(text.dropFirst().dropLast())) }
        guard text.hasPrefix("?(@"), text.hasSuffix(")") else { return nil }
        let body = text.dropFirst(3).dropLast()
        for (operation, isEqual) in [("==", true), ("!=", false)] {
            guard let range = body.firstRange(of: operation) else { continue }
            let path = body[..<range.lowerBound].split(separator: ".").map { $0.trimmed }
            let value = body[range.upperBound...].trimmed
            return .filter(path, String(value.trimming { $0 == "'" || $0 == "\"" }), isEqual: isEqual)
        }
        return nil
    }

    /// The values at the path.
    func values(in root: JSONValue) -> [JSONValue] {
        var found = [root]
        for step in self.steps {
            found = found.flatMap { value -> [JSONValue] in
                switch step {
                case .member(let name): return value[name].map { [$0] } ?? []
                case .index(let index):
                    guard let elements = value.array else { return [] }
                    let position = index < 0 ? elements.count + index : index
                    return elements.indices.contains(position) ? [elements[position]] : []
                case .all:
                    return value.array ?? value.object.map { $0.sorted { $0.key < $1.key }.map(\.value) } ?? []
                case .filter(let path, let wanted, let isEqual):
                    return (value.array ?? []).filter { element in
                        let text = element.at(path).map { $0.string ?? GoText.quoted($0) }
                        return (text == wanted) == isEqual
                    }
                }
            }
        }
        return found
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String { String(self.trimming { $0.isWhitespace }) }

    /// Without the characters at both ends that `isDropped` takes.
    func trimming(_ isDropped: (Character) -> Bool) -> SubSequence {
        let rest = self.drop(while: isDropped)
        var end = rest.endIndex
        while end > rest.startIndex, isDropped(rest[rest.index(before: end)]) { end = rest.index(before: end) }
        return self[rest.startIndex..<end]
    }
}
