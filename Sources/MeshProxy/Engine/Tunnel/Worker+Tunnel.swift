import MeshModel
import MeshReactor

extension Worker {
    /// Connects `handle` to a server, so that bytes pass unseen in both directions.
    mutating func openTunnel(_ handle: Handle, to pool: Handle) -> Bool {
        guard let server = self.open(pool) else { return false }
        self.clearTimer(handle)
        self.join(handle, server)
        return true
    }

    /// Makes a tunnel of two connections; held bytes follow in their turn.
    mutating func join(_ first: Handle, _ second: Handle) {
        for (one, other) in [(first, second), (second, first)] {
            self.connections[one].stage = .tunnel
            self.connections[one].partner = other
            self.connections[one].exchange = .none
            self.connections[one].flags.subtract([.paused, .starved])
            self.schedule(one)
        }
    }

    /// Passes bytes on; a partner that does not take them stops the reading.
    mutating func tunnelReceived(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        let partner = self.connections[handle].partner
        guard self.connections.contains(partner) else {
            self.broke(handle)
            return bytes.count
        }
        self.write(partner, bytes)
        if self.isBacklogged(partner) {
            self.pause(handle)
        } else if bytes.count >= Self.readSize, self.connections[handle].tls == nil,
            self.connections[partner].tls == nil
        {
            // Full reads mean bulk: from now on the kernel moves the bytes itself.
            self.connections[handle].flags.insert(.splicing)
        }
        return bytes.count
    }

    /// One side has ended; the other may go on until it ends too.
    mutating func tunnelEnded(_ handle: Handle) {
        let partner = self.connections[handle].partner
        guard self.connections.contains(partner) else { return self.close(handle) }
        self.finishWriting(partner)
        guard self.connections[partner].flags.contains(.ended) else { return }
        // Both have ended; what waits in either direction still leaves before the sockets close.
        self.closeSoon(handle)
        self.closeSoon(partner)
    }

    // MARK: - Splicing

    /// Lets the kernel move bytes from `handle` to its partner, a few pipes full at most.
    mutating func splice(_ handle: Handle) {
        let partner = self.connections[handle].partner
        guard self.connections.contains(partner), self.pipe(of: handle) else {
            self.connections[handle].flags.remove(.splicing)
            return self.schedule(handle)
        }
        for _ in 0..<4 {
            let pipe = self.connections[handle].pipe
            let waiting = self.pipes[pipe].count
            if waiting == 0, !self.fillPipe(handle, pipe) { return }
            switch Self.empty(&self.pipes, pipe, to: self.connections, partner) {
            case .bytes(let count):
                if let series = self.connections[partner].series { self.stats.wrote(count, series) }
                continue
            case .wouldBlock: return  // The partner's next writability goes on here.
            case .failed(let error):
                self.connections[partner].failure = error
                return self.broke(partner)
            }
        }
        self.schedule(handle)
    }

    /// False when there is nothing to move now.
    private mutating func fillPipe(_ handle: Handle, _ pipe: Handle) -> Bool {
        switch Self.fill(&self.pipes, pipe, from: self.connections, handle) {
        case .bytes(let count):
            if let series = self.connections[handle].series { self.stats.read(count, series) }
            return true
        case .wouldBlock:
            self.connections[handle].flags.subtract([.readable, .hungUp, .splicing])
            self.releasePipe(handle)
        case .end:
            self.releasePipe(handle)
            self.connections[handle].flags.insert(.ended)
            self.connections[handle].flags.subtract([.readable, .splicing])
            self.tunnelEnded(handle)
        case .failed(let error):
            self.connections[handle].failure = error
            self.broke(handle)
        }
        return false
    }

    // Parameters instead of `self`, so that a pipe can be changed while a socket is lent.

    private static func fill(
        _ pipes: inout Slab<Pipe>, _ pipe: Handle, from connections: borrowing Slab<Connection>, _ handle: Handle
    ) -> ReadResult {
        pipes[pipe].fill(from: connections[handle].socket)
    }

    private static func empty(
        _ pipes: inout Slab<Pipe>, _ pipe: Handle, to connections: borrowing Slab<Connection>, _ handle: Handle
    ) -> WriteResult {
        pipes[pipe].empty(to: connections[handle].socket)
    }

    private mutating func pipe(of handle: Handle) -> Bool {
        if self.connections[handle].pipe != .none { return true }
        guard !self.pipes.isFull else { return false }
        do throws(ReactorError) {
            self.connections[handle].pipe = self.pipes.insert(try Pipe())
            return true
        } catch {
            return false  // Out of descriptors: copying works without.
        }
    }

    /// Gives the pipe back; bytes inside are lost, which only a failing connection does.
    mutating func releasePipe(_ handle: Handle) {
        let pipe = self.connections[handle].pipe
        guard pipe != .none else { return }
        _ = self.pipes.remove(pipe)
        self.connections[handle].pipe = .none
    }
}
