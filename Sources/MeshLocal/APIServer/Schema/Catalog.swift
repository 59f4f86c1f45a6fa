import MeshModel
import Synchronization

/// The resources that are served now: the built-in ones and those of accepted definitions.
final class Catalog: Sendable {
    /// One state of the catalog.
    struct Snapshot: Sendable {
        /// In the order of discovery.
        var kinds: [ResourceKind]
        private var index: [String: [Int]] = [:]

        init(kinds: [ResourceKind]) {
            self.kinds = kinds
            for (position, kind) in kinds.enumerated() {
                self.index["\(kind.group)/\(kind.version)", default: []].append(position)
            }
        }

        func kinds(group: String, version: String) -> [ResourceKind] {
            (self.index["\(group)/\(version)"] ?? []).map { self.kinds[$0] }
        }

        func kind(group: String, version: String, plural: String) -> ResourceKind? {
            self.kinds(group: group, version: version).first { $0.plural == plural }
        }

        /// The kind of that name, in the given version or else in any.
        func kind(_ name: GroupKind, version: String? = nil) -> ResourceKind? {
            self.kinds.first { $0.groupKind == name && (version == nil || $0.version == version) }
        }

        /// Any served version of a stored resource.
        func kind(storing resource: ResourceID) -> ResourceKind? { self.kinds.first { $0.storage == resource } }

        var groups: [String] {
            var seen: Set<String> = []
            return self.kinds.map(\.group).filter { seen.insert($0).inserted }
        }

        /// The versions of a group, preferred first.
        func versions(of group: String) -> [String] {
            var seen: Set<String> = []
            let found = self.kinds.filter { $0.group == group }.map(\.version).filter { seen.insert($0).inserted }
            return found.sorted { VersionOrder.isPreferred($0, over: $1) }
        }
    }

    private let state: Mutex<(custom: [String: [ResourceKind]], snapshot: Snapshot)>

    init() {
        self.state = Mutex((custom: [:], snapshot: Snapshot(kinds: ResourceKind.builtIn)))
    }

    var snapshot: Snapshot { self.state.withLock { $0.snapshot } }

    /// Serves what a definition says; nil stops serving it.
    func update(definition name: String, _ kinds: [ResourceKind]?) {
        self.state.withLock { state in
            state.custom[name] = kinds
            let custom = state.custom.sorted { $0.key < $1.key }.flatMap(\.value)
            state.snapshot = Snapshot(kinds: ResourceKind.builtIn + custom)
        }
    }
}

/// The order of versions: `v2`, `v1`, `v1beta2`, `v1beta1`, `v1alpha1`, then others by name.
enum VersionOrder {
    static func isPreferred(_ left: String, over right: String) -> Bool {
        switch (Self.rank(left), Self.rank(right)) {
        case (let left?, let right?): left > right
        case (.some, nil): true
        case (nil, .some): false
        case (nil, nil): left < right
        }
    }

    private static func rank(_ text: String) -> (Int, Int, Int)? {
        guard text.first == "v" else { return nil }
        var rest = text.dropFirst()
        let digits = rest.prefix { $0.isNumber }
        guard let major = Int(digits) else { return nil }
        rest = rest.dropFirst(digits.count)
        if rest.isEmpty { return (3, major, 0) }
        for (rank, word) in [(2, "beta"), (1, "alpha")] where rest.hasPrefix(word) {
            guard let minor = Int(rest.dropFirst(word.count)) else { return nil }
            return (rank, major, minor)
        }
        return nil
    }
}
