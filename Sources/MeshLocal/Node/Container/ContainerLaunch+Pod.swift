import MeshModel
import MeshResources
import SystemPackage

extension ContainerLaunch {
    /// What the node agent has on the machine for one pod.
    struct Place: Sendable {
        /// The pod's directory.
        var directory: FilePath
        /// The cluster's DNS server and domain.
        var dns: IPAddress
        var domain: String
        /// Service `default/kubernetes`.
        var apiServer: IPAddress
    }

    /// The launch of `container`, all references resolved.
    ///
    /// - Throws: ``ContainerConfigError`` when a reference cannot be resolved or root is not allowed.
    init(
        _ container: Container, fields: DownwardFields, sources: PodSources, images: ImageTable, place: Place
    ) throws(ContainerConfigError) {
        let pod = fields.pod
        guard let image = images.path(of: container.image ?? "") else {
            throw .unknownImage(container.image ?? "")
        }
        let hostname = String((pod.spec.hostname ?? pod.metadata.name).prefix(63))
        let environment = try ContainerEnvironment(
            container, base: Self.baseEnvironment(hostname, place), sources: sources, fields: fields)
        let command = container.command.isEmpty ? [image] : container.command.map(environment.expand)
        self.init(
            root: place.directory.appending("containers").appending(container.name).appending("root").string,
            hostname: hostname, command: command + container.args.map(environment.expand))
        self.environment = environment.values
        self.files = Self.files(fields, hostname, place)
        self.mounts = try Self.mounts(container, pod, place)
        self.workingDirectory = container.workingDir ?? "/"
        try self.restrict(container, pod.spec.securityContext)
    }

    private mutating func restrict(_ container: Container, _ pod: PodSecurityContext?) throws(ContainerConfigError) {
        let own = container.securityContext
        self.user = Self.identifier(own?.runAsUser ?? pod?.runAsUser)
        self.group = Self.identifier(own?.runAsGroup ?? pod?.runAsGroup ?? own?.runAsUser ?? pod?.runAsUser)
        if let group = pod?.fsGroup { self.groups = [Self.identifier(group)] }
        guard self.user != 0 || (own?.runAsNonRoot ?? pod?.runAsNonRoot) != true else {
            throw .rootNotAllowed(container.name)
        }
        let added = Set((own?.capabilities?.add ?? []).map(Self.capability))
        let dropped = Set((own?.capabilities?.drop ?? []).map(Self.capability))
        // Without file capabilities in an image, only what is added reaches an unprivileged user.
        var allowed = self.user == 0 ? Self.rootCapabilities : []
        allowed = dropped.contains("all") ? [] : allowed.subtracting(dropped)
        self.capabilities = allowed.union(added.subtracting(["all"])).sorted()
        self.privileged = own?.privileged == true || added.contains("all")
        self.noNewPrivileges = own?.allowPrivilegeEscalation == false
        self.readOnlyRoot = own?.readOnlyRootFilesystem == true
    }

    private static func identifier(_ value: Int64?) -> UInt32 { UInt32(clamping: value ?? 0) }

    /// `NET_ADMIN` and `CAP_NET_ADMIN` → `net_admin`.
    private static func capability(_ name: String) -> String {
        let lower = name.lowercased()
        return lower.hasPrefix("cap_") ? String(lower.dropFirst(4)) : lower
    }

    private static func baseEnvironment(_ hostname: String, _ place: Place) -> [String: String] {
        let address = place.apiServer.description
        return [
            "PATH": ContainerLauncher.searchPath, "HOSTNAME": hostname, "HOME": "/",
            "KUBERNETES_SERVICE_HOST": address, "KUBERNETES_SERVICE_PORT": "443",
            "KUBERNETES_SERVICE_PORT_HTTPS": "443", "KUBERNETES_PORT": "tcp://\(address):443",
            "KUBERNETES_PORT_443_TCP": "tcp://\(address):443", "KUBERNETES_PORT_443_TCP_PROTO": "tcp",
            "KUBERNETES_PORT_443_TCP_PORT": "443", "KUBERNETES_PORT_443_TCP_ADDR": address,
        ]
    }

    private static func files(_ fields: DownwardFields, _ hostname: String, _ place: Place) -> [String: String] {
        let namespace = fields.pod.metadata.namespace
        let search = "\(namespace).svc.\(place.domain) svc.\(place.domain) \(place.domain)"
        return [
            "/etc/resolv.conf": "search \(search)\nnameserver \(place.dns)\noptions ndots:5\n",
            "/etc/hostname": "\(hostname)\n",
            "/etc/hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost\n\(fields.address)\t\(hostname)\n",
        ]
    }

    private static func mounts(
        _ container: Container, _ pod: Pod, _ place: Place
    ) throws(ContainerConfigError) -> [Mount] {
        var mounts: [Mount] = []
        for mount in container.volumeMounts {
            guard let volume = pod.spec.volumes.first(where: { $0.name == mount.name }) else {
                throw .unknownVolume(mount.name)
            }
            guard mount.mountPath.hasPrefix("/"), !mount.mountPath.split(separator: "/").contains("..") else {
                throw .invalidPath(mount.mountPath)
            }
            var source = volume.hostPath.map { FilePath($0.path) } ?? place.volume(volume.name)
            if let subPath = mount.subPath, !subPath.isEmpty {
                let part = FilePath(subPath)
                guard !part.isAbsolute, !part.components.contains("..") else { throw .invalidPath(subPath) }
                source = source.pushing(part)
            }
            let isWritable = volume.emptyDir != nil || volume.hostPath != nil
            mounts.append(
                Mount(source: source.string, target: mount.mountPath, readOnly: mount.readOnly == true || !isWritable))
        }
        // A mount below another one comes after it.
        return mounts.sorted { ($0.target.utf8.count, $0.target) < ($1.target.utf8.count, $1.target) }
    }
}

extension ContainerLaunch.Place {
    /// The directory of a volume.
    func volume(_ name: String) -> FilePath {
        self.directory.appending("volumes").appending(name)
    }
}
