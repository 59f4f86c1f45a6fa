/// Why an annotation cannot be read.
public struct AnnotationError: Error, Hashable, Sendable {
    /// The annotation.
    public let key: String
    /// What it says.
    public let value: String
    /// What it should say.
    public let expected: String
}

extension AnnotationError: CustomStringConvertible {
    /// One line that names the annotation, quotes it and says what would be valid.
    public var description: String { "annotation \(self.key): \"\(self.value)\": \(self.expected)" }
}

/// Typed reading of an object's annotations.
struct AnnotationReader {
    let annotations: [String: String]

    /// The annotation without the blanks around it; nil when absent.
    func text(_ key: String) -> String? { self.annotations[key].map { String(PortSet.trimmed($0)) } }

    func value<Value>(
        _ key: String, _ expected: @autoclosure () -> String, parse: (String) -> Value?
    ) throws(AnnotationError) -> Value? {
        guard let text = self.text(key) else { return nil }
        guard let value = parse(text) else {
            throw AnnotationError(key: key, value: self.annotations[key] ?? "", expected: expected())
        }
        return value
    }

    /// An unsigned whole number and a unit.
    func duration(_ key: String) throws(AnnotationError) -> Duration? {
        guard let text = self.text(key) else { return nil }
        do {
            return try AnnotationDuration.parse(text)
        } catch {
            throw AnnotationError(key: key, value: self.annotations[key] ?? "", expected: error.description)
        }
    }

    /// A boolean in any of the spellings that Go accepts.
    func flag(_ key: String) throws(AnnotationError) -> Bool? {
        try self.value(key, "true or false") { text in
            switch text {
            case "1", "t", "T", "TRUE", "true", "True": true
            case "0", "f", "F", "FALSE", "false", "False": false
            default: nil
            }
        }
    }
}
