import Crypto
import MeshCodec
import MeshModel

/// The documents that tell clients what is served.
struct Discovery: Sendable {
    let catalog: Catalog.Snapshot

    /// `/api`.
    func coreVersions(server: String) -> JSONValue {
        [
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(server)]],
        ]
    }

    /// `/apis`.
    var groups: JSONValue {
        let groups = self.catalog.groups.filter { !$0.isEmpty }.map { self.group($0, isMember: true) }
        return ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups)]
    }

    /// `/apis/GROUP`.
    func group(_ name: String, isMember: Bool = false) -> JSONValue {
        let versions = self.catalog.versions(of: name).map { version -> JSONValue in
            ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
        }
        var value: JSONValue = [
            "name": .string(name), "versions": .array(versions), "preferredVersion": versions.first ?? [:],
        ]
        if !isMember {
            value["kind"] = "APIGroup"
            value["apiVersion"] = "v1"
        }
        return value
    }

    /// `/api/v1` and `/apis/GROUP/VERSION`; nil when it is not served.
    func resources(group: String, version: String) -> JSONValue? {
        let kinds = self.catalog.kinds(group: group, version: version).sorted { $0.plural < $1.plural }
        guard !kinds.isEmpty else { return nil }
        var list: [JSONValue] = []
        for kind in kinds {
            var value: JSONValue = [
                "name": .string(kind.plural), "singularName": .string(kind.singular),
                "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.kind),
                "verbs": Self.texts(Self.verbs(kind)),
            ]
            if !kind.shortNames.isEmpty { value["shortNames"] = Self.texts(kind.shortNames) }
            if !kind.categories.isEmpty { value["categories"] = Self.texts(kind.categories) }
            if kind.verbs.contains("list") {
                let digest = SHA256.hash(data: Array("\(kind.storage)/\(kind.storageVersion)/\(kind.kind)".utf8))
                value["storageVersionHash"] = .string(Base64.encode(Array(digest.prefix(8))))
            }
            list.append(value)
            for part in kind.subresources.sorted(by: { $0.name < $1.name }) {
                var value: JSONValue = [
                    "name": .string("\(kind.plural)/\(part.name)"), "singularName": "",
                    "namespaced": .bool(kind.isNamespaced), "kind": .string(part.kind ?? kind.kind),
                    "verbs": Self.texts(part.verbs.sorted()),
                ]
                if let group = part.group { value["group"] = .string(group) }
                if let version = part.version { value["version"] = .string(version) }
                list.append(value)
            }
        }
        var result: JSONValue = [
            "kind": "APIResourceList", "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"),
            "resources": .array(list),
        ]
        if !group.isEmpty { result["apiVersion"] = "v1" }
        return result
    }

    /// The verbs in the order in which the real server lists them.
    private static func verbs(_ kind: ResourceKind) -> [String] {
        guard kind.isCustom else { return kind.verbs.sorted() }
        return ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
    }

    /// The aggregated form of `/api` (the core group) or `/apis` (all others).
    func aggregated(isCore: Bool) -> JSONValue {
        let items = self.catalog.groups.filter { $0.isEmpty == isCore }.map { group -> JSONValue in
            let versions = self.catalog.versions(of: group).map { version -> JSONValue in
                let kinds = self.catalog.kinds(group: group, version: version).sorted { $0.plural < $1.plural }
                return [
                    "version": .string(version), "freshness": "Current",
                    "resources": .array(kinds.map(Self.aggregated)),
                ]
            }
            return [
                "metadata": group.isEmpty ? [:] : ["name": .string(group)], "versions": .array(versions),
            ]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
            "items": .array(items),
        ]
    }

    private static func aggregated(_ kind: ResourceKind) -> JSONValue {
        // Built-in kinds leave group and version of the answer out; definitions name them.
        func response(_ name: String, _ group: String?, _ version: String?) -> JSONValue {
            let isCustom = kind.isCustom
            return [
                "group": .string(group ?? (isCustom ? kind.group : "")),
                "version": .string(version ?? (isCustom ? kind.version : "")), "kind": .string(name),
            ]
        }
        var value: JSONValue = [
            "resource": .string(kind.plural), "responseKind": response(kind.kind, nil, nil),
            "scope": kind.isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(kind.singular),
            "verbs": self.texts(self.verbs(kind)),
        ]
        if !kind.shortNames.isEmpty { value["shortNames"] = self.texts(kind.shortNames) }
        if !kind.categories.isEmpty { value["categories"] = self.texts(kind.categories) }
        if !kind.subresources.isEmpty {
            value["subresources"] = .array(
                kind.subresources.sorted { $0.name < $1.name }.map { part in
                    [
                        "subresource": .string(part.name),
                        "responseKind": response(part.kind ?? kind.kind, part.group, part.version),
                        "verbs": self.texts(part.verbs.sorted()),
                    ]
                })
        }
        return value
    }

    private static func texts(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }

    /// The entity tag of a document.
    static func tag(of bytes: [UInt8]) -> String {
        let digits = SHA256.hash(data: bytes).map { byte in
            let text = String(byte, radix: 16, uppercase: true)
            return byte < 16 ? "0\(text)" : text
        }
        return digits.joined()
    }
}
