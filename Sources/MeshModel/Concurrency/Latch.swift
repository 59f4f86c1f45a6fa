import Synchronization

/// A door that opens once: whoever waits goes on as soon as it is open.
public final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    /// Starts closed.
    public init() {}

    /// True from the first ``open()`` on.
    public var isOpen: Bool { self.state.withLock { $0.isOpen } }

    /// Lets everybody through, now and later.
    public func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns once the latch is open.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    public func wait() async throws(CancellationError) {
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        do {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { self.park($0, as: id) }
            } onCancel: {
                let waiter = self.state.withLock { $0.waiting.removeValue(forKey: id) }
                waiter?.resume(throwing: CancellationError())
            }
        } catch {
            throw CancellationError()  // The only error that is ever resumed with.
        }
    }

    private func park(_ continuation: CheckedContinuation<Void, any Error>, as id: Int) {
        // The handler above may have run before the continuation was parked, so cancellation is asked for again.
        let outcome = self.state.withLock { state -> Result<Void, CancellationError>? in
            if state.isOpen { return .success(()) }
            if Task.isCancelled { return .failure(CancellationError()) }
            state.waiting[id] = continuation
            return nil
        }
        switch outcome {
        case .success: continuation.resume()
        case .failure(let error): continuation.resume(throwing: error)
        case nil: break
        }
    }
}
