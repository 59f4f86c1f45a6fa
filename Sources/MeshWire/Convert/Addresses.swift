internal import MeshModel
internal import SwiftProtobuf

extension IPAddress {
    init(_ wire: WireIPAddress) throws(WireError) {
        switch wire.ip {
        case .ipv4(let value): self = .v4(value)
        case .ipv6(let value): self = .v6(value.first, value.last)
        case nil: throw .missing("ip")
        }
    }

    var wire: WireIPAddress {
        .with {
            switch self {
            case .v4(let value): $0.ipv4 = value
            case .v6(let upper, let lower):
                $0.ipv6 = .with {
                    $0.first = upper
                    $0.last = lower
                }
            }
        }
    }
}

extension IPNetwork {
    init(_ wire: WireIPNetwork) throws(WireError) {
        let address = try IPAddress(wire.ip)
        guard let network = IPNetwork(address, prefixLength: Int(wire.prefixLen)) else {
            throw .invalid("prefix_len", value: "\(address)/\(wire.prefixLen)")
        }
        self = network
    }

    var wire: WireIPNetwork {
        .with {
            $0.ip = self.address.wire
            $0.prefixLen = UInt32(self.prefixLength)
        }
    }
}

extension SocketAddress {
    init(_ wire: WireTCPAddress) throws(WireError) {
        let ip = try IPAddress(wire.ip)
        guard let port = UInt16(exactly: wire.port) else { throw .invalid("port", value: "\(wire.port)") }
        self.init(ip, port: port)
    }

    var wire: WireTCPAddress {
        .with {
            $0.ip = self.ip.wire
            $0.port = UInt32(self.port)
        }
    }
}
