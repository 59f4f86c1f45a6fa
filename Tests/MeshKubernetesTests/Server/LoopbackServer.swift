import MeshKubernetes
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on loopback, without TLS, on a port of the kernel's choice.
enum LoopbackServer {
    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPPart<HTTPResponseHead, ByteBuffer>>
    typealias Output = NIOAsyncChannelOutboundWriter<HTTPPart<HTTPResponseHead, ByteBuffer>>

    /// Serves while `body` runs; `answer` returns false to close the connection.
    static func serve(
        _ answer: @escaping @Sendable (HTTPRequestHead, Output) async throws -> Bool,
        while body: (_ port: Int) async throws -> Void
    ) async throws {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ResponsePartHandler())
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        let port = channel.channel.localAddress?.port ?? 0
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await channel.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await connection in connections {
                            group.addTask { await Self.handle(connection, answer) }
                        }
                    }
                }
            }
            try await body(port)
            group.cancelAll()
        }
    }

    private static func handle(
        _ connection: Connection, _ answer: @Sendable (HTTPRequestHead, Output) async throws -> Bool
    ) async {
        do {
            try await connection.executeThenClose { input, output in
                for try await part in input {
                    guard case .head(let head) = part else { continue }
                    guard try await answer(head, output) else { return }
                }
            }
        } catch {
            return  // The client went away, as it may.
        }
    }
}

/// Answers every request alike.
final class StubServer: Sendable {
    struct Answer {
        var status = 200
        var headers = HTTPHeaders()
        var body: [UInt8] = []
    }

    let answer = Mutex(Answer())
    /// The heads of all requests so far.
    let requests = Mutex<[HTTPRequestHead]>([])

    func set(status: Int, body: [UInt8], retryAfter: String?, contentType: String) {
        var headers: HTTPHeaders = ["Content-Type": contentType, "Content-Length": String(body.count)]
        if let retryAfter { headers.add(name: "Retry-After", value: retryAfter) }
        self.answer.withLock { $0 = Answer(status: status, headers: headers, body: body) }
    }

    static func serve(_ body: (ClusterAccess, StubServer) async throws -> Void) async throws {
        let stub = StubServer()
        try await LoopbackServer.serve({ head, output in
            stub.requests.withLock { $0.append(head) }
            let answer = stub.answer.withLock { $0 }
            try await output.write(
                .head(
                    HTTPResponseHead(
                        version: .http1_1, status: .init(statusCode: answer.status), headers: answer.headers)))
            try await output.write(.body(ByteBuffer(bytes: answer.body)))
            try await output.write(.end(nil))
            return true
        }) { port in
            try await body(ClusterAccess(server: "http://127.0.0.1:\(port)"), stub)
        }
    }
}

/// Turns the buffers that an asynchronous channel writes into what the HTTP encoder takes.
private final class ResponsePartHandler: ChannelOutboundHandler {
    typealias OutboundIn = HTTPPart<HTTPResponseHead, ByteBuffer>
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch self.unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(self.wrapOutboundOut(part), promise: promise)
    }
}
