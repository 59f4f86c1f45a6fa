public import MeshModel

/// A short digest of a pod template: equal templates have equal digests, whatever the order of their members.
public enum TemplateDigest {
    /// The FNV-1a digest (64 bits, in hexadecimal) of `template`.
    ///
    /// What the control plane itself writes into templates does not count: the restart annotation of this module.
    public static func digest(of template: JSONValue) -> String {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        Self.feed(template, into: &state)
        return String(state, radix: 16)
    }

    private static func feed(_ value: JSONValue, into state: inout UInt64) {
        switch value {
        case .null: Self.feed("n", into: &state)
        case .bool(let flag): Self.feed(flag ? "t" : "f", into: &state)
        case .integer(let number): Self.feed("i\(number);", into: &state)
        case .number(let number): Self.feed("d\(number);", into: &state)
        case .string(let text): Self.feed("s\(text.utf8.count):\(text)", into: &state)
        case .array(let elements):
            Self.feed("a\(elements.count):", into: &state)
            for element in elements { Self.feed(element, into: &state) }
        case .object(let members):
            Self.feed("o\(members.count):", into: &state)
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                Self.feed("s\(name.utf8.count):\(name)", into: &state)
                Self.feed(member, into: &state)
            }
        }
    }

    private static func feed(_ text: String, into state: inout UInt64) {
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
}
