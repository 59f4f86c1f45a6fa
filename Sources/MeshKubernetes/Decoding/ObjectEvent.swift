import MeshCodec
import MeshModel
import MeshResources

/// An event of a watch whose object is of a known type.
enum ObjectEvent<Object: KubernetesObject> {
    /// The object is new or changed, or does not fit the type.
    case stored(Result<Object, InvalidObject>)
    /// The object is gone, as of this version.
    case deleted(ObjectKey, version: String)
    /// Everything up to this version has been told.
    case bookmark(version: String, endsInitialList: Bool)

    /// The version up to which everything is known after the event; empty when it says nothing about that.
    var version: String {
        switch self {
        case .stored(.success(let object)): object.metadata.resourceVersion
        case .stored(.failure(let invalid)): invalid.resourceVersion
        case .deleted(_, let version), .bookmark(let version, _): version
        }
    }
}

extension WatchSequence.Iterator {
    /// The next event, its object read by `reader`; nil once the server has ended the watch.
    mutating func nextObject<Object>(
        _ reader: ObjectReader<Object>, pool: StringPool
    ) async throws(KubernetesError) -> ObjectEvent<Object>? {
        guard let line = try await self.nextLine() else { return nil }
        if let event = try Self.stored(line, reader, pool: pool) { return event }
        switch try Self.event(line) {
        case .added(let document), .modified(let document): return .stored(reader.decode(document))
        case .deleted(let document):
            // A last state that cannot be read is still a deletion.
            return .deleted(
                ObjectKey(of: document), version: document[path: "metadata", "resourceVersion"]?.string ?? "")
        case .bookmark(let version, let endsInitialList):
            return .bookmark(version: version, endsInitialList: endsInitialList)
        }
    }

    /// The commonest form of event, without a document in between; nil for any other.
    private static func stored<Object>(
        _ line: [UInt8], _ reader: ObjectReader<Object>, pool: StringPool
    ) throws(KubernetesError) -> ObjectEvent<Object>? {
        var json = JSONCursor(line, pool: pool)
        do {
            try json.enterObject()
            guard try json.nextMemberName() == "type" else { return nil }
            let type = try json.string()
            guard type == "ADDED" || type == "MODIFIED", try json.nextMemberName() == "object" else { return nil }
            let object = try reader.read(&json)
            guard try json.nextMemberName() == nil, json.isAtEnd() else { return nil }
            return .stored(object)
        } catch {
            throw .invalidAnswer(reason: "an event cannot be read: \(error)")
        }
    }
}
