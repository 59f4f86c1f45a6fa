/// Files that containers may mount; exactly one source.
public struct Volume: Codable, Hashable, Sendable {
    /// Unique in the pod.
    public var name: String
    /// An empty directory that ends with the pod.
    public var emptyDir: EmptyDirSource?
    /// The keys of a ConfigMap as files.
    public var configMap: ConfigMapSource?
    /// The keys of a Secret as files.
    public var secret: SecretSource?
    /// Several sources in one directory.
    public var projected: ProjectedSource?
    /// Fields of the pod as files.
    public var downwardAPI: DownwardAPISource?
    /// A path of the node.
    public var hostPath: HostPathSource?

    /// A value with these fields.
    public init(
        name: String, emptyDir: EmptyDirSource? = nil, configMap: ConfigMapSource? = nil, secret: SecretSource? = nil,
        projected: ProjectedSource? = nil, downwardAPI: DownwardAPISource? = nil, hostPath: HostPathSource? = nil
    ) {
        self.name = name
        self.emptyDir = emptyDir
        self.configMap = configMap
        self.secret = secret
        self.projected = projected
        self.downwardAPI = downwardAPI
        self.hostPath = hostPath
    }
}

/// An empty directory.
public struct EmptyDirSource: Codable, Hashable, Sendable {
    /// `Memory` keeps it in memory.
    public var medium: String?
    /// How large it may grow.
    public var sizeLimit: Quantity?

    /// A value with these fields.
    public init(medium: String? = nil, sizeLimit: Quantity? = nil) {
        self.medium = medium
        self.sizeLimit = sizeLimit
    }
}

extension EmptyDirSource: Omissible {
    static let omitted = EmptyDirSource()
}

/// A path of the node.
public struct HostPathSource: Codable, Hashable, Sendable {
    /// The path.
    public var path: String
    /// What the path must be.
    public var type: String?

    /// A value with these fields.
    public init(path: String, type: String? = nil) {
        self.path = path
        self.type = type
    }
}

/// A ConfigMap as files.
public struct ConfigMapSource: Codable, Hashable, Sendable {
    /// The ConfigMap.
    public var name: String?
    /// The keys; empty means all, by their own names.
    public var items: [KeyToPath]
    /// Permission bits.
    public var defaultMode: Int?
    /// True when it may be missing.
    public var optional: Bool?

    /// A value with these fields.
    public init(name: String? = nil, items: [KeyToPath] = [], defaultMode: Int? = nil, optional: Bool? = nil) {
        self.name = name
        self.items = items
        self.defaultMode = defaultMode
        self.optional = optional
    }
}

extension ConfigMapSource: Omissible {
    static let omitted = ConfigMapSource()
}

/// A Secret as files, in a volume of its own.
public struct SecretSource: Codable, Hashable, Sendable {
    /// The Secret.
    public var secretName: String?
    /// The keys; empty means all, by their own names.
    public var items: [KeyToPath]
    /// Permission bits.
    public var defaultMode: Int?
    /// True when it may be missing.
    public var optional: Bool?

    /// A value with these fields.
    public init(secretName: String? = nil, items: [KeyToPath] = [], defaultMode: Int? = nil, optional: Bool? = nil) {
        self.secretName = secretName
        self.items = items
        self.defaultMode = defaultMode
        self.optional = optional
    }
}

extension SecretSource: Omissible {
    static let omitted = SecretSource()
}

/// A key and the file that it becomes.
public struct KeyToPath: Codable, Hashable, Sendable {
    /// The key.
    public var key: String
    /// The file, relative to the volume.
    public var path: String
    /// Permission bits.
    public var mode: Int?

    /// A value with these fields.
    public init(key: String, path: String, mode: Int? = nil) {
        self.key = key
        self.path = path
        self.mode = mode
    }
}

/// Several sources in one directory.
public struct ProjectedSource: Codable, Hashable, Sendable {
    /// The sources; later ones win.
    public var sources: [VolumeProjection]
    /// Permission bits.
    public var defaultMode: Int?

    /// A value with these fields.
    public init(sources: [VolumeProjection] = [], defaultMode: Int? = nil) {
        self.sources = sources
        self.defaultMode = defaultMode
    }
}

extension ProjectedSource: Omissible {
    static let omitted = ProjectedSource()
}

/// One source of a projected volume; exactly one.
public struct VolumeProjection: Codable, Hashable, Sendable {
    /// A token of the pod's account.
    public var serviceAccountToken: ServiceAccountTokenProjection?
    /// A ConfigMap.
    public var configMap: ConfigMapSource?
    /// A Secret; here the field is `name`.
    public var secret: ConfigMapSource?
    /// Fields of the pod.
    public var downwardAPI: DownwardAPISource?

    /// A value with these fields.
    public init(
        serviceAccountToken: ServiceAccountTokenProjection? = nil, configMap: ConfigMapSource? = nil,
        secret: ConfigMapSource? = nil, downwardAPI: DownwardAPISource? = nil
    ) {
        self.serviceAccountToken = serviceAccountToken
        self.configMap = configMap
        self.secret = secret
        self.downwardAPI = downwardAPI
    }
}

extension VolumeProjection: Omissible {
    static let omitted = VolumeProjection()
}

/// A token of the pod's account, renewed by the node.
public struct ServiceAccountTokenProjection: Codable, Hashable, Sendable {
    /// Whom the token is for; absent means the API server.
    public var audience: String?
    /// Its life; absent means 3600.
    public var expirationSeconds: Int64?
    /// The file, relative to the volume.
    public var path: String

    /// A value with these fields.
    public init(audience: String? = nil, expirationSeconds: Int64? = nil, path: String) {
        self.audience = audience
        self.expirationSeconds = expirationSeconds
        self.path = path
    }
}

/// Fields of the pod as files.
public struct DownwardAPISource: Codable, Hashable, Sendable {
    /// The files.
    public var items: [DownwardAPIFile]
    /// Permission bits.
    public var defaultMode: Int?

    /// A value with these fields.
    public init(items: [DownwardAPIFile] = [], defaultMode: Int? = nil) {
        self.items = items
        self.defaultMode = defaultMode
    }
}

extension DownwardAPISource: Omissible {
    static let omitted = DownwardAPISource()
}

/// One field of the pod as a file.
public struct DownwardAPIFile: Codable, Hashable, Sendable {
    /// The file, relative to the volume.
    public var path: String
    /// A field of the pod.
    public var fieldRef: ObjectFieldSelector?
    /// A resource of a container.
    public var resourceFieldRef: ResourceFieldSelector?
    /// Permission bits.
    public var mode: Int?

    /// A value with these fields.
    public init(
        path: String, fieldRef: ObjectFieldSelector? = nil, resourceFieldRef: ResourceFieldSelector? = nil,
        mode: Int? = nil
    ) {
        self.path = path
        self.fieldRef = fieldRef
        self.resourceFieldRef = resourceFieldRef
        self.mode = mode
    }
}
