import MeshCodec
import MeshModel

extension APIHandler {
    /// A list, or a watch.
    func list(
        _ request: APIRequest, _ kind: ResourceKind, _ namespace: String?, isWatch: Bool, _ negotiation: Negotiation
    ) throws(APIFailure) -> APIReply {
        let labels: LabelSelection?
        if let text = request.query["labelSelector"], !text.isEmpty {
            labels = try LabelSelection(text)
        } else {
            labels = nil
        }
        let fields: FieldSelection?
        if let text = request.query["fieldSelector"], !text.isEmpty {
            fields = try FieldSelection(text, kind: kind)
        } else {
            fields = nil
        }
        if isWatch { return try self.watch(request, kind, namespace, labels, fields, negotiation) }
        try self.checkListOptions(request)
        let page = try self.page(request, kind, namespace, labels, fields)
        var metadata = Self.listMetadata(page.revision, negotiation.form == .object ? kind : kind.withoutDefinition)
        if let token = page.next { metadata["continue"] = .string(token) }
        if let count = page.remaining { metadata["remainingItemCount"] = .integer(Int64(count)) }
        let value: JSONValue
        switch negotiation.form {
        case .table:
            let renderer = TableRenderer(
                kind: kind, now: self.registry.surroundings.now(), include: Self.include(request))
            value = renderer.table(page.items, metadata: metadata)
        case .metadata:
            value = [
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "items": .array(page.items.map(PartialMetadata.object)),
            ]
        default:
            // The elements of built-in lists do not repeat their kind.
            let items = kind.isCustom ? page.items : page.items.map(Self.withoutType)
            value = [
                "kind": .string(kind.listKind), "apiVersion": .string(kind.apiVersion), "metadata": metadata,
                "items": .array(items),
            ]
        }
        return Documents.reply(value, negotiation)
    }

