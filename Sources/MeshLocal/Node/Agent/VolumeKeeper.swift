import MeshModel
import MeshResources
import SystemPackage

/// Keeps a pod's volumes on the machine filled and fresh.
actor VolumeKeeper {
    private let access: any NodeAccess
    private let place: ContainerLaunch.Place
    private var tokens: [TokenRequest: Token] = [:]

    /// A token and when the next one is due.
    private struct Token {
        var text: String
        var renewal: ContinuousClock.Instant
    }

    /// How often contents are read again.
    static let period = Duration.seconds(15)

    init(access: any NodeAccess, place: ContainerLaunch.Place) {
        self.access = access
        self.place = place
    }

    /// Reads what the pod refers to and brings every volume up to date.
    ///
    /// - Throws: ``ContainerConfigError``, or the API server's or file system's error.
    func update(_ fields: DownwardFields) async throws -> PodSources {
        let pod = fields.pod
        let sources = try await self.sources(of: pod)
        try await self.renewTokens(of: pod)
        // No suspension from here on: two containers that start at the same time do not write at the same time.
        let texts = self.tokens.mapValues(\.text)
        let group = pod.spec.securityContext?.fsGroup.map { UInt32(clamping: $0) }
        for volume in pod.spec.volumes {
            let directory = VolumeDirectory(path: self.place.volume(volume.name))
            switch try VolumeContents(volume, sources: sources, fields: fields, tokens: texts) {
            case .empty: try directory.create(shared: true, group: group)
            case .host: break
            case .files(let files): try directory.replace(with: files, group: group)
            }
        }
        return sources
    }

    private func sources(of pod: Pod) async throws -> PodSources {
        let namespace = pod.metadata.namespace
        var sources = PodSources()
        for (name, isRequired) in pod.configMapReferences {
            let key = ObjectKey(namespace: namespace, name: name)
            if let object = try await self.access.configMap(key) {
                let texts = object.data.mapValues { Array($0.utf8) }
                sources.configMaps[name] = texts.merging(object.binaryData.mapValues(\.bytes)) { $1 }
            } else if isRequired {
                throw ContainerConfigError.missing(kind: "configmap", name: name)
            }
        }
        for (name, isRequired) in pod.secretReferences {
            let key = ObjectKey(namespace: namespace, name: name)
            if let object = try await self.access.secret(key) {
                sources.secrets[name] = object.data.mapValues(\.bytes)
            } else if isRequired {
                throw ContainerConfigError.missing(kind: "secret", name: name)
            }
        }
        return sources
    }

    private func renewTokens(of pod: Pod) async throws {
        let account = ObjectKey(
            namespace: pod.metadata.namespace, name: pod.spec.serviceAccountName ?? "default")
        for request in Set(pod.spec.volumes.flatMap(\.tokenRequests)) {
            if let token = self.tokens[request], token.renewal > .now { continue }
            let text = try await self.access.token(
                of: account, audience: request.audience, expirationSeconds: request.expirationSeconds, for: pod)
            // As the kubelet does: renewed when four fifths of its time are over.
            let life = Duration.seconds(request.expirationSeconds * 4 / 5)
            self.tokens[request] = Token(text: text, renewal: .now + life)
        }
    }
}
