public import MeshModel

/// Reads a JSON document (RFC 8259) from UTF-8 bytes as one value.
///
/// Of two members of one name the last wins, as in Go's decoder, which wrote what we mostly read.
public enum JSONReader {
    /// How deep lists and objects may nest unless told otherwise.
    public static let depthMaxDefault = 128

    /// Reads `bytes` as one document, without the members that `omission` names.
    ///
    /// - Throws: ``JSONError`` at the first byte that does not fit.
    public static func read(
        _ bytes: [UInt8], depthMax: Int = depthMaxDefault, sizeMax: Int = .max, omitting omission: JSONOmission? = nil
    ) throws(JSONError) -> JSONValue {
        guard bytes.count <= sizeMax else { throw .tooLarge(limit: sizeMax) }
        var cursor = JSONCursor(bytes, depthMax: depthMax)
        let value = try cursor.value(omitting: omission)
        guard cursor.isAtEnd() else { throw .trailingBytes(offset: cursor.offset) }
        return value
    }
}
