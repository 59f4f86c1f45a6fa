public import MeshModel

/// A moving average of response latency that jumps to a new peak and falls by 1/e per `decay`.
///
/// Reading projects to `now` without changing state, so an idle endpoint becomes attractive again.
/// - Units: nanoseconds, finite and ≥ 0. `now` is monotonic; samples not newer than the last are ignored.
/// - Size: 24 bytes, no references, so it stays inline in an endpoint's slot.
public struct PeakLatency: Sendable {
    private var value: Double
    private var updated: MonotonicTime
    private let decay: Double

    /// No decay is shorter: 1 ms.
    public static let decayMin = Duration.milliseconds(1)

    /// Starts at `initial`, which decays as if it had been observed at `now`.
    public init(initial: Duration, decay: Duration, now: MonotonicTime) {
        self.value = Double(max(.zero, initial).clampedNanoseconds)
        self.decay = Double(max(Self.decayMin, decay).clampedNanoseconds)
        self.updated = now
    }

    /// The average at `now`.
    public func projected(at now: MonotonicTime) -> Double {
        let elapsed = now.nanoseconds(since: self.updated)
        guard elapsed > 0 else { return self.value }
        return self.value * exponential(-Double(elapsed) / self.decay)
    }

    /// Takes a sample in nanoseconds.
    public mutating func observe(_ nanoseconds: Int64, at now: MonotonicTime) {
        let elapsed = now.nanoseconds(since: self.updated)
        guard elapsed > 0 else { return }
        let sample = Double(max(0, nanoseconds))
        let remaining = exponential(-Double(elapsed) / self.decay)
        let projection = self.value * remaining
        self.value = sample > projection ? sample : self.value * remaining + sample * (1 - remaining)
        self.updated = now
    }

    /// Latency times the requests that a new one would be among; the endpoint with less is better.
    public func load(pending: Int, at now: MonotonicTime) -> Double {
        self.projected(at: now) * Double(pending + 1)
    }
}

/// eˣ for x ≤ 0, to 10⁻⁹ of its value; 0 far below.
///
/// The standard library has none, and a balancer needs no more.
func exponential(_ x: Double) -> Double {
    guard x > -700 else { return 0 }
    guard x < 0 else { return 1 }
    // x = -(k · ln 2 + f) with 0 ≤ f < ln 2, so that eˣ = 2⁻ᵏ · e⁻ᶠ.
    let scaled = -x * 1.442_695_040_888_963_4
    let k = scaled.rounded(.down)
    let f = (scaled - k) * 0.693_147_180_559_945_3
    var term = 1.0
    var sum = 1.0
    for n in 1...11 {
        term *= -f / Double(n)
        sum += term
    }
    return Double(sign: .plus, exponent: -Int(k), significand: sum)
}
