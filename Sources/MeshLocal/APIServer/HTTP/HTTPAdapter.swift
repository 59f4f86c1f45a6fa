import HTTPTypes
import Hummingbird
import MeshModel
import NIOCore

/// Requests of the HTTP server as ours, and our replies as its responses.
struct HTTPAdapter: HTTPResponder {
    typealias Context = BasicRequestContext

    let handler: APIHandler

    /// How often a watch that asked for bookmarks gets one.
    static let bookmarkInterval = Duration.seconds(60)

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        var converted = Self.convert(request)
        if request.method == .get {
            // A watch needs the body to learn that the client has gone; nothing is expected in it.
            let reply = await self.handler.answer(converted)
            return Self.response(reply, request)
        }
        do {
            let buffer = try await request.body.collect(upTo: APIHandler.bodyMax)
            converted.body = Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            let failure = APIFailure(
                code: 413, reason: "RequestEntityTooLarge",
                message: "Request entity too large: limit is \(APIHandler.bodyMax)")
            return Self.response(Documents.reply(failure), request)
        }
        var reply = await self.handler.answer(converted)
        if request.method == .head { reply.body = .bytes([]) }
        return Self.response(reply, request)
    }

    private static func convert(_ request: Request) -> APIRequest {
        let target = request.head.path ?? "/"
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var headers: [String: String] = [:]
        var repeated: [String: [String]] = [:]
        for field in request.headers {
            let name = field.name.canonicalName
            repeated[name, default: []].append(field.value)
            headers[name] = headers[name].map { "\($0),\(field.value)" } ?? field.value
        }
        headers["host"] = request.head.authority ?? headers["host"]
        return APIRequest(
            method: request.method.rawValue, rawPath: String(parts[0]),
            query: APIRequest.Query(parts.count > 1 ? String(parts[1]) : ""), headers: headers, repeated: repeated,
            body: [])
    }

    private static func response(_ reply: APIReply, _ request: Request) -> Response {
        var headers = HTTPFields()
        for (name, value) in reply.headers {
            guard let field = HTTPField.Name(name) else { continue }
            headers.append(HTTPField(name: field, value: value))
        }
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-cache, private" }
        let status = HTTPResponse.Status(code: reply.status)
        switch reply.body {
        case .bytes(let bytes):
            let body = bytes.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            return Response(status: status, headers: headers, body: body)
        case .stream(let stream):
            return Response(
                status: status, headers: headers,
                body: ResponseBody { writer in
                    for await bytes in stream { try await writer.write(ByteBuffer(bytes: bytes)) }
                    try await writer.finish(nil)
                })
        case .watch(let session):
            return Response(
                status: status, headers: headers,
                body: ResponseBody { writer in try await Self.write(session, request, &writer) })
        }
    }

    @concurrent
    private static func write(
        _ session: WatchSession, _ request: Request, _ writer: inout any ResponseBodyWriter
    ) async throws {
        let store = session.registry.store
        let resource = session.kind.storage
        defer { store.endWatch(resource, watch: session.watch.id) }
        var progress = WatchSession.Progress()
        let initial = session.initialLines(&progress)
        // Written even when empty, so that the client gets the head at once.
        try await writer.write(ByteBuffer(bytes: initial))
        // Both are cancelled when the watch is over.
        async let _ = Self.keepTime(session)
        async let _ = Self.endOnClose(session, request.body)
        for await signal in session.watch.signals {
            let lines = session.lines(for: signal, &progress)
            if !lines.isEmpty { try await writer.write(ByteBuffer(bytes: lines)) }
        }
        try await writer.finish(nil)
    }

    /// Ends the watch of a client that has gone.
    private static func endOnClose(_ session: WatchSession, _ body: RequestBody) async throws {
        try await body.consumeWithInboundCloseHandler { _ in
            try await Task.sleep(for: .seconds(session.timeoutSeconds + 1))
        } onInboundClosed: {
            session.registry.store.endWatch(session.kind.storage, watch: session.watch.id)
        }
    }

    /// Asks for bookmarks, and ends the watch when its time is up.
    private static func keepTime(_ session: WatchSession) async {
        let store = session.registry.store
        let resource = session.kind.storage
        let clock = ContinuousClock()
        let end = clock.now + .seconds(session.timeoutSeconds)
        do {
            // A last bookmark comes shortly before the end.
            let last = end - .seconds(2)
            while clock.now < last {
                try await Task.sleep(until: min(clock.now + Self.bookmarkInterval, max(last, clock.now)), clock: clock)
                guard store.requestBookmark(resource, watch: session.watch.id) else { return }
            }
            try await Task.sleep(until: end, clock: clock)
        } catch {
            return  // The watch ended before its time.
        }
        store.endWatch(resource, watch: session.watch.id)
    }
}
