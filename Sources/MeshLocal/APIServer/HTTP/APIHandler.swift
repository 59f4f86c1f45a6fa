import MeshCodec
import MeshModel

/// Answers requests: who asks, whether they may, what they name, what is done.
struct APIHandler: Sendable {
    /// The largest body that is read, in bytes.
    static let bodyMax = 3_145_728

    let registry: Registry
    let authenticator: Authenticator
    let authorizer: Authorizer
    let logs: (@Sendable (PodLogRequest) async -> PodLogAnswer)?

    /// The answer to a request; never throws, so that every mistake becomes a `Status`.
    func answer(_ request: APIRequest) async -> APIReply {
        do {
            return try await self.dispatch(request)
        } catch {
            return Documents.reply(error)
        }
    }

    private func dispatch(_ request: APIRequest) async throws(APIFailure) -> APIReply {
        let user = try self.authenticator.user(of: request, authorizer: self.authorizer)
        let path = request.rawPath
        if path.contains("//") { return .text("404 page not found\n", status: 404) }
        guard let target = RequestTarget(path) else {
            let verb = request.method == "GET" ? "get" : request.method.lowercased()
            let attempt = Authorizer.Attempt(user: user, verb: verb, path: path)
            guard self.authorizer.allows(attempt) else { throw Authorizer.refusal(attempt) }
            return try self.answerPath(path, request)
        }
        let verb = try Self.verb(of: request, target)
        let attempt = Authorizer.Attempt(
            user: user, verb: verb, namespace: target.namespace ?? "", group: target.group, resource: target.plural,
            subresource: target.subresource, name: target.name ?? "")
        guard self.authorizer.allows(attempt) else { throw Authorizer.refusal(attempt) }
        let catalog = self.registry.catalog.snapshot
        let isServed = !catalog.kinds(group: target.group, version: target.version).isEmpty
        let isBuiltIn = ResourceKind.builtIn.contains { $0.group == target.group }
        guard isServed || isBuiltIn else { return .text("404 page not found\n", status: 404) }
        guard let kind = catalog.kind(group: target.group, version: target.version, plural: target.plural),
            kind.isNamespaced || target.namespace == nil, target.rest.isEmpty
        else { throw .noSuchPath() }
        var reply = try await self.answer(request, target, kind, verb, user)
        if let warning = kind.custom?.deprecationWarning { reply.headers.append(("warning", Self.warning(warning))) }
        return reply
    }

    static func warning(_ text: String) -> String { "299 - \(GoText.quote(text))" }

    /// The verb of authorisation and discovery.
    private static func verb(of request: APIRequest, _ target: RequestTarget) throws(APIFailure) -> String {
        let isObject = target.name != nil
        switch request.method {
        case "GET":
            if isObject { return "get" }
            return request.query.flag("watch") ? "watch" : "list"
        case "POST": return "create"
        case "PUT": return "update"
        case "PATCH": return "patch"
        case "DELETE": return isObject ? "delete" : "deletecollection"
        default:
            throw .methodNotAllowed("the server does not allow this method on the requested resource")
        }
    }

    private func answer(
        _ request: APIRequest, _ target: RequestTarget, _ kind: ResourceKind, _ verb: String, _ user: UserInfo
    ) async throws(APIFailure) -> APIReply {
        if !target.subresource.isEmpty {
            return try await self.answerSubresource(request, target, kind, verb, user)
        }
        let isCreate = verb == "create"
        let needsNamespace = kind.isNamespaced && (isCreate || target.name != nil || verb == "deletecollection")
        guard kind.verbs.contains(verb), isCreate == (target.name == nil) || !isCreate,
            !["update", "patch"].contains(verb) || target.name != nil,
            !needsNamespace || target.namespace != nil || kind.verbs == ["create"]
        else { throw .methodNotAllowed("the server does not allow this method on the requested resource") }
        if kind.verbs == ["create"] { return try await self.answerReview(request, target, kind, user) }
        guard let negotiation = Negotiation.choose(request.headers["accept"], allowsTable: true) else {
            throw Negotiation.refusal(isList: verb == "list" || verb == "watch")
        }
        let key = ObjectKey(namespace: target.namespace ?? "", name: target.name ?? "")
        switch verb {
        case "get":
            try self.checkVersion(request)
            let object = try self.registry.get(kind, key)
            return self.reply(object, kind, request, negotiation)
        case "list", "watch":
            return try self.list(request, kind, target.namespace, isWatch: verb == "watch", negotiation)
        case "create":
            let options = try self.writeOptions(request, user, "CreateOptions")
            let body = try self.body(request, kind, options)
            let outcome = try await self.registry.create(
                kind, namespace: target.namespace ?? "", body: body.value, body.options)
            return self.reply(outcome, kind, request, negotiation)
        case "update":
            let options = try self.writeOptions(request, user, "UpdateOptions")
            let body = try self.body(request, kind, options)
            let outcome = try await self.registry.update(kind, key, .replace(body.value), body.options)
            return self.reply(outcome, kind, request, negotiation)
        case "patch":
            let outcome = try await self.patch(request, kind, key, "", user)
            return self.reply(outcome, kind, request, negotiation)
        case "delete": return try await self.delete(request, kind, key, user, negotiation)
        default: return try await self.deleteCollection(request, kind, target.namespace, user, negotiation)
        }
    }

