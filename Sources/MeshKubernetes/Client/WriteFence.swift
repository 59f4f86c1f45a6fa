extension KubernetesClient {
    /// How much longer requests of this task may change something; nil as long as they like.
    @TaskLocal static var writeFence: (@Sendable () -> Duration?)?

    /// Runs `body`, whose requests may change something only as long as `remaining` is not nil, and end by then.
    ///
    /// For work that only a leader may do: a process that was paused, or that could not renew its lease, must not finish
    /// its writes while another already leads. A write that comes too late fails with ``KubernetesError/timedOut``.
    public static func writing<Result>(
        while remaining: @escaping @Sendable () -> Duration?, _ body: () async throws -> Result
    ) async rethrows -> Result {
        try await Self.$writeFence.withValue(remaining, operation: body)
    }

    /// When an exchange must have ended that starts now.
    static func deadline(of request: APIRequest, timeout: Duration) throws(KubernetesError) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        guard request.method != .get, let fence = Self.writeFence else { return now + timeout }
        guard let left = fence() else { throw .timedOut }
        return now + min(timeout, left)
    }
}
