/// One line of a metrics page: a name, its labels, a value.
public struct MetricSample: Hashable, Sendable {
    /// The name of the series' family, with its suffix (`_bucket`, `_total`).
    public let name: String
    /// The labels.
    public let labels: [String: String]
    /// The value; counters only grow.
    public let value: Double

    /// A sample.
    public init(name: String, labels: [String: String] = [:], value: Double) {
        self.name = name
        self.labels = labels
        self.value = value
    }
}

/// Reads the Prometheus text format, as far as proxies write it.
public enum MetricPage {
    /// No page of more samples is read.
    public static let samplesMax = 200_000

    /// The samples of the families that `isWanted` names; lines that are no samples are left out.
    ///
    /// - Complexity: O(n) in the page.
    public static func samples(in page: String, where isWanted: (Substring) -> Bool) -> [MetricSample] {
        var samples: [MetricSample] = []
        for line in page.split(separator: "\n") where line.first != "#" {
            guard samples.count < Self.samplesMax else { break }
            let name = line.prefix { $0 != "{" && $0 != " " }
            guard isWanted(name), let sample = Self.sample(line, name: name) else { continue }
            samples.append(sample)
        }
        return samples
    }

    private static func sample(_ line: Substring, name: Substring) -> MetricSample? {
        var rest = line[name.endIndex...]
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                guard let equals = rest.firstIndex(of: "="),
                    let (value, after) = Self.quoted(rest[equals...].dropFirst())
                else { return nil }
                labels[String(rest[..<equals])] = value
                rest = after
                if rest.first == "," { rest = rest.dropFirst() }
            }
            rest = rest.dropFirst()
        }
        let fields = rest.split(separator: " ")
        guard let first = fields.first, let value = Double(first), !value.isNaN else { return nil }
        return MetricSample(name: String(name), labels: labels, value: value)
    }

    private static func quoted(_ text: Substring) -> (String, Substring)? {
        guard text.first == "\"" else { return nil }
        var value = ""
        var isEscaped = false
        for index in text.indices.dropFirst() {
            switch (text[index], isEscaped) {
            case ("n", true): value.append("\n")
            case (let character, true): value.append(character)
            case ("\\", false):
                isEscaped = true
                continue
            case ("\"", false): return (value, text[text.index(after: index)...])
            case (let character, false): value.append(character)
            }
            isEscaped = false
        }
        return nil
    }
}
