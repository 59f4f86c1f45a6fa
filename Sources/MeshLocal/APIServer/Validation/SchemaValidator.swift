import MeshModel
import MeshResources

/// Checks a value against a structural schema, with the texts of the real API server.
struct SchemaValidator {
    private(set) var errors: [FieldError] = []

    /// What is wrong with `value`.
    static func errors(of value: JSONValue, against schema: JSONSchema) -> [FieldError] {
        var validator = SchemaValidator()
        validator.validate(value, schema, "")
        return validator.errors
    }

    private mutating func validate(_ value: JSONValue, _ schema: JSONSchema, _ path: String) {
        if value.isNull, schema.isNullable { return }
        if !self.checkType(value, schema, path) { return }
        self.checkBounds(value, schema, path)
        self.checkCombinations(value, schema, path)
        switch value {
        case .object(let members): self.checkMembers(members, schema, path)
        case .array(let elements): self.checkElements(elements, schema, path)
        default: break
        }
    }

    /// False when the type is wrong, so that nothing else is worth saying.
    private mutating func checkType(_ value: JSONValue, _ schema: JSONSchema, _ path: String) -> Bool {
        let found = Self.typeName(value)
        if schema.isIntOrString {
            if found == "integer" || found == "string" { return true }
            self.typeError(path, found, "integer,string")
            return false
        }
        guard let type = schema.type, type != found, !(type == "number" && found == "integer") else { return true }
        // 2.0 is an integer.
        if type == "integer", value.integer != nil { return true }
        self.typeError(path, found, type)
        return false
    }

    private mutating func typeError(_ path: String, _ found: String, _ wanted: String) {
        self.errors.append(
            FieldError(
                .typeInvalid, path.isEmpty ? "<nil>" : path,
                "Invalid value: \"\(found)\": \(path) in body must be of type \(wanted): \"\(found)\""))
    }

    static func typeName(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number(let number): number == number.rounded() ? "integer" : "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    private mutating func checkBounds(_ value: JSONValue, _ schema: JSONSchema, _ path: String) {
        if let allowed = schema.allowed, !allowed.contains(value) {
            let texts = allowed.map { $0.string ?? GoText.quoted($0) }
            self.errors.append(.notSupported(path, value, texts))
        }
        let limits = schema.limits
        switch value {
        case .string(let text):
            let length = Int64(text.unicodeScalars.count)
            if let max = limits.maxLength, length > max {
                self.errors.append(FieldError(.tooLong, path, "Too long: may not be more than \(max) bytes"))
            }
            if let min = limits.minLength, length < min {
                self.invalid(path, value, "should be at least \(min) chars long")
            }
            if let pattern = schema.pattern, !Pattern.matches(text, pattern) {
                self.invalid(path, value, "should match '\(pattern)'")
            }
            if let format = schema.format, !Formats.isValid(text, format) {
                self.errors.append(
                    FieldError(
                        .typeInvalid, path,
                        "Invalid value: \(GoText.quote(text)): \(path) in body must be of type \(format): "
                            + GoText.quote(text)))
            }
        case .integer, .number: self.checkNumber(value, value.double ?? 0, schema, path)
        default: break
        }
    }

    private mutating func checkNumber(_ value: JSONValue, _ number: Double, _ schema: JSONSchema, _ path: String) {
        let limits = schema.limits
        func text(_ bound: Double) -> String {
            GoText.quoted(bound == bound.rounded() ? .integer(Int64(bound)) : .number(bound))
        }
        if let max = limits.maximum, limits.exclusiveMaximum ? number >= max : number > max {
            self.invalid(
                path, value, "should be less than \(limits.exclusiveMaximum ? "" : "or equal to ")\(text(max))")
        }
        if let min = limits.minimum, limits.exclusiveMinimum ? number <= min : number < min {
            self.invalid(
                path, value, "should be greater than \(limits.exclusiveMinimum ? "" : "or equal to ")\(text(min))")
        }
        if let factor = limits.multipleOf, factor != 0, (number / factor).rounded() != number / factor {
            self.invalid(path, value, "should be a multiple of \(text(factor))")
        }
        if schema.format == "int32", number != number.rounded() || abs(number) > 2_147_483_648 {
            self.errors.append(
                FieldError(
                    .invalid, "<nil>",
                    "Invalid value: \"\": Checked value must be of type integer with format int32 in \(path)"))
        }
    }

    private mutating func invalid(_ path: String, _ value: JSONValue, _ text: String) {
        self.errors.append(.invalid(path, value, "\(path) in body \(text)"))
    }

    private mutating func checkMembers(_ members: [String: JSONValue], _ schema: JSONSchema, _ path: String) {
        let limits = schema.limits
        if let max = limits.maxProperties, members.count > max {
            self.errors.append(FieldError(.tooMany, path, "Too many: \(members.count): must have at most \(max) items"))
        }
        if let min = limits.minProperties, members.count < min {
            self.invalid(path, .object(members), "should have at least \(min) properties")
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            let memberPath = path.isEmpty ? name : "\(path).\(name)"
            if let property = schema.properties[name] {
                self.validate(member, property, memberPath)
            } else if let additional = schema.additional {
                self.validate(member, additional, memberPath)
            }
        }
        for name in schema.required where members[name] == nil {
            self.errors.append(.required(path.isEmpty ? name : "\(path).\(name)"))
        }
    }

