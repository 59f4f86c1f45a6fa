import MeshModel

/// A label selector in its text form: `a=b,c!=d,e in (f,g),!h,i`.
struct LabelSelection: Hashable, Sendable {
    enum Test: Hashable, Sendable {
        case exists
        case missing
        case oneOf(Set<String>)
        case noneOf(Set<String>)
        case above(Int64)
        case below(Int64)
    }
    struct Requirement: Hashable, Sendable {
        var key: String
        var test: Test
    }
    var requirements: [Requirement]

    func matches(_ labels: [String: String]) -> Bool {
        self.requirements.allSatisfy { requirement in
            let value = labels[requirement.key]
            switch requirement.test {
            case .exists: return value != nil
            case .missing: return value == nil
            case .oneOf(let values): return value.map { values.contains($0) } ?? false
            case .noneOf(let values): return value.map { !values.contains($0) } ?? true
            case .above(let bound): return value.flatMap { Int64($0) }.map { $0 > bound } ?? false
            case .below(let bound): return value.flatMap { Int64($0) }.map { $0 < bound } ?? false
            }
        }
    }

    /// The selector of a `LabelSelector` object; nil selects everything when `nil`.
    init(object: JSONValue?) {
        self.requirements = (object?["matchLabels"]?.object ?? [:]).map { key, value in
            Requirement(key: key, test: .oneOf([value.string ?? ""]))
        }
        for expression in object?["matchExpressions"]?.array ?? [] {
            let key = expression["key"]?.string ?? ""
            let values = Set((expression["values"]?.array ?? []).compactMap(\.string))
            let test: Test =
                switch expression["operator"]?.string {
                case "In": .oneOf(values)
                case "NotIn": .noneOf(values)
                case "Exists": .exists
                case "DoesNotExist": .missing
                default: .oneOf([])
                }
            self.requirements.append(Requirement(key: key, test: test))
        }
    }

    /// Reads the text form.
    init(_ text: String) throws(APIFailure) {
        var parser = LabelSelectionParser(text)
        self.requirements = try parser.requirements()
    }
}

/// Reads label selectors.
private struct LabelSelectionParser {
    private let text: String
    private var rest: Substring

    init(_ text: String) {
        self.text = text
        self.rest = text[...]
    }

    mutating func requirements() throws(APIFailure) -> [LabelSelection.Requirement] {
        var result: [LabelSelection.Requirement] = []
        self.skipSpace()
        while !self.rest.isEmpty {
            result.append(try self.requirement())
            self.skipSpace()
            guard !self.rest.isEmpty else { break }
            guard self.take(",") else {
                throw APIFailure.badRequest("found '\(self.word())', expected: ',' or 'end of string'")
            }
            self.skipSpace()
            if self.rest.isEmpty { throw self.failure("found '', expected: identifier after ','") }
        }
        return result
    }

    private mutating func requirement() throws(APIFailure) -> LabelSelection.Requirement {
        self.skipSpace()
        let isNegated = self.rest.first == "!" && self.rest.dropFirst().first != "="
        if isNegated { _ = self.take("!") }
        let key = self.word()
        guard !key.isEmpty else {
            let found = self.rest.first.map(String.init) ?? ""
            throw .badRequest("found '\(found)', expected: !, identifier, or 'end of string'")
        }
        let nameErrors = Names.qualifiedNameErrors(key)
        guard nameErrors.isEmpty else {
            throw .badRequest(
                "unable to parse requirement: <nil>: Invalid value: \"\(key)\": \(nameErrors.joined(separator: "; "))")
        }
        if isNegated { return .init(key: key, test: .missing) }
        self.skipSpace()
        if self.take("==") || self.take("=") { return .init(key: key, test: .oneOf([try self.value(key)])) }
        if self.take("!=") { return .init(key: key, test: .noneOf([try self.value(key)])) }
        if self.take(">") { return .init(key: key, test: .above(try self.number())) }
        if self.take("<") { return .init(key: key, test: .below(try self.number())) }
        guard let first = self.rest.first, first != "," else { return .init(key: key, test: .exists) }
        let operation = self.word()
        switch operation {
        case "in": return .init(key: key, test: .oneOf(try self.values(key)))
        case "notin": return .init(key: key, test: .noneOf(try self.values(key)))
        default: throw self.failure("found '\(operation)', expected: in, notin, =, ==, !=, gt, lt")
        }
    }

    private mutating func values(_ key: String) throws(APIFailure) -> Set<String> {
        self.skipSpace()
        guard self.take("(") else { throw self.failure("found '\(self.word())' expected: '('") }
        var values: Set<String> = []
        while true {
            values.insert(try self.value(key))
            self.skipSpace()
            if self.take(")") { return values }
            guard self.take(",") else { throw self.failure("found '\(self.word())', expected: ',' or ')'") }
        }
    }

