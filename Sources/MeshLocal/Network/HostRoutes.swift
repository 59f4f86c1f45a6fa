import MeshModel

/// What the machine already routes, so that a cluster's networks do not hide it.
enum HostRoutes {
    /// The destinations of all IPv4 routes but the default one.
    static func networks() async throws(NetworkError) -> [IPNetwork] {
        self.parse(try await Tool.run("ip", ["-4", "route", "show", "table", "all"]))
    }

    /// Reads `ip route show`: the destination is the first word, or the second after a route type.
    static func parse(_ listing: String) -> [IPNetwork] {
        listing.split(separator: "\n").compactMap { line in
            line.split(separator: " ").prefix(2).lazy.compactMap { IPNetwork($0) }.first
        }
    }
}
