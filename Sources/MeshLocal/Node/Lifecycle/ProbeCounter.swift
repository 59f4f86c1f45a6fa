import MeshResources

/// Turns single probe results into verdicts, by the probe's thresholds.
struct ProbeCounter: Hashable, Sendable {
    private let successesNeeded: Int
    private let failuresNeeded: Int
    private var successes = 0
    private var failures = 0
    private var verdict: Bool?

    /// Counts for `probe`.
    init(_ probe: Probe) {
        self.successesNeeded = max(1, probe.successThreshold ?? 1)
        self.failuresNeeded = max(1, probe.failureThreshold ?? 3)
    }

    /// Takes a result; returns a verdict when it differs from the last one.
    ///
    /// Failures that are enough say so each time anew from zero: a container may survive its first restart order.
    mutating func record(success: Bool) -> Bool? {
        if success {
            self.successes += 1
            self.failures = 0
            guard self.successes >= self.successesNeeded, self.verdict != true else { return nil }
            self.verdict = true
        } else {
            self.failures += 1
            self.successes = 0
            guard self.failures >= self.failuresNeeded, self.verdict != false else { return nil }
            self.verdict = false
        }
        return self.verdict
    }
}
