import MeshModel
import MeshResources

extension APIHandler {
    /// Kinds that are answered and not kept.
    func answerReview(
        _ request: APIRequest, _ target: RequestTarget, _ kind: ResourceKind, _ user: UserInfo
    ) async throws(APIFailure) -> APIReply {
        let options = try self.writeOptions(request, user, "CreateOptions")
        let body = try self.body(request, kind, options)
        let decoded = try self.registry.decoder.decode(body.value, kind)
        _ = try self.registry.decoder.report(decoded.unknownFields, body.options, kind)
        var object = decoded.object
        object["apiVersion"] = .string(kind.apiVersion)
        object["kind"] = .string(kind.kind)
        object.setDefault("metadata", [:])
        switch kind.kind {
        case "TokenReview": object["status"] = try self.reviewToken(object, kind)
        case "SelfSubjectReview": object["status"] = ["userInfo": user.value]
        case "SelfSubjectAccessReview":
            object["status"] = try self.review(object["spec"] ?? [:], of: user, kind)
        case "SubjectAccessReview", "LocalSubjectAccessReview":
            let subject = UserInfo(
                name: object["spec"]?["user"]?.string ?? "",
                groups: (object["spec"]?["groups"]?.array ?? []).compactMap(\.string))
            guard !subject.name.isEmpty || !subject.groups.isEmpty else {
                throw .invalid(
                    kind.groupKind, "",
                    [.invalid("spec.user", "", "at least one of user or group must be specified")])
            }
            object["status"] = try self.review(object["spec"] ?? [:], of: subject, kind)
        case "SelfSubjectRulesReview": object["status"] = self.reviewRules(object, user)
        case "Binding":
            let key = ObjectKey(namespace: target.namespace ?? "", name: object.objectName)
            guard let pods = self.registry.catalog.snapshot.kind(group: "", version: "v1", plural: "pods") else {
                throw .noSuchPath()
            }
            try self.registry.bind(key, to: object["target"]?["name"]?.string ?? "", pods, options)
            return Documents.reply(
                ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201], status: 201)
        default: throw .noSuchPath()
        }
        return Documents.reply(object, status: 201)
    }

    private func reviewToken(_ object: JSONValue, _ kind: ResourceKind) throws(APIFailure) -> JSONValue {
        let token = object["spec"]?["token"]?.string ?? ""
        guard !token.isEmpty else { throw .badRequest("token is required for TokenReview in authentication") }
        let wanted = (object["spec"]?["audiences"]?.array ?? []).compactMap(\.string)
        let audiences = wanted.isEmpty ? [self.authenticator.audience] : wanted
        guard case .success(let claims) = self.authenticator.check(token) else {
            return ["user": [:], "error": "invalid bearer token"]
        }
        let common = audiences.filter { claims.audiences.contains($0) }
        guard !common.isEmpty else {
            func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: " ") + "]" }
            return [
                "user": [:],
                "error": .string(
                    "[invalid bearer token, token audiences \(list(claims.audiences)) is invalid for the target "
                        + "audiences \(list(audiences))]"),
            ]
        }
        return [
            "authenticated": true, "user": Authenticator.user(of: claims).value,
            "audiences": .array(common.map(JSONValue.string)),
        ]
    }

    private func review(_ spec: JSONValue, of user: UserInfo, _ kind: ResourceKind) throws(APIFailure) -> JSONValue {
        let attributes = spec["resourceAttributes"]
        let path = spec["nonResourceAttributes"]
        guard (attributes == nil) != (path == nil) else {
            throw .invalid(
                kind.groupKind, "",
                [
                    .invalid(
                        "spec.resourceAttributes", attributes ?? .null,
                        attributes == nil
                            ? "exactly one of nonResourceAttributes or resourceAttributes must be specified"
                            : "cannot be specified in combination with nonResourceAttributes")
                ])
        }
        var attempt = Authorizer.Attempt(user: user, verb: "")
        if let path {
            attempt.path = path["path"]?.string ?? ""
            attempt.verb = path["verb"]?.string ?? ""
        } else {
            attempt.verb = attributes?["verb"]?.string ?? ""
            attempt.namespace = attributes?["namespace"]?.string ?? ""
            attempt.group = attributes?["group"]?.string ?? ""
            attempt.resource = attributes?["resource"]?.string ?? ""
            attempt.subresource = attributes?["subresource"]?.string ?? ""
            attempt.name = attributes?["name"]?.string ?? ""
        }
        return ["allowed": .bool(self.authorizer.allows(attempt))]
    }

    private func reviewRules(_ object: JSONValue, _ user: UserInfo) -> JSONValue {
        let rules: [JSONValue] =
            user.isMaster
            ? [["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]], ["verbs": ["*"], "nonResourceURLs": ["*"]]]
            : self.authorizer.rules(for: user, namespace: object["spec"]?["namespace"]?.string ?? "")
        return [
            "resourceRules": .array(rules.filter { $0["nonResourceURLs"] == nil }),
            "nonResourceRules": .array(rules.filter { $0["nonResourceURLs"] != nil }), "incomplete": false,
        ]
    }

    // MARK: - Tokens

    /// How long tokens are good for: as asked, within these bounds.
    private static let tokenSeconds: ClosedRange<Int64> = 600...4_294_967_296

    func token(
        _ request: APIRequest, _ kind: ResourceKind, _ key: ObjectKey, _ user: UserInfo
    ) async throws(APIFailure) -> APIReply {
        let account = try self.registry.get(kind, key)
        var object = try self.document(of: request, as: "TokenRequest")
        let spec = object["spec"] ?? [:]
        let seconds = spec["expirationSeconds"]?.integer ?? 3_600
        guard Self.tokenSeconds.contains(seconds) else {
            let isShort = seconds < Self.tokenSeconds.lowerBound
            throw .invalid(
                GroupKind(group: "authentication.k8s.io", kind: "TokenRequest"), "",
                [
                    .invalid(
                        "spec.expirationSeconds", .integer(seconds),
                        isShort
                            ? "may not specify a duration less than 10 minutes"
                            : "may not specify a duration larger than 2^32 seconds")
                ])
        }
        var audiences = (spec["audiences"]?.array ?? []).compactMap(\.string)
        if audiences.isEmpty { audiences = [self.authenticator.audience] }
        let pod = try self.boundPod(spec["boundObjectRef"], key)
        let now = self.registry.surroundings.now()
        let claims = TokenSigner.Claims(
            account: key, accountUID: account.objectUID, audiences: audiences, issuedAt: now.seconds,
            expiresAt: now.seconds + seconds, pod: pod, tokenID: self.registry.surroundings.makeUID())
        let token: String
        do {
            token = try self.authenticator.signer.sign(claims)
        } catch {
            throw .internalError("the token could not be signed")
        }
        object["apiVersion"] = "authentication.k8s.io/v1"
        object["kind"] = "TokenRequest"
        object["metadata"] = [
            "name": .string(key.name), "namespace": .string(key.namespace),
            "creationTimestamp": .string(now.description),
        ]
        object.set(["spec", "audiences"], .array(audiences.map(JSONValue.string)))
        object.set(["spec", "expirationSeconds"], .integer(seconds))
        object.set(["spec", "boundObjectRef"], spec["boundObjectRef"] ?? .null)
        object["status"] = [
            "token": .string(token), "expirationTimestamp": .string(now.advanced(by: .seconds(seconds)).description),
        ]
        return Documents.reply(object, status: 201)
    }

    /// The pod that a token is bound to, which must run under the account.
    private func boundPod(_ reference: JSONValue?, _ key: ObjectKey) throws(APIFailure) -> (name: String, uid: String)?
    {
        guard let reference, !reference.isNull else { return nil }
        guard reference["kind"]?.string == "Pod", let name = reference["name"]?.string else {
            throw .badRequest(
                "cannot bind token for serviceaccount \"\(key.name)\" to object type /v1, Kind=\(reference["kind"]?.string ?? "")"
            )
        }
        let pods = ResourceID(group: "", plural: "pods")
        guard let pod = self.registry.store.get(pods, ObjectKey(namespace: key.namespace, name: name)) else {
            throw .notFound(pods, name)
        }
        guard pod.object["spec"]?["serviceAccountName"]?.string == key.name else {
            throw .badRequest(
                "cannot bind token for serviceaccount \"\(key.name)\" to pod running with different serviceaccount name."
            )
        }
        if let uid = reference["uid"]?.string, !uid.isEmpty, uid != pod.uid {
            throw .conflict(
                ResourceID(group: "", plural: "serviceaccounts/token"), key.name,
                "the UID in the bound object reference (\(uid)) does not match the UID in record. The object might "
                    + "have been deleted and then recreated")
        }
        return (name, pod.uid)
    }
}
