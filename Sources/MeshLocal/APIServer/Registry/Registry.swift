import MeshModel
import MeshResources
import Synchronization

/// The API server without HTTP: what each request does to the store.
final class Registry: Sendable {
    let store: ObjectStore
    let catalog: Catalog
    let surroundings: Surroundings
    let table: TypeTable
    let decoder: ObjectDecoder
    let admission: any AdmissionCaller
    let addresses: AddressAllocator
    let accounts: ServiceAccountSettings

    /// How often a write is tried again when another one came in between.
    static let retryMax = 16

    init(
        store: ObjectStore, surroundings: Surroundings, admission: any AdmissionCaller, serviceNetwork: IPNetwork,
        accounts: ServiceAccountSettings
    ) {
        self.store = store
        self.catalog = Catalog()
        self.surroundings = surroundings
        self.table = TypeTable.builtIn
        self.decoder = ObjectDecoder(table: TypeTable.builtIn)
        self.admission = admission
        self.addresses = AddressAllocator(network: serviceNetwork)
        self.accounts = accounts
    }

    // MARK: - Reading

    /// One object in the version of `kind`.
    func get(_ kind: ResourceKind, _ key: ObjectKey) throws(APIFailure) -> JSONValue {
        guard let stored = self.store.get(kind.storage, key) else { throw .notFound(kind.id, key.name) }
        return Representation.view(stored.object, as: kind)
    }

    // MARK: - Creating

    /// Creates an object from what a client sent.
    func create(
        _ kind: ResourceKind, namespace: String, body: JSONValue, _ options: WriteOptions
    ) async throws(APIFailure) -> WriteOutcome {
        let decoded = try self.decoder.decode(body, kind)
        let unknown = try self.decoder.report(decoded.unknownFields, options, kind)
        var outcome = try await self.create(kind, namespace: namespace, decoded: decoded.object, options, managed: nil)
        outcome.warnings = unknown + outcome.warnings
        return outcome
    }

