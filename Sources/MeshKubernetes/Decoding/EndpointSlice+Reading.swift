import MeshCodec
import MeshResources

extension EndpointSlice: JSONReadable {
    private enum Field: String, CaseIterable {
        case metadata, addressType, endpoints, ports
    }

    private static let fields = JSONFields(Field.self)

    init(reading json: inout JSONCursor) throws(JSONError) {
        var metadata: ObjectMeta?
        var addressType: String?
        var endpoints: [Endpoint] = []
        var ports: [EndpointPort] = []
        try json.enterObject()
        while let field = try Self.fields.next(in: &json) {
            switch field {
            case .metadata: metadata = try ObjectMeta(reading: &json)
            case .addressType: addressType = try json.string()
            case .endpoints:
                endpoints = []
                try json.enterArray()
                while try json.nextElement() { endpoints.append(try Endpoint(reading: &json)) }
            case .ports:
                ports = []
                try json.enterArray()
                while try json.nextElement() { ports.append(try EndpointPort(reading: &json)) }
            }
        }
        guard let metadata, let addressType else { throw .missingMember(offset: json.offset) }
        self.init(metadata: metadata, addressType: addressType, endpoints: endpoints, ports: ports)
    }
}

extension Endpoint {
    private enum Field: String, CaseIterable {
        case addresses, conditions, hostname, nodeName, zone, targetRef, hints
    }

    private static let fields = JSONFields(Field.self)

    init(reading json: inout JSONCursor) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let field = try Self.fields.next(in: &json) {
            switch field {
            case .addresses: self.addresses = try json.strings()
            case .conditions: self.conditions = try EndpointConditions(reading: &json)
            case .hostname: self.hostname = try json.string()
            case .nodeName: self.nodeName = try json.string(isShared: true)
            case .zone: self.zone = try json.string(isShared: true)
            case .targetRef: self.targetRef = try ObjectReference(reading: &json)
            case .hints: self.hints = try EndpointHints(reading: &json)
            }
        }
    }
}

extension EndpointConditions {
    private enum Field: String, CaseIterable {
        case ready, serving, terminating
    }

    private static let fields = JSONFields(Field.self)

    init(reading json: inout JSONCursor) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let field = try Self.fields.next(in: &json) {
            switch field {
            case .ready: self.ready = try json.bool()
            case .serving: self.serving = try json.bool()
            case .terminating: self.terminating = try json.bool()
            }
        }
    }
}

extension EndpointHints {
    private enum Field: String, CaseIterable {
        case forZones
    }

    private enum ZoneField: String, CaseIterable {
        case name
    }

    private static let fields = JSONFields(Field.self)
    private static let zoneFields = JSONFields(ZoneField.self)

    init(reading json: inout JSONCursor) throws(JSONError) {
        self.init()
        try json.enterObject()
        while try Self.fields.next(in: &json) != nil {
            self.forZones = []
            try json.enterArray()
            while try json.nextElement() {
                var name: String?
                try json.enterObject()
                while try Self.zoneFields.next(in: &json) != nil { name = try json.string(isShared: true) }
                guard let name else { throw .missingMember(offset: json.offset) }
                self.forZones.append(ZoneHint(name: name))
            }
        }
    }
}

extension EndpointPort {
    private enum Field: String, CaseIterable {
        case name, port, `protocol`, appProtocol
    }

    private static let fields = JSONFields(Field.self)

    init(reading json: inout JSONCursor) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let field = try Self.fields.next(in: &json) {
            switch field {
            case .name: self.name = try json.string(isShared: true)
            case .port: self.port = try json.integer()
            case .protocol:
                let offset = json.offset
                guard let known = TransportProtocol(rawValue: try json.string()) else {
                    throw .invalidString(offset: offset)
                }
                self.protocol = known
            case .appProtocol: self.appProtocol = try json.string(isShared: true)
            }
        }
    }
}
