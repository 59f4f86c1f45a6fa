import GRPCCore
public import MeshPolicy
import MeshWire
import SwiftProtobuf
import Synchronization

/// A message that is encoded when it is first sent, and then never again, however many streams send it.
public final class EncodedMessage: Sendable {
    private let encode: @Sendable () throws -> [UInt8]
    private let encoded = Mutex<[UInt8]?>(nil)

    /// The message of a port's policy.
    public convenience init(_ policy: InboundPolicy) {
        self.init { try policy.wire.serializedBytes() }
    }

    /// The message of a target's policy.
    public convenience init(_ policy: OutboundPolicy) {
        self.init { try policy.wire.serializedBytes() }
    }

    init(_ encode: @escaping @Sendable () throws -> [UInt8]) { self.encode = encode }

    /// The bytes of the message.
    public func bytes() throws -> [UInt8] {
        try self.encoded.withLock { encoded in
            if let encoded { return encoded }
            let bytes = try self.encode()
            encoded = bytes
            return bytes
        }
    }
}

/// Sends messages as they are.
struct EncodedMessageSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: EncodedMessage) throws -> Bytes {
        do {
            return Bytes(try message.bytes())
        } catch {
            throw RPCError(code: .internalError, message: "the policy cannot be encoded", cause: error)
        }
    }
}
