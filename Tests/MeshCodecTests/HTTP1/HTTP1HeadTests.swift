import Testing

@testable import MeshCodec

/// What a scan of `text` says, as owned values.
struct ScannedRequest: Equatable {
    var head: HTTP1RequestHead
    var fields: [String]

    init?(_ text: [UInt8], limits: HTTP1Limits = HTTP1Limits()) throws(HTTP1Error) {
        var table = HTTP1FieldTable()
        var progress = HTTP1ScanProgress()
        guard
            let head = try HTTP1RequestHead.scan(text.span, fields: &table, progress: &progress, limits: limits)
        else { return nil }
        self.init(head, table, text)
    }

    init(_ head: HTTP1RequestHead, _ table: borrowing HTTP1FieldTable, _ text: [UInt8]) {
        self.head = head
        self.fields = []
        for index in 0..<table.count {
            let field = table[index]
            self.fields.append("\(text.text(field.nameRange))=\(text.text(field.valueRange))")
        }
    }
}

extension [UInt8] {
    func text(_ range: Range<Int>) -> String { String(decoding: self[range], as: UTF8.self) }
}

@Suite struct HTTP1HeadTests {
    @Test func `a request is seen with its parts and fields`() throws {
        let bytes = Array(
            "POST /a/b?c=d HTTP/1.1\r\nHost: Web.Example:8080\r\nContent-Length: 42\r\nX-Y:  z \t\r\nE:\r\n\r\nbody"
                .utf8)
        let seen = try #require(try ScannedRequest(bytes))
        #expect(seen.head.length == bytes.count - 4)
        #expect(seen.head.method == .post)
        #expect(bytes.text(seen.head.methodRange) == "POST")
        #expect(bytes.text(seen.head.targetRange) == "/a/b?c=d")
        #expect(bytes.text(seen.head.authorityRange) == "Web.Example:8080")
        #expect(seen.head.contentLength == 42)
        #expect(seen.head.isPersistent)
        #expect(seen.fields == ["Host=Web.Example:8080", "Content-Length=42", "X-Y=z", "E="])
    }

    @Test(arguments: [
        ("GET http://a.b/c?d HTTP/1.1\r\nHost: A.B\r\n\r\n", HTTP1TargetForm.absolute, "a.b", "/c?d"),
        ("GET http://a.b HTTP/1.1\r\nHost: a.b\r\n\r\n", .absolute, "a.b", ""),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", .asterisk, "x", "*"),
        ("CONNECT x:443 HTTP/1.1\r\nHost: y\r\n\r\n", .authority, "x:443", ""),
        ("GET / HTTP/1.0\r\n\r\n", .origin, "", "/"),
        ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", .origin, "[::1]:80", "/"),
        ("\r\nGET /x HTTP/1.1\r\nHost:\r\n\r\n", .origin, "", "/x"),
    ])
    func `each form of target is told apart`(
        text: String, form: HTTP1TargetForm, authority: String, path: String
    ) throws {
        let bytes = Array(text.utf8)
        let seen = try #require(try ScannedRequest(bytes))
        #expect(seen.head.targetForm == form)
        #expect(bytes.text(seen.head.authorityRange) == authority)
        #expect(bytes.text(seen.head.pathRange) == path)
    }

