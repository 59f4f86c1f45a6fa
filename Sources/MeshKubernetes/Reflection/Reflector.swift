public import CoreMetrics
public import Logging
import MeshCodec
public import MeshControl
import MeshModel
public import MeshResources
public import ServiceLifecycle

/// Keeps a ``ResourceStore`` equal to a collection of the API server: list, then watch, for ever.
///
/// Every change is handed to `onChange`, one after the other, in the order of the server; a relist arrives as the
/// difference to what was known. The last known state stays while the server cannot be reached.
public struct Reflector<Object: KubernetesObject>: ServiceLifecycle.Service {
    /// The objects as they were last seen.
    public let store: ResourceStore<Object>
    /// What is reflected.
    public let resource: ResourceType
    let client: KubernetesClient
    let configuration: Configuration
    let logger: Logger
    let reader: ObjectReader<Object>
    let metrics: ReflectorMetrics
    let onChange: @Sendable (ObjectChange<Object>) async -> Void

    /// Reflects the collection of `resource`.
    public init(
        _ type: Object.Type = Object.self, of resource: ResourceType, client: KubernetesClient,
        configuration: Configuration = Configuration(), logger: Logger,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        onChange: @escaping @Sendable (ObjectChange<Object>) async -> Void = { _ in }
    ) {
        self.store = ResourceStore()
        self.resource = resource
        self.client = client
        self.configuration = configuration
        var logger = logger
        logger[metadataKey: "resource"] = "\(resource)"
        self.logger = logger
        self.reader = ObjectReader(trim: configuration.trim)
        self.metrics = ReflectorMetrics(resource: resource.groupResource, factory: metrics)
        self.onChange = onChange
    }

    /// Reflects until the task is cancelled or its group shuts down.
    public func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.reflect() }
        } catch is CancellationError {
            self.logger.debug("the reflector ends")
        }
    }

    private func reflect() async throws(CancellationError) {
        var plan = ReflectionPlan(
            backoff: self.configuration.backoff, usesWatchList: self.configuration.usesWatchList)
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            switch plan.next() {
            case .wait(let pause): try await self.sleep(pause)
            case .list(let isWhole): try await self.list(isWhole: isWhole, plan: &plan, using: &random)
            case .verify: await self.verify(plan: &plan, using: &random)
            case .watchList: try await self.watch(from: nil, plan: &plan, using: &random)
            case .watch(let version): try await self.watch(from: version, plan: &plan, using: &random)
            }
        }
    }

    private func sleep(_ pause: Duration) async throws(CancellationError) {
        do {
            try await ContinuousClock().sleep(for: pause)
        } catch {
            throw CancellationError()
        }
    }

    // MARK: - List

    private func list(
        isWhole: Bool, plan: inout ReflectionPlan, using random: inout some RandomNumberGenerator
    ) async throws(CancellationError) {
        self.metrics.lists.increment()
        do throws(KubernetesError) {
            let (invalid, version) = try await self.pages(limit: isWhole ? nil : self.configuration.pageSize)
            await self.tellRelist(keeping: invalid)
            plan.listed(at: version)
        } catch {
            guard error != .cancelled else { return }
            if try await self.waitForKind(after: error, using: &random) { return }
            self.metrics.listFailures.increment()
            plan.listFailed(ReflectionPlan.Failure(error), using: &random)
            self.report("the list failed", error, plan)
        }
    }

    /// Waits when `error` says that the cluster lacks the kind, and may; false when it is any other failure.
    private func waitForKind(
        after error: KubernetesError, using random: inout some RandomNumberGenerator
    ) async throws(CancellationError) -> Bool {
        guard error.isNotFound, self.configuration.mayBeAbsent else { return false }
        // Only a cache that never held anything may say that there is nothing: a kind that vanishes later has its
        // objects deleted one by one, and anything else is a mistake on the way.
        if !self.store.isSynced {
            self.store.beginRelist()
            await self.tellRelist(keeping: [])
        }
        try await self.sleep(self.configuration.absentPause * Double.random(in: 0.5...1.5, using: &random))
        return true
    }

    private func tellRelist(keeping invalid: Set<ObjectKey>) async {
        let change = self.store.finishRelist(keeping: invalid)
        self.metrics.cached.record(self.store.count)
        await self.onChange(change)
        self.logger.debug("listed", metadata: ["count": "\(self.store.count)"])
    }

    private func pages(limit: Int?) async throws(KubernetesError) -> (invalid: Set<ObjectKey>, version: String) {
        var invalid: Set<ObjectKey> = []
        var page = Page(limit: limit)
        let store = self.store
        store.beginRelist()
        while true {
            let answer = try await self.client.page(
                of: self.resource, in: self.configuration.namespace, selecting: self.configuration.selection,
                page: page, timeout: self.configuration.listTimeout, reader: self.reader
            ) { store.stage($0) }
            for object in answer.invalid {
                self.report(object)
                invalid.insert(object.key)
            }
            guard let next = answer.next else { return (invalid, answer.resourceVersion) }
            page.token = next
        }
    }

    private func verify(plan: inout ReflectionPlan, using random: inout some RandomNumberGenerator) async {
        do throws(KubernetesError) {
            let page = try await self.client.list(
                self.resource, in: self.configuration.namespace, selecting: self.configuration.selection,
                page: Page(limit: 1), timeout: self.configuration.listTimeout)
            plan.verified(serverVersion: page[path: "metadata", "resourceVersion"]?.string ?? "")
        } catch {
            plan.verificationFailed(ReflectionPlan.Failure(error), using: &random)
            self.report("the server's version cannot be read", error, plan)
        }
    }

    // MARK: - Watch

    /// Watches from a version; from nil, the present objects are streamed first, in place of a list.
    private func watch(
        from version: String?, plan: inout ReflectionPlan, using random: inout some RandomNumberGenerator
    ) async throws(CancellationError) {
        let clock = ContinuousClock()
        let start = clock.now
        var progress = WatchProgress(isListed: version != nil)
        self.metrics.watches.increment()
        do throws(KubernetesError) {
            try await self.follow(self.options(from: version, using: &random), &progress, &plan)
            plan.watchEnded(after: clock.now - start, wasSilent: progress.isSilent, using: &random)
        } catch {
            guard error != .cancelled else { return }
            if progress.isListed {
                plan.watchFailed(ReflectionPlan.Failure(error), after: clock.now - start, using: &random)
            } else {
                if try await self.waitForKind(after: error, using: &random) { return }
                plan.watchListFailed(ReflectionPlan.Failure(error), isRefusal: error.refusesOption, using: &random)
            }
            self.metrics.watchFailures.increment()
            self.report("the watch failed", error, plan)
        }
    }

    private func options(from version: String?, using random: inout some RandomNumberGenerator) -> WatchOptions {
        WatchOptions(
            resourceVersion: version,
            timeout: self.configuration.watchTimeout * Double.random(in: 1...1.5, using: &random),
            grace: self.configuration.watchGrace, sendsInitialEvents: version == nil,
            silenceMax: self.configuration.silenceMax)
    }

    private func follow(
        _ options: WatchOptions, _ progress: inout WatchProgress, _ plan: inout ReflectionPlan
    ) async throws(KubernetesError) {
        let events = try await self.client.watch(
            self.resource, in: self.configuration.namespace, selecting: self.configuration.selection, options: options)
        if !progress.isListed { self.store.beginRelist() }
        let pool = StringPool()
        var iterator = events.makeAsyncIterator()
        while let event = try await iterator.nextObject(self.reader, pool: pool) {
            progress.isSilent = false
            if progress.isListed {
                await self.handle(event)
                plan.saw(event.version)
                self.metrics.handling.recordNanoseconds((ContinuousClock.now - iterator.arrival).clampedNanoseconds)
            } else if self.stage(event, &progress) {
                await self.tellRelist(keeping: progress.invalid)
                progress.isListed = true
                plan.listed(at: event.version)
            }
        }
        guard progress.isListed else { throw .invalidAnswer(reason: "the watch ended before all objects were told") }
    }

    /// Takes an event of the initial stream; true when it was the last.
    private func stage(_ event: ObjectEvent<Object>, _ progress: inout WatchProgress) -> Bool {
        switch event {
        case .stored(.success(let object)):
            progress.invalid.remove(object.key)
            self.store.stage(object)
        case .stored(.failure(let invalid)):
            self.report(invalid)
            progress.invalid.insert(invalid.key)
        case .deleted(let key, _):
            progress.invalid.remove(key)
            self.store.unstage(key)
        case .bookmark(_, let endsInitialList): return endsInitialList
        }
        return false
    }

    private func handle(_ event: ObjectEvent<Object>) async {
        self.metrics.events.increment()
        var change: ObjectChange<Object>?
        switch event {
        case .bookmark: return
        case .stored(.success(let object)): change = self.store.apply(object)
        case .stored(.failure(let invalid)): self.report(invalid)
        case .deleted(let key, _): change = self.store.delete(key)
        }
        self.metrics.cached.record(self.store.count)
        if let change { await self.onChange(change) }
    }

    // MARK: - Reports

    private func report(_ message: Logger.Message, _ error: KubernetesError, _ plan: ReflectionPlan) {
        guard error != .cancelled else { return }
        self.logger.log(
            level: plan.failureCount > 3 ? .warning : .debug, message,
            metadata: ["error": "\(error)", "failures": "\(plan.failureCount)"])
    }

    private func report(_ object: InvalidObject) {
        self.metrics.invalid.increment()
        self.logger.warning(
            "an object cannot be read; its last readable state stays",
            metadata: ["object": "\(object.key)", "reason": "\(object.reason)"])
    }
}

