import MeshCodec
import MeshModel
import MeshResources

/// One open watch as lines of JSON.
struct WatchSession: Sendable {
    let kind: ResourceKind
    let namespace: String?
    let labels: LabelSelection?
    let fields: FieldSelection?
    let negotiation: Negotiation
    let include: TableRenderer.Include
    let allowsBookmarks: Bool
    /// A bookmark with `k8s.io/initial-events-end` follows the initial events.
    let sendsInitialEvents: Bool
    let timeoutSeconds: Int64
    let registry: Registry
    let watch: StoreWatch
    /// The lowest revision that a bookmark may name.
    let startRevision: Int64

    /// State that grows while the watch runs.
    struct Progress {
        var hasSentColumns = false
    }

    private func isSelected(_ object: JSONValue) -> Bool {
        if let labels = self.labels, !labels.matches(object.labels) { return false }
        if let fields = self.fields, !fields.matches(object) { return false }
        return true
    }

    /// The lines to begin with.
    func initialLines(_ progress: inout Progress) -> [UInt8] {
        var output: [UInt8] = []
        switch self.watch.backlog {
        case .changes(let changes):
            for change in changes { self.append(change, to: &output, &progress) }
        case .state(let objects):
            for stored in objects {
                if let namespace = self.namespace, stored.object.objectNamespace != namespace { continue }
                let view = Representation.view(stored.object, as: self.kind)
                if self.isSelected(view) { self.append("ADDED", view, to: &output, &progress) }
            }
        }
        if self.sendsInitialEvents, self.allowsBookmarks {
            self.appendBookmark(self.watch.revision, isInitialEnd: true, to: &output)
        }
        return output
    }

    /// The lines of what a signal tells; none when the watcher has not asked for it.
    func lines(for signal: WatchSignal, _ progress: inout Progress) -> [UInt8] {
        var output: [UInt8] = []
        switch signal {
        case .change(let change): self.append(change, to: &output, &progress)
        case .bookmark(let revision):
            if self.allowsBookmarks, revision >= self.startRevision {
                self.appendBookmark(revision, isInitialEnd: false, to: &output)
            }
        }
        return output
    }

    private func append(_ change: ObjectStore.Change, to output: inout [UInt8], _ progress: inout Progress) {
        guard change.revision > self.startRevision || self.startRevision == 0 else { return }
        if let namespace = self.namespace, change.key.namespace != namespace { return }
        let view = Representation.view(change.object, as: self.kind)
        let previous = change.previous.map { Representation.view($0, as: self.kind) }
        let isNow = change.kind != .deleted && self.isSelected(view)
        let wasBefore = previous.map(self.isSelected) ?? false
        switch (wasBefore, isNow) {
        case (false, false): return
        case (false, true): self.append("ADDED", view, to: &output, &progress)
        case (true, true): self.append("MODIFIED", view, to: &output, &progress)
        case (true, false):
            // The last state that was selected, under the revision of the change.
            var last = change.kind == .deleted ? view : previous ?? view
            last.set(["metadata", "resourceVersion"], .string(String(change.revision)))
            self.append("DELETED", last, to: &output, &progress)
        }
    }

    private func append(_ type: String, _ object: JSONValue, to output: inout [UInt8], _ progress: inout Progress) {
        let shown: JSONValue
        switch self.negotiation.form {
        case .table:
            let renderer = TableRenderer(
                kind: self.kind, now: self.registry.surroundings.now(), include: self.include)
            let version: JSONValue = ["resourceVersion": object["metadata"]?["resourceVersion"] ?? ""]
            shown = renderer.table([object], metadata: version, withColumns: !progress.hasSentColumns)
            progress.hasSentColumns = true
        case .metadata: shown = PartialMetadata.object(object)
        default: shown = object
        }
        Self.append(["type": .string(type), "object": shown], to: &output)
    }

    private func appendBookmark(_ revision: Int64, isInitialEnd: Bool, to output: inout [UInt8]) {
        var metadata: JSONValue = ["resourceVersion": .string(String(revision))]
        if isInitialEnd { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        var object: JSONValue = [
            "kind": .string(self.kind.kind), "apiVersion": .string(self.kind.apiVersion), "metadata": metadata,
        ]
        switch self.negotiation.form {
        case .table:
            object["metadata"]?["creationTimestamp"] = nil
            object = [
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": nil,
                "rows": [],
            ]
        case .metadata: object = PartialMetadata.object(object)
        default: break
        }
        Self.append(["type": "BOOKMARK", "object": object], to: &output)
    }

    /// The line of an error, which ends a watch.
    static func errorLine(_ failure: APIFailure) -> [UInt8] {
        var output: [UInt8] = []
        Self.append(["type": "ERROR", "object": failure.status], to: &output)
        return output
    }

    private static func append(_ event: JSONValue, to output: inout [UInt8]) {
        JSONWriter.append(event, to: &output)
        output.append(0x0A)
    }
}
