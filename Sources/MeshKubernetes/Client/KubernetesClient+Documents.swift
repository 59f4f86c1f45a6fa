import MeshCodec
public import MeshModel
public import MeshResources

// Requests by resource type, with whole documents: for kinds or fields that no Swift type describes.
extension KubernetesClient {
    /// The object `key`.
    public func get(
        _ type: ResourceType, _ key: ObjectKey, timeout: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        try await self.document(
            APIRequest(method: .get, path: type.path(namespace: key.namespace, name: key.name), timeout: timeout))
    }

    /// One page of a collection; a nil namespace spans all.
    public func list(
        _ type: ResourceType, in namespace: String? = nil, selecting selection: Selection = .all, page: Page = Page(),
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        try await self.document(
            APIRequest(
                method: .get, path: type.path(namespace: namespace), query: selection.query + page.query,
                timeout: timeout))
    }

    /// All objects of a collection, page by page.
    public func listAll(
        _ type: ResourceType, in namespace: String? = nil, selecting selection: Selection = .all, pageSize: Int = 500
    ) async throws(KubernetesError) -> [JSONValue] {
        var items: [JSONValue] = []
        var page = Page(limit: pageSize)
        repeat {
            let answer = try await self.list(type, in: namespace, selecting: selection, page: page)
            items += answer["items"]?.array ?? []
            page.token = answer[path: "metadata", "continue"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        } while page.token != nil
        return items
    }

    /// Makes an object; `document` may leave out `apiVersion`, `kind` and the namespace.
    public func create(
        _ document: JSONValue, as type: ResourceType, in namespace: String? = nil, dryRun: Bool = false,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        let namespace = namespace ?? document[path: "metadata", "namespace"]?.string
        return try await self.document(
            APIRequest(
                method: .post, path: type.path(namespace: namespace), query: Self.query(dryRun: dryRun),
                body: JSONWriter.write(document.asObject(of: type)), timeout: timeout))
    }

    /// Replaces an object; with a `resourceVersion` in it only if nobody else changed it since.
    public func update(
        _ document: JSONValue, as type: ResourceType, _ key: ObjectKey, subresource: String? = nil
    ) async throws(KubernetesError) -> JSONValue {
        try await self.document(
            APIRequest(
                method: .put, path: type.path(namespace: key.namespace, name: key.name, subresource: subresource),
                body: JSONWriter.write(document.asObject(of: type))))
    }

    /// Changes an object, or its `subresource` (`status`, `scale`).
    public func patch(
        _ patch: Patch<JSONValue>, to type: ResourceType, _ key: ObjectKey, subresource: String? = nil,
        dryRun: Bool = false, timeout: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        var request = APIRequest(
            method: .patch, path: type.path(namespace: key.namespace, name: key.name, subresource: subresource),
            query: Self.query(dryRun: dryRun), timeout: timeout)
        switch patch {
        case .merge(let body):
            request.contentType = "application/merge-patch+json"
            request.body = JSONWriter.write(body)
        case .json(let body):
            request.contentType = "application/json-patch+json"
            request.body = JSONWriter.write(body)
        case .strategicMerge(let body):
            request.contentType = "application/strategic-merge-patch+json"
            request.body = JSONWriter.write(body)
        case .apply(let body, let manager, let force):
            request.contentType = "application/apply-patch+yaml"
            request.query.append(("fieldManager", manager))
            if force { request.query.append(("force", "true")) }
            var object = body.asObject(of: type)
            object["metadata"] = (body["metadata"] ?? [:]).with("name", .string(key.name))
            request.body = JSONWriter.write(object)
        }
        return try await self.document(request)
    }

    /// Deletes an object; the answer is the object while it lingers, or a `Status`.
    @discardableResult
    public func delete(
        _ type: ResourceType, _ key: ObjectKey, options: DeleteOptions = DeleteOptions()
    ) async throws(KubernetesError) -> JSONValue {
        var body: JSONValue = ["apiVersion": "v1", "kind": "DeleteOptions"]
        if let propagation = options.propagation { body["propagationPolicy"] = .string(propagation.rawValue) }
        if let seconds = options.gracePeriodSeconds { body["gracePeriodSeconds"] = .integer(Int64(seconds)) }
        var preconditions: JSONValue = [:]
        if let uid = options.uid { preconditions["uid"] = .string(uid) }
        if let version = options.resourceVersion { preconditions["resourceVersion"] = .string(version) }
        if preconditions != [:] { body["preconditions"] = preconditions }
        return try await self.document(
            APIRequest(
                method: .delete, path: type.path(namespace: key.namespace, name: key.name),
                body: JSONWriter.write(body)))
    }

    /// Posts to a subresource, such as a pod's `binding` or an account's `token`.
    public func post(
        _ document: JSONValue, to subresource: String, of type: ResourceType, _ key: ObjectKey
    ) async throws(KubernetesError) -> JSONValue {
        try await self.document(
            APIRequest(
                method: .post, path: type.path(namespace: key.namespace, name: key.name, subresource: subresource),
                body: JSONWriter.write(document)))
    }

    /// Any path that answers with JSON, such as `/version` or a discovery document.
    public func document(at path: String) async throws(KubernetesError) -> JSONValue {
        try await self.document(APIRequest(method: .get, path: path))
    }

    /// Any path that answers with text, such as a pod's log.
    public func text(at path: String, query: [String: String] = [:]) async throws(KubernetesError) -> String {
        let bytes = try await self.exchange(
            APIRequest(
                method: .get, path: path, query: query.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
                accept: "*/*"))
        return String(decoding: bytes, as: UTF8.self)
    }

    func document(_ request: APIRequest) async throws(KubernetesError) -> JSONValue {
        let bytes = try await self.exchange(request)
        do {
            return try JSONReader.read(bytes)
        } catch {
            throw .invalidAnswer(reason: "\(request.path): \(error)")
        }
    }

    private static func query(dryRun: Bool) -> [(name: String, value: String)] {
        dryRun ? [("dryRun", "All")] : []
    }
}

extension JSONValue {
    /// The document with the `apiVersion` and `kind` of `type`.
    func asObject(of type: ResourceType) -> JSONValue {
        self.with("apiVersion", .string(type.apiVersion)).with("kind", .string(type.kind))
    }

    func with(_ name: String, _ value: JSONValue) -> JSONValue {
        var copy = self
        copy[name] = value
        return copy
    }
}
