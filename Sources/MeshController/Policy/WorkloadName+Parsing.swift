import MeshCodec
import MeshCompiler
import MeshModel

extension WorkloadName {
    /// Reads how a proxy names its workload: JSON with `ns` and either `pod` or `external_workload`, or `ns:pod`.
    ///
    /// Nil for anything else, also when a name is empty.
    init?(parsing text: String) {
        guard text.utf8.count <= 4096 else { return nil }
        if text.hasPrefix("{") {
            guard let document = try? JSONReader.read(Array(text.utf8)) else { return nil }  // Nil says it all.
            guard let namespace = document["ns"]?.string else { return nil }
            switch (document["pod"]?.string, document["external_workload"]?.string) {
            case (let name?, nil): self.init(namespace: namespace, kind: .pod, name: name)
            case (nil, let name?): self.init(namespace: namespace, kind: .external, name: name)
            default: return nil
            }
        } else {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].contains(":") else { return nil }
            self.init(namespace: String(parts[0]), kind: .pod, name: String(parts[1]))
        }
        guard !self.namespace.isEmpty, !self.name.isEmpty else { return nil }
    }
}
