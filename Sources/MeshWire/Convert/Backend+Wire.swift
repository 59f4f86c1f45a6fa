internal import MeshPolicy
internal import SwiftProtobuf

extension Backend {
    init(_ wire: OutboundBackend) throws(WireError) {
        guard wire.hasMetadata else { throw .missing("backend.metadata") }
        guard wire.hasQueue else { throw .missing("backend.queue") }
        guard wire.queue.hasFailfastTimeout else { throw .missing("backend.queue.failfast_timeout") }
        let metadata = try PolicyMetadata(wire.metadata, "backend.metadata")
        if case .resource(let reference) = metadata {
            guard !reference.group.isEmpty, !reference.kind.isEmpty, !reference.name.isEmpty,
                !reference.namespace.isEmpty
            else { throw .invalid("backend.metadata", value: "\(reference)") }
        }
        self.init(
            metadata: metadata, target: try Target(wire),
            queue: Queue(
                capacity: wire.queue.capacity,
                failfastTimeout: try Duration(wire.queue.failfastTimeout, "backend.queue.failfast_timeout")))
    }

    var wire: OutboundBackend {
        .with {
            $0.metadata = self.metadata.wire
            $0.queue = .with {
                $0.capacity = self.queue.capacity
                $0.failfastTimeout = self.queue.failfastTimeout.wire
            }
            switch self.target {
            case .balance(let path, let load):
                $0.balancer = .with {
                    $0.discovery = .with { $0.dst = .with { $0.path = path } }
                    load.encode(into: &$0)
                }
            case .forward(let endpoint): $0.forward = endpoint.wire
            case .fail: break
            }
        }
    }
}

extension Backend.Target {
    fileprivate init(_ wire: OutboundBackend) throws(WireError) {
        switch wire.kind {
        case .balancer(let balancer):
            guard case .dst(let destination) = balancer.discovery.kind, !destination.path.isEmpty else {
                throw .missing("balancer.discovery")
            }
            self = .balance(path: destination.path, load: try LoadEstimate(balancer))
        case .forward(let address): self = .forward(try Endpoint(address))
        case nil: self = .fail
        }
    }
}

extension LoadEstimate {
    fileprivate init(_ wire: OutboundBackend.BalanceP2c) throws(WireError) {
        switch wire.load {
        case .peakEwma(let ewma):
            guard ewma.hasDefaultRtt else { throw .missing("peak_ewma.default_rtt") }
            guard ewma.hasDecay else { throw .missing("peak_ewma.decay") }
            self.init(
                defaultRTT: try Duration(ewma.defaultRtt, "peak_ewma.default_rtt"),
                decay: try Duration(ewma.decay, "peak_ewma.decay"))
        case .penaltyPeakEwma(let ewma):
            let defaults = LoadEstimate(penalty: Penalty())
            var penalty = Penalty()
            if ewma.hasPenalty { penalty.latency = try Duration(ewma.penalty, "penalty_peak_ewma.penalty") }
            if ewma.hasMaxRetryAfter {
                penalty.maxRetryAfter = try Duration(ewma.maxRetryAfter, "penalty_peak_ewma.max_retry_after")
            }
            if ewma.hasPenaltyDecay {
                penalty.decay = try Duration(ewma.penaltyDecay, "penalty_peak_ewma.penalty_decay")
            }
            self.init(
                defaultRTT: ewma.hasDefaultRtt
                    ? try Duration(ewma.defaultRtt, "penalty_peak_ewma.default_rtt") : defaults.defaultRTT,
                decay: ewma.hasDecay ? try Duration(ewma.decay, "penalty_peak_ewma.decay") : defaults.decay,
                penalty: penalty)
        case nil: throw .missing("balancer.load")
        }
    }

    fileprivate func encode(into wire: inout OutboundBackend.BalanceP2c) {
        guard let penalty else {
            wire.peakEwma = .with {
                $0.defaultRtt = self.defaultRTT.wire
                $0.decay = self.decay.wire
            }
            return
        }
        wire.penaltyPeakEwma = .with {
            $0.defaultRtt = self.defaultRTT.wire
            $0.decay = self.decay.wire
            $0.penalty = penalty.latency.wire
            $0.maxRetryAfter = penalty.maxRetryAfter.wire
            $0.penaltyDecay = penalty.decay.wire
        }
    }
}
