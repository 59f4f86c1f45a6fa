import SystemPackage

/// Where messages to the user go that are not a command's result.
enum ErrorOutput {
    /// Writes one line.
    static func write(_ line: String) {
        // Without a standard error there is nobody to tell.
        _ = try? FileDescriptor.standardError.writeAll("\(line)\n".utf8)
    }
}
