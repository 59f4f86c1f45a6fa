import MeshModel

/// A question of the API server about an object that is about to be stored, and our answer.
struct AdmissionReview {
    /// The review's own version: `v1` or `v1beta1`; answers must have the same.
    let apiVersion: String
    let uid: String
    let kind: GroupKind
    /// Empty for cluster-scoped objects.
    let namespace: String
    let operation: String
    let isDryRun: Bool
    let object: JSONValue

    /// Reads the question.
    ///
    /// - Throws: ``InjectionError/invalidReview(_:)`` without a request, its uid, or a version that we speak.
    init(_ document: JSONValue) throws(InjectionError) {
        guard let version = document["apiVersion"]?.string,
            ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"].contains(version)
        else { throw .invalidReview("apiVersion must be admission.k8s.io/v1 or v1beta1") }
        guard let request = document["request"], let uid = request["uid"]?.string, !uid.isEmpty else {
            throw .invalidReview("request.uid is missing")
        }
        self.apiVersion = version
        self.uid = uid
        self.kind = GroupKind(
            group: request[path: "kind", "group"]?.string ?? "", kind: request[path: "kind", "kind"]?.string ?? "")
        self.namespace = request["namespace"]?.string ?? ""
        self.operation = request["operation"]?.string ?? ""
        self.isDryRun = request["dryRun"]?.bool ?? false
        self.object = request["object"] ?? .null
    }

    /// What we say to it.
    enum Verdict: Hashable, Sendable {
        /// It may be stored, changed by the patch.
        case allow(JSONPatch)
        /// It may not; the message says what would be valid.
        case deny(String)
    }

    /// The answer as a document.
    func answer(_ verdict: Verdict, patch encode: (JSONValue) -> String) -> JSONValue {
        var response: JSONValue = ["uid": .string(self.uid)]
        switch verdict {
        case .allow(let patch):
            response["allowed"] = true
            if !patch.isEmpty {
                response["patchType"] = "JSONPatch"
                response["patch"] = .string(encode(patch.document))
            }
        case .deny(let message):
            response["allowed"] = false
            response["status"] = ["message": .string(message), "code": 400, "reason": "Invalid", "status": "Failure"]
        }
        return ["apiVersion": .string(self.apiVersion), "kind": "AdmissionReview", "response": response]
    }
}
