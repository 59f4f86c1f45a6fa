import MeshCodec
import MeshResources

extension ObjectMeta {
    private enum Field: String, CaseIterable {
        case name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp
        case deletionGracePeriodSeconds, generateName, labels, annotations, ownerReferences, finalizers
    }

    private static let fields = JSONFields(Field.self)

    init(reading json: inout JSONCursor) throws(JSONError) {
        self.init(name: "")
        try json.enterObject()
        while let field = try Self.fields.next(in: &json) {
            switch field {
            case .name: self.name = try json.string()
            case .namespace: self.namespace = try json.string(isShared: true)
            case .uid: self.uid = try json.string()
            case .resourceVersion: self.resourceVersion = try json.string()
            case .generation: self.generation = try json.integer()
            case .creationTimestamp: self.creationTimestamp = try Timestamp(reading: &json)
            case .deletionTimestamp: self.deletionTimestamp = try Timestamp(reading: &json)
            case .deletionGracePeriodSeconds: self.deletionGracePeriodSeconds = try json.integer()
            case .generateName: self.generateName = try json.string(isShared: true)
            case .labels: self.labels = try json.stringsByName(areShared: true)
            case .annotations: self.annotations = try json.stringsByName(areShared: true)
            case .ownerReferences:
                try json.enterArray()
                while try json.nextElement() { self.ownerReferences.append(try OwnerReference(reading: &json)) }
            case .finalizers: self.finalizers = try json.strings(areShared: true)
            }
        }
    }
}

extension OwnerReference {
    private enum Field: String, CaseIterable {
        case apiVersion, kind, name, uid, controller, blockOwnerDeletion
    }

    private static let fields = JSONFields(Field.self)

    init(reading json: inout JSONCursor) throws(JSONError) {
        var apiVersion: String?
        var kind: String?
        var name: String?
        var uid: String?
        var controller: Bool?
        var blockOwnerDeletion: Bool?
        try json.enterObject()
        while let field = try Self.fields.next(in: &json) {
            switch field {
            case .apiVersion: apiVersion = try json.string(isShared: true)
            case .kind: kind = try json.string(isShared: true)
            case .name: name = try json.string(isShared: true)
            case .uid: uid = try json.string(isShared: true)
            case .controller: controller = try json.bool()
            case .blockOwnerDeletion: blockOwnerDeletion = try json.bool()
            }
        }
        guard let apiVersion, let kind, let name, let uid else { throw .missingMember(offset: json.offset) }
        self.init(
            apiVersion: apiVersion, kind: kind, name: name, uid: uid, controller: controller,
            blockOwnerDeletion: blockOwnerDeletion)
    }
}

extension ObjectReference {
    private enum Field: String, CaseIterable {
        case apiVersion, kind, namespace, name, uid, resourceVersion, fieldPath
    }

    private static let fields = JSONFields(Field.self)

    init(reading json: inout JSONCursor) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let field = try Self.fields.next(in: &json) {
            switch field {
            case .apiVersion: self.apiVersion = try json.string(isShared: true)
            case .kind: self.kind = try json.string(isShared: true)
            case .namespace: self.namespace = try json.string(isShared: true)
            case .name: self.name = try json.string()
            case .uid: self.uid = try json.string()
            case .resourceVersion: self.resourceVersion = try json.string()
            case .fieldPath: self.fieldPath = try json.string(isShared: true)
            }
        }
    }
}

extension Timestamp {
    init(reading json: inout JSONCursor) throws(JSONError) {
        let offset = json.offset
        guard let time = Timestamp(try json.string()) else { throw .invalidString(offset: offset) }
        self = time
    }
}
