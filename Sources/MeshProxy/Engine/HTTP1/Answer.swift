import MeshCodec
import MeshModel
import MeshReactor

/// What the proxy says in place of a server.
struct Answer: Hashable, Sendable {
    var status: UInt16
    /// For `l5d-proxy-error`, when the client may know.
    var cause: String?
    /// The gRPC code for calls.
    var grpc: UInt8
    /// The connection ends with the answer.
    var closes: Bool
    /// `location` of a redirection.
    var location: String?

    init(_ status: UInt16, _ cause: String? = nil, grpc: UInt8 = 13, closes: Bool = false, location: String? = nil) {
        self.status = status
        self.cause = cause
        self.grpc = grpc
        self.closes = closes
        self.location = location
    }

    /// The start line of an HTTP/1 answer.
    static func line(_ status: UInt16) -> StaticString {
        switch status {
        case 301: "HTTP/1.1 301 Moved Permanently\r\n"
        case 302: "HTTP/1.1 302 Found\r\n"
        case 303: "HTTP/1.1 303 See Other\r\n"
        case 307: "HTTP/1.1 307 Temporary Redirect\r\n"
        case 308: "HTTP/1.1 308 Permanent Redirect\r\n"
        case 400: "HTTP/1.1 400 Bad Request\r\n"
        case 403: "HTTP/1.1 403 Forbidden\r\n"
        case 404: "HTTP/1.1 404 Not Found\r\n"
        case 408: "HTTP/1.1 408 Request Timeout\r\n"
        case 429: "HTTP/1.1 429 Too Many Requests\r\n"
        case 431: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
        case 500: "HTTP/1.1 500 Internal Server Error\r\n"
        case 501: "HTTP/1.1 501 Not Implemented\r\n"
        case 502: "HTTP/1.1 502 Bad Gateway\r\n"
        case 503: "HTTP/1.1 503 Service Unavailable\r\n"
        case 504: "HTTP/1.1 504 Gateway Timeout\r\n"
        case 505: "HTTP/1.1 505 HTTP Version Not Supported\r\n"
        case 508: "HTTP/1.1 508 Loop Detected\r\n"
        default: ""
        }
    }
}

extension Worker {
    /// Answers an HTTP/1 client; what is left of the request is read and dropped, or the connection ends.
    ///
    /// - Parameter requestBody: the body that follows the request's head, still unread; nil when the connection cannot
    ///   be used any further.
    mutating func answer(_ handle: Handle, _ answer: Answer, requestBody: HTTP1Body?, isHTTP10: Bool = false) {
        let outgoing = self.outgoing
        let closes = answer.closes || requestBody == nil || isHTTP10 || self.isDraining
        // Details go to applications behind us, and to proxies that proved who they are.
        let mayKnow =
            self.connections[handle].direction == .outbound || self.connections[handle].flags.contains(.meshed)
        var end = self.writeLine(answer.status)
        end = outgoing.write("content-length: 0\r\n", at: end)
        if let location = answer.location {
            end = outgoing.write("location: ", at: end)
            end = outgoing.write(location, at: end)
            end = outgoing.write("\r\n", at: end)
        }
        if mayKnow, let cause = answer.cause {
            end = outgoing.write("l5d-proxy-error: ", at: end)
            end = outgoing.write(cause, at: end)
            end = outgoing.write("\r\n", at: end)
        }
        if closes {
            end = outgoing.write("connection: close\r\n", at: end)
            if mayKnow, answer.closes { end = outgoing.write("l5d-proxy-connection: close\r\n", at: end) }
        }
        end = outgoing.write("\r\n", at: end)
        self.write(handle, outgoing.bytes(0..<end))
        guard !closes, let requestBody else { return self.closeSoon(handle) }
        self.connections[handle].exchange = .none
        self.connections[handle].message = HTTP1Message()
        if !requestBody.isComplete {
            self.connections[handle].message.part = .body
            self.connections[handle].message.body = requestBody
        }
    }

    private func writeLine(_ status: UInt16) -> Int {
        let line = Answer.line(status)
        guard line.utf8CodeUnitCount == 0 else { return self.outgoing.write(line, at: 0) }
        var end = self.outgoing.write("HTTP/1.1 ", at: 0)
        end = self.outgoing.write(decimal: UInt64(status), at: end)
        return self.outgoing.write(" \r\n", at: end)
    }
}
