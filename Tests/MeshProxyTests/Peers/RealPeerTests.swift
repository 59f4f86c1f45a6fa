import Foundation
import MeshModel
import MeshPolicy
import Testing

@testable import MeshProxy

/// Programs of others, through the proxy and through two of them with mutual TLS between.
@Suite(.timeLimit(.minutes(3)), .enabled(if: PeerProcess.python != nil, "HEDDLE_PYTHON names no interpreter"))
struct RealPeerTests {
    /// The ways that a client's connection takes to the server.
    enum Way: CaseIterable {
        /// Through the client's proxy, in clear text.
        case outbound
        /// Through the server's proxy, in clear text.
        case inbound
        /// Through both proxies, with mutual TLS between.
        case mesh
    }

    /// The proxies of one way, and where clients connect to.
    struct Path {
        let proxies: [TestProxy]
        let address: SocketAddress
        var url: String { "http://127.0.0.1:\(self.address.port)" }

        init(_ way: Way, to server: SocketAddress) throws {
            switch way {
            case .outbound:
                self.proxies = [try TestProxy(to: server)]
                self.address = self.proxies[0].outbound
            case .inbound:
                self.proxies = [try TestProxy(to: server)]
                self.address = self.proxies[0].inbound
            case .mesh:
                let authority = try TestAuthority()
                let name = "app.ns.serviceaccount.identity.linkerd.cluster.local"
                let inbound = try TestProxy(to: server, inboundIdentity: authority.identity(name))
                let outbound = try TestProxy(
                    to: inbound.inbound,
                    inboundIdentity: authority.identity("web.ns.serviceaccount.identity.linkerd.cluster.local"),
                    members: [
                        Endpoint(address: inbound.inbound, tls: EndpointTLS(identity: .dns(name), serverName: name))
                    ])
                self.proxies = [outbound, inbound]
                self.address = outbound.outbound
            }
        }
    }

    /// A file of `count` bytes that repeat late, removed at the end of the test.
    final class Upload {
        let url = FileManager.default.temporaryDirectory.appending(path: "heddle-upload-\(UUID().uuidString)")
        let bytes: Data

        init(_ count: Int) throws {
            self.bytes = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
            try self.bytes.write(to: self.url)
        }

        deinit {
            // What is left in the folder for temporary files harms nobody.
            try? FileManager.default.removeItem(at: self.url)
        }
    }

    static func curl(_ arguments: [String], _ url: String) throws -> String {
        let (status, output) = try PeerProcess.run("curl", ["-sS", "--max-time", "30"] + arguments + [url])
        #expect(status == 0, "curl \(arguments) ended with \(status): \(output.prefix(500))")
        return output
    }

    @Test("curl: requests, uploads, 100-continue and versions of HTTP/1", arguments: Way.allCases)
    func curlHTTP1(way: Way) throws {
        let server = try PeerProcess(script: "http1_server.py", [])
        let path = try Path(way, to: server.port())
        #expect(try Self.curl([], path.url + "/a?b=c") == "/a?b=c")
        #expect(try Self.curl(["--http1.0"], path.url + "/old") == "/old")
        #expect(try Self.curl(["-I"], path.url + "/").contains("x-method: HEAD"))
        // Two requests on one connection.
        #expect(try Self.curl(["-w", "%{num_connects}\n", path.url + "/1"], path.url + "/2") == "/11\n/20\n")
        let upload = try Upload(3_000_000)
        let answer = upload.url.path + ".answer"
        defer { #expect(unlink(answer) == 0) }
        for framing in [[], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"]] {
            let report = try Self.curl(
                framing + ["--data-binary", "@\(upload.url.path)", "-o", answer, "-w", "%{http_code}"], path.url)
            #expect(report == "200")
            #expect(try Data(contentsOf: URL(filePath: answer)) == upload.bytes)
        }
    }

    @Test("curl: HTTP/2 with prior knowledge and uploads", arguments: Way.allCases)
    func curlHTTP2(way: Way) throws {
        let server = try PeerProcess(script: "http2_server.py", [])
        let path = try Path(way, to: server.port())
        let upload = try Upload(1_000_000)
        let answer = upload.url.path + ".answer"
        defer { #expect(unlink(answer) == 0) }
        for _ in 0..<2 {
            let report = try Self.curl(
                [
                    "--http2-prior-knowledge", "--data-binary", "@\(upload.url.path)", "-o", answer, "-w",
                    "%{http_version} %{http_code}",
                ], path.url)
            #expect(report == "2 200")
            #expect(try Data(contentsOf: URL(filePath: answer)) == upload.bytes)
        }
    }

    @Test(
        "nghttp: trailers in both directions, padding and continuations", arguments: Way.allCases,
        [[], ["--padding=100"], ["--continuation"]])
    func nghttp(way: Way, options: [String]) throws {
        let server = try PeerProcess(script: "http2_server.py", [])
        let path = try Path(way, to: server.port())
        let upload = try Upload(40_000)
        let (status, output) = try PeerProcess.run(
            "nghttp", ["-nv", "--timeout=20", "--data=\(upload.url.path)", "--trailer=x-sum: 1"] + options + [path.url])
        #expect(status == 0)
        #expect(output.components(separatedBy: ":status: 200").count == 2, "\(output.suffix(2000))")
        #expect(output.components(separatedBy: "x-got-x-sum: 1").count == 2)
        #expect(output.components(separatedBy: "x-end: 1").count == 2)
    }

    @Test("h2load: no request fails", arguments: Way.allCases, [true, false])
    func h2load(way: Way, isHTTP2: Bool) throws {
        let server = try PeerProcess(script: isHTTP2 ? "http2_server.py" : "http1_server.py", [])
        let path = try Path(way, to: server.port())
        let load = isHTTP2 ? ["-n", "800", "-c", "4", "-m", "16"] : ["--h1", "-n", "800", "-c", "8"]
        let (status, output) = try PeerProcess.run("h2load", load + [path.url + "/some/path"])
        #expect(status == 0)
        #expect(output.contains("800 succeeded, 0 failed, 0 errored, 0 timeout"), "\(output.suffix(800))")
    }

    @Test("grpcio: every kind of call, deadlines, cancelling, statuses, large messages", arguments: Way.allCases)
    func grpc(way: Way) throws {
        let server = try PeerProcess(script: "grpc_peer.py", ["serve"])
        let path = try Path(way, to: server.port())
        let client = try PeerProcess(script: "grpc_peer.py", ["call", "\(path.address.port)"], errors: true)
        let (status, output) = try client.finish()
        #expect(status == 0, "\(output)")
        #expect(output.components(separatedBy: "ok call_").count == 12, "\(output)")
    }

    @Test("websockets: messages of any size in both directions, pings, and the end", arguments: Way.allCases)
    func webSocket(way: Way) throws {
        let server = try PeerProcess(script: "websocket_peer.py", ["serve"])
        let path = try Path(way, to: server.port())
        let client = try PeerProcess(script: "websocket_peer.py", ["call", "\(path.address.port)"], errors: true)
        let (status, output) = try client.finish()
        #expect(status == 0 && output.hasPrefix("ok 1000"), "\(output)")
    }
}
