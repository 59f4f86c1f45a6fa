import SystemPackage

/// Files that are read as a whole: configuration, certificates, tokens.
enum SmallFile {
    /// No such file is larger.
    static let bytesMax = 1 << 20

    /// The text of the file at `path`.
    static func text(_ path: String) throws(KubernetesError) -> String {
        let bytes: [UInt8]
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            bytes = try file.closeAfter { try Self.bytes(of: file) }
        } catch {
            throw .invalidAccess(reason: "\(path): \(error)")
        }
        guard bytes.count <= Self.bytesMax else { throw .invalidAccess(reason: "\(path) is too large") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalidAccess(reason: "\(path) is not UTF-8")
        }
        return text
    }

    private static func bytes(of file: FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= Self.bytesMax {
            let chunk = try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard !chunk.isEmpty else { break }
            bytes += chunk
        }
        return bytes
    }
}