    @Test(
        arguments: [
            ("Connection: close", HTTP1Flags([.connectionField, .close]), false),
            (
                "Connection: Keep-Alive, Upgrade\r\nUpgrade: websocket",
                [
                    .connectionField, .keepAlive, .upgradeOption, .upgradeField, .hopByHop,
                ], true
            ),
            (
                "Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA",
                [
                    .connectionField, .upgradeOption, .upgradeField, .upgradeToHTTP, .hopByHop, .namesFields,
                ], true
            ),
            (
                "Connection: upgrade\r\nUpgrade: websocket, H2C",
                [.connectionField, .upgradeOption, .upgradeField, .upgradeToHTTP, .hopByHop], true
            ),
            (
                "Upgrade: websocket\r\nConnection: upgrade\r\nUpgrade: HTTP/2.0",
                [.connectionField, .upgradeOption, .upgradeField, .upgradeToHTTP, .hopByHop], true
            ),
            ("Connection: x-hop", [.connectionField, .namesFields], true),
            ("Expect: 100-Continue", [.expectContinue], true),
            ("L5d-Foo: x", [.meshFields], true),
            ("l5d-client-id: x", [.meshFields], true),
            ("Content-Type: application/grpc+proto", [.grpc], true),
            ("Content-Type: application/json", [], true),
            ("TE: trailers", [.hopByHop], true),
            ("Transfer-Encoding: Chunked", [.chunked], true),
        ] as [(String, HTTP1Flags, Bool)])
    func `fields that concern a proxy become flags`(field: String, flags: HTTP1Flags, persistent: Bool) throws {
        let seen = try #require(try ScannedRequest(Array("GET / HTTP/1.1\r\nHost: h\r\n\(field)\r\n\r\n".utf8)))
        #expect(seen.head.flags == flags.union(.hostField))
        #expect(seen.head.isPersistent == persistent)
    }

    @Test func `every known name is recognised in any case`() {
        let names: [(String, FieldName)] = [
            ("host", .host), ("content-length", .contentLength), ("transfer-encoding", .transferEncoding),
            ("connection", .connection), ("expect", .expect), ("upgrade", .upgrade), ("keep-alive", .keepAlive),
            ("proxy-connection", .proxyConnection), ("te", .te), ("trailer", .trailer), ("content-type", .contentType),
            ("http2-settings", .http2Settings), ("user-agent", .userAgent), ("grpc-status", .grpcStatus),
            ("l5d-client-id", .meshClientID), ("l5d-orig-proto", .meshOriginalProtocol),
            ("l5d-dst-override", .meshDestinationOverride), ("l5d-dst-canonical", .meshDestinationCanonical),
            ("l5d-require-id", .meshRequireID), ("l5d-proxy-error", .meshProxyError),
            ("l5d-proxy-connection", .meshProxyConnection), ("l5d-", .meshOther), ("l5d-any-thing-else", .meshOther),
            ("x", .other), ("accept-encoding", .other), ("transfer-encodinx", .other), ("l5d", .other),
        ]
        #expect(Set(names.map(\.1)) == Set(FieldName.allCases))
        for (name, expected) in names {
            for bytes in [Array(name.utf8), Array(name.uppercased().utf8)] {
                #expect(FieldName.recognise(bytes.span, at: 0, count: bytes.count) == expected, "\(name)")
            }
        }
    }

