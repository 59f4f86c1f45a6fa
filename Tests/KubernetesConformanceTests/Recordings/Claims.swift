import Foundation

/// Which recorded exchanges our server does not claim to answer as recorded: kinds it lacks, controllers that it does
/// not run, texts that quote how the real server is made.
struct Claims {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/unclaimed.txt")
    /// True when the list is to be written anew from what differs.
    static let isUpdating = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"

    /// The names of unclaimed exchanges, by recording.
    private(set) var unclaimed: [String: Set<String>] = [:]

    init() throws {
        guard FileManager.default.fileExists(atPath: Self.file.path) else { return }
        var recording = ""
        for line in try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("# ") {
                recording = String(line.dropFirst(2))
            } else {
                self.unclaimed[recording, default: []].insert(String(line))
            }
        }
    }

    /// Replaces the list of one recording.
    mutating func set(_ names: [String], for recording: String) throws {
        self.unclaimed[recording] = Set(names)
        let text = self.unclaimed.sorted { $0.key < $1.key }.map { recording, names in
            (["# \(recording)"] + names.sorted()).joined(separator: "\n") + "\n"
        }
        try FileManager.default.createDirectory(
            at: Self.file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.joined().write(to: Self.file, atomically: true, encoding: .utf8)
    }
}
