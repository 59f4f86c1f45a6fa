import MeshModel

/// A question of a DNS query (RFC 1035 §4.1), with what is needed to answer it.
struct DNSQuery: Hashable, Sendable {
    /// Chosen by the client, returned as it is.
    var id: UInt16
    /// True when the client asks for recursion; copied into the answer.
    var recursionDesired: Bool
    /// Labels in lower case, without the root.
    var name: [String]
    /// The labels and the type and class as they were sent, copied into the answer.
    var question: [UInt8]
    /// What is asked for.
    var type: UInt16
    /// The largest answer that the client takes: 512, or what EDNS says up to ``answerMax``.
    var answerMax: Int
}

/// Why a packet gets an error instead of an answer.
enum DNSError: Error, Hashable, Sendable {
    /// Too short to have an identifier, or an answer itself: no reply at all.
    case ignored
    /// Not a query that the grammar allows.
    case malformed(id: UInt16)
    /// Another operation than a standard query, or more than one question.
    case notImplemented(id: UInt16)
}

/// A record type that we serve, by its number (RFC 1035 §3.2.2, RFC 2782, RFC 3596).
enum DNSType {
    static let a: UInt16 = 1
    static let cname: UInt16 = 5
    static let soa: UInt16 = 6
    static let srv: UInt16 = 33
    static let opt: UInt16 = 41
    static let any: UInt16 = 255
}

/// One record of an answer.
enum DNSRecord: Hashable, Sendable {
    /// An IPv4 address of the name that was asked for.
    case a(UInt32)
    /// The name that was asked for is an alias.
    case cname([String])
    /// A port, and the name of who serves it.
    case srv(port: UInt16, target: [String])
    /// The address of a name in an SRV record.
    case additional([String], UInt32)
}

/// What the zone says about a name.
enum DNSAnswer: Hashable, Sendable {
    /// The name exists; without records it has none of the type asked for.
    case records([DNSRecord])
    /// No such name.
    case noSuchName
}

extension DNSQuery {
    /// The largest answer that we send in one datagram (the recommendation of DNS Flag Day 2020).
    static let answerMaxEDNS = 1232

    /// Reads a datagram.
    init(_ bytes: [UInt8]) throws(DNSError) {
        guard bytes.count >= 12 else { throw .ignored }
        let word = { (at: Int) in UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1]) }
        let (id, flags) = (word(0), word(2))
        guard flags & 0x8000 == 0 else { throw .ignored }
        guard flags & 0x7800 == 0, word(4) == 1 else { throw .notImplemented(id: id) }
        var offset = 12
        var labels: [String] = []
        while true {
            guard offset < bytes.count else { throw .malformed(id: id) }
            let length = Int(bytes[offset])
            offset += 1
            guard length > 0 else { break }
            // Compression has nothing to point at in a question.
            guard length < 64, offset + length <= bytes.count, offset + length - 12 <= 254 else {
                throw .malformed(id: id)
            }
            let label = bytes[offset..<offset + length].map { (65...90).contains($0) ? $0 + 32 : $0 }
            labels.append(String(decoding: label, as: UTF8.self))
            offset += length
        }
        guard offset + 4 <= bytes.count else { throw .malformed(id: id) }
        self.id = id
        self.recursionDesired = flags & 0x0100 != 0
        self.name = labels
        self.type = word(offset)
        self.question = Array(bytes[12..<offset + 4])
        self.answerMax = 512
        // An OPT record directly after the question (RFC 6891): root name, type, size in place of the class.
        let rest = offset + 4
        if word(6) == 0, word(8) == 0, word(10) > 0, rest + 5 <= bytes.count, bytes[rest] == 0,
            word(rest + 1) == DNSType.opt
        {
            self.answerMax = min(max(Int(word(rest + 3)), 512), Self.answerMaxEDNS)
        }
    }
}

/// Writes answers.
enum DNSWriter {
    /// Endpoints come and go: what we say is good for this many seconds.
    static let ttl: UInt32 = 5

    /// The answer to `query`, with as many records as its client takes.
    static func reply(to query: DNSQuery, _ answer: DNSAnswer, domain: [String]) -> [UInt8] {
        var answers: [[UInt8]] = []
        var additional: [[UInt8]] = []
        var code: UInt16 = 0
        switch answer {
        case .noSuchName: code = 3
        case .records(let records):
            for record in records {
                if case .additional = record {
                    additional.append(self.record(record))
                } else {
                    answers.append(self.record(record))
                }
            }
        }
        let authority = answers.isEmpty ? self.startOfAuthority(domain) : []
        var room = query.answerMax - 12 - query.question.count - authority.count
        answers = self.fitting(answers, into: &room)
        additional = self.fitting(additional, into: &room)
        var output: [UInt8] = []
        let flags: UInt16 = 0x8480 | (query.recursionDesired ? 0x0100 : 0) | code  // Answer, authoritative, recursion.
        let counts = [1, answers.count, authority.isEmpty ? 0 : 1, additional.count].map { UInt16($0) }
        for word in [query.id, flags] + counts { self.append(word, to: &output) }
        return output + query.question + answers.joined() + authority + additional.joined()
    }

    /// An error without a question.
    static func failure(_ error: DNSError) -> [UInt8]? {
        let (id, code): (UInt16, UInt16)
        switch error {
        case .ignored: return nil
        case .malformed(let query): (id, code) = (query, 1)
        case .notImplemented(let query): (id, code) = (query, 4)
        }
        var output: [UInt8] = []
        for word in [id, 0x8000 | code, 0, 0, 0, 0] { self.append(word, to: &output) }
        return output
    }

    private static func fitting(_ records: [[UInt8]], into room: inout Int) -> [[UInt8]] {
        var fitting: [[UInt8]] = []
        for record in records where record.count <= room {
            room -= record.count
            fitting.append(record)
        }
        return fitting
    }

    private static func record(_ record: DNSRecord) -> [UInt8] {
        let asked: [UInt8] = [0xC0, 12]  // A pointer to the name in the question.
        switch record {
        case .a(let address): return self.record(asked, DNSType.a, self.bytes(address))
        case .cname(let target): return self.record(asked, DNSType.cname, self.name(target))
        case .srv(let port, let target):
            var data: [UInt8] = [0, 0, 0, 100]  // Priority and weight: all alike.
            self.append(port, to: &data)
            return self.record(asked, DNSType.srv, data + self.name(target))
        case .additional(let name, let address):
            return self.record(self.name(name), DNSType.a, self.bytes(address))
        }
    }

    private static func startOfAuthority(_ domain: [String]) -> [UInt8] {
        let numbers: [UInt32] = [1, 7200, 1800, 86400, self.ttl]
        let data = self.name(["ns", "dns"] + domain) + self.name(["hostmaster"] + domain)
        return self.record(self.name(domain), DNSType.soa, data + numbers.flatMap(self.bytes))
    }

    private static func record(_ name: [UInt8], _ type: UInt16, _ data: [UInt8]) -> [UInt8] {
        var output = name
        self.append(type, to: &output)
        self.append(1, to: &output)  // Class IN.
        output += self.bytes(self.ttl)
        self.append(UInt16(data.count), to: &output)
        return output + data
    }

    private static func name(_ labels: [String]) -> [UInt8] {
        labels.flatMap { label in [UInt8(truncatingIfNeeded: label.utf8.count)] + Array(label.utf8) } + [0]
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func append(_ word: UInt16, to output: inout [UInt8]) {
        output += [UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word)]
    }
}
