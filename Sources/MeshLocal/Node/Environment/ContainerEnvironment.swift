import MeshModel
import MeshResources

/// A container's variables, and the `$(NAME)` references to them.
struct ContainerEnvironment: Hashable, Sendable {
    /// Variables by name.
    private(set) var values: [String: String]

    /// Puts the variables of `container` on top of `base`, later ones over earlier ones.
    ///
    /// - Throws: ``ContainerConfigError`` for a reference that must exist and does not.
    init(
        _ container: Container, base: [String: String], sources: PodSources, fields: DownwardFields
    ) throws(ContainerConfigError) {
        self.values = base
        for source in container.envFrom {
            try self.add(source.configMapRef, prefix: source.prefix, of: sources.configMaps, "configmap")
            try self.add(source.secretRef, prefix: source.prefix, of: sources.secrets, "secret")
        }
        for variable in container.env {
            guard let source = variable.valueFrom else {
                self.values[variable.name] = self.expand(variable.value ?? "")
                continue
            }
            self.values[variable.name] = try Self.value(source, container, sources, fields)
        }
    }

    /// Replaces `$(NAME)` by the variable's value; `$$` is a dollar sign, and what names no variable stays.
    func expand(_ text: String) -> String {
        var output = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "$", let next = rest.first else {
                output.append(character)
                continue
            }
            if next == "$" {
                output.append("$")
                rest.removeFirst()
            } else if next == "(", let end = rest.firstIndex(of: ")") {
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                output += self.values[name] ?? "$(\(name))"
                rest = rest[rest.index(after: end)...]
            } else {
                output.append(character)
            }
        }
        return output
    }

    private mutating func add(
        _ reference: OptionalReference?, prefix: String?, of objects: [String: [String: [UInt8]]], _ kind: String
    ) throws(ContainerConfigError) {
        guard let reference, let name = reference.name else { return }
        guard let data = objects[name] else {
            guard reference.optional == true else { throw .missing(kind: kind, name: name) }
            return
        }
        for (key, bytes) in data { self.values[(prefix ?? "") + key] = String(decoding: bytes, as: UTF8.self) }
    }

    private static func value(
        _ source: EnvVarSource, _ container: Container, _ sources: PodSources, _ fields: DownwardFields
    ) throws(ContainerConfigError) -> String? {
        if let field = source.fieldRef { return try fields.value(field.fieldPath) }
        if let resource = source.resourceFieldRef { return try fields.value(resource, of: container) }
        if let selector = source.configMapKeyRef {
            return try self.value(selector, of: sources.configMaps, "configmap")
        }
        guard let selector = source.secretKeyRef else { return "" }
        return try self.value(selector, of: sources.secrets, "secret")
    }

    private static func value(
        _ selector: KeySelector, of objects: [String: [String: [UInt8]]], _ kind: String
    ) throws(ContainerConfigError) -> String? {
        let name = selector.name ?? ""
        if let bytes = objects[name]?[selector.key] { return String(decoding: bytes, as: UTF8.self) }
        guard selector.optional != true else { return nil }
        guard objects[name] != nil else { throw .missing(kind: kind, name: name) }
        throw .missingKey(kind: kind, name: name, key: selector.key)
    }
}
