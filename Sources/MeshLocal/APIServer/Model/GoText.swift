import MeshCodec
import MeshModel

/// Values as the texts of API errors show them.
enum GoText {
    /// A value inside an error message: strings and objects quoted or as JSON, numbers plain.
    static func quoted(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): Self.quote(text)
        case .null: "null"
        default: String(decoding: JSONWriter.write(value), as: UTF8.self)
        }
    }

    /// A value as Go prints it: maps as `map[a:b]`, in order of names.
    static func map(_ value: JSONValue) -> String {
        switch value {
        case .object(let members):
            "map[" + members.sorted { $0.key < $1.key }.map { "\($0.key):\(Self.map($0.value))" }.joined(separator: " ")
                + "]"
        case .array(let elements): "[" + elements.map(Self.map).joined(separator: " ") + "]"
        case .string(let text): text
        case .null: "<nil>"
        default: Self.quoted(value)
        }
    }

    /// A string in double quotes with escapes.
    static func quote(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\t": output += "\\t"
            case "\r": output += "\\r"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
