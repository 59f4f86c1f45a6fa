import MeshModel

/// Compares an answer with the recorded one.
struct Comparison {
    var bindings: Bindings
    /// What differs, each with its place.
    private(set) var differences: [String] = []
    private var isList = false
    /// Members that are not compared, by the end of their path.
    let ignored: Set<String>

    init(bindings: Bindings, ignored: Set<String>) {
        self.bindings = bindings
        self.ignored = ignored
    }

    mutating func compare(_ expected: JSONValue, _ found: JSONValue?, at path: String) {
        if path.isEmpty { self.isList = expected["items"] != nil || expected["rows"] != nil }
        // The revision of a list moves with every write anywhere.
        if self.isList, path == "metadata.resourceVersion", found?.string != nil { return }
        guard let found else {
            if !expected.isNull { self.differences.append("\(path): missing, recorded \(Self.text(expected))") }
            return
        }
        switch (expected, found) {
        case (.array(let left), .array(let right)) where path.hasSuffix("details.causes") && left.count > 1:
            // Go goes through maps in any order, so the order of mistakes says nothing.
            func sorted(_ causes: [JSONValue]) -> [JSONValue] {
                causes.sorted {
                    ($0["field"]?.string ?? "", $0["message"]?.string ?? "") < (
                        $1["field"]?.string ?? "", $1["message"]?.string ?? ""
                    )
                }
            }
            self.compare(.array(sorted(left)), .array(sorted(right)), at: "\(path)(sorted)")
        case (.string(let left), .string(let right)) where path == "message" && left.contains("is invalid: ["):
            func pieces(_ text: String) -> [String] {
                text.split(separator: ",").map { $0.trimmingPrefix(" ").trimmingPrefix("[") }.map(String.init).sorted()
            }
            if pieces(left).count != pieces(right).count, !self.bindings.matches(left, right) {
                self.differences.append("\(path): \"\(right)\", recorded \"\(left)\"")
            }
        case (.object(let left), .object(let right)):
            for name in Set(left.keys).union(right.keys).sorted() where !self.ignored.contains(name) {
                let place = path.isEmpty ? name : "\(path).\(name)"
                if let member = left[name] {
                    self.compare(member, right[name], at: place)
                } else if right[name] != .null {
                    self.differences.append("\(place): not recorded, found \(Self.text(right[name] ?? .null))")
                }
            }
        case (.array(let left), .array(let right)):
            if left.count != right.count {
                self.differences.append("\(path): \(right.count) elements, recorded \(left.count)")
            }
            for (index, pair) in zip(left, right).enumerated() {
                self.compare(pair.0, pair.1, at: "\(path)[\(index)]")
            }
        case (.string(let left), .string(let right)):
            if !self.bindings.matches(left, right) {
                self.differences.append("\(path): \"\(right)\", recorded \"\(left)\"")
            }
        case (.string(let left), .integer(let right)):
            // Ports are placeholders in the recording and numbers on the wire.
            if !self.bindings.matches(left, String(right)) {
                self.differences.append("\(path): \(right), recorded \"\(left)\"")
            }
        default:
            let isSameNumber = expected.integer != nil && expected.integer == found.integer
            if expected != found, !isSameNumber {
                self.differences.append("\(path): \(Self.text(found)), recorded \(Self.text(expected))")
            }
        }
    }

    mutating func add(_ difference: String) { self.differences.append(difference) }

    private static func text(_ value: JSONValue) -> String { String("\(value)".prefix(300)) }
}
