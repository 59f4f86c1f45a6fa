import MeshModel
import MeshPolicy
import MeshReactor
import MeshTestKit
import Synchronization
import Testing

@testable import MeshProxy

@Suite(.timeLimit(.minutes(3))) struct ChurnTests {
    private static let web = "web.ns.serviceaccount.identity.linkerd.cluster.local"
    private static let app = "app.ns.serviceaccount.identity.linkerd.cluster.local"

    /// Answers with the request's body, sometimes in chunks, sometimes closing, sometimes breaking off.
    private static func server() throws -> ScriptedServer {
        let seeds = Mutex<UInt64>(0)
        return try ScriptedServer { wire in
            var random = SplitMix64(
                seed: seeds.withLock {
                    $0 += 1
                    return $0
                })
            while true {
                let head = try wire.read(through: "\r\n\r\n")
                let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
                let body = try wire.read(count: Int(length?.dropFirst(16) ?? "0") ?? 0)
                switch Int.random(in: 0..<20, using: &random) {
                case 0: return wire.reset()
                case 1:
                    try wire.write("HTTP/1.1 200 OK\r\ncontent-length: \(body.count + 1)\r\n\r\n")
                    try wire.write(body)
                    return wire.close()
                case 2:
                    try wire.write("HTTP/1.1 200 OK\r\ncontent-length: \(body.count)\r\nconnection: close\r\n\r\n")
                    try wire.write(body)
                    wire.finish()
                    _ = try wire.readToEnd()
                    return wire.close()
                default:
                    try wire.write("HTTP/1.1 200 OK\r\ncontent-length: \(body.count)\r\n\r\n")
                    try wire.write(body)
                }
            }
        }
    }

    /// One client's life: requests with bodies that must come back as they are or visibly fail.
    ///
    /// - Returns: how many came back whole.
    private static func converse(_ address: SocketAddress, seed: UInt64) -> (whole: Int, wrong: Int) {
        var random = SplitMix64(seed: seed)
        var whole = 0
        var wrong = 0
        for _ in 0..<12 {
            do {
                let wire = try Wire.connect(to: address)
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let size = Int.random(in: 0...(1 << Int.random(in: 0...17, using: &random)), using: &random)
                    let first = UInt8.random(in: 0...255, using: &random)
                    let body = (0..<size).map { first &+ UInt8(truncatingIfNeeded: $0 &* 7) }
                    try wire.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: \(size)\r\n\r\n")
                    try wire.write(body)
                    if Int.random(in: 0..<15, using: &random) == 0 { return (whole, wrong) }
                    let head = try wire.read(through: "\r\n\r\n")
                    guard head.hasPrefix("HTTP/1.1 200 ") else { break }
                    guard head.contains("content-length: \(size)\r\n") else {
                        // The server announced more than it sent: it must not look complete.
                        if (try? wire.read(count: size + 1)) != nil { wrong += 1 }  // Any error is what is wanted.
                        break
                    }
                    if try wire.read(count: size) == body { whole += 1 } else { wrong += 1 }
                    if head.contains("connection: close") { break }
                }
                if Bool.random(using: &random) { wire.reset() }
            } catch {
                continue  // A broken connection is an answer, too.
            }
        }
        return (whole, wrong)
    }

    @Test("no byte is wrong and nothing is left over while servers break off, certificates rotate and endpoints change")
    func survivesChurn() throws {
        let server = try Self.server()
        let other = try Self.server()
        let authority = try TestAuthority()
        let inbound = try TestProxy(to: server.address, inboundIdentity: authority.identity(Self.app))
        let second = try TestProxy(to: other.address, inboundIdentity: authority.identity(Self.app))
        let members = [inbound.inbound, second.inbound].map { Endpoint(address: $0, tls: EndpointTLS(dns: Self.app)) }
        let outbound = try TestProxy(
            to: inbound.inbound, inboundIdentity: authority.identity(Self.web), members: members)
        let results = Mutex<[(whole: Int, wrong: Int)]>([])
        let clients = 6
        for client in 0..<clients {
            let address = outbound.outbound
            try startThread(name: "client") {
                let result = Self.converse(address, seed: UInt64(client) + 1)
                results.withLock { $0.append(result) }
            }
        }
        var version: UInt64 = 2
        var poller = try Poller()
        while results.withLock({ $0.count }) < clients {
            // Another certificate for both, and one endpoint less or more, each time.
            try outbound.republish(
                version, identity: authority.identity(Self.web), members: Array(members.prefix(1 + Int(version % 2))))
            try inbound.republish(version, identity: authority.identity(Self.app), members: [])
            version += 1
            let now = Clock.now()
            try poller.wait(until: now.advanced(by: .milliseconds(40)), now: now)
        }
        let all = results.withLock { $0 }
        #expect(all.map(\.wrong).reduce(0, +) == 0)
        #expect(all.map(\.whole).reduce(0, +) > 50)
        #expect(version > 4)
    }
}

@Suite struct ConnectionSizeTests {
    @Test("a connection's own state stays small; buffers exist only while bytes wait")
    func connectionIsSmall() {
        #expect(MemoryLayout<Connection>.size <= 512)
        #expect(MemoryLayout<Exchange>.size <= 192)
    }
}
