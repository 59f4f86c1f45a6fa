public import Logging
import MeshCodec
public import MeshControl
public import MeshModel
public import MeshResources
public import ServiceLifecycle

/// Keeps a ``ResourceStore`` equal to a collection of the API server: list, then watch, for ever.
///
/// Every change is handed to `onChange`, one after the other, in the order of the server; a relist arrives as the
/// difference to what was known. The last known state stays while the server cannot be reached.
public struct Reflector<Object: KubernetesObject>: ServiceLifecycle.Service {
    /// What is reflected, and how patiently.
    public struct Configuration: Sendable {
        /// The namespace; nil spans all.
        public var namespace: String?
        /// Which objects.
        public var selection: Selection
        /// True when the cluster may lack the kind: then it counts as empty until it appears.
        public var mayBeAbsent: Bool
        /// Objects in one page of a list.
        public var pageSize: Int
        /// A watch is replaced after this time, and up to half as long again.
        public var watchTimeout: Duration
        /// How much longer a silent watch is waited for.
        public var watchGrace: Duration
        /// For one page of a list.
        public var listTimeout: Duration
        /// Pauses between failures.
        public var backoff: Backoff
        /// Between looks for a kind that the cluster lacks.
        public var absentPause: Duration

        /// Everything in all namespaces, unless told otherwise.
        public init(
            namespace: String? = nil, selection: Selection = .all, mayBeAbsent: Bool = false, pageSize: Int = 500,
            watchTimeout: Duration = .seconds(300), watchGrace: Duration = .seconds(10),
            listTimeout: Duration = .seconds(60),
            backoff: Backoff = Backoff(minimum: .milliseconds(800), maximum: .seconds(30), jitter: 0.2),
            absentPause: Duration = .seconds(10)
        ) {
            self.namespace = namespace
            self.selection = selection
            self.mayBeAbsent = mayBeAbsent
            self.pageSize = pageSize
            self.watchTimeout = watchTimeout
            self.watchGrace = watchGrace
            self.listTimeout = listTimeout
            self.backoff = backoff
            self.absentPause = absentPause
        }
    }

    /// The objects as they were last seen.
    public let store: ResourceStore<Object>
    /// What is reflected.
    public let resource: ResourceType
    let client: KubernetesClient
    let configuration: Configuration
    let logger: Logger
    let onChange: @Sendable (ObjectChange<Object>) async -> Void

