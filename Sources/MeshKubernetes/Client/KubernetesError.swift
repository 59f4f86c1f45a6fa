public import MeshModel

/// Why a request to the API server brought no result.
public enum KubernetesError: Error, Hashable, Sendable {
    /// The server answered with an error.
    case refused(StatusError)
    /// Nobody listens at the server's address.
    case noServer(reason: String)
    /// No answer came: the connection failed or broke.
    case unreachable(reason: String)
    /// The deadline passed first.
    case timedOut
    /// The answer was not what the API promises.
    case invalidAnswer(reason: String)
    /// What should be sent cannot be written as JSON.
    case invalidRequest(reason: String)
    /// The kubeconfig, token or certificate cannot be used.
    case invalidAccess(reason: String)
    /// The caller's task was cancelled.
    case cancelled

    /// The server's answer, when there was one.
    public var status: StatusError? {
        guard case .refused(let status) = self else { return nil }
        return status
    }

    /// True when the object or the resource does not exist.
    public var isNotFound: Bool { self.status?.code == 404 }

    /// True when an object of that name exists.
    public var isAlreadyExists: Bool { self.status?.reason == "AlreadyExists" }

    /// True when the object changed in between, or another manager owns a field.
    public var isConflict: Bool { self.status.map { $0.code == 409 && $0.reason != "AlreadyExists" } ?? false }

    /// True when the resource version is too old: list again.
    public var isExpired: Bool { self.status?.code == 410 }

    /// True when the same request may succeed later, without any change by us.
    ///
    /// A server error counts only when it says so: several mistakes of clients are answered with 500.
    public var mayPass: Bool {
        switch self {
        case .refused(let status):
            status.code == 429 || [502, 503, 504].contains(status.code) || status.retryAfter != nil
                || ["ServerTimeout", "Timeout", "InternalError"].contains(status.reason)
        case .noServer, .unreachable, .timedOut, .invalidAnswer: true
        case .invalidRequest, .invalidAccess, .cancelled: false
        }
    }
}

/// An error as the API server describes it.
public struct StatusError: Hashable, Sendable {
    /// The HTTP status.
    public var code: Int
    /// One word for programs, such as `NotFound`; empty when the server gave none.
    public var reason: String
    /// A sentence for people.
    public var message: String
    /// What the request was about.
    public var details: Details

    /// What a failed request was about.
    public struct Details: Hashable, Sendable {
        /// The object's name.
        public var name: String?
        /// The kind or the resource.
        public var kind: String?
        /// The group.
        public var group: String?
        /// Which fields were wrong, and why.
        public var causes: [Cause]
        /// When to try again.
        public var retryAfterSeconds: Int?

        /// Says what is known.
        public init(
            name: String? = nil, kind: String? = nil, group: String? = nil, causes: [Cause] = [],
            retryAfterSeconds: Int? = nil
        ) {
            self.name = name
            self.kind = kind
            self.group = group
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// One thing that was wrong.
    public struct Cause: Hashable, Sendable {
        /// One word for programs, such as `FieldValueInvalid`.
        public var reason: String?
        /// The path of the field.
        public var field: String?
        /// A sentence for people.
        public var message: String?
    }

    /// How long the server asks to wait before the next try.
    public var retryAfter: Duration? { self.details.retryAfterSeconds.map { .seconds($0) } }

    /// An error without details.
    public init(code: Int, reason: String, message: String, details: Details = Details()) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    /// Reads a `Status` document; `code` is that of the HTTP answer where the document has none.
    public init(document: JSONValue, code: Int = 0) {
        let details = document["details"]
        self.init(
            code: document["code"]?.integer.map { Int(clamping: $0) } ?? code,
            reason: document["reason"]?.string ?? "", message: document["message"]?.string ?? "",
            details: Details(
                name: details?["name"]?.string, kind: details?["kind"]?.string, group: details?["group"]?.string,
                causes: (details?["causes"]?.array ?? []).map {
                    Cause(reason: $0["reason"]?.string, field: $0["field"]?.string, message: $0["message"]?.string)
                },
                retryAfterSeconds: details?["retryAfterSeconds"]?.integer.map { Int(clamping: $0) }))
    }
}

extension KubernetesError: CustomStringConvertible {
    /// One line for logs.
    public var description: String {
        switch self {
        case .refused(let status): "\(status.code) \(status.reason): \(status.message)"
        case .noServer(let reason): "no server: \(reason)"
        case .unreachable(let reason): "unreachable: \(reason)"
        case .timedOut: "timed out"
        case .invalidAnswer(let reason): "invalid answer: \(reason)"
        case .invalidRequest(let reason): "invalid request: \(reason)"
        case .invalidAccess(let reason): "invalid access: \(reason)"
        case .cancelled: "cancelled"
        }
    }
}
