public import CoreMetrics
public import Logging
public import MeshControl
public import MeshModel
public import ServiceLifecycle
import Synchronization

/// Runs a ``Reconciler`` on the keys of a ``WorkQueue``, some at a time.
public final class ReconcilerService<Handler: Reconciler>: ServiceLifecycle.Service {
    /// What happened to the keys so far.
    public struct Counts: Hashable, Sendable {
        /// Keys that wait.
        public var waiting = 0
        /// Keys that are worked on.
        public var working = 0
        /// Calls that ended well.
        public var succeeded: UInt64 = 0
        /// Calls that will be repeated.
        public var retried: UInt64 = 0
        /// Calls that failed for good.
        public var abandoned: UInt64 = 0
        /// Time spent in all calls.
        public var busy: Duration = .zero
    }

    private struct State {
        var queue: WorkQueue<Handler.Key>
        var counts = Counts()
        var random = SystemRandomNumberGenerator()
    }

    private let handler: Handler
    private let workersMax: Int
    private let logger: Logger
    private let metrics: ReconcilerMetrics
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// Runs `handler` on at most `workersMax` keys at a time.
    public init(
        _ handler: Handler, workersMax: Int = 4,
        backoff: Backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(300), jitter: 0.2),
        rate: WorkQueue<Handler.Key>.Rate? = nil, name: String = "\(Handler.self)", logger: Logger,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) {
        self.metrics = ReconcilerMetrics(name: name, factory: metrics)
        self.handler = handler
        self.workersMax = workersMax
        self.logger = logger
        self.state = Mutex(State(queue: WorkQueue(backoff: backoff, rate: rate)))
        (self.wakes, self.waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// A key may have changed.
    public func enqueue(_ key: Handler.Key) {
        let depth = self.state.withLock { state in
            state.queue.add(key)
            return state.queue.count
        }
        self.metrics.depth.record(depth)
        self.waker.yield()
    }

    /// Keys may have changed.
    public func enqueue(_ keys: some Sequence<Handler.Key>) {
        let depth = self.state.withLock { state in
            for key in keys { state.queue.add(key) }
            return state.queue.count
        }
        self.metrics.depth.record(depth)
        self.waker.yield()
    }

    /// What happened so far.
    public var counts: Counts {
        self.state.withLock { state in
            var counts = state.counts
            counts.waiting = state.queue.count
            counts.working = state.queue.workingCount
            return counts
        }
    }

    /// Works until the task is cancelled or its group shuts down; calls that still run then are cancelled.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                var timer: MonotonicTime?
                for await _ in self.wakes {
                    if let fired = timer, fired <= .now { timer = nil }
                    self.dispatch(&group, timer: &timer)
                }
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            self.waker.finish()
        }
    }

    private func dispatch(_ group: inout DiscardingTaskGroup, timer: inout MonotonicTime?) {
        while true {
            let next = self.state.withLock { state -> WorkQueue<Handler.Key>.Next in
                guard state.queue.workingCount < self.workersMax else { return .empty }  // The next end wakes.
                return state.queue.next(at: .now)
            }
            switch next {
            case .work(let key): group.addTask { await self.work(on: key) }
            case .empty: return
            case .idle(let until):
                guard timer.map({ until < $0 }) ?? true else { return }
                timer = until
                group.addTask { await self.wake(at: until) }
                return
            }
        }
    }

    private func wake(at time: MonotonicTime) async {
        let pause = Duration.nanoseconds(time.nanoseconds(since: .now))
        do {
            try await ContinuousClock().sleep(for: max(pause, .zero) + .milliseconds(1))
        } catch {
            return  // Cancelled: nobody waits for the wake any more.
        }
        self.waker.yield()
    }

    private func work(on key: Handler.Key) async {
        let start = MonotonicTime.now
        let result: WorkQueue<Handler.Key>.Result
        do throws(ReconcileError) {
            switch try await self.handler.reconcile(key) {
            case .done: result = .done
            case .again(let pause): result = .again(after: pause)
            }
        } catch {
            self.logger.log(
                level: error.isTerminal ? .warning : .debug, "a key failed",
                metadata: ["key": "\(key)", "error": "\(error)"])
            result = error.isTerminal ? .abandoned : .failed
        }
        let now = MonotonicTime.now
        self.metrics.finished(result, after: now.nanoseconds(since: start))
        let depth = self.state.withLock { state in
            state.queue.finished(key, result, at: now, using: &state.random)
            state.counts.busy += .nanoseconds(now.nanoseconds(since: start))
            switch result {
            case .done, .again: state.counts.succeeded += 1
            case .failed: state.counts.retried += 1
            case .abandoned: state.counts.abandoned += 1
            }
            return state.queue.count
        }
        self.metrics.depth.record(depth)
        self.waker.yield()
    }
}

/// What a reconciler counts.
private struct ReconcilerMetrics {
    let depth: Gauge
    private let duration: Timer
    private let retries: Counter
    private let abandoned: Counter

    init(name: String, factory: any MetricsFactory) {
        let labels = [("reconciler", name)]
        self.depth = Gauge(label: "heddle_reconcile_queue_depth", dimensions: labels, factory: factory)
        self.duration = Timer(label: "heddle_reconcile_seconds", dimensions: labels, factory: factory)
        self.retries = Counter(label: "heddle_reconcile_retries_total", dimensions: labels, factory: factory)
        self.abandoned = Counter(label: "heddle_reconcile_abandoned_total", dimensions: labels, factory: factory)
    }

    func finished<Key>(_ result: WorkQueue<Key>.Result, after nanoseconds: Int64) {
        self.duration.recordNanoseconds(nanoseconds)
        switch result {
        case .done, .again: break
        case .failed: self.retries.increment()
        case .abandoned: self.abandoned.increment()
        }
    }
}

extension ReconcileError {
    fileprivate var isTerminal: Bool {
        switch self {
        case .terminal: true
        case .mayPass: false
        }
    }

    /// What a reconciler makes of a failed request.
    public init(_ error: KubernetesError) {
        // A conflict passes once the cache has seen the other write.
        self =
            error.mayPass || error.isConflict || error == .cancelled
            ? .mayPass(reason: error.description) : .terminal(reason: error.description)
    }
}