    private mutating func checkElements(_ elements: [JSONValue], _ schema: JSONSchema, _ path: String) {
        let limits = schema.limits
        if let max = limits.maxItems, elements.count > max {
            self.errors.append(
                FieldError(.tooMany, path, "Too many: \(elements.count): must have at most \(max) items"))
        }
        if let min = limits.minItems, elements.count < min {
            self.invalid(path, .integer(Int64(elements.count)), "should have at least \(min) items")
        }
        if limits.uniqueItems, Set(elements).count < elements.count {
            self.invalid(path, .array(elements), "shouldn't contain duplicates")
        }
        if let items = schema.items {
            for (index, element) in elements.enumerated() { self.validate(element, items, "\(path)[\(index)]") }
        }
        self.checkUniqueness(elements, schema, path)
    }

    /// Lists that are sets or maps hold no entry twice.
    private mutating func checkUniqueness(_ elements: [JSONValue], _ schema: JSONSchema, _ path: String) {
        var seen: Set<JSONValue> = []
        switch schema.listType {
        case "set":
            for (index, element) in elements.enumerated() where !seen.insert(element).inserted {
                self.errors.append(.duplicate("\(path)[\(index)]", element))
            }
        case "map":
            for (index, element) in elements.enumerated() {
                var key: [String: JSONValue] = [:]
                for name in schema.listKeys { key[name] = element[name] }
                if !seen.insert(.object(key)).inserted {
                    self.errors.append(.duplicate("\(path)[\(index)]", .object(key)))
                }
            }
        default: break
        }
    }

    private mutating func checkCombinations(_ value: JSONValue, _ schema: JSONSchema, _ path: String) {
        func fails(_ option: JSONSchema) -> [FieldError] {
            var validator = SchemaValidator()
            validator.validate(value, option, path)
            return validator.errors
        }
        let name = "\"\(path)\""
        if !schema.anyOf.isEmpty {
            let failures = schema.anyOf.map(fails)
            if !failures.contains(where: \.isEmpty) {
                self.combination("\(name) must validate at least one schema (anyOf)")
                self.errors += failures.first ?? []
            }
        }
        if !schema.oneOf.isEmpty {
            let failures = schema.oneOf.map(fails)
            let count = failures.count { $0.isEmpty }
            if count == 0 {
                self.combination("\(name) must validate one and only one schema (oneOf). Found none valid")
                self.errors += failures.first ?? []
            } else if count > 1 {
                self.combination(
                    "\(name) must validate one and only one schema (oneOf). Found \(count) valid alternatives")
            }
        }
        if !schema.allOf.isEmpty {
            let failures = schema.allOf.map(fails).filter { !$0.isEmpty }
            if !failures.isEmpty {
                self.combination(
                    "\(name) must validate all the schemas (allOf)"
                        + (failures.count == schema.allOf.count ? ". None validated" : ""))
                self.errors += failures.flatMap { $0 }
            }
        }
        if let not = schema.not, fails(not).isEmpty {
            self.combination("\(name) must not validate the schema (not)")
        }
    }

    private mutating func combination(_ text: String) {
        self.errors.append(FieldError(.invalid, "<nil>", "Invalid value: \"\": \(text)"))
    }
}

/// Regular expressions of schemas.
enum Pattern {
    /// Whether the pattern is found in the text; a pattern that cannot be read matches nothing.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let regex = Self.regex(pattern) else { return false }
        do {
            return try regex.firstMatch(in: text) != nil
        } catch {
            return false  // A pattern that fails to run refuses the value.
        }
    }

    static func isValid(_ pattern: String) -> Bool { self.regex(pattern) != nil }

    private static func regex(_ pattern: String) -> Regex<AnyRegexOutput>? {
        do {
            return try Regex(Self.translated(pattern)).matchingSemantics(.unicodeScalar)
        } catch {
            return nil
        }
    }

    /// RE2's spelling of what Swift spells otherwise: `$` is the very end of the text, `[[` needs an escape.
    private static func translated(_ pattern: String) -> String {
        var output = ""
        var isEscaped = false
        var inClass = false
        for character in pattern {
            if isEscaped {
                output.append(character)
                isEscaped = false
                continue
            }
            switch character {
            case "\\": isEscaped = true
            case "[" where !inClass: inClass = true
            case "[" where inClass:
                output += "\\["
                continue
            case "&" where inClass, "~" where inClass, "|" where inClass:
                output += "\\" + String(character)
                continue
            case "]": inClass = false
            case "$" where !inClass:
                output += "\\z"
                continue
            default: break
            }
            output.append(character)
        }
        return output
    }
}

/// The formats of strings that are checked; an unknown format is only a remark.
enum Formats {
    static func isValid(_ text: String, _ format: String) -> Bool {
        switch format {
        case "date-time", "datetime": Timestamp(text) != nil
        case "date": Timestamp(text + "T00:00:00Z") != nil
        case "ipv4": IPAddress(text).map { $0.description == text && text.contains(".") } ?? false
        case "ipv6": text.contains(":") && IPAddress(text) != nil
        case "cidr": text.contains("/") && IPNetwork(text) != nil
        case "uuid": Pattern.matches(text, "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$")
        case "byte": Base64.firstInvalid(text) == nil
        case "duration": Self.isDuration(text)
        case "int32", "int64", "double", "float", "password": true
        default: true
        }
    }

    /// Go's durations: decimal numbers with units, or a bare zero.
    static func isDuration(_ text: String) -> Bool {
        Pattern.matches(
            text,
            "^[-+]?(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w)(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))*)$"
        )
    }
}