    // MARK: - Answers

    func reply(
        _ object: JSONValue, _ kind: ResourceKind, _ request: APIRequest, _ negotiation: Negotiation, status: Int = 200
    ) -> APIReply {
        switch negotiation.form {
        case .table:
            let renderer = TableRenderer(
                kind: kind, now: self.registry.surroundings.now(), include: Self.include(request))
            let version: JSONValue = ["resourceVersion": object["metadata"]?["resourceVersion"] ?? ""]
            return Documents.reply(renderer.table([object], metadata: version), status: status, negotiation)
        case .metadata: return Documents.reply(PartialMetadata.object(object), status: status, negotiation)
        default: return Documents.reply(object, status: status, negotiation)
        }
    }

    func reply(
        _ outcome: WriteOutcome, _ kind: ResourceKind, _ request: APIRequest, _ negotiation: Negotiation
    ) -> APIReply {
        var reply = self.reply(outcome.object, kind, request, negotiation, status: outcome.isCreated ? 201 : 200)
        reply.headers += outcome.warnings.map { ("warning", Self.warning($0)) }
        return reply
    }

    static func include(_ request: APIRequest) -> TableRenderer.Include {
        request.query["includeObject"].flatMap { TableRenderer.Include(rawValue: $0) } ?? .metadata
    }

    // MARK: - What is sent

    /// The options of a write, from the query.
    func writeOptions(_ request: APIRequest, _ user: UserInfo, _ name: String) throws(APIFailure) -> WriteOptions {
        func invalid(_ error: FieldError) -> APIFailure {
            .invalid(GroupKind(group: "meta.k8s.io", kind: name), "", [error])
        }
        var options = WriteOptions(user: user, manager: Self.manager(request))
        let dryRun = request.query.all("dryRun").filter { !$0.isEmpty }
        if !dryRun.isEmpty {
            guard dryRun == ["All"] else {
                throw invalid(.notSupported("dryRun", .array(dryRun.map(JSONValue.string)), ["All"]))
            }
            options.isDryRun = true
        }
        if let text = request.query["fieldValidation"], !text.isEmpty {
            guard let validation = FieldValidation(rawValue: text) else {
                throw invalid(.notSupported("fieldValidation", .string(text), ["", "Ignore", "Strict", "Warn"]))
            }
            options.validation = validation
        }
        if let manager = request.query["fieldManager"], manager.utf8.count > 128 {
            throw invalid(FieldError(.tooLong, "fieldManager", "Too long: may not be more than 128 bytes"))
        }
        return options
    }

    /// The field manager: as asked, or the program that asks.
    private static func manager(_ request: APIRequest) -> String {
        if let manager = request.query["fieldManager"], !manager.isEmpty { return manager }
        let agent = request.headers["user-agent"] ?? ""
        let program = agent.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        return program.isEmpty ? "unknown" : String(program.prefix(128))
    }

