public import MeshModel

/// Writes a JSON document as UTF-8 bytes, members in order of their names, so that equal values give equal bytes.
public enum JSONWriter {
    /// The bytes of `value`; with `pretty`, two spaces a level and a member a line.
    public static func write(_ value: JSONValue, pretty: Bool = false) -> [UInt8] {
        var output: [UInt8] = []
        Self.append(value, to: &output, indent: pretty ? 0 : nil)
        return output
    }

    /// Appends the bytes of `value` to `output`, on one line.
    public static func append(_ value: JSONValue, to output: inout [UInt8]) {
        Self.append(value, to: &output, indent: nil)
    }

    private static func append(_ value: JSONValue, to output: inout [UInt8], indent: Int?) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let flag): output.append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let number): output.append(contentsOf: String(number).utf8)
        case .number(let number): Self.append(number, to: &output)
        case .string(let text): Self.append(text, to: &output)
        case .array(let elements):
            Self.list(elements, "[", "]", to: &output, indent: indent) { element, output, indent in
                Self.append(element, to: &output, indent: indent)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key < $1.key }
            Self.list(sorted, "{", "}", to: &output, indent: indent) { member, output, indent in
                Self.append(member.key, to: &output)
                output.append(contentsOf: (indent == nil ? ":" : ": ").utf8)
                Self.append(member.value, to: &output, indent: indent)
            }
        }
    }

    private static func list<Element>(
        _ elements: [Element], _ open: String, _ close: String, to output: inout [UInt8], indent: Int?,
        each: (Element, inout [UInt8], Int?) -> Void
    ) {
        output.append(contentsOf: open.utf8)
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            Self.newline(indent.map { $0 + 1 }, to: &output)
            each(element, &output, indent.map { $0 + 1 })
        }
        if !elements.isEmpty { Self.newline(indent, to: &output) }
        output.append(contentsOf: close.utf8)
    }

    private static func newline(_ indent: Int?, to output: inout [UInt8]) {
        guard let indent else { return }
        output.append(0x0A)
        output.append(contentsOf: repeatElement(0x20, count: indent * 2))
    }

    /// Numbers that JSON cannot say (infinities, not-a-number) become `null`.
    private static func append(_ number: Double, to output: inout [UInt8]) {
        guard number.isFinite else {
            output.append(contentsOf: "null".utf8)
            return
        }
        let text = number.description
        // Zero keeps its sign only as a fraction: read again, "-0" is an integer.
        let isWhole = text.hasSuffix(".0") && text != "-0.0"
        output.append(contentsOf: (isWhole ? String(text.dropLast(2)) : text).utf8)
    }

    private static func append(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0x0A: output.append(contentsOf: "\\n".utf8)
            case 0x0D: output.append(contentsOf: "\\r".utf8)
            case 0x09: output.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                output.append(contentsOf: "\\u00\(byte < 0x10 ? "0" : "")\(hex)".utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
