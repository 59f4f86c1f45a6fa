import MeshModel
import MeshReactor

/// Listening sockets of a worker.
struct Listeners: ~Copyable {
    var sockets: [ListenerSlot] = []
    var isPaused = false
    var isServing = false
}

/// A listening socket and its side.
///
/// A class, since arrays hold no noncopyable elements; never touched per event.
final class ListenerSlot {
    let socket: Socket
    let direction: Direction

    init(_ socket: consuming Socket, _ direction: Direction) {
        self.socket = socket
        self.direction = direction
    }
}

extension Worker {
    /// How many connections one readiness of a listener yields before others get a turn.
    private static var acceptBatch: Int { 64 }

    /// Binds at once, so that a configuration error is known at the start; serves when told to.
    mutating func listen() throws(ReactorError) {
        for direction in [Direction.inbound, .outbound] {
            for address in self.settings[direction].listen {
                let socket = try Socket.listening(on: address, reusePort: self.settings.workers > 1)
                self.listeners.sockets.append(ListenerSlot(socket, direction))
            }
        }
        if !self.settings.waitsForIdentity { try self.serve() }
    }

    /// Starts to accept.
    mutating func serve() throws(ReactorError) {
        guard !self.listeners.isServing else { return }
        self.listeners.isServing = true
        for index in self.listeners.sockets.indices {
            try self.poller.watch(listener: self.listeners.sockets[index].socket, token: Token.listener(index))
        }
    }

    /// Takes the connections that wait at a listener.
    mutating func acceptAll(_ index: Int) {
        guard index < self.listeners.sockets.count, !self.isDraining else { return }
        let listener = self.listeners.sockets[index]
        for _ in 0..<Self.acceptBatch {
            // Room for the connection and for the one that will be opened for it.
            guard self.connections.count + 2 <= self.connections.limit else { return self.pauseAccepting() }
            do throws(ReactorError) {
                guard let accepted = try listener.socket.accept() else { return }
                self.accepted(accepted.socket, from: accepted.peer, listener.direction)
            } catch {
                // Out of descriptors or memory: connections wait in the kernel until some are closed.
                if error.code.isExhaustion { return self.pauseAccepting() }
            }
        }
    }

    private mutating func pauseAccepting() {
        guard !self.listeners.isPaused else { return }
        self.listeners.isPaused = true
        for slot in self.listeners.sockets {
            // Failing to stop watching only means being told again.
            do throws(ReactorError) { try self.poller.unwatch(slot.socket) } catch { continue }
        }
        _ = self.timers.schedule(Token.resumeAccepting, at: self.now.advanced(by: .milliseconds(100)))
    }

    mutating func resumeAccepting() {
        guard self.listeners.isPaused, !self.isDraining else { return }
        self.listeners.isPaused = false
        self.listeners.isServing = false
        do throws(ReactorError) { try self.serve() } catch {
            self.listeners.isPaused = true
            _ = self.timers.schedule(Token.resumeAccepting, at: self.now.advanced(by: .milliseconds(100)))
        }
    }

    private mutating func accepted(_ socket: consuming Socket, from peer: SocketAddress, _ direction: Direction) {
        let side = self.settings[direction]
        guard let target = Self.target(of: socket, fallback: side.forward) else { return }
        socket.apply(side.accepted)
        let connection = Connection(
            socket, stage: .closing, phase: .open, direction: direction, flags: .accepted, peer: peer, target: target,
            since: self.now)
        let handle = self.connections.insert(connection)
        guard self.watch(handle) else { return }
        self.counts.accepted &+= 1
        switch direction {
        case .inbound: self.acceptedInbound(handle)
        case .outbound: self.acceptedOutbound(handle)
        }
    }

    /// Where the client meant to go; nil when it reached the proxy's own port without having been redirected.
    private static func target(of socket: borrowing Socket, fallback: SocketAddress?) -> SocketAddress? {
        do throws(ReactorError) {
            let target = try socket.originalDestination()
            // Without redirection the kernel may answer with the address that was connected to: our own.
            guard target != (try socket.localAddress()) else { return fallback }
            return target
        } catch {
            return fallback
        }
    }

    /// Registers a new connection with the poller; closes it when that fails.
    mutating func watch(_ handle: Handle) -> Bool {
        do throws(ReactorError) {
            try self.poller.watch(self.connections[handle].socket, token: handle.bits)
            return true
        } catch {
            self.close(handle)
            return false
        }
    }
}