/// How far a watch has come.
private struct WatchProgress {
    /// True once all present objects are known.
    var isListed: Bool
    /// True until anything was told, be it a bookmark.
    var isSilent = true
    /// Present objects that cannot be read.
    var invalid: Set<ObjectKey> = []
}

extension KubernetesError {
    /// True when the server does not take an option of the request.
    fileprivate var refusesOption: Bool { self.status.map { [400, 406, 422].contains($0.code) } ?? false }
}

extension Reflector where Object: KubernetesResource {
    /// Reflects the collection of a typed kind.
    public init(
        _ type: Object.Type = Object.self, client: KubernetesClient, configuration: Configuration = Configuration(),
        logger: Logger, metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        onChange: @escaping @Sendable (ObjectChange<Object>) async -> Void = { _ in }
    ) {
        self.init(
            type, of: Object.resourceType, client: client, configuration: configuration, logger: logger,
            metrics: metrics, onChange: onChange)
    }
}

extension ReflectionPlan.Failure {
    /// What a reflector makes of an error.
    init(_ error: KubernetesError) {
        switch error {
        case .noServer: self = .outage
        case .refused(let status) where status.code == 410: self = .expired
        case .refused(let status): self = .other(retryAfter: status.retryAfter)
        case .unreachable, .timedOut, .invalidAnswer, .invalidRequest, .invalidAccess, .cancelled:
            self = .other(retryAfter: nil)
        }
    }
}

extension ObjectKey {
    /// The name in a document's metadata.
    init(of document: JSONValue) {
        let metadata = document["metadata"]
        self.init(namespace: metadata?["namespace"]?.string ?? "", name: metadata?["name"]?.string ?? "")
    }
}
