internal import MeshModel
internal import MeshPolicy
internal import SwiftProtobuf

extension Duration {
    /// - Throws: for negative durations and malformed nanoseconds.
    init(_ wire: Google_Protobuf_Duration, _ field: String) throws(WireError) {
        guard wire.seconds >= 0, (0..<1_000_000_000).contains(wire.nanos) else {
            throw .invalid(field, value: "\(wire.seconds)s \(wire.nanos)ns")
        }
        self = .seconds(wire.seconds) + .nanoseconds(Int64(wire.nanos))
    }

    var wire: Google_Protobuf_Duration {
        let (seconds, attoseconds) = self.components
        return .with {
            $0.seconds = seconds
            $0.nanos = Int32(attoseconds / 1_000_000_000)
        }
    }
}

extension Timeouts {
    init(_ wire: WireTimeouts) throws(WireError) {
        self.init()
        if wire.hasRequest { self.request = try Duration(wire.request, "timeouts.request") }
        if wire.hasResponse { self.response = try Duration(wire.response, "timeouts.response") }
        if wire.hasIdle { self.idle = try Duration(wire.idle, "timeouts.idle") }
    }

    var wire: WireTimeouts {
        .with {
            if let request { $0.request = request.wire }
            if let response { $0.response = response.wire }
            if let idle { $0.idle = idle.wire }
        }
    }
}

extension Backoff {
    init(_ wire: OutboundBackoff) throws(WireError) {
        let minimum = try Duration(wire.minBackoff, "backoff.min_backoff")
        let maximum = try Duration(wire.maxBackoff, "backoff.max_backoff")
        guard maximum > .zero, minimum <= maximum else {
            throw .invalid("backoff", value: "\(minimum) to \(maximum)")
        }
        guard wire.jitterRatio.isFinite, (0...100).contains(wire.jitterRatio) else {
            throw .invalid("backoff.jitter_ratio", value: "\(wire.jitterRatio)")
        }
        // A schedule that starts at nothing would never grow.
        self.init(
            minimum: max(minimum, .nanoseconds(1)), maximum: maximum, jitter: Double(wire.jitterRatio))
    }

    var wire: OutboundBackoff {
        .with {
            $0.minBackoff = self.minimum.wire
            $0.maxBackoff = self.maximum.wire
            $0.jitterRatio = Float(self.jitter)
        }
    }
}
