import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A line between a client and a server that forwards bytes, until it is told to do worse.
final class FaultyLine: Sendable {
    /// What the line does to the bytes of connections that are open at this moment.
    enum Fault: CaseIterable, Sendable {
        /// Both ends see the connection close.
        case cut
        /// Both ends see it reset.
        case reset
        /// Nothing comes through any more, and nobody is told: half-open for good.
        case freeze
        /// Everything comes through in small pieces.
        case slow
    }

    private struct State {
        var connections: [Int: (fault: Fault?, channels: [any Channel])] = [:]
        var next = 0
    }

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let state = Mutex(State())

    /// Does `fault` to everything that is open; later connections are not touched.
    func inflict(_ fault: Fault) async throws {
        let channels = self.state.withLock { state -> [any Channel] in
            for id in state.connections.keys { state.connections[id]?.fault = fault }
            return fault == .cut || fault == .reset ? state.connections.values.flatMap(\.channels) : []
        }
        for channel in channels {
            if fault == .reset, let socket = channel as? any SocketOptionProvider {
                // Closing a socket without lingering resets it; one that is closed already needs nothing.
                try? await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            }
            channel.close(promise: nil)
        }
    }

    /// Forwards connections to `target` while `body` runs.
    func forward(to target: Int, _ body: (_ port: Int) async throws -> Void) async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
            }
        let port = listener.channel.localAddress?.port ?? 0
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await listener.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await connection in connections {
                            group.addTask { await self.carry(connection, to: target) }
                        }
                    }
                }
            }
            try await body(port)
            group.cancelAll()
        }
    }

    private func carry(_ client: Connection, to target: Int) async {
        do {
            let server = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: target) { channel in
                    channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
                }
            let id = self.state.withLock { state in
                state.next += 1
                state.connections[state.next] = (nil, [client.channel, server.channel])
                return state.next
            }
            defer { self.state.withLock { _ = $0.connections.removeValue(forKey: id) } }
            try await client.executeThenClose { fromClient, toClient in
                try await server.executeThenClose { fromServer, toServer in
                    try await withThrowingTaskGroup { group in
                        group.addTask { try await self.pump(fromClient, toServer, id) }
                        group.addTask { try await self.pump(fromServer, toClient, id) }
                        try await group.next()
                        group.cancelAll()
                    }
                }
            }
        } catch {
            return  // One end went away, as it may.
        }
    }

    private func pump(
        _ input: NIOAsyncChannelInboundStream<ByteBuffer>, _ output: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ id: Int
    ) async throws {
        for try await bytes in input {
            switch self.state.withLock({ $0.connections[id]?.fault }) {
            case .freeze: continue
            case .slow:
                var rest = bytes
                while let piece = rest.readSlice(length: min(97, rest.readableBytes)), piece.readableBytes > 0 {
                    try await output.write(piece)
                }
            case .cut, .reset, nil: try await output.write(bytes)
            }
        }
    }
}
