import MeshModel

/// An answer that is not success, as the `Status` object that clients decode.
struct APIFailure: Error, Hashable, Sendable {
    /// One field that is wrong, or one more fact.
    struct Cause: Hashable, Sendable {
        var reason: String
        var message: String
        var field: String?
    }

    /// The HTTP status.
    var code: Int
    /// A machine-readable word; empty for errors that have none.
    var reason: String
    var message: String
    var name: String?
    var group: String?
    var kind: String?
    var uid: String?
    var causes: [Cause] = []
    var retryAfterSeconds: Int?
    /// Some errors carry an object of details even when it says nothing.
    var showsEmptyDetails = false
    /// What webhooks had to say beside it.
    var warnings: [String] = []

    /// The `Status` object.
    var status: JSONValue {
        var members: [String: JSONValue] = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
            "message": .string(self.message), "code": .integer(Int64(self.code)),
        ]
        if !self.reason.isEmpty { members["reason"] = .string(self.reason) }
        var details: [String: JSONValue] = [:]
        if let name = self.name, !name.isEmpty { details["name"] = .string(name) }
        if let group = self.group, !group.isEmpty { details["group"] = .string(group) }
        if let kind = self.kind, !kind.isEmpty { details["kind"] = .string(kind) }
        if let uid = self.uid { details["uid"] = .string(uid) }
        if let seconds = self.retryAfterSeconds { details["retryAfterSeconds"] = .integer(Int64(seconds)) }
        if !self.causes.isEmpty {
            details["causes"] = .array(
                self.causes.map { cause in
                    var object: JSONValue = ["message": .string(cause.message)]
                    if !cause.reason.isEmpty { object["reason"] = .string(cause.reason) }
                    if let field = cause.field { object["field"] = .string(field) }
                    return object
                })
        }
        if !details.isEmpty || self.showsEmptyDetails { members["details"] = .object(details) }
        return .object(members)
    }
}

extension APIFailure {
    static func badRequest(_ message: String) -> APIFailure {
        APIFailure(code: 400, reason: "BadRequest", message: message)
    }

    static func unauthorized() -> APIFailure {
        APIFailure(code: 401, reason: "Unauthorized", message: "Unauthorized")
    }

    /// An error without a reason, as the real server gives for several mistakes of clients.
    static func `internal`(_ message: String) -> APIFailure { APIFailure(code: 500, reason: "", message: message) }

    /// An error of the server's own, or of a webhook that it depends on.
    static func internalError(_ message: String) -> APIFailure {
        APIFailure(
            code: 500, reason: "InternalError", message: "Internal error occurred: \(message)",
            causes: [Cause(reason: "", message: message)])
    }

    static func notFound(_ resource: ResourceID, _ name: String) -> APIFailure {
        APIFailure(
            code: 404, reason: "NotFound", message: "\(resource) \"\(name)\" not found", name: name,
            group: resource.group, kind: resource.plural)
    }

    /// A path that no resource has.
    static func noSuchPath() -> APIFailure {
        APIFailure(
            code: 404, reason: "NotFound", message: "the server could not find the requested resource",
            showsEmptyDetails: true)
    }

    static func alreadyExists(_ resource: ResourceID, _ name: String, isTerminating: Bool = false) -> APIFailure {
        APIFailure(
            code: 409, reason: "AlreadyExists",
            message: (isTerminating ? "object is being deleted: " : "") + "\(resource) \"\(name)\" already exists",
            name: name, group: resource.group, kind: resource.plural)
    }

    static func conflict(_ resource: ResourceID, _ name: String, _ why: String? = nil) -> APIFailure {
        let text =
            why ?? "the object has been modified; please apply your changes to the latest version and try again"
        return APIFailure(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(resource) \"\(name)\": \(text)", name: name,
            group: resource.group, kind: resource.plural)
    }

    static func forbidden(_ resource: ResourceID, _ name: String, _ why: String) -> APIFailure {
        APIFailure(
            code: 403, reason: "Forbidden",
            message: "\(resource)" + (name.isEmpty ? "" : " \"\(name)\"") + " is forbidden: \(why)", name: name,
            group: resource.group, kind: resource.plural)
    }

    static func methodNotAllowed(_ message: String) -> APIFailure {
        APIFailure(code: 405, reason: "MethodNotAllowed", message: message, showsEmptyDetails: true)
    }

    /// A patch that does not apply, of which no more is said.
    static func rejected() -> APIFailure {
        APIFailure(
            code: 422, reason: "Invalid", message: "the server rejected our request due to an error in our request",
            showsEmptyDetails: true)
    }

    static func expired(_ message: String) -> APIFailure {
        APIFailure(code: 410, reason: "Expired", message: message)
    }

    /// A document whose fields are wrong, every one of them named.
    static func invalid(_ kind: GroupKind, _ name: String, _ errors: [FieldError]) -> APIFailure {
        var seen: Set<String> = []
        let texts = errors.map(\.description).filter { seen.insert($0).inserted }
        let list = texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
        return APIFailure(
            code: 422, reason: "Invalid", message: "\(kind) \"\(name)\" is invalid: \(list)", name: name,
            group: kind.group, kind: kind.kind,
            causes: errors.map { Cause(reason: $0.type.reason, message: $0.text, field: $0.field) })
    }
}

/// What is wrong with one field.
struct FieldError: Error, Hashable, Sendable {
    /// The sorts of mistakes, as `field.ErrorType` of the Kubernetes API names them.
    enum Kind: String, Sendable {
        case invalid = "FieldValueInvalid"
        case required = "FieldValueRequired"
        case notSupported = "FieldValueNotSupported"
        case forbidden = "FieldValueForbidden"
        case duplicate = "FieldValueDuplicate"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case typeInvalid = "FieldValueTypeInvalid"
        case notFound = "FieldValueNotFound"
        case internalError = "InternalError"

        var reason: String { self.rawValue }
    }

    var type: Kind
    var field: String
    /// The message without the field.
    var text: String

    init(_ type: Kind, _ field: String, _ text: String) {
        self.type = type
        self.field = field
        self.text = text
    }

    static func required(_ field: String, _ detail: String = "") -> FieldError {
        FieldError(.required, field, "Required value" + (detail.isEmpty ? "" : ": \(detail)"))
    }
    static func invalid(_ field: String, _ value: JSONValue, _ detail: String) -> FieldError {
        FieldError(.invalid, field, "Invalid value: \(GoText.quoted(value)): \(detail)")
    }
    static func notSupported(_ field: String, _ value: JSONValue, _ supported: [String]) -> FieldError {
        let list = supported.map { "\"\($0)\"" }.joined(separator: ", ")
        return FieldError(.notSupported, field, "Unsupported value: \(GoText.quoted(value)): supported values: \(list)")
    }
    static func forbidden(_ field: String, _ detail: String) -> FieldError {
        FieldError(.forbidden, field, "Forbidden: \(detail)")
    }
    static func duplicate(_ field: String, _ value: JSONValue) -> FieldError {
        FieldError(.duplicate, field, "Duplicate value: \(GoText.quoted(value))")
    }
}

extension FieldError: CustomStringConvertible {
    var description: String { "\(self.field): \(self.text)" }
}
