/// A limit for one metric, as written in an analysis.
public struct MetricCheck: Hashable, Sendable {
    /// What is measured.
    public enum Source: Hashable, Sendable {
        /// Percentage of responses that are successes, read from the proxies.
        case successRate
        /// 99th percentile of latency in milliseconds, read from the proxies.
        case latency
        /// The value of a query, answered by a metrics server.
        case query(String)
    }

    /// The name in the manifest, for messages.
    public let name: String
    /// What is measured.
    public let source: Source
    /// Lowest accepted value.
    public let minimum: Double?
    /// Highest accepted value.
    public let maximum: Double?

    /// A check; nil bounds accept everything on their side.
    public init(name: String, source: Source, minimum: Double?, maximum: Double?) {
        self.name = name
        self.source = source
        self.minimum = minimum
        self.maximum = maximum
    }

    /// Judges a measured value; nil means that there was nothing to measure.
    public func judge(_ value: Double?) -> RolloutAnswer {
        guard let value, !value.isNaN else {
            switch self.source {
            case .successRate, .latency: return .inconclusive("no traffic to measure \(self.name) with")
            case .query: return .failed("\(self.name): no values found")
            }
        }
        if let minimum = self.minimum, value < minimum {
            return .failed("\(self.name) \(Self.rounded(value)) is below \(Self.rounded(minimum))")
        }
        if let maximum = self.maximum, value > maximum {
            return .failed("\(self.name) \(Self.rounded(value)) is above \(Self.rounded(maximum))")
        }
        return .passed
    }

    private static func rounded(_ value: Double) -> String {
        let hundredths = (value * 100).rounded() / 100
        return hundredths == hundredths.rounded() && abs(hundredths) < 1e15 ? "\(Int(hundredths))" : "\(hundredths)"
    }

    /// One answer for all: a failure first, then what is inconclusive.
    public static func combine(_ answers: [RolloutAnswer]) -> RolloutAnswer {
        var result = RolloutAnswer.passed
        for answer in answers {
            switch answer {
            case .failed: return answer
            case .inconclusive: result = answer
            case .passed: break
            }
        }
        return result
    }
}
