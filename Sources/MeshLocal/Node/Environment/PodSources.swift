import MeshModel
import MeshResources

/// The ConfigMaps and Secrets that a pod refers to, as they were read.
struct PodSources: Hashable, Sendable {
    /// Values by name and key; binary data included.
    var configMaps: [String: [String: [UInt8]]] = [:]
    /// Values by name and key.
    var secrets: [String: [String: [UInt8]]] = [:]
}

/// Why a container cannot be created from what its pod refers to.
enum ContainerConfigError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no such ConfigMap or Secret.
    case missing(kind: String, name: String)
    /// It has no such key.
    case missingKey(kind: String, name: String, key: String)
    /// No such field of a pod can be passed on.
    case unsupportedField(String)
    /// A volume kind that only a real node has.
    case unsupportedVolume(String)
    /// A mount of a volume that the pod does not have.
    case unknownVolume(String)
    /// The image is in no table.
    case unknownImage(String)
    /// A path that leads out of where it belongs.
    case invalidPath(String)
    /// `runAsNonRoot` with a user that is root.
    case rootNotAllowed(String)

    /// One line for the container's status.
    var description: String {
        switch self {
        case .missing(let kind, let name): "\(kind) \"\(name)\" not found"
        case .missingKey(let kind, let name, let key): "couldn't find key \(key) in \(kind) \(name)"
        case .unsupportedField(let path): "unsupported fieldPath: \(path)"
        case .unsupportedVolume(let name): "volume \"\(name)\" is of a kind that a local cluster does not have"
        case .unknownVolume(let name): "the pod has no volume \"\(name)\""
        case .unknownImage(let image):
            "no local executable for image \"\(image)\": run `heddle local up --image NAME=PATH`"
        case .invalidPath(let path): "invalid path \"\(path)\""
        case .rootNotAllowed(let name): "container \"\(name)\" has runAsNonRoot and would run as root"
        }
    }
}

extension Pod {
    /// The names of the ConfigMaps that this pod refers to, of containers and volumes; true means that it must exist.
    var configMapReferences: [String: Bool] {
        var references: [String: Bool] = [:]
        func add(_ name: String?, _ optional: Bool?) {
            guard let name else { return }
            references[name] = references[name] == true || optional != true
        }
        for container in self.spec.initContainers + self.spec.containers {
            for variable in container.env {
                add(variable.valueFrom?.configMapKeyRef?.name, variable.valueFrom?.configMapKeyRef?.optional)
            }
            for source in container.envFrom { add(source.configMapRef?.name, source.configMapRef?.optional) }
        }
        for volume in self.spec.volumes {
            add(volume.configMap?.name, volume.configMap?.optional)
            for source in volume.projected?.sources ?? [] { add(source.configMap?.name, source.configMap?.optional) }
        }
        return references
    }

    /// The names of the Secrets that this pod refers to, of containers and volumes; true means that it must exist.
    var secretReferences: [String: Bool] {
        var references: [String: Bool] = [:]
        func add(_ name: String?, _ optional: Bool?) {
            guard let name else { return }
            references[name] = references[name] == true || optional != true
        }
        for container in self.spec.initContainers + self.spec.containers {
            for variable in container.env {
                add(variable.valueFrom?.secretKeyRef?.name, variable.valueFrom?.secretKeyRef?.optional)
            }
            for source in container.envFrom { add(source.secretRef?.name, source.secretRef?.optional) }
        }
        for volume in self.spec.volumes {
            add(volume.secret?.secretName, volume.secret?.optional)
            for source in volume.projected?.sources ?? [] { add(source.secret?.name, source.secret?.optional) }
        }
        return references
    }
}