    private mutating func value(_ key: String) throws(APIFailure) -> String {
        self.skipSpace()
        if let first = self.rest.first, "()".contains(first), first == "(" {
            throw self.failure("found '(', expected: identifier")
        }
        let value = self.word()
        let errors = Names.labelValueErrors(value)
        guard errors.isEmpty else {
            throw .badRequest(
                "unable to parse requirement: values[0][\(key)]: Invalid value: \"\(value)\": "
                    + errors.joined(separator: "; "))
        }
        return value
    }

    private mutating func number() throws(APIFailure) -> Int64 {
        self.skipSpace()
        let text = self.word()
        guard let value = Int64(text) else {
            throw self.failure(
                "values[0]: Invalid value: \"\(text)\": for 'Gt', 'Lt' operators, the value must be an integer")
        }
        return value
    }

    private mutating func word() -> String {
        let end = self.rest.firstIndex { "=!,()<> \t\n".contains($0) } ?? self.rest.endIndex
        defer { self.rest = self.rest[end...] }
        return String(self.rest[..<end])
    }

    private mutating func take(_ prefix: String) -> Bool {
        guard self.rest.hasPrefix(prefix) else { return false }
        self.rest = self.rest.dropFirst(prefix.count)
        return true
    }

    private mutating func skipSpace() { self.rest = self.rest.drop { $0 == " " || $0 == "\t" || $0 == "\n" } }

    private func failure(_ detail: String) -> APIFailure {
        .badRequest("unable to parse requirement: \(detail)")
    }
}

/// A field selector: `a.b=c,d!=e`.
struct FieldSelection: Hashable, Sendable {
    struct Requirement: Hashable, Sendable {
        var path: [String]
        var value: String
        var isEqual: Bool
    }
    var requirements: [Requirement]

    /// Reads the text form and checks that the kind has the fields.
    init(_ text: String, kind: ResourceKind) throws(APIFailure) {
        self.requirements = []
        for part in text.split(separator: ",") {
            guard let equals = part.firstIndex(of: "=") else {
                throw .badRequest("invalid selector: '\(text)'; can't understand '\(part)'")
            }
            var field = part[..<equals]
            let isEqual = field.last != "!"
            if !isEqual { field = field.dropLast() }
            var value = part[part.index(after: equals)...]
            if value.first == "=" { value = value.dropFirst() }
            let name = String(field)
            guard kind.selectableFields.contains(name) else {
                throw .badRequest(Self.unsupported(name, kind))
            }
            self.requirements.append(
                Requirement(path: name.split(separator: ".").map(String.init), value: String(value), isEqual: isEqual))
        }
    }

    /// The message depends on where the conversion of labels is implemented.
    private static func unsupported(_ name: String, _ kind: ResourceKind) -> String {
        switch (kind.group, kind.kind) {
        case ("", "Pod"), ("", "Node"), ("", "Event"), ("", "Namespace"), ("", "Secret"), ("", "ReplicationController"),
            ("events.k8s.io", "Event"), ("apps", _), ("batch", "Job"):
            return "field label not supported: \(name)"
        default:
            return kind.isCustom
                ? "field label not supported: \(name)"
                : "\"\(name)\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        }
    }

    func matches(_ object: JSONValue) -> Bool {
        self.requirements.allSatisfy { requirement in
            let found: String =
                switch object.at(requirement.path) {
                case .string(let text): text
                case .bool(let flag): String(flag)
                case .integer(let number): String(number)
                default: requirement.path.last == "unschedulable" ? "false" : ""
                }
            return (found == requirement.value) == requirement.isEqual
        }
    }

    /// The value demanded for `metadata.name`, when there is one.
    var name: String? { self.requirements.first { $0.path == ["metadata", "name"] && $0.isEqual }?.value }
}

extension ResourceKind {
    /// The fields that field selectors may name.
    var selectableFields: Set<String> {
        let common: Set<String> = ["metadata.name", "metadata.namespace"]
        switch (self.group, self.kind) {
        case ("", "Pod"):
            return common.union([
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
            ])
        case ("", "Node"): return common.union(["spec.unschedulable"])
        case ("", "Namespace"): return common.union(["status.phase"])
        case ("", "Secret"): return common.union(["type"])
        case ("", "Service"): return common.union(["spec.clusterIP", "spec.type"])
        case ("", "Event"):
            return common.union([
                "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
                "reportingComponent", "source", "type",
            ])
        case ("events.k8s.io", "Event"):
            return common.union([
                "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion",
                "regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type",
            ])
        case ("apps", "ReplicaSet"), ("", "ReplicationController"): return common.union(["status.replicas"])
        case ("batch", "Job"): return common.union(["status.successful"])
        default: return common.union(self.custom?.selectableFields ?? [])
        }
    }
}
