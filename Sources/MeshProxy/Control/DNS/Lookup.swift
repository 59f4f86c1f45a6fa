import MeshModel
import MeshReactor

/// One search for the addresses of a host.
///
/// Candidates are asked for in order, IPv4 before IPv6, each question sent to one server after the other.
struct Lookup: ~Copyable {
    /// Until a server is given up.
    static let timeout = Duration.seconds(2)
    private static let attemptsMax = 12

    private let configuration: ResolverConfiguration
    private let candidates: [String]
    private var candidate = 0
    private var type = DNSMessage.RecordType.a
    private var attempts = 0
    private var server = 0
    private var socket: DatagramSocket?
    private var query: [UInt8] = []
    /// When the question now under way is given up.
    private(set) var deadline = MonotonicTime(nanoseconds: .max)

    init(_ host: String, _ configuration: ResolverConfiguration) {
        self.configuration = configuration
        self.candidates = configuration.candidates(for: host)
    }

    /// Sends the next question; false when there is none left to ask.
    mutating func ask(_ poller: borrowing Poller, token: UInt64, now: MonotonicTime) -> Bool {
        while self.attempts < Self.attemptsMax, self.candidate < self.candidates.count {
            self.attempts += 1
            let server = self.configuration.servers[self.server % self.configuration.servers.count]
            guard let query = DNSMessage.query(self.candidates[self.candidate], self.type, id: .random(in: 0...(.max)))
            else {
                self.candidate += 1
                continue
            }
            // A server that cannot be reached is like one that does not answer: the next is asked.
            guard let socket = try? DatagramSocket(peer: SocketAddress(server, port: 53)),
                case .bytes = socket.send(query.span), (try? poller.watch(datagrams: socket, token: token)) != nil
            else {
                self.server += 1
                continue
            }
            self.query = query
            self.socket = consume socket
            self.deadline = now.advanced(by: Self.timeout)
            return true
        }
        self.socket = nil
        return false
    }

    /// What became of a question.
    enum Progress {
        /// Nothing yet.
        case waiting
        /// These are the addresses.
        case found([IPAddress], ttl: UInt32)
        /// Ask again.
        case next
    }

    /// Reads what has come.
    mutating func receive(_ scratch: Scratch) -> Progress {
        let range = 0..<DNSMessage.sizeMax
        let result = self.socket?.receive(into: scratch, range) ?? .wouldBlock
        switch result {
        case .wouldBlock, .end: return .waiting
        case .failed:
            self.server += 1
            return .next
        case .bytes(let count):
            let message = scratch.copy(0..<count)
            switch DNSMessage.answer(message, to: self.query) {
            case nil: return .waiting
            case .addresses(let addresses, let ttl): return .found(addresses, ttl: ttl)
            case .some(.none):
                if self.type == .a {
                    self.type = .aaaa
                } else {
                    self.type = .a
                    self.candidate += 1
                }
                return .next
            case .failed:
                self.server += 1
                return .next
            }
        }
    }

    /// The question was not answered in time.
    mutating func timedOut() { self.server += 1 }
}

extension Scratch {
    /// A copy of some bytes.
    func copy(_ range: Range<Int>) -> [UInt8] {
        let bytes = self.bytes(range)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for index in bytes.indices { result.append(bytes[index]) }
        return result
    }
}
