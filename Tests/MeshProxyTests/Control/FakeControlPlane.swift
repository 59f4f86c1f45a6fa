import Crypto
import Foundation
import MeshCodec
import MeshModel
import MeshReactor
import MeshSecure
import MeshWire
import SwiftASN1
import SwiftProtobuf
import Synchronization
import X509

@testable import MeshProxy

/// A control plane of one process: gRPC over TLS on one port, answering by a script.
final class FakeControlPlane: Sendable {
    /// What a call is answered with; without a code it stays open.
    struct Reply {
        var messages: [[UInt8]] = []
        var code: UInt8?
    }

    /// The identity that it proves.
    static let name = "controller.ns.id"

    let address: SocketAddress
    private struct State {
        var requests: [String: [[UInt8]]] = [:]
        var isStopped = false
        var accepted = 0
        var hasEnded = false
    }
    private let state = Mutex(State())
    private let wakeup: Wakeup

    /// Serves at `address`, or at a free port, with a certificate for `name` until it is stopped.
    init(
        _ authority: TestAuthority, at address: SocketAddress? = nil, name: String = FakeControlPlane.name,
        answer: @escaping @Sendable (_ path: String, _ request: [UInt8]) throws -> Reply
    ) throws {
        let (certificate, key) = try authority.issue(name)
        let context = try TLSContext(
            .server, credentials: TLSCredentials(chain: [certificate], key: try IdentityKey(pkcs8: key)),
            anchors: try TrustAnchors(pem: authority.pem), protocols: ["h2"])
        let listener = try Socket.listening(on: address ?? SocketAddress(.v4(0x7F00_0001), port: 0))
        self.address = try listener.localAddress()
        self.wakeup = try Wakeup()
        let server = Mutex<Socket?>(consume listener)
        let box = ListenerBox(server)
        try startThread(name: "control-plane") { [self] in
            do {
                guard let listener = box.take() else { return }
                try self.serve(listener, context, answer)
                self.state.withLock { $0.hasEnded = true }
            } catch {
                print("the fake control plane failed: \(error)")
            }
        }
    }

    private final class ListenerBox: Sendable {
        private let socket: Mutex<Socket?>
        init(_ socket: consuming Mutex<Socket?>) { self.socket = socket }
        func take() -> Socket? { self.socket.withLock { $0.take() } }
    }

    /// Ends all connections and closes the port.
    func stop() {
        self.state.withLock { $0.isStopped = true }
        self.wakeup.signal()
    }

    /// Connections that came.
    var accepted: Int { self.state.withLock { $0.accepted } }
    /// True once all connections have ended.
    var hasEnded: Bool { self.state.withLock { $0.hasEnded } }

    /// The requests that came for a path.
    func requests(_ suffix: String) -> [[UInt8]] {
        self.state.withLock { $0.requests.filter { $0.key.hasSuffix(suffix) }.flatMap(\.value) }
    }

    private struct Connection: ~Copyable {
        let socket: Socket
        var tls: TLSSession
        var http: HTTP2Connection
        var calls: [UInt32: (path: String, frames: GRPCFrames)] = [:]
    }

    private func serve(
        _ listener: borrowing Socket, _ context: TLSContext, _ answer: (String, [UInt8]) throws -> Reply
    ) throws {
        var poller = try Poller()
        var connections = Slab<Connection>(limit: 64)
        let memory = try RPCMemory()
        let listening = UInt64.max
        let waking = UInt64.max - 1
        try poller.watch(listener: listener, token: listening)
        try poller.watch(wakeup: self.wakeup, token: waking)
        while !self.state.withLock({ $0.isStopped }) {
            try poller.wait(until: nil, now: Clock.now())
            for index in 0..<poller.count {
                let event = poller[index]
                if event.token == waking { continue }
                if event.token == listening {
                    while let accepted = try listener.accept() {
                        self.state.withLock { $0.accepted += 1 }
                        let handle = connections.insert(
                            Connection(
                                socket: accepted.socket, tls: try .accepting(context, buffers: memory.tls),
                                http: HTTP2Connection(role: .server, now: Clock.now())))
                        try poller.watch(connections[handle].socket, token: handle.bits)
                    }
                    continue
                }
                let handle = Handle(bits: event.token)
                guard connections.contains(handle) else { continue }
                if (try? self.progress(&connections[handle], memory, answer)) != true {
                    _ = connections.remove(handle)
                }
            }
        }
    }

    /// False when the connection is over.
    private func progress(
        _ connection: inout Connection, _ memory: RPCMemory, _ answer: (String, [UInt8]) throws -> Reply
    ) throws -> Bool {
        let scratch = memory.scratch
        while case .bytes(let count) = connection.socket.receive(into: scratch, RPCMemory.ciphertext) {
            var target = scratch.mutableBytes(RPCMemory.plaintext)
            let plain = try connection.tls.receive(scratch.bytes(0..<count), into: &target)
            let start = RPCMemory.plaintext.lowerBound
            let bytes = scratch.bytes(start..<(start + plain))
            var offset = 0
            while let event = try connection.http.receive(bytes, at: &offset, into: &memory.list, now: Clock.now()) {
                try self.handle(event, bytes, &connection, memory, answer)
            }
            try self.flush(&connection, memory)
        }
        return connection.tls.state == .open || connection.tls.state == .handshaking
    }

    private func handle(
        _ event: HTTP2Event, _ bytes: Span<UInt8>, _ connection: inout Connection, _ memory: RPCMemory,
        _ answer: (String, [UInt8]) throws -> Reply
    ) throws {
        switch event {
        case .head(let stream, _, _):
            connection.calls[stream] = (memory.list.text(":path") ?? "", GRPCFrames())
        case .data(let stream, _, let range, let end):
            connection.http.consumed(stream, range.count)
            connection.calls[stream]?.frames.append(bytes.extracting(range))
            guard end, let path = connection.calls[stream]?.path,
                let message = try connection.calls[stream]?.frames.next()
            else { return }
            self.state.withLock { $0.requests[path, default: []].append(message) }
            self.respond(try answer(path, message), stream, &connection)
        default: break
        }
    }

    private func respond(_ reply: Reply, _ stream: UInt32, _ connection: inout Connection) {
        var head = HTTP2HeaderList()
        head.append(":status", "200")
        head.append("content-type", "application/grpc")
        connection.http.sendHead(stream, head, end: false)
        for message in reply.messages {
            _ = connection.http.sendData(stream, GRPCFrames.framed(message).span, end: false)
        }
        guard let code = reply.code else { return }
        var trailers = HTTP2HeaderList()
        trailers.append("grpc-status", "\(code)")
        connection.http.sendHead(stream, trailers, end: true)
    }

    private func flush(_ connection: inout Connection, _ memory: RPCMemory) throws {
        let buffers = memory.tls
        func send(_ socket: borrowing Socket) { _ = socket.send(buffers.output) }
        send(connection.socket)
        buffers.clear()
        guard connection.tls.state == .open else { return }
        connection.http.takeOutput(&memory.output)
        let output = memory.output
        try connection.tls.seal(output.span)
        send(connection.socket)
        buffers.clear()
    }
}

extension TestAuthority {
    /// A certificate for the key of a signing request, DER.
    func sign(_ request: [UInt8], name: String, seconds: Double) throws -> [UInt8] {
        let request = try CertificateSigningRequest(derEncoded: request)
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: request.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -60), notValidAfter: Date(timeIntervalSinceNow: seconds),
            issuer: self.name, subject: try DistinguishedName { CommonName("leaf") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames([.dnsName(name)])
            }, issuerPrivateKey: Certificate.PrivateKey(self.key))
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
