import MeshModel

/// Who asks.
struct UserInfo: Hashable, Sendable {
    var name: String
    var uid = ""
    var groups: [String] = []
    var extra: [String: [String]] = [:]

    /// May do everything.
    var isMaster: Bool { self.groups.contains("system:masters") }

    static let anonymous = UserInfo(name: "system:anonymous", groups: ["system:unauthenticated"])
    /// The server's own loops.
    static let server = UserInfo(name: "system:apiserver", groups: ["system:masters"])

    /// The form in reviews.
    var value: JSONValue {
        var value: JSONValue = ["username": .string(self.name), "groups": .array(self.groups.map(JSONValue.string))]
        if !self.uid.isEmpty { value["uid"] = .string(self.uid) }
        if !self.extra.isEmpty {
            value["extra"] = .object(self.extra.mapValues { .array($0.map(JSONValue.string)) })
        }
        return value
    }
}

/// What to do with members that the kind does not have.
enum FieldValidation: String, Sendable {
    case ignore = "Ignore"
    case warn = "Warn"
    case strict = "Strict"
}

/// How a write is asked for.
struct WriteOptions: Sendable {
    var user: UserInfo
    var manager: String
    var isDryRun = false
    var validation = FieldValidation.warn
    /// Members that occur twice in the body.
    var duplicateFields: [String] = []
}

/// The answer to a write.
struct WriteOutcome: Sendable {
    var object: JSONValue
    var isCreated = false
    var warnings: [String] = []
}

/// How an object is to be deleted.
struct DeletionOptions: Sendable {
    enum Propagation: String, Sendable { case background = "Background", foreground = "Foreground", orphan = "Orphan" }
    var propagation: Propagation?
    var graceSeconds: Int64?
    var uid: String?
    var resourceVersion: String?
    var isDryRun = false
    var user = UserInfo.server
}