    /// Creates a decoded object; `managed` holds ownership that an apply has worked out.
    func create(
        _ kind: ResourceKind, namespace: String, decoded: JSONValue, _ options: WriteOptions, managed: JSONValue?
    ) async throws(APIFailure) -> WriteOutcome {
        var object = decoded
        object["apiVersion"] = .string(kind.apiVersion)
        object["kind"] = .string(kind.kind)
        try self.fillMetadata(&object, kind, namespace)
        try self.checkNamespace(kind, object.objectKey)
        if let custom = kind.custom, custom.isTerminating {
            throw .forbidden(
                kind.id, object.objectName, "create not allowed while custom resource definition is terminating")
        }
        Strategy.prepareForCreate(&object, kind)
        object.set(["metadata", "managedFields"], managed)
        let owner = ManagedFields.Owner(
            manager: options.manager, operation: "Update", apiVersion: kind.apiVersion, subresource: "")
        if managed == nil { self.own(&object, live: nil, kind, "", owner) }
        try self.admitInternally(&object, old: nil, kind, options)
        try self.allocate(&object, old: nil, kind, options)
        var warnings: [String] = []
        let request = AdmissionRequest(
            kind: kind, subresource: "", operation: .create, key: object.objectKey, object: object, old: nil,
            options: options)
        let mutated = try await self.admission.mutate(request, in: self)
        warnings += mutated.warnings
        if mutated.object != object {
            guard mutated.object.objectNamespace == object.objectNamespace else {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            object = try self.decodeMutated(mutated.object, kind)
        }
        try Validation.checkNew(object, kind, in: self.catalog.snapshot)
        var final = request
        final.object = object
        warnings += try await self.admission.validate(final, in: self)
        if options.isDryRun {
            if let existing = self.store.get(kind.storage, object.objectKey) {
                throw .alreadyExists(kind.id, object.objectName, isTerminating: existing.object.isDeleting)
            }
            return WriteOutcome(object: object, isCreated: true, warnings: warnings)
        }
        do {
            let stored = try self.store.create(
                kind.storage, Representation.storage(object, of: kind, in: self.catalog.snapshot))
            self.changed(kind, old: nil, new: stored)
            return WriteOutcome(
                object: Representation.view(stored, as: kind), isCreated: true, warnings: warnings)
        } catch .exists(let isTerminating) {
            self.release(object, kind)
            throw .alreadyExists(kind.id, object.objectName, isTerminating: isTerminating)
        } catch {
            throw .internalError("the object could not be stored")
        }
    }

    private func fillMetadata(_ object: inout JSONValue, _ kind: ResourceKind, _ namespace: String) throws(APIFailure) {
        if !object.resourceVersion.isEmpty, object.resourceVersion != "0" {
            throw .internal("resourceVersion should not be set on objects to be created")
        }
        if kind.isNamespaced {
            let own = object.objectNamespace
            guard own.isEmpty || own == namespace else {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            object.set(["metadata", "namespace"], .string(namespace))
        } else {
            object.set(["metadata", "namespace"], nil)
        }
        if object.objectName.isEmpty, let prefix = object["metadata"]?["generateName"]?.string, !prefix.isEmpty {
            object.objectName = prefix.prefix(58) + self.surroundings.makeSuffix(5)
        }
        for name in ["resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"] {
            object.set(["metadata", name], nil)
        }
        object.set(["metadata", "uid"], .string(self.surroundings.makeUID()))
        object.set(["metadata", "creationTimestamp"], .string(self.surroundings.now().description))
        if kind.kind == "Namespace", kind.group.isEmpty { Defaults.apply(to: &object, kind) }
    }

    /// A namespaced object needs a namespace that is there and stays.
    private func checkNamespace(_ kind: ResourceKind, _ key: ObjectKey) throws(APIFailure) {
        guard kind.isNamespaced else { return }
        let namespaces = ResourceID(group: "", plural: "namespaces")
        guard let namespace = self.store.get(namespaces, ObjectKey(name: key.namespace)) else {
            throw .notFound(namespaces, key.namespace)
        }
        guard namespace.object.isDeleting else { return }
        var failure = APIFailure.forbidden(
            kind.id, key.name,
            "unable to create new content in namespace \(key.namespace) because it is being terminated")
        failure.causes = [
            APIFailure.Cause(
                reason: "NamespaceTerminating", message: "namespace \(key.namespace) is being terminated",
                field: "metadata.namespace")
        ]
        throw failure
    }

    /// What webhooks made of an object, in stored form again; undeclared members are dropped without a word.
    func decodeMutated(_ object: JSONValue, _ kind: ResourceKind) throws(APIFailure) -> JSONValue {
        var decoded: JSONValue
        do {
            decoded = try self.decoder.decode(object, kind).object
        } catch {
            let prefix = ObjectDecoder.unreadable(kind, "").message
            throw .internalError(String(error.message.trimmingPrefix(prefix)))
        }
        decoded["apiVersion"] = .string(kind.apiVersion)
        decoded["kind"] = .string(kind.kind)
        return decoded
    }

    func own(
        _ object: inout JSONValue, live: JSONValue?, _ kind: ResourceKind, _ subresource: String,
        _ owner: ManagedFields.Owner
    ) {
        let ownership = FieldOwnership(
            kind: kind, table: self.table, subresource: subresource, now: self.surroundings.now().description)
        let fields = ownership.updated(live: live, new: object, owner: owner)
        object.set(["metadata", "managedFields"], fields)
    }

    /// Brings what depends on a stored object up to date.
    func changed(_ kind: ResourceKind, old: JSONValue?, new: JSONValue?) {
        switch (kind.storage.group, kind.storage.plural) {
        case ("apiextensions.k8s.io", "customresourcedefinitions"): self.definitionChanged(old: old, new: new)
        case ("", "services"): if new == nil, let old { self.addresses.release(old) }
        default: break
        }
    }

    private func release(_ object: JSONValue, _ kind: ResourceKind) {
        if kind.kind == "Service", kind.group.isEmpty { self.addresses.release(object) }
    }
}
