import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

/// What the admin port is asked for.
enum AdminRequest: Hashable {
    case live
    case ready
    case metrics
    case shutdown
    case logLevel
    case setLogLevel(String)
    case environment(names: [String])
    case unknown
    case wrongMethod
    case malformed(query: String)
}

/// What the admin port answers.
struct AdminAnswer: Hashable {
    var status: Int
    var type = "text/plain"
    var body: String

    static let notFound = AdminAnswer(status: 404, body: "not found\n")
    static let forbidden = AdminAnswer(status: 403, body: "forbidden\n")

    /// The bytes of the response; `isHead` leaves out the body.
    func bytes(keepAlive: Bool, isHead: Bool) -> [UInt8] {
        let reason =
            switch self.status {
            case 200: "OK"
            case 204: "No Content"
            case 400: "Bad Request"
            case 403: "Forbidden"
            case 404: "Not Found"
            case 405: "Method Not Allowed"
            case 413: "Content Too Large"
            default: "Service Unavailable"
            }
        var head = "HTTP/1.1 \(self.status) \(reason)\r\n"
        if self.status != 204 {
            head += "content-type: \(self.type)\r\ncontent-length: \(self.body.utf8.count)\r\n"
        }
        if !keepAlive { head += "connection: close\r\n" }
        return Array((head + "\r\n").utf8) + (isHead || self.status == 204 ? [] : Array(self.body.utf8))
    }
}

/// One connection to the admin port.
struct AdminConnection: ~Copyable {
    static let bufferMax = 64 * 1024

    let socket: Socket
    let peer: SocketAddress
    private var received: [UInt8] = []
    private var unsent: [UInt8] = []
    private var progress = HTTP1ScanProgress()
    private var keepsAlive = true
    private var isHead = false
    /// True while an answer is being prepared; nothing more is read then.
    private(set) var isBusy = false
    /// True when the connection must be closed once everything is sent.
    private(set) var isDone = false

    init(_ socket: consuming Socket, peer: SocketAddress) {
        self.socket = socket
        self.peer = peer
    }

    /// What a request asks for, and where its parts lie for policy.
    struct Parsed {
        let request: AdminRequest
        let bytes: [UInt8]
        let head: RequestHead
    }

    /// Reads; false when the connection is over.
    mutating func read(_ scratch: Scratch) -> Bool {
        while self.received.count < Self.bufferMax {
            switch self.socket.receive(into: scratch, 0..<16_384) {
            case .bytes(let count): self.received += scratch.copy(0..<count)
            case .wouldBlock: return true
            case .end, .failed: return !self.unsent.isEmpty || self.isBusy
            }
        }
        return true
    }

    /// The next request, once it is there whole.
    mutating func next(_ fields: inout HTTP1FieldTable) -> Parsed? {
        guard !self.isBusy, !self.isDone, !self.received.isEmpty else { return nil }
        let head: HTTP1RequestHead
        var bodyCount = 0
        do throws(HTTP1Error) {
            var progress = self.progress
            let found = try HTTP1RequestHead.scan(self.received.span, fields: &fields, progress: &progress)
            self.progress = progress
            guard let found else {
                if self.received.count >= Self.bufferMax { self.refuse(413) }
                return nil
            }
            head = found
            guard !head.flags.contains(.chunked) else {
                self.refuse(413)
                return nil
            }
            bodyCount = head.contentLength ?? 0
        } catch {
            self.refuse(error.status)
            return nil
        }
        guard bodyCount <= Self.bufferMax - head.length else {
            self.refuse(413)
            return nil
        }
        guard self.received.count >= head.length + bodyCount else { return nil }
        self.keepsAlive = head.isPersistent
        let message = Array(self.received[..<(head.length + bodyCount)])
        self.received.removeFirst(message.count)
        self.progress = HTTP1ScanProgress()
        self.isBusy = true
        self.isHead = head.method == .head
        return Self.parse(head, message)
    }

    private static func parse(_ head: HTTP1RequestHead, _ message: [UInt8]) -> Parsed {
        let target = String(decoding: message[head.targetRange], as: UTF8.self)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts.first ?? "")
        let query = parts.count > 1 ? String(parts[1]) : ""
        let body = String(decoding: message[head.length...], as: UTF8.self)
        let method = String(decoding: message[head.methodRange], as: UTF8.self)
        let pathStart = head.targetRange.lowerBound
        return Parsed(
            request: Self.request(method, path, query, body), bytes: message,
            head: RequestHead(
                method: ByteRange(head.methodRange), path: ByteRange(pathStart..<(pathStart + path.utf8.count)),
                authority: ByteRange(head.authorityRange)))
    }

    private static func request(_ method: String, _ path: String, _ query: String, _ body: String) -> AdminRequest {
        switch path {
        case "/live": return .live
        case "/ready": return .ready
        case "/metrics": return .metrics
        case "/shutdown": return method == "POST" ? .shutdown : .wrongMethod
        case "/proxy-log-level":
            switch method {
            case "GET": return .logLevel
            case "PUT": return .setLogLevel(body)
            default: return .wrongMethod
            }
        case "/env.json":
            let names = query.split(separator: "&").map(String.init)
            guard names.allSatisfy({ !$0.contains("=") }) else { return .malformed(query: query) }
            return .environment(names: names)
        default: return .unknown
        }
    }

    private mutating func refuse(_ status: Int) {
        self.keepsAlive = false
        self.answer(AdminAnswer(status: status == 413 ? 413 : 400, body: "bad request\n"))
    }

    /// Queues the answer of the request that was handed out last.
    mutating func answer(_ answer: AdminAnswer) {
        self.unsent += answer.bytes(keepAlive: self.keepsAlive, isHead: self.isHead)
        self.isBusy = false
        if !self.keepsAlive { self.isDone = true }
    }

    /// Sends what there is; false when the connection is over.
    mutating func flush() -> Bool {
        var sent = 0
        defer { self.unsent.removeFirst(sent) }
        while sent < self.unsent.count {
            switch self.socket.send(self.unsent.span.extracting(sent..<self.unsent.count)) {
            case .bytes(let count): sent += count
            case .wouldBlock: return true
            case .failed: return false
            }
        }
        return !self.isDone
    }
}
