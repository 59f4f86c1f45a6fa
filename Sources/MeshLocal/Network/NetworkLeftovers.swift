import Glibc
import MeshModel

/// Finds and removes what a local cluster has in the kernel, from the cluster's name alone.
///
/// Used by every way down: the orderly one, and the one after a crash.
struct NetworkLeftovers: Sendable {
    let names: NetworkNames

    /// How long processes may take to vanish after SIGKILL.
    private static let killAttempts = 200

    /// The network namespaces of this cluster, pods before the node.
    func namespaces() async throws(NetworkError) -> [String] {
        let listing = try await Tool.run("ip", ["netns", "list"])
        let own = listing.split(separator: "\n").compactMap { line in
            line.split(separator: " ").first.map(String.init)
        }.filter(self.names.owns(namespace:))
        return own.sorted { left, right in
            (left == self.names.nodeNamespace ? 1 : 0, left) < (right == self.names.nodeNamespace ? 1 : 0, right)
        }
    }

    /// True when nothing of this cluster is left in the kernel.
    func isEmpty() async throws(NetworkError) -> Bool {
        let left = try await self.namespaces()
        guard left.isEmpty else { return false }
        return try await !self.hasHostLink()
    }

    /// Removes all namespaces of this cluster with the processes in them, and the link on the machine.
    func removeAll() async throws(NetworkError) {
        for namespace in try await self.namespaces() {
            try await self.remove(namespace: namespace)
        }
        guard try await self.hasHostLink() else { return }
        do {
            try await Tool.run("ip", ["link", "delete", self.names.hostLink])
        } catch {
            // Its other end went with the node namespace, and the kernel may just have caught up.
            guard try await self.hasHostLink() else { return }
            throw error
        }
    }

    /// Ends every process in `namespace` and deletes it; one that does not exist is no error.
    func remove(namespace: String) async throws(NetworkError) {
        guard try await self.namespaces().contains(namespace) else { return }
        try await self.kill(in: namespace)
        // A veth goes when either end goes, but the kernel takes a namespace down in its own time.
        if namespace != self.names.nodeNamespace, let address = namespace.split(separator: ".").last {
            let link = "pod\(address)"
            if try await self.links(in: self.names.nodeNamespace).contains(link) {
                try await Tool.run("ip", ["-n", self.names.nodeNamespace, "link", "delete", link])
            }
        }
        try await Tool.run("ip", ["netns", "delete", namespace])
    }

    private func kill(in namespace: String) async throws(NetworkError) {
        for _ in 0..<Self.killAttempts {
            let processes = try await Tool.run("ip", ["netns", "pids", namespace])
                .split(separator: "\n").compactMap { pid_t($0) }
            guard !processes.isEmpty else { return }
            for process in processes { _ = Glibc.kill(process, SIGKILL) }  // It may have ended by itself.
            // Cancelled or not, the processes must be gone before the namespace goes.
            _ = try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func links(in namespace: String) async throws(NetworkError) -> [String] {
        let own = try await self.namespaces()
        guard own.contains(namespace) else { return [] }
        return Self.names(ofLinks: try await Tool.run("ip", ["-n", namespace, "-o", "link", "show"]))
    }

    private func hasHostLink() async throws(NetworkError) -> Bool {
        let listing = try await Tool.run("ip", ["-o", "link", "show"])
        return Self.names(ofLinks: listing).contains(self.names.hostLink)
    }

    /// The names in the output of `ip -o link show`: `2: eth0@if3: <BROADCAST…`.
    private static func names(ofLinks listing: String) -> [String] {
        listing.split(separator: "\n").compactMap { line in
            line.split(separator: ":", maxSplits: 2).dropFirst().first.map { field in
                String(field.drop { $0 == " " }.prefix { $0 != "@" })
            }
        }
    }
}
