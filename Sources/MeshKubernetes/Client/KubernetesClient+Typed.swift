import AsyncHTTPClient
import MeshCodec
public import MeshModel
public import MeshResources
import NIOCore
import Synchronization

/// One page of a collection.
public struct ObjectPage<Object: KubernetesObject>: Sendable {
    /// The objects.
    public var objects: [Object]
    /// The objects that do not fit the type.
    public var invalid: [InvalidObject]
    /// The version of the whole list, from which a watch may start.
    public var resourceVersion: String
    /// The token of the next page; nil on the last.
    public var next: String?
}

/// An object that does not fit its Swift type.
public struct InvalidObject: Hashable, Sendable {
    /// Its name.
    public var key: ObjectKey
    /// Its version.
    public var resourceVersion: String
    /// What does not fit.
    public var reason: String
}

extension KubernetesClient {
    /// The object `key`.
    public func get<Resource: KubernetesResource>(
        _ type: Resource.Type = Resource.self, _ key: ObjectKey, from resource: ResourceType = Resource.resourceType,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> Resource {
        try Self.decode(try await self.get(resource, key, timeout: timeout))
    }

    /// One page of a collection; a nil namespace spans all.
    public func list<Resource: KubernetesResource>(
        _ type: Resource.Type = Resource.self, in namespace: String? = nil, selecting selection: Selection = .all,
        page: Page = Page(), from resource: ResourceType = Resource.resourceType
    ) async throws(KubernetesError) -> ObjectPage<Resource> {
        let collected = Mutex<[Resource]>([])
        let head = try await self.page(
            of: resource, in: namespace, selecting: selection, page: page, timeout: nil,
            reader: ObjectReader<Resource>()
        ) { object in collected.withLock { $0.append(object) } }
        return ObjectPage(
            objects: collected.withLock { $0 }, invalid: head.invalid, resourceVersion: head.resourceVersion,
            next: head.next)
    }

    /// One page of a collection, object by object while it arrives.
    func page<Object: KubernetesObject>(
        of resource: ResourceType, in namespace: String?, selecting selection: Selection, page: Page,
        timeout: Duration?, reader: ObjectReader<Object>, take: @escaping @Sendable (Object) -> Void
    ) async throws(KubernetesError) -> ListHead {
        let request = APIRequest(
            method: .get, path: resource.path(namespace: namespace), query: selection.query + page.query,
            timeout: timeout)
        let objectBytesMax = self.configuration.answerBytesMax
        return try await self.exchange(request) { body in
            var decoder = ListDecoder(reader: reader, objectBytesMax: objectBytesMax)
            for try await chunk in body { try decoder.feed(chunk.readableBytesView, take) }
            return try decoder.finish(take)
        }
    }

    /// All objects of a collection, page by page.
    ///
    /// - Throws: also when an object does not fit the type.
    public func listAll<Resource: KubernetesResource>(
        _ type: Resource.Type = Resource.self, in namespace: String? = nil, selecting selection: Selection = .all,
        pageSize: Int = 500, from resource: ResourceType = Resource.resourceType
    ) async throws(KubernetesError) -> [Resource] {
        var items: [Resource] = []
        var page = Page(limit: pageSize)
        repeat {
            let list = try await self.list(type, in: namespace, selecting: selection, page: page, from: resource)
            if let invalid = list.invalid.first {
                throw .invalidAnswer(reason: "\(resource) \(invalid.key): \(invalid.reason)")
            }
            items += list.objects
            page.token = list.next
        } while page.token != nil
        return items
    }

    /// Makes an object.
    public func create<Resource: KubernetesResource>(
        _ object: Resource, as resource: ResourceType = Resource.resourceType, dryRun: Bool = false,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> Resource {
        try Self.decode(
            try await self.create(try Self.encode(object), as: resource, dryRun: dryRun, timeout: timeout))
    }

    /// Replaces an object as a whole.
    ///
    /// Fields that the type does not declare are lost: only for kinds that are declared in full, such as Lease.
    public func update<Resource: KubernetesResource>(
        _ object: Resource, as resource: ResourceType = Resource.resourceType
    ) async throws(KubernetesError) -> Resource {
        try Self.decode(try await self.update(try Self.encode(object), as: resource, object.key))
    }

    /// Changes an object, or its `subresource`.
    public func patch<Resource: KubernetesResource>(
        _ type: Resource.Type = Resource.self, _ key: ObjectKey, with patch: Patch<JSONValue>,
        subresource: String? = nil, of resource: ResourceType = Resource.resourceType
    ) async throws(KubernetesError) -> Resource {
        try Self.decode(try await self.patch(patch, to: resource, key, subresource: subresource))
    }

    /// Writes the fields of `status` that `manager` owns, and no others.
    public func applyStatus<Resource: KubernetesResource>(
        _ status: some Encodable, to type: Resource.Type, _ key: ObjectKey, manager: String,
        of resource: ResourceType = Resource.resourceType
    ) async throws(KubernetesError) -> Resource {
        let document: JSONValue
        do {
            document = try JSONValue(encoding: status)
        } catch {
            throw .invalidRequest(reason: "\(error)")
        }
        return try await self.patch(
            type, key, with: .apply(["status": document], manager: manager, force: true), subresource: "status",
            of: resource)
    }

    static func decode<Resource: KubernetesResource>(_ document: JSONValue) throws(KubernetesError) -> Resource {
        do {
            return try document.decode(Resource.self)
        } catch {
            throw .invalidAnswer(reason: "\(InvalidObject(document, reason: error).reason)")
        }
    }

    static func encode(_ object: some KubernetesResource) throws(KubernetesError) -> JSONValue {
        do {
            return try JSONValue(encoding: object)
        } catch {
            throw .invalidRequest(reason: "\(error)")
        }
    }
}

extension InvalidObject {
    /// Names the object and the first field that does not fit.
    init(_ document: JSONValue, reason error: DecodingError) {
        let metadata = document["metadata"]
        self.init(
            key: ObjectKey(namespace: metadata?["namespace"]?.string ?? "", name: metadata?["name"]?.string ?? ""),
            resourceVersion: metadata?["resourceVersion"]?.string ?? "", reason: error.shortDescription)
    }
}

extension DecodingError {
    /// The path and what is wrong there.
    var shortDescription: String {
        let context: Context
        switch self {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default: return "\(self)"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    }
}
