/// Runs `operation`, cancelled at `deadline`.
///
/// The HTTP library's own deadline ends with the head of an answer; this one covers the body too.
///
/// - Throws: ``KubernetesError/timedOut`` when the deadline comes first.
func withDeadline<Result: Sendable>(
    _ deadline: ContinuousClock.Instant, _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await ContinuousClock().sleep(until: deadline)
            return nil
        }
        let first = try await group.next()
        group.cancelAll()
        guard let result = first ?? nil else { throw KubernetesError.timedOut }
        return result
    }
}