    /// The document of a body, checked to be of `kind`.
    func body(
        _ request: APIRequest, _ kind: ResourceKind, _ options: WriteOptions
    ) throws(APIFailure) -> (value: JSONValue, options: WriteOptions) {
        let type = Self.mediaType(request)
        var options = options
        let value: JSONValue
        switch type {
        case "", "application/json", "*/*":
            value = try self.readJSON(request.body, kind)
            if options.validation != .ignore { options.duplicateFields = DuplicateFields.find(in: request.body) }
        case "application/yaml": value = try Documents.readYAML(request.body)
        case ProtobufBody.mediaType where !kind.isCustom: value = try self.readProtobuf(request.body, kind.shape)
        default:
            throw Self.unsupportedType(["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"])
        }
        try self.checkKind(value, kind)
        return (value, options)
    }

    static func mediaType(_ request: APIRequest) -> String {
        let header = request.headers["content-type"] ?? ""
        return (header.split(separator: ";").first ?? "").trimmed.lowercased()
    }

    static func unsupportedType(_ types: [String]) -> APIFailure {
        APIFailure(
            code: 415, reason: "UnsupportedMediaType",
            message: types.isEmpty
                ? "415: Unsupported Media Type"
                : "the body of the request was in an unknown format - accepted media types include: "
                    + types.joined(separator: ", "), showsEmptyDetails: types.isEmpty)
    }

    func readProtobuf(_ bytes: [UInt8], _ shape: Shape) throws(APIFailure) -> JSONValue {
        do {
            return try ProtobufBody.read(bytes, type: shape, table: self.registry.table)
        } catch {
            throw .badRequest(error.text)
        }
    }

    private func readJSON(_ bytes: [UInt8], _ kind: ResourceKind) throws(APIFailure) -> JSONValue {
        func failure(_ detail: String) -> APIFailure {
            let isText = bytes.prefix(30).allSatisfy { (0x20...0x7E).contains($0) }
            let shown: String
            if bytes.isEmpty {
                shown = "<empty>"
            } else if isText, bytes.first == UInt8(ascii: "{") {
                shown = String(decoding: bytes.prefix(30), as: UTF8.self) + (bytes.count > 30 ? " ..." : "")
            } else {
                shown =
                    bytes.prefix(30).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                    + (bytes.count > 30 ? " ..." : "")
            }
            return .badRequest(
                "the object provided is unrecognized (must be of type \(kind.kind)): couldn't get version/kind; json "
                    + "parse error: \(detail) (\(shown))")
        }
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes)
        } catch .truncated {
            throw failure("unexpected end of JSON input")
        } catch .unexpected(let byte, _) {
            throw failure("invalid character '\(Character(Unicode.Scalar(byte)))' looking for beginning of value")
        } catch {
            throw failure("\(error)")
        }
        guard value.object != nil else {
            throw failure(
                "json: cannot unmarshal \(SchemaValidator.typeName(value)) into Go value of type struct { APIVersion "
                    + "string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }")
        }
        return value
    }

    /// Built-in kinds fill a missing kind and version in; custom ones demand them.
    private func checkKind(_ value: JSONValue, _ kind: ResourceKind) throws(APIFailure) {
        let name = value["kind"]?.string ?? ""
        let version = value["apiVersion"]?.string ?? ""
        if kind.isCustom {
            guard !name.isEmpty else {
                throw .badRequest("Object 'Kind' is missing in '\(GoText.quoted(value))'")
            }
            guard version == kind.apiVersion else {
                throw .badRequest(
                    "the API version in the data (\(version)) does not match the expected API version (\(kind.apiVersion))"
                )
            }
            try Validation.checkCustomKind(value, kind)
            return
        }
        let isOther = !name.isEmpty && name != kind.kind
        if isOther, version.isEmpty || version == kind.apiVersion {
            let known = self.registry.catalog.snapshot.kind(GroupKind(group: kind.group, kind: name)) != nil
            let why =
                known
                ? "converting (\(kind.version).\(name)) to (core.\(kind.kind)): unknown conversion"
                : "no kind \"\(name)\" is registered for version \"\(kind.apiVersion)\" in scheme "
                    + "\"pkg/api/legacyscheme/scheme.go:30\""
            throw .badRequest("\(name) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): \(why)")
        }
        guard version.isEmpty || version == kind.apiVersion else {
            throw ObjectDecoder.unreadable(
                kind,
                "no kind \"\(name)\" is registered for version \"\(version)\" in scheme "
                    + "\"pkg/api/legacyscheme/scheme.go:30\"")
        }
    }
}
