import MeshModel
import MeshTestKit
import Testing

@testable import MeshProxy

@Suite struct DNSMessageTests {
    private let query = DNSMessage.query("web.ns.svc.cluster.local.", .a, id: 0x1234) ?? []

    private func response(_ records: [UInt8], count: UInt8, flags: UInt8 = 0x80) -> [UInt8] {
        var message = self.query
        message[2] = 0x81
        message[3] = flags
        message[7] = count
        return message + records
    }

    private let record: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 1, 2, 3]

    @Test("addresses are read, aliases before them are passed over")
    func addresses() {
        let alias: [UInt8] = [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 3, 1, 0x78, 0]
        let answer = DNSMessage.answer(self.response(alias + self.record + self.record, count: 3), to: self.query)
        #expect(answer == .addresses([.v4(0x0A01_0203), .v4(0x0A01_0203)], ttl: 30))
    }

    @Test("names that do not exist, and servers that do not answer, are told apart")
    func codes() {
        #expect(DNSMessage.answer(self.response([], count: 0, flags: 0x83), to: self.query) == DNSMessage.Answer.none)
        #expect(DNSMessage.answer(self.response([], count: 0, flags: 0x82), to: self.query) == .failed)
        #expect(DNSMessage.answer(self.response([], count: 0), to: self.query) == DNSMessage.Answer.none)
    }

    @Test("answers to other questions are ignored")
    func strangers() {
        var other = self.response(self.record, count: 1)
        other[0] = 0xFF
        #expect(DNSMessage.answer(other, to: self.query) == nil)
        var name = self.response(self.record, count: 1)
        name[14] ^= 0x01
        #expect(DNSMessage.answer(name, to: self.query) == nil)
        #expect(DNSMessage.answer(self.query, to: self.query) == nil, "a question is no answer")
        var upper = self.response(self.record, count: 1)
        upper[13] = UInt8(ascii: "W")
        #expect(DNSMessage.answer(upper, to: self.query) != nil, "case does not matter")
    }

    @Test("damaged answers are never fatal", arguments: 0..<UInt64(500))
    func noise(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var message = self.response(self.record + self.record, count: 200)
        for _ in 0..<4 {
            message[Int.random(in: 4..<message.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        message.removeLast(Int.random(in: 0..<20, using: &random))
        if case .addresses(let list, _) = DNSMessage.answer(message, to: self.query) { #expect(list.count <= 64) }
    }

    @Test("names that are none are not asked for", arguments: ["", "a..b", String(repeating: "x", count: 64)])
    func names(name: String) {
        #expect(DNSMessage.query(name, .a, id: 1) == nil)
    }

    @Test("the search list is tried as the file says")
    func search() {
        let configuration = ResolverConfiguration(
            "# comment\nnameserver 10.0.0.10\nnameserver fd00::1\nsearch ns.svc cluster.local\noptions ndots:5 edns0\n")
        #expect(configuration.servers.count == 2)
        #expect(configuration.candidates(for: "a.b.") == ["a.b."])
        #expect(configuration.candidates(for: "a.b") == ["a.b.ns.svc", "a.b.cluster.local", "a.b"])
        #expect(ResolverConfiguration("").candidates(for: "a.b") == ["a.b"])
        #expect(ResolverConfiguration("").servers == [.v4(0x7F00_0001)])
    }
}
