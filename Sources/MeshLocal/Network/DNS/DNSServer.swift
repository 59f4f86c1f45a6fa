public import Logging
public import MeshModel
import NIOCore
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// Answers the cluster's DNS queries from the latest ``ClusterZone``.
///
/// It listens on the machine's end of the link; the cluster's DNS address is translated to it like any Service.
public final class DNSServer: Service {
    private let zone = Mutex(ClusterZone())
    private let channel: NIOAsyncChannel<AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>>
    private let logger: Logger

    /// Where it listens, with the kernel's choice of port.
    public let address: MeshModel.SocketAddress

    /// Binds a UDP socket on `ip`.
    public init(on ip: IPAddress, logger: Logger) async throws {
        self.channel = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: ip.description, port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
        self.address = MeshModel.SocketAddress(ip, port: UInt16(self.channel.channel.localAddress?.port ?? 0))
        self.logger = logger
    }

    /// Answers from `zone` from now on.
    public func update(_ zone: ClusterZone) {
        self.zone.withLock { $0 = zone }
    }

    /// Serves until cancelled or told to stop.
    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await self.channel.executeThenClose { inbound, outbound in
                for try await datagram in inbound {
                    guard let reply = self.reply(to: Array(datagram.data.readableBytesView)) else { continue }
                    try await outbound.write(
                        AddressedEnvelope(remoteAddress: datagram.remoteAddress, data: ByteBuffer(bytes: reply)))
                }
            }
        }
    }

    private func reply(to bytes: [UInt8]) -> [UInt8]? {
        do throws(DNSError) {
            let query = try DNSQuery(bytes)
            let zone = self.zone.withLock { $0 }
            var answer = zone.answer(query.name, type: query.type)
            if case .records(let records) = answer { answer = .records(records.shuffled()) }
            return DNSWriter.reply(to: query, answer, domain: zone.domain)
        } catch {
            self.logger.debug("refused a query", metadata: ["error": "\(error)"])
            return DNSWriter.failure(error)
        }
    }
}
