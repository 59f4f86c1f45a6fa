/// The identities that a MeshTLSAuthentication may name.
enum IdentitySyntax {
    /// Nil when `text` is a DNS-like name or a SPIFFE id; otherwise what is wrong with it.
    static func problem(_ text: String) -> String? {
        text.hasPrefix("spiffe://") ? Self.spiffeProblem(text) : Self.nameProblem(text)
    }

    /// Lower-case labels, of which the first may be `*`.
    static func nameProblem(_ text: String) -> String? {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isValid = labels.enumerated().allSatisfy { index, label in
            (index == 0 && label == "*") || Self.isLabel(label)
        }
        return isValid
            ? nil
            : "is \"\(text)\", which must be \"*\", a lower-case DNS name whose first label may be \"*\", or a "
                + "SPIFFE id (spiffe://…)"
    }

    private static func spiffeProblem(_ text: String) -> String? {
        let parts = text.dropFirst("spiffe://".count).split(separator: "/", omittingEmptySubsequences: false)
        guard let domain = parts.first, !domain.isEmpty,
            domain.utf8.allSatisfy({ Self.isLower($0) || Self.isDigit($0) || [45, 46, 95].contains($0) })
        else {
            return "is \"\(text)\", whose trust domain must be lower-case letters, digits, dots, dashes, underscores"
        }
        for segment in parts.dropFirst() {
            guard !segment.isEmpty, segment != ".", segment != "..",
                segment.utf8.allSatisfy({
                    Self.isLower($0) || (65...90).contains($0) || Self.isDigit($0) || [45, 46, 95].contains($0)
                })
            else {
                return "is \"\(text)\", whose path segments must be letters, digits, dots, dashes, underscores, and "
                    + "neither empty nor . nor .."
            }
        }
        return nil
    }

    static func isLabel(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.reversed().first else { return false }
        return [first, last].allSatisfy { Self.isLower($0) || Self.isDigit($0) }
            && text.utf8.allSatisfy { Self.isLower($0) || Self.isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
