import MeshController
import MeshModel

/// Why a patch cannot be applied.
enum PatchFailure: Error, Hashable {
    case noParent(String)
    case badIndex(String)
}

extension JSONValue {
    /// The document after the patch, by the rules of RFC 6902 for `add`.
    func applying(_ patch: JSONPatch) throws(PatchFailure) -> JSONValue {
        var document = self
        for addition in patch.additions {
            let path = addition.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
                Self.unescaped($0)
            }
            try document.add(addition.value, at: path[...], whole: addition.path)
        }
        return document
    }

    private mutating func add(_ value: JSONValue, at path: ArraySlice<String>, whole: String) throws(PatchFailure) {
        guard let first = path.first else {
            self = value
            return
        }
        let rest = path.dropFirst()
        switch self {
        case .object(var members):
            if rest.isEmpty {
                members[first] = value
            } else {
                guard var child = members[first] else { throw .noParent(whole) }
                try child.add(value, at: rest, whole: whole)
                members[first] = child
            }
            self = .object(members)
        case .array(var elements):
            guard let index = first == "-" ? elements.count : Int(first), (0...elements.count).contains(index) else {
                throw .badIndex(whole)
            }
            if rest.isEmpty {
                elements.insert(value, at: index)
            } else {
                guard index < elements.count else { throw .badIndex(whole) }
                try elements[index].add(value, at: rest, whole: whole)
            }
            self = .array(elements)
        default: throw .noParent(whole)
        }
    }

    private static func unescaped(_ segment: Substring) -> String {
        var text = ""
        var isEscaped = false
        for character in segment {
            if isEscaped {
                text.append(character == "1" ? "/" : "~")
                isEscaped = false
            } else if character == "~" {
                isEscaped = true
            } else {
                text.append(character)
            }
        }
        return text
    }
}
