import Glibc
public import Logging
import MeshControl
public import MeshKubernetes
import MeshModel
import MeshResources
public import ServiceLifecycle

/// Runs the controllers of a local cluster: Deployments, ReplicaSets, DaemonSets, StatefulSets, EndpointSlices.
///
/// Watches say which object to look at; what is decided on is read from the API server at that moment, so that no
/// controller acts on what it does not know yet. That costs requests, which a cluster of this size can spare.
public actor ControllerRunner: ServiceLifecycle.Service {
    /// One object to look at.
    private enum Key: Hashable, Sendable {
        case deployment(ObjectKey)
        case replicaSet(ObjectKey)
        case daemonSet(ObjectKey)
        case statefulSet(ObjectKey)
        case service(ObjectKey)
    }

    /// So many objects are looked at at the same time.
    private static let workersMax = 4

    private let client: KubernetesClient
    private let events: EventRecorder
    private let logger: Logger
    private var queue = WorkQueue<Key>(
        backoff: Backoff(minimum: .milliseconds(100), maximum: .seconds(15), jitter: 0.2))
    private var known: Set<Key> = []
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let start = ContinuousClock.now

    /// Controllers that act through `client`; `events` must be running for events to be written.
    public init(client: KubernetesClient, events: EventRecorder, logger: Logger) {
        self.client = client
        self.events = events
        self.logger = logger
        (self.wakes, self.wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    private var now: MonotonicTime {
        MonotonicTime(nanoseconds: (ContinuousClock.now - self.start).clampedNanoseconds)
    }

    /// Works until cancelled or told to stop.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for type in [
                    Workload.deployment, Workload.replicaSet, Workload.daemonSet, Workload.statefulSet, Workload.pod,
                    Workload.service,
                ] {
                    group.addTask { await self.reflect(type) }
                }
                group.addTask { await self.work() }
            }
        }
    }

    private func reflect(_ type: ResourceType) async {
        let reflector = Reflector(ResourceDocument.self, of: type, client: self.client, logger: self.logger) { change in
            switch change {
            case .apply(let object): await self.changed(type, object)
            case .delete(let key): await self.deleted(type, key)
            case .reset(let applied, let deleted):
                for object in applied { await self.changed(type, object) }
                for key in deleted { await self.deleted(type, key) }
            }
        }
        do {
            try await reflector.run()
        } catch {
            self.logger.error("a watch ended", metadata: ["resource": "\(type)", "error": "\(error)"])
        }
    }

    // MARK: - What to look at

    private func changed(_ type: ResourceType, _ object: ResourceDocument) {
        let namespace = object.metadata.namespace
        if let key = Self.key(type.kind, object.key) {
            self.known.insert(key)
            self.add(key)
        }
        for owner in object.metadata.ownerReferences where owner.controller == true {
            if let key = Self.key(owner.kind, ObjectKey(namespace: namespace, name: owner.name)) { self.add(key) }
        }
        // Labels may have changed, so that it is behind another Service now.
        if type == Workload.pod { self.addAll(in: namespace, services: true) }
    }

    private func deleted(_ type: ResourceType, _ object: ObjectKey) {
        if let key = Self.key(type.kind, object) { self.known.remove(key) }
        self.addAll(in: object.namespace, services: type == Workload.pod)
        if type == Workload.pod || type == Workload.replicaSet { self.addAll(in: object.namespace, services: false) }
    }

    private func addAll(in namespace: String, services: Bool) {
        for key in self.known {
            switch key {
            case .service(let object): if services, object.namespace == namespace { self.add(key) }
            case .deployment(let object), .replicaSet(let object), .daemonSet(let object), .statefulSet(let object):
                if !services, object.namespace == namespace { self.add(key) }
            }
        }
    }

    private func add(_ key: Key) {
        self.queue.add(key)
        self.wake.yield()
    }

    private static func key(_ kind: String, _ object: ObjectKey) -> Key? {
        switch kind {
        case "Deployment": .deployment(object)
        case "ReplicaSet": .replicaSet(object)
        case "DaemonSet": .daemonSet(object)
        case "StatefulSet": .statefulSet(object)
        case "Service": .service(object)
        default: nil
        }
    }

    // MARK: - Work

    private func work() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.tick() }
            for await _ in self.wakes {
                while self.queue.workingCount < Self.workersMax, case .work(let key) = self.queue.next(at: self.now) {
                    group.addTask { await self.process(key) }
                }
            }
            group.cancelAll()
        }
    }

    /// Looks for what has become due by the passing of time.
    private func tick() async {
        while (try? await Task.sleep(for: .milliseconds(100))) != nil { self.wake.yield() }  // Until cancelled.
    }

    private func process(_ key: Key) async {
        var result = WorkQueue<Key>.Result.done
        do {
            if let (owner, plan) = try await self.plan(key) {
                for write in plan.writes { try await self.perform(write, for: owner) }
                if let again = plan.again { result = .again(after: again) }
            }
        } catch {
            result = .failed
            let level: Logger.Level = self.queue.failureCount(of: key) < 3 ? .debug : .warning
            self.logger.log(level: level, "cannot reconcile", metadata: ["key": "\(key)", "error": "\(error)"])
        }
        var random = SystemRandomNumberGenerator()
        self.queue.finished(key, result, at: self.now, using: &random)
        self.wake.yield()
    }

    /// The object and what to do about it; nil when it is gone.
    private func plan(_ key: Key) async throws(KubernetesError) -> (owner: ObjectReference, plan: ControllerPlan)? {
        let now = Timestamp.now
        switch key {
        case .deployment(let name):
            guard let object = try await self.read(Workload.deployment, name) else { return nil }
            let sets = try await self.readAll(Workload.replicaSet, in: name.namespace)
            let plan = DeploymentController.plan(object, sets: sets, now: now)
            return (object.reference(Workload.deployment), plan)
        case .replicaSet(let name):
            guard let object = try await self.read(Workload.replicaSet, name) else { return nil }
            let pods = try await self.readAll(Workload.pod, in: name.namespace)
            let plan = ReplicaSetController.plan(object, pods: pods, now: now)
            return (object.reference(Workload.replicaSet), plan)
        case .daemonSet(let name):
            guard let object = try await self.read(Workload.daemonSet, name) else { return nil }
            let pods = try await self.readAll(Workload.pod, in: name.namespace)
            let plan = DaemonSetController.plan(object, pods: pods, now: now)
            return (object.reference(Workload.daemonSet), plan)
        case .statefulSet(let name):
            guard let object = try await self.read(Workload.statefulSet, name) else { return nil }
            let pods = try await self.readAll(Workload.pod, in: name.namespace)
            let plan = StatefulSetController.plan(object, pods: pods, now: now)
            return (object.reference(Workload.statefulSet), plan)
        case .service(let name):
            guard let object = try await self.read(Workload.service, name) else { return nil }
            let pods = try await self.readAll(Workload.pod, in: name.namespace)
            let slices = try await self.readAll(Workload.endpointSlice, in: name.namespace)
            let plan = EndpointSliceController.plan(object, pods: pods, slices: slices)
            return (object.reference(Workload.service), plan)
        }
    }

    private func read(_ type: ResourceType, _ key: ObjectKey) async throws(KubernetesError) -> OwnedObject? {
        do throws(KubernetesError) {
            return OwnedObject(try await self.client.get(type, key))
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private func readAll(_ type: ResourceType, in namespace: String) async throws(KubernetesError) -> [OwnedObject] {
        try await self.client.listAll(type, in: namespace).compactMap { OwnedObject($0) }
    }

    private func perform(_ write: ControllerWrite, for owner: ObjectReference) async throws(KubernetesError) {
        do throws(KubernetesError) {
            switch write {
            case .create(let type, let namespace, let document):
                let made = try await self.client.create(document, as: type, in: namespace)
                guard type == Workload.pod, let name = made[path: "metadata", "name"]?.string else { return }
                self.record(.normal, "SuccessfulCreate", "Created pod: \(name)", owner)
            case .patch(let type, let key, let patch):
                _ = try await self.client.patch(.merge(patch), to: type, key)
                guard type == Workload.replicaSet, let count = patch[path: "spec", "replicas"]?.integer else { return }
                self.record(.normal, "ScalingReplicaSet", "Scaled replica set \(key.name) to \(count)", owner)
            case .patchStatus(let type, let key, let patch):
                _ = try await self.client.patch(.merge(patch), to: type, key, subresource: "status")
            case .delete(let type, let key, let uid):
                var options = DeleteOptions()
                options.uid = uid
                options.propagation = .background
                try await self.client.delete(type, key, options: options)
                guard type == Workload.pod else { return }
                self.record(.normal, "SuccessfulDelete", "Deleted pod: \(key.name)", owner)
            }
        } catch {
            // Somebody was faster; the next look shows it.
            guard !error.isNotFound, !error.isAlreadyExists, !error.isConflict else { return }
            if case .create = write { self.record(.warning, "FailedCreate", "Error creating: \(error)", owner) }
            throw error
        }
    }

    private func record(_ type: EventType, _ reason: String, _ note: String, _ owner: ObjectReference) {
        self.events.record(type, reason: reason, action: reason, note: note, regarding: owner)
    }
}

extension OwnedObject {
    fileprivate func reference(_ type: ResourceType) -> ObjectReference {
        ObjectReference(
            apiVersion: type.apiVersion, kind: type.kind, namespace: self.metadata.namespace, name: self.metadata.name,
            uid: self.metadata.uid)
    }
}
