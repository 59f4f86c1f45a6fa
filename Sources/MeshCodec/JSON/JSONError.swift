/// Why bytes are not a JSON document that we take.
public enum JSONError: Error, Hashable, Sendable {
    /// The bytes end inside a value.
    case truncated
    /// A byte that the grammar does not allow at this offset.
    case unexpected(byte: UInt8, offset: Int)
    /// A string that is not UTF-8, or an escape that names no character.
    case invalidString(offset: Int)
    /// A number that the grammar of RFC 8259 §6 does not allow or that no `Double` can hold.
    case invalidNumber(offset: Int)
    /// Lists and objects nested deeper than the limit.
    case tooDeep(limit: Int)
    /// More bytes than the limit.
    case tooLarge(limit: Int)
    /// An object that ends at this offset lacks a member that its reader cannot do without.
    case missingMember(offset: Int)
    /// Something other than white space after the document.
    case trailingBytes(offset: Int)
}
