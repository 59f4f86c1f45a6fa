import MeshCodec
import MeshModel

/// What a client of discovery says of itself; everything may be missing.
struct ContextToken: Hashable, Sendable {
    /// Its namespace.
    var namespace: String?
    /// Its node.
    var node: String?

    /// Reads JSON with `ns`, `nodeName` and `pod`, or the older `ns:<namespace>`.
    ///
    /// What cannot be read says nothing; it is never an error.
    init(parsing text: String) {
        guard text.utf8.count <= 4096 else { return }
        let trimmed = text.filter { !$0.isNewline }
        if trimmed.hasPrefix("ns:") {
            self.namespace = String(trimmed.dropFirst(3))
            return
        }
        guard let document = try? JSONReader.read(Array(trimmed.utf8)) else { return }  // See above.
        self.namespace = document["ns"]?.string
        self.node = document["nodeName"]?.string
    }
}
