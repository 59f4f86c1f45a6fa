/// Which executable of this machine stands for an image.
public struct ImageTable: Hashable, Sendable {
    private var paths: [String: String]

    /// The given executables by image name, without tag or digest.
    public init(_ paths: [String: String] = [:]) {
        self.paths = paths
    }

    /// The project's own images as the programs in `directory`, and `more` besides or instead.
    public static func standard(programs directory: String, more: [String: String] = [:]) -> ImageTable {
        var paths: [String: String] = [:]
        for name in ["heddle-controller", "heddle-proxy", "heddle-init", "heddle-voting", "heddle"] {
            paths["heddle.dev/\(name)"] = "\(directory)/\(name)"
        }
        return ImageTable(paths.merging(more) { $1 })
    }

    /// The executable for `image`, whatever its tag or digest.
    public func path(of image: String) -> String? {
        if let exact = self.paths[image] { return exact }
        let name = image.split(separator: "@", maxSplits: 1).first ?? ""
        // A colon after the last slash begins a tag; one before it belongs to a registry's port.
        let start = name.lastIndex(of: "/") ?? name.startIndex
        let end = name[start...].firstIndex(of: ":") ?? name.endIndex
        return self.paths[String(name[..<end])]
    }

    /// Every executable by image name.
    public var entries: [String: String] { self.paths }
}
