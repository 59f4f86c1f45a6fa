import MeshModel

/// Writes the values of all workers as Prometheus text.
struct MetricsText {
    private(set) var text = ""

    /// Sums the reports and writes every family.
    mutating func append(_ reports: [StatsReport]) {
        var families: [Family: [String: [UInt64]]] = [:]
        for report in reports {
            var offset = 0
            for key in report.keys {
                let width = key.family.width
                let values = report.values[offset..<(offset + width)]
                offset += width
                if var sum = families[key.family]?[key.labels] {
                    for (index, value) in values.enumerated() { sum[index] &+= value }
                    families[key.family]?[key.labels] = sum
                } else {
                    families[key.family, default: [:]][key.labels] = Array(values)
                }
            }
        }
        for family in Family.allCases {
            guard let series = families[family] else { continue }
            self.append(family, series)
        }
    }

    private mutating func append(_ family: Family, _ series: [String: [UInt64]]) {
        let type =
            switch family.kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        self.text += "# TYPE \(family.name) \(type)\n"
        for (labels, values) in series.sorted(by: { $0.key < $1.key }) {
            switch family.kind {
            case .counter, .gauge: self.text += "\(family.name){\(labels)} \(values[0])\n"
            case .histogram(let bounds, let scale):
                self.append(histogram: family.name, labels, values, bounds: bounds, scale: scale)
            }
        }
    }

    private mutating func append(
        histogram name: StaticString, _ labels: String, _ values: [UInt64], bounds: [UInt64], scale: UInt64
    ) {
        var total: UInt64 = 0
        for (index, bound) in bounds.enumerated() {
            total &+= values[index]
            self.text += "\(name)_bucket{\(labels),le=\"\(Self.scaled(bound, scale))\"} \(total)\n"
        }
        total &+= values[bounds.count]
        self.text += "\(name)_bucket{\(labels),le=\"+Inf\"} \(total)\n"
        self.text += "\(name)_count{\(labels)} \(total)\n"
        self.text += "\(name)_sum{\(labels)} \(Self.scaled(values[bounds.count + 1], scale))\n"
    }

    private static func scaled(_ value: UInt64, _ scale: UInt64) -> String {
        scale == 1 ? "\(value)" : "\(Double(value) / Double(scale))"
    }

    /// Writes one value without labels.
    mutating func append(_ name: StaticString, _ type: StaticString, _ value: some CustomStringConvertible) {
        self.text += "# TYPE \(name) \(type)\n\(name) \(value)\n"
    }

    /// Writes one value with labels.
    mutating func append(_ name: StaticString, labels: String, _ value: some CustomStringConvertible) {
        self.text += "# TYPE \(name) gauge\n\(name){\(labels)} \(value)\n"
    }
}
