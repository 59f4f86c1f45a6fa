import MeshModel
public import MeshPolicy

/// What a client has to be told so that it knows a new list of endpoints.
///
/// Computed for each client from what it was told last: a client that missed versions gets one delta over all of them.
public struct EndpointDelta: Sendable {
    private var known: [SocketAddress: Endpoint] = [:]
    private var labels: [String: String] = [:]

    /// The client knows nothing.
    public init() {}

    /// The updates from what the client knows to `endpoints`: what is new or changed, then what is gone.
    ///
    /// Nothing is said of an empty list to a client that knows nothing.
    public mutating func updates(to endpoints: [Endpoint], labels: [String: String]) -> [EndpointUpdate] {
        var updates: [EndpointUpdate] = []
        let changed = labels == self.labels ? endpoints.filter { self.known[$0.address] != $0 } : endpoints
        if !changed.isEmpty { updates.append(.add(changed, labels: labels)) }
        let present = Set(endpoints.map(\.address))
        let gone = self.known.keys.filter { !present.contains($0) }
        if !gone.isEmpty { updates.append(.remove(gone.sorted { "\($0)" < "\($1)" })) }
        self.known = Dictionary(endpoints.map { ($0.address, $0) }) { $1 }
        self.labels = labels
        return updates
    }
}
