import GRPCCore

/// The newest value of something, now and whenever it changes.
///
/// Who reads slowly misses values, never the last one.
public struct Updates<Value: Sendable>: Sendable {
    /// The values, the one of now first.
    public let stream: AsyncStream<Value>
    private let stop: @Sendable () -> Void

    /// Reads `stream`, which must hold the newest value only; `stop` ends it.
    public init(_ stream: AsyncStream<Value>, stop: @escaping @Sendable () -> Void) {
        self.stream = stream
        self.stop = stop
    }

    /// Hands each value and the state of the call to `body` until there is a reason to stop.
    ///
    /// That is: it returns false, the values end, or the call is cancelled, by its client or because we shut down.
    /// Either way the call then ends with OK.
    func forEach<State: Sendable>(
        _ initial: State, _ body: @Sendable (inout State, Value) async throws -> Bool
    ) async throws {
        defer { self.stop() }
        let (stream, stop) = (self.stream, self.stop)
        try await withRPCCancellationHandler {
            var state = initial
            for await value in stream {
                guard try await body(&state, value) else { return }
            }
        } onCancelRPC: {
            stop()
        }
    }

    /// The value of now; nil when there is none any more.
    func first() async -> Value? {
        defer { self.stop() }
        for await value in self.stream { return value }
        return nil
    }
}