    /// Reflects the collection of `resource`.
    public init(
        _ type: Object.Type = Object.self, of resource: ResourceType, client: KubernetesClient,
        configuration: Configuration = Configuration(), logger: Logger,
        onChange: @escaping @Sendable (ObjectChange<Object>) async -> Void = { _ in }
    ) {
        self.store = ResourceStore()
        self.resource = resource
        self.client = client
        self.configuration = configuration
        var logger = logger
        logger[metadataKey: "resource"] = "\(resource)"
        self.logger = logger
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
        var plan = ReflectionPlan(backoff: self.configuration.backoff)
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            switch plan.next() {
            case .wait(let pause): try await self.sleep(pause)
            case .list(let isWhole): try await self.list(isWhole: isWhole, plan: &plan, using: &random)
            case .verify: await self.verify(plan: &plan, using: &random)
            case .watch(let version): await self.watch(from: version, plan: &plan, using: &random)
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
        do throws(KubernetesError) {
            let (objects, invalid, version) = try await self.pages(limit: isWhole ? nil : self.configuration.pageSize)
            await self.onChange(self.store.replace(with: objects, keeping: invalid))
            plan.listed(at: version)
            self.logger.debug("listed", metadata: ["count": "\(objects.count)", "resource.version": "\(version)"])
        } catch {
            if error.isNotFound, self.configuration.mayBeAbsent {
                // Only a cache that never held anything may say that there is nothing: a kind that vanishes later
                // has its objects deleted one by one, and anything else is a mistake on the way.
                if !self.store.isSynced { await self.onChange(self.store.replace(with: [], keeping: [])) }
                try await self.sleep(self.configuration.absentPause * Double.random(in: 0.5...1.5, using: &random))
                return
            }
            plan.listFailed(ReflectionPlan.Failure(error), using: &random)
            self.report("the list failed", error, plan)
        }
    }

    private func pages(
        limit: Int?
    ) async throws(KubernetesError) -> (objects: [Object], invalid: Set<ObjectKey>, version: String) {
        var objects: [Object] = []
        var invalid: Set<ObjectKey> = []
        var page = Page(limit: limit)
        while true {
            let answer: ObjectPage<Object> = try await self.client.page(
                of: self.resource, in: self.configuration.namespace, selecting: self.configuration.selection,
                page: page, timeout: self.configuration.listTimeout)
            objects += answer.objects
            for object in answer.invalid {
                self.report(object)
                invalid.insert(object.key)
            }
            guard let next = answer.next else { return (objects, invalid, answer.resourceVersion) }
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

    private func watch(
        from version: String, plan: inout ReflectionPlan, using random: inout some RandomNumberGenerator
    ) async {
        let clock = ContinuousClock()
        let start = clock.now
        let timeout = self.configuration.watchTimeout * Double.random(in: 1...1.5, using: &random)
        do throws(KubernetesError) {
            let events = try await self.client.watch(
                self.resource, in: self.configuration.namespace, selecting: self.configuration.selection,
                options: WatchOptions(
                    resourceVersion: version, timeout: timeout, grace: self.configuration.watchGrace))
            var iterator = events.makeAsyncIterator()
            var isSilent = true
            while let event = try await iterator.next() {
                isSilent = false
                plan.saw(await self.handle(event))
            }
            plan.watchEnded(after: clock.now - start, wasSilent: isSilent, using: &random)
        } catch {
            guard error != .cancelled else { return }
            plan.watchFailed(ReflectionPlan.Failure(error), after: clock.now - start, using: &random)
            self.report("the watch failed", error, plan)
        }
    }

    /// The version up to which everything is known afterwards.
    private func handle(_ event: WatchEvent) async -> String {
        let document: JSONValue
        switch event {
        case .bookmark(let version, _): return version
        case .added(let object), .modified(let object), .deleted(let object): document = object
        }
        let version = document[path: "metadata", "resourceVersion"]?.string ?? ""
        var change: ObjectChange<Object>?
        if case .deleted = event {
            // A last state that cannot be read is still a deletion.
            change = self.store.delete(ObjectKey(of: document))
        } else {
            do throws(DecodingError) {
                change = self.store.apply(try document.decode(Object.self))
            } catch {
                self.report(InvalidObject(document, reason: error))
            }
        }
        if let change { await self.onChange(change) }
        return version
    }

    // MARK: - Reports

    private func report(_ message: Logger.Message, _ error: KubernetesError, _ plan: ReflectionPlan) {
        guard error != .cancelled else { return }
        self.logger.log(
            level: plan.failureCount > 3 ? .warning : .debug, message,
            metadata: ["error": "\(error)", "failures": "\(plan.failureCount)"])
    }

    private func report(_ object: InvalidObject) {
        self.logger.warning(
            "an object cannot be read; its last readable state stays",
            metadata: ["object": "\(object.key)", "reason": "\(object.reason)"])
    }
}

extension Reflector where Object: KubernetesResource {
    /// Reflects the collection of a typed kind.
    public init(
        _ type: Object.Type = Object.self, client: KubernetesClient, configuration: Configuration = Configuration(),
        logger: Logger, onChange: @escaping @Sendable (ObjectChange<Object>) async -> Void = { _ in }
    ) {
        self.init(
            type, of: Object.resourceType, client: client, configuration: configuration, logger: logger,
            onChange: onChange)
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
