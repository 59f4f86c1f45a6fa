import MeshModel
import MeshResources

/// What a pod's volume holds, decided without touching a file.
enum VolumeContents: Hashable, Sendable {
    /// An empty directory that lives as long as the pod.
    case empty
    /// A path of the machine.
    case host(String)
    /// Files that the node agent keeps up to date, by their path in the volume.
    case files([String: VolumeFile])
}

/// One file of a volume.
struct VolumeFile: Hashable, Sendable {
    var bytes: [UInt8]
    /// Permission bits.
    var mode: UInt32
}

/// Which token a volume wants.
struct TokenRequest: Hashable, Sendable {
    /// Nil means the API server itself.
    var audience: String?
    /// How long it should be good.
    var expirationSeconds: Int64

    init(_ projection: ServiceAccountTokenProjection) {
        self.audience = projection.audience.flatMap { $0.isEmpty ? nil : $0 }
        self.expirationSeconds = max(600, projection.expirationSeconds ?? 3600)
    }
}

extension Volume {
    /// The tokens that this volume wants.
    var tokenRequests: [TokenRequest] {
        (self.projected?.sources ?? []).compactMap { $0.serviceAccountToken.map(TokenRequest.init) }
    }
}

extension VolumeContents {
    /// The contents of `volume`.
    ///
    /// - Throws: ``ContainerConfigError`` when something that must exist does not.
    init(
        _ volume: Volume, sources: PodSources, fields: DownwardFields, tokens: [TokenRequest: String]
    ) throws(ContainerConfigError) {
        var files: [String: VolumeFile] = [:]
        if volume.emptyDir != nil {
            self = .empty
            return
        } else if let host = volume.hostPath {
            self = .host(host.path)
            return
        } else if let source = volume.configMap {
            try Self.add(source, of: sources.configMaps, "configmap", mode: source.defaultMode, to: &files)
        } else if let source = volume.secret {
            let equal = ConfigMapSource(
                name: source.secretName, items: source.items, defaultMode: source.defaultMode,
                optional: source.optional)
            try Self.add(equal, of: sources.secrets, "secret", mode: source.defaultMode, to: &files)
        } else if let source = volume.downwardAPI {
            try Self.add(source, fields, mode: source.defaultMode, to: &files)
        } else if let source = volume.projected {
            try Self.add(source, sources, fields, tokens, to: &files)
        } else {
            throw .unsupportedVolume(volume.name)
        }
        self = .files(files)
    }

    private static func add(
        _ source: ProjectedSource, _ sources: PodSources, _ fields: DownwardFields, _ tokens: [TokenRequest: String],
        to files: inout [String: VolumeFile]
    ) throws(ContainerConfigError) {
        let mode = source.defaultMode
        for part in source.sources {
            if let token = part.serviceAccountToken {
                guard let text = tokens[TokenRequest(token)] else { throw .missing(kind: "token", name: token.path) }
                try self.add(Array(text.utf8), at: token.path, mode: mode, to: &files)
            }
            if let part = part.configMap {
                try self.add(part, of: sources.configMaps, "configmap", mode: mode, to: &files)
            }
            if let part = part.secret { try self.add(part, of: sources.secrets, "secret", mode: mode, to: &files) }
            if let part = part.downwardAPI { try self.add(part, fields, mode: mode, to: &files) }
        }
    }

    private static func add(
        _ source: ConfigMapSource, of objects: [String: [String: [UInt8]]], _ kind: String, mode: Int?,
        to files: inout [String: VolumeFile]
    ) throws(ContainerConfigError) {
        let name = source.name ?? ""
        guard let data = objects[name] else {
            guard source.optional == true else { throw .missing(kind: kind, name: name) }
            return
        }
        guard !source.items.isEmpty else {
            for (key, bytes) in data { try self.add(bytes, at: key, mode: mode, to: &files) }
            return
        }
        for item in source.items {
            guard let bytes = data[item.key] else {
                guard source.optional == true else { throw .missingKey(kind: kind, name: name, key: item.key) }
                continue
            }
            try self.add(bytes, at: item.path, mode: item.mode ?? mode, to: &files)
        }
    }

    private static func add(
        _ source: DownwardAPISource, _ fields: DownwardFields, mode: Int?, to files: inout [String: VolumeFile]
    ) throws(ContainerConfigError) {
        for item in source.items {
            var text = ""
            if let field = item.fieldRef {
                text = try fields.value(field.fieldPath)
            } else if let resource = item.resourceFieldRef {
                text = try fields.value(resource, of: Container(name: resource.containerName ?? ""))
            }
            try self.add(Array(text.utf8), at: item.path, mode: item.mode ?? mode, to: &files)
        }
    }

    /// Paths are relative and stay inside; names that begin with two dots are the node agent's own.
    private static func add(
        _ bytes: [UInt8], at path: String, mode: Int?, to files: inout [String: VolumeFile]
    ) throws(ContainerConfigError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0.hasPrefix("..") }) else {
            throw .invalidPath(path)
        }
        files[path] = VolumeFile(bytes: bytes, mode: UInt32(truncatingIfNeeded: mode ?? 0o644) & 0o777)
    }
}