    /// The metadata of a list; lists of custom resources say that nothing follows.
    static func listMetadata(_ revision: Int64, _ kind: ResourceKind) -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": .string(String(revision))]
        if kind.isCustom { metadata["continue"] = "" }
        return metadata
    }

    static func withoutType(_ object: JSONValue) -> JSONValue {
        guard var members = object.object else { return object }
        members["kind"] = nil
        members["apiVersion"] = nil
        return .object(members)
    }

    private func invalidOption(_ errors: [FieldError]) -> APIFailure {
        .invalid(GroupKind(group: "meta.k8s.io", kind: "ListOptions"), "", errors)
    }

    private func checkListOptions(_ request: APIRequest) throws(APIFailure) {
        let match = request.query["resourceVersionMatch"] ?? ""
        let version = request.query["resourceVersion"] ?? ""
        let token = request.query["continue"] ?? ""
        if !match.isEmpty {
            if version.isEmpty {
                throw self.invalidOption([
                    .forbidden(
                        "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")
                ])
            }
            if !token.isEmpty {
                throw self.invalidOption([
                    .forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
                ])
            }
            guard match == "Exact" || match == "NotOlderThan" else {
                throw self.invalidOption([
                    .notSupported("resourceVersionMatch", .string(match), ["Exact", "NotOlderThan", ""])
                ])
            }
            if match == "Exact", version == "0" {
                throw self.invalidOption([
                    .forbidden(
                        "resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
                ])
            }
        }
        if !token.isEmpty, !version.isEmpty, version != "0" {
            throw .badRequest("specifying resource version is not allowed when using continue")
        }
    }

    /// One page of a list.
    private struct Page {
        var items: [JSONValue]
        var revision: Int64
        var next: String?
        var remaining: Int?
    }

    private func page(
        _ request: APIRequest, _ kind: ResourceKind, _ namespace: String?, _ labels: LabelSelection?,
        _ fields: FieldSelection?
    ) throws(APIFailure) -> Page {
        let version = try Self.version(request.query["resourceVersion"])
        let limitText = request.query["limit"] ?? ""
        guard let wanted = limitText.isEmpty ? 0 : Int(limitText) else {
            throw .badRequest("strconv.ParseInt: parsing \"\(limitText)\": invalid syntax")
        }
        let limit = version == 0 && request.query["continue"] == nil ? 0 : max(0, wanted)
        var start: String?
        var stored: [ObjectStore.Stored]
        var revision: Int64
        if let token = request.query["continue"], !token.isEmpty {
            let position = try ContinueToken(token)
            start = position.start
            if position.revision < 0 {
                (stored, revision) = self.registry.store.list(kind.storage, namespace: namespace)
            } else {
                revision = position.revision
                stored = try self.past(kind, namespace, revision, isContinue: true)
            }
        } else if let version, version > 0, request.query["resourceVersionMatch"] == "Exact" {
            revision = version
            stored = try self.past(kind, namespace, version, isContinue: false)
        } else {
            (stored, revision) = self.registry.store.list(kind.storage, namespace: namespace)
            if let version, version > revision { throw Self.tooLarge(version, revision) }
        }
        if let start { stored = Array(stored.drop { Self.path($0, namespace) < start }) }
        return self.cut(stored, kind, namespace, labels, fields, limit: limit, revision: revision)
    }

    private func cut(
        _ stored: [ObjectStore.Stored], _ kind: ResourceKind, _ namespace: String?, _ labels: LabelSelection?,
        _ fields: FieldSelection?, limit: Int, revision: Int64
    ) -> Page {
        var page = Page(items: [], revision: revision)
        for (index, item) in stored.enumerated() {
            if let labels, !labels.matches(item.object.labels) { continue }
            let view = Representation.view(item.object, as: kind)
            if let fields, !fields.matches(view) { continue }
            if limit > 0, page.items.count == limit {
                let last = stored[index - 1]
                page.next = ContinueToken(revision: revision, start: Self.path(last, namespace) + "\0").text
                if labels == nil, fields == nil { page.remaining = stored.count - index }
                break
            }
            page.items.append(view)
        }
        return page
    }

    private static func path(_ stored: ObjectStore.Stored, _ namespace: String?) -> String {
        let key = stored.object.objectKey
        return namespace == nil && !key.namespace.isEmpty ? "\(key.namespace)/\(key.name)" : key.name
    }

    private func past(
        _ kind: ResourceKind, _ namespace: String?, _ revision: Int64, isContinue: Bool
    ) throws(APIFailure) -> [ObjectStore.Stored] {
        do {
            return try self.registry.store.list(kind.storage, namespace: namespace, at: revision)
        } catch .future(let current) {
            throw Self.tooLarge(revision, current)
        } catch {
            throw .expired(
                isContinue
                    ? "The provided continue parameter is too old to display a consistent list result. You can start a "
                        + "new list without the continue parameter."
                    : "The resourceVersion for the provided list is too old.")
        }
    }

    /// Checks that a read does not ask for a state to come.
    func checkVersion(_ request: APIRequest) throws(APIFailure) {
        guard let version = try Self.version(request.query["resourceVersion"]) else { return }
        let current = self.registry.store.revision
        guard version <= current else { throw Self.tooLarge(version, current) }
    }

    private static func tooLarge(_ version: Int64, _ current: Int64) -> APIFailure {
        var failure = APIFailure(
            code: 504, reason: "Timeout",
            message: "Timeout: Too large resource version: \(version), current: \(current)", retryAfterSeconds: 1)
        failure.causes = [
            APIFailure.Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version", field: nil)
        ]
        return failure
    }

    /// A resourceVersion; nil when it is not given.
    static func version(_ text: String?) throws(APIFailure) -> Int64? {
        guard let text, !text.isEmpty else { return nil }
        guard let version = Int64(text), version >= 0 else {
            throw .badRequest(
                "invalid resource version: resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax"
            )
        }
        return version
    }

    // MARK: - Watching

    private func watch(
        _ request: APIRequest, _ kind: ResourceKind, _ namespace: String?, _ labels: LabelSelection?,
        _ fields: FieldSelection?, _ negotiation: Negotiation
    ) throws(APIFailure) -> APIReply {
        let text = request.query["resourceVersion"] ?? ""
        guard let version = text.isEmpty ? 0 : Int64(text), version >= 0 else {
            throw .internal(
                "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
        }
        let wantsInitial = request.query["sendInitialEvents"]
        let match = request.query["resourceVersionMatch"] ?? ""
        if wantsInitial != nil, match != "NotOlderThan" {
            throw self.invalidOption([
                .forbidden(
                    "resourceVersionMatch",
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
            ])
        }
        if wantsInitial == nil, !match.isEmpty {
            throw self.invalidOption([
                .forbidden(
                    "resourceVersionMatch",
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            ])
        }
        let sendsInitial = request.query.flag("sendInitialEvents")
        let startsFromState = sendsInitial || (wantsInitial == nil && version == 0)
        let store = self.registry.store
        let watch: StoreWatch
        do {
            let after = startsFromState ? nil : wantsInitial != nil && version == 0 ? store.revision : version
            watch = try store.watch(kind.storage, after: after)
        } catch {
            let oldest: Int64 = if case .expired(let oldest) = error { oldest } else { 0 }
            let failure = APIFailure.expired("too old resource version: \(version) (\(oldest))")
            return APIReply(
                status: 200, headers: [("content-type", "application/json")],
                body: .bytes(WatchSession.errorLine(failure)))
        }
        let seconds = request.query["timeoutSeconds"].flatMap { Int64($0) } ?? 0
        let session = WatchSession(
            kind: kind, namespace: namespace, labels: labels, fields: fields, negotiation: negotiation,
            include: Self.include(request), allowsBookmarks: request.query.flag("allowWatchBookmarks"),
            sendsInitialEvents: sendsInitial, timeoutSeconds: seconds > 0 ? seconds : 1_800, registry: self.registry,
            watch: watch, startRevision: startsFromState ? 0 : version)
        return APIReply(status: 200, headers: [("content-type", "application/json")], body: .watch(session))
    }
}

/// Where the next page of a list begins.
struct ContinueToken: Hashable, Sendable {
    var revision: Int64
    var start: String

    init(revision: Int64, start: String) {
        self.revision = revision
        self.start = start
    }

    init(_ text: String) throws(APIFailure) {
        let failure = APIFailure.badRequest("continue key is not valid: illegal base64 data at input byte 0")
        guard let bytes = Base64.decodeURL(text) else { throw failure }
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes)
        } catch {
            throw failure
        }
        guard value["v"]?.string == "meta.k8s.io/v1", let revision = value["rv"]?.integer,
            let start = value["start"]?.string, revision != 0
        else {
            throw .badRequest(
                "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
        }
        self.revision = revision
        self.start = start
    }

    var text: String {
        let value: JSONValue = [
            "v": "meta.k8s.io/v1", "rv": .integer(self.revision), "start": .string(self.start),
        ]
        return Base64.encodeURL(JSONWriter.write(value))
    }
}