    static let refusedFields: [(String, HTTP1Error)] = [
        ("Content-Length: 5\r\nContent-Length: 5", .ambiguousLength),
        ("Content-Length: 5\r\nContent-Length: 6", .ambiguousLength),
        ("Content-Length: 5, 5", .invalidContentLength),
        ("Content-Length: +5", .invalidContentLength),
        ("Content-Length: -1", .invalidContentLength),
        ("Content-Length: 0x5", .invalidContentLength),
        ("Content-Length:", .invalidContentLength),
        ("Content-Length: 1000000000000000000", .invalidContentLength),
        ("Content-Length: 5 ", .malformedField),
        ("Content-Length:\t5", .malformedField),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", .ambiguousLength),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", .ambiguousLength),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .unsupportedTransferCoding),
        ("Transfer-Encoding: gzip, chunked", .unsupportedTransferCoding),
        ("Transfer-Encoding: chunked, identity", .unsupportedTransferCoding),
        ("Transfer-Encoding: identity", .unsupportedTransferCoding),
        ("Transfer-Encoding: xchunked", .unsupportedTransferCoding),
        ("Transfer-Encoding: \"chunked\"", .unsupportedTransferCoding),
        ("Transfer-Encoding:", .unsupportedTransferCoding),
        ("Transfer-Encoding:\tchunked", .malformedField),
        ("Transfer-Encoding: chunked ", .malformedField),
        ("Transfer-Encoding: chunked\u{0B}", .controlCharacter),
        ("Transfer-Encoding : chunked", .malformedField),
        ("Transfer-Encoding\t: chunked", .malformedField),
        ("X: a\r\n b", .foldedLine),
        ("X: a\r\n\tb", .foldedLine),
        (" X: a", .foldedLine),
        ("X: a\nY: b", .controlCharacter),
        ("X: a\rY: b", .controlCharacter),
        ("X: a\r\rY: b", .controlCharacter),
        ("X: a\n", .controlCharacter),
        ("X: \u{0}", .controlCharacter),
        ("X\u{0}: a", .controlCharacter),
        ("X: \u{7F}", .controlCharacter),
        ("X Y: a", .malformedField),
        ("X", .controlCharacter),
        (": a", .malformedField),
        ("X(: a", .malformedField),
        ("é: a", .malformedField),
        ("Host: other", .invalidHost),
        ("Connection: content-length", .protectedFieldNamed),
        ("Connection: close, Transfer-Encoding", .protectedFieldNamed),
        ("Connection: host", .protectedFieldNamed),
        ("Connection: a b", .malformedField),
    ]

    @Test(arguments: refusedFields)
    func `a field that others could read differently is refused`(field: String, error: HTTP1Error) throws {
        #expect(throws: error) {
            try ScannedRequest(Array("GET / HTTP/1.1\r\nHost: h\r\n\(field)\r\n\r\n".utf8))
        }
    }

    static let refusedRequests: [(String, HTTP1Error)] = [
        ("GET / HTTP/1.1\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\n Host: x\r\n\r\n", .malformedField),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: [1\r\n\r\n", .invalidHost),
        ("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", .invalidHost),
        ("GET http://u@a/ HTTP/1.1\r\nHost: u@a\r\n\r\n", .malformedStartLine),
        ("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .unsupportedTransferCoding),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .unsupportedVersion),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .unsupportedVersion),
        ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .unsupportedVersion),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("GET / HTTP/1.1\nHost: a\n\n", .controlCharacter),
        ("GET / HTTP/1.1\rHost: a\r\n\r\n", .controlCharacter),
        ("GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", .controlCharacter),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("\u{16}\u{3}\u{1}", .controlCharacter),
        ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
    ]

    @Test(arguments: refusedRequests)
    func `a request that others could read differently is refused`(text: String, error: HTTP1Error) throws {
        #expect(throws: error) { try ScannedRequest(Array(text.utf8)) }
    }

    @Test func `limits on size and number of fields hold`() throws {
        let limits = HTTP1Limits(headBytes: 200, fields: 3)
        let many = Array("GET / HTTP/1.1\r\nHost: h\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n".utf8)
        #expect(throws: HTTP1Error.tooManyFields(limit: 3)) { try ScannedRequest(many, limits: limits) }
        let long = Array("GET / HTTP/1.1\r\nHost: h\r\nx: \(String(repeating: "y", count: 200))\r\n\r\n".utf8)
        #expect(throws: HTTP1Error.headTooLarge(limit: 200)) { try ScannedRequest(long, limits: limits) }
        #expect(throws: HTTP1Error.headTooLarge(limit: 200)) {
            try ScannedRequest(Array(long.prefix(220)), limits: limits)
        }
    }

    static let whole = Array(
        "POST /x HTTP/1.1\r\nHost: h.example\r\nContent-Length: 3\r\nConnection: x-a\r\nX-A: \tb c\r\n\r\n".utf8)

    @Test(arguments: 1..<Self.whole.count)
    func `a head cut in two is seen as if it were whole`(cut: Int) throws {
        var table = HTTP1FieldTable()
        var progress = HTTP1ScanProgress()
        let first = Array(Self.whole.prefix(cut))
        #expect(try HTTP1RequestHead.scan(first.span, fields: &table, progress: &progress) == nil)
        let head = try #require(try HTTP1RequestHead.scan(Self.whole.span, fields: &table, progress: &progress))
        #expect(try ScannedRequest(Self.whole) == ScannedRequest(head, table, Self.whole))
    }

    @Test func `a head that arrives byte by byte is seen when its last byte is there`() throws {
        var table = HTTP1FieldTable()
        var progress = HTTP1ScanProgress()
        for count in 0..<Self.whole.count {
            let part = Array(Self.whole.prefix(count))
            #expect(try HTTP1RequestHead.scan(part.span, fields: &table, progress: &progress) == nil)
        }
        #expect(try HTTP1RequestHead.scan(Self.whole.span, fields: &table, progress: &progress) != nil)
    }

    @Test(arguments: refusedRequests + refusedFields.map { ("GET / HTTP/1.1\r\nHost: h\r\n\($0.0)\r\n\r\n", $0.1) })
    func `no way of cutting makes a refused head acceptable`(text: String, error: HTTP1Error) {
        let bytes = Array(text.utf8)
        for cut in 0..<bytes.count {
            var table = HTTP1FieldTable()
            var progress = HTTP1ScanProgress()
            #expect(throws: HTTP1Error.self, "cut at \(cut)") {
                _ = try HTTP1RequestHead.scan(bytes.span.extracting(first: cut), fields: &table, progress: &progress)
                _ = try HTTP1RequestHead.scan(bytes.span, fields: &table, progress: &progress)
            }
        }
    }
}

