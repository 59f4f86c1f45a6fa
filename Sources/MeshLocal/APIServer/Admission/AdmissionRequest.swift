import MeshModel

/// A write that admission is asked about.
struct AdmissionRequest: Sendable {
    enum Operation: String, Sendable {
        case create = "CREATE", update = "UPDATE", delete = "DELETE", connect = "CONNECT"
    }

    var kind: ResourceKind
    var subresource: String
    var operation: Operation
    var key: ObjectKey
    /// Absent for deletions.
    var object: JSONValue?
    /// Absent for creations.
    var old: JSONValue?
    var options: WriteOptions
}

/// What mutating admission made of an object.
struct AdmissionOutcome: Sendable {
    var object: JSONValue
    var warnings: [String] = []
}

/// Asks webhooks; owned by the registry, performed over HTTPS elsewhere.
protocol AdmissionCaller: Sendable {
    /// The object after all mutating webhooks, in order.
    func mutate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> AdmissionOutcome
    /// The warnings of all validating webhooks, of which none refused.
    func validate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> [String]
}
