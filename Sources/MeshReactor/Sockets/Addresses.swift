internal import CMeshLinux
internal import MeshModel

extension mesh_address {
    init(_ address: SocketAddress) {
        self.init()
        self.port = address.port
        switch address.ip {
        case .v4(let value):
            self.family = 4
            self.bytes.0 = UInt8(truncatingIfNeeded: value >> 24)
            self.bytes.1 = UInt8(truncatingIfNeeded: value >> 16)
            self.bytes.2 = UInt8(truncatingIfNeeded: value >> 8)
            self.bytes.3 = UInt8(truncatingIfNeeded: value)
        case .v6(let upper, let lower):
            self.family = 6
            // Sixteen plain bytes; both words are stored in network order.
            unsafe withUnsafeMutableBytes(of: &self.bytes) { bytes in
                unsafe bytes.storeBytes(of: upper.bigEndian, toByteOffset: 0, as: UInt64.self)
                unsafe bytes.storeBytes(of: lower.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        }
    }

    /// Nil for families other than IPv4 and IPv6.
    var socketAddress: SocketAddress? {
        switch self.family {
        case 4:
            let value =
                UInt32(self.bytes.0) << 24 | UInt32(self.bytes.1) << 16 | UInt32(self.bytes.2) << 8
                | UInt32(self.bytes.3)
            return SocketAddress(.v4(value), port: self.port)
        case 6:
            let (upper, lower) = unsafe withUnsafeBytes(of: self.bytes) { bytes in
                unsafe (
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
            return SocketAddress(.v6(upper, lower), port: self.port)
        default: return nil
        }
    }
}