@Suite struct HTTP1ResponseHeadTests {
    private func scan(_ text: String) throws(HTTP1Error) -> HTTP1ResponseHead? {
        let bytes = Array(text.utf8)
        var table = HTTP1FieldTable()
        var progress = HTTP1ScanProgress()
        return try HTTP1ResponseHead.scan(bytes.span, fields: &table, progress: &progress)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", HTTP1Method.get, HTTP1Body.Kind.length, true),
        ("HTTP/1.1 200\r\n\r\n", .get, .untilClose, true),
        ("HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n", .get, .chunked, true),
        ("HTTP/1.0 200 OK\r\n\r\n", .get, .untilClose, false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", .get, .none, true),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", .get, .length, false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .head, .none, true),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", .get, .none, true),
        ("HTTP/1.1 204 No Content\r\n\r\n", .get, .none, true),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", .get, .none, true),
        ("HTTP/1.1 100 Continue\r\n\r\n", .post, .none, true),
        ("HTTP/1.1 200 Established\r\n\r\n", .connect, .none, true),
        ("HTTP/1.1 502 Bad\r\n\r\n", .connect, .untilClose, true),
    ])
    func `the body follows from status, method and fields`(
        text: String, method: HTTP1Method, kind: HTTP1Body.Kind, persistent: Bool
    ) throws {
        let head = try #require(try self.scan(text))
        #expect(HTTP1Body(response: head, to: method).kind == kind)
        #expect(head.isPersistent == persistent)
    }

    @Test(arguments: [
        ("HTTP/1.1 20 OK\r\n\r\n", HTTP1Error.malformedStartLine),
        ("HTTP/1.1 2000 OK\r\n\r\n", .malformedStartLine),
        ("HTTP/1.1 099 X\r\n\r\n", .malformedStartLine),
        ("HTTP/1.1  200 OK\r\n\r\n", .malformedStartLine),
        ("HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", .malformedStartLine),
        ("ICY 200 OK aa\r\n\r\n", .malformedStartLine),
        ("HTTP/1.1 200 OK\nContent-Length: 5\n\n", .controlCharacter),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", .ambiguousLength),
        ("HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", .ambiguousLength),
        ("HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n", .ambiguousLength),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .unsupportedTransferCoding),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .unsupportedTransferCoding),
    ])
    func `an ambiguous response is refused`(text: String, error: HTTP1Error) {
        #expect(throws: error) { try self.scan(text) }
    }
}
