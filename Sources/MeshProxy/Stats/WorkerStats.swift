/// The counters of one worker; no other thread ever touches them.
///
/// Labels are given once per connection, route or endpoint and become a small number; with it, recording is a few
/// additions. Keep the numbers where the labels are known: in the connection, the exchange or the endpoint.
public struct WorkerStats {
    var table = SeriesTable()
    var requests: [RequestGroup] = []
    var connections: [ConnectionGroup] = []
    var requestIndex: [RequestLabels: RequestSeries] = [:]
    var connectionIndex: [ConnectionLabels: ConnectionSeries] = [:]
    var counterIndex: [CounterLabels: CounterSeries] = [:]

    /// All zero.
    public init() {}

    /// A copy of all values for the admin thread.
    public func report() -> StatsReport { StatsReport(keys: self.table.keys, values: self.table.values) }

    // MARK: - Connections

    /// The series of connections with these labels.
    public mutating func connection(_ labels: ConnectionLabels) -> ConnectionSeries {
        if let known = self.connectionIndex[labels] { return known }
        let series = ConnectionSeries(index: Int32(self.connections.count))
        guard self.connections.count < SeriesTable.limit else { return ConnectionSeries(index: 0) }
        let text = labels.text
        self.connections.append(
            ConnectionGroup(
                labels: text, opened: self.table.offset(of: .tcpOpenTotal, text),
                open: self.table.offset(of: .tcpOpenConnections, text),
                read: self.table.offset(of: .tcpReadBytes, text), written: self.table.offset(of: .tcpWriteBytes, text)))
        self.connectionIndex[labels] = series
        return series
    }

    /// A connection was accepted or opened.
    public mutating func opened(_ series: ConnectionSeries) {
        self.table.increment(at: self.connections[Int(series.index)].opened)
        self.table.increment(at: self.connections[Int(series.index)].open)
    }

    /// Bytes arrived.
    public mutating func read(_ count: Int, _ series: ConnectionSeries) {
        self.table.add(UInt64(count), at: self.connections[Int(series.index)].read)
    }

    /// Bytes were sent.
    public mutating func wrote(_ count: Int, _ series: ConnectionSeries) {
        self.table.add(UInt64(count), at: self.connections[Int(series.index)].written)
    }

    /// A connection ended; `errno` is nil for a clean end.
    public mutating func closed(_ series: ConnectionSeries, errno: Int32? = nil) {
        let group = self.connections[Int(series.index)]
        self.table.subtract(1, at: group.open)
        let offset = self.table.offset(of: .tcpCloseTotal, "\(group.labels),errno=\"\(Self.name(of: errno))\"")
        self.table.increment(at: offset)
    }

    /// The errors that connections end with, by name; the rest by number.
    private static func name(of errno: Int32?) -> String {
        switch errno {
        case nil: ""
        case 104: "ECONNRESET"
        case 110: "ETIMEDOUT"
        case 111: "ECONNREFUSED"
        case 32: "EPIPE"
        case 113: "EHOSTUNREACH"
        case 101: "ENETUNREACH"
        case .some(let other): "\(other)"
        }
    }

    // MARK: - Requests

    /// The series of requests with these labels.
    public mutating func request(_ labels: RequestLabels) -> RequestSeries {
        if let known = self.requestIndex[labels] { return known }
        guard self.requests.count < SeriesTable.limit else { return RequestSeries(index: 0) }
        let series = RequestSeries(index: Int32(self.requests.count))
        self.requests.append(RequestGroup(labels, in: &self.table))
        self.requestIndex[labels] = series
        return series
    }

    /// A request was received, or sent in its direction.
    public mutating func requested(_ series: RequestSeries) {
        let index = Int(series.index)
        self.table.increment(at: self.requests[index].total)
        self.table.increment(at: self.requests[index].allowed)
        self.table.increment(at: self.requests[index].routed)
    }

    /// A request ended.
    ///
    /// `latency` runs from the request to the first byte of the response's body, or its end without one; `duration`
    /// to the end of the response. Both in nanoseconds.
    public mutating func ended(_ series: RequestSeries, _ outcome: Outcome, latency: Int64, duration: Int64) {
        let index = Int(series.index)
        let slot = self.requests[index].slot(for: outcome, in: &self.table)
        self.table.increment(at: slot.responses)
        self.table.increment(at: slot.statuses)
        self.table.increment(at: slot.routeStatuses)
        self.table.observe(UInt64(max(0, latency)) / 1_000_000, bounds: Family.latencyBounds, at: slot.latency)
        let total = UInt64(max(0, duration)) / 1_000_000
        self.table.observe(total, bounds: Family.backendBounds, at: self.requests[index].duration)
        self.table.observe(total, bounds: Family.routeBounds, at: self.requests[index].routeDuration)
    }

    // MARK: - Single counters

    /// The series of something that is merely counted.
    public mutating func counter(_ labels: CounterLabels) -> CounterSeries {
        if let known = self.counterIndex[labels] { return known }
        let series = CounterSeries(offset: self.table.offset(of: labels.family, labels.text))
        if self.counterIndex.count < SeriesTable.limit { self.counterIndex[labels] = series }
        return series
    }

    /// It happened once more.
    public mutating func count(_ series: CounterSeries) { self.table.increment(at: series.offset) }

    /// It happened once more; for what happens rarely.
    public mutating func count(_ labels: CounterLabels) { self.count(self.counter(labels)) }
}

/// Names the series of connections with the same labels.
public struct ConnectionSeries: Hashable, Sendable {
    let index: Int32
}

/// Names the series of requests with the same labels.
public struct RequestSeries: Hashable, Sendable {
    let index: Int32
}

/// Names one counter.
public struct CounterSeries: Hashable, Sendable {
    let offset: Int32
}

/// All values of one worker at one moment.
public struct StatsReport: Hashable, Sendable {
    let keys: [SeriesTable.Key]
    let values: [UInt64]
}
