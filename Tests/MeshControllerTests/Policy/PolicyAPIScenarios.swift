import Testing

/// Scenarios over the wire: objects are applied to an API server, and a gRPC client watches what a proxy would be told.
@Suite(.policyCluster, .timeLimit(.minutes(2)))
struct PolicyAPIScenarios {}
