import MeshModel
import Testing

@testable import MeshLocal

@Suite struct ClusterZoneTests {
    private let zone = ClusterZone(services: [
        ObjectKey(namespace: "shop", name: "web"): .init(
            address: .v4(0x0A60_0007), ports: [.init(name: "http", transport: .tcp, number: 80)]),
        ObjectKey(namespace: "shop", name: "db"): .init(endpoints: [
            .init(address: .v4(0x0AF4_0004), ports: [.init(name: "sql", transport: .tcp, number: 5432)]),
            .init(address: .v4(0x0AF4_0005), hostname: "db-1"),
        ]),
        ObjectKey(namespace: "shop", name: "far"): .init(alias: ["example", "org"]),
    ])

    private func ask(_ name: String, _ type: UInt16 = DNSType.a) -> DNSAnswer {
        self.zone.answer(name.split(separator: ".").map(String.init), type: type)
    }

    @Test(arguments: [
        ("web.shop.svc.cluster.local", [DNSRecord.a(0x0A60_0007)]),
        ("db.shop.svc.cluster.local", [.a(0x0AF4_0004), .a(0x0AF4_0005)]),
        ("db-1.db.shop.svc.cluster.local", [.a(0x0AF4_0005)]),
        ("10-244-0-4.db.shop.svc.cluster.local", [.a(0x0AF4_0004)]),
        ("10-244-0-9.shop.pod.cluster.local", [.a(0x0AF4_0009)]),
        ("far.shop.svc.cluster.local", [.cname(["example", "org"])]),
        ("localhost", [.a(0x7F00_0001)]),
        ("shop.svc.cluster.local", []), ("svc.cluster.local", []), ("cluster.local", []),
    ])
    func `names of Services, endpoints and pods have addresses`(name: String, records: [DNSRecord]) {
        #expect(self.ask(name) == .records(records))
    }

    @Test(arguments: [
        "nothing.shop.svc.cluster.local", "web.other.svc.cluster.local", "other.svc.cluster.local", "example.org",
        "x.web.shop.svc.cluster.local", "a.b.c.web.shop.svc.cluster.local", "bad.shop.pod.cluster.local",
        "web.shop.svc.cluster.local.shop.svc.cluster.local", "x.cluster.local", "local",
    ])
    func `other names do not exist`(name: String) {
        #expect(self.ask(name) == .noSuchName)
    }

    @Test func `a name without an address of the family asked for exists`() {
        #expect(self.ask("web.shop.svc.cluster.local", 28) == .records([]))
    }

    @Test func `named ports have SRV records with their targets' addresses`() {
        let web = ["web", "shop", "svc", "cluster", "local"]
        #expect(
            self.ask("_http._tcp.web.shop.svc.cluster.local", DNSType.srv)
                == .records([.srv(port: 80, target: web), .additional(web, 0x0A60_0007)]))
        let endpoint = ["10-244-0-4", "db", "shop", "svc", "cluster", "local"]
        #expect(
            self.ask("_sql._tcp.db.shop.svc.cluster.local", DNSType.srv)
                == .records([.srv(port: 5432, target: endpoint), .additional(endpoint, 0x0AF4_0004)]))
        #expect(self.ask("_http._udp.web.shop.svc.cluster.local", DNSType.srv) == .noSuchName)
    }
}

@Suite struct DNSMessageTests {
    /// `Web.shop`, type A, class IN, recursion desired.
    private let packet: [UInt8] =
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + [3, 87, 101, 98, 4] + Array("shop".utf8) + [0, 0, 1, 0, 1]

    @Test func `a question is read in lower case and repeated as it was`() throws {
        let query = try DNSQuery(self.packet)
        #expect(query.name == ["web", "shop"] && query.type == DNSType.a && query.answerMax == 512)
        let reply = DNSWriter.reply(to: query, .records([.a(0x0102_0304)]), domain: ["cluster", "local"])
        #expect(Array(reply[0..<12]) == [0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
        #expect(Array(reply[12..<26]) == Array(self.packet[12..<26]))
        #expect(Array(reply[26...]) == [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 1, 2, 3, 4])
    }

    @Test func `an answer holds what its client takes and no more`() throws {
        var packet = self.packet
        let many = DNSAnswer.records((0..<500).map { .a($0) })
        #expect(DNSWriter.reply(to: try DNSQuery(packet), many, domain: ["cluster", "local"]).count <= 512)
        packet[11] = 1
        packet += [0, 0, 41, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0]
        let size = DNSWriter.reply(to: try DNSQuery(packet), many, domain: ["cluster", "local"]).count
        #expect(size > 512 && size <= DNSQuery.answerMaxEDNS)
    }

    @Test func `a name that does not exist is denied with the zone's authority`() throws {
        let reply = DNSWriter.reply(to: try DNSQuery(self.packet), .noSuchName, domain: ["cluster", "local"])
        #expect(reply[3] & 0xF == 3 && reply[7] == 0 && reply[9] == 1)
    }

    @Test func `no packet cut short or bent is taken for a query`() throws {
        for length in 0..<self.packet.count {
            #expect(throws: DNSError.self) { _ = try DNSQuery(Array(self.packet[0..<length])) }
        }
        for (offset, value) in [(2, UInt8(0x80)), (2, 0x28), (5, 2), (12, 0xC0), (12, 200)] {
            var bent = self.packet
            bent[offset] = value
            #expect(throws: DNSError.self) { _ = try DNSQuery(bent) }
        }
        #expect(DNSWriter.failure(.ignored) == nil)
        #expect(DNSWriter.failure(.malformed(id: 0x1234))?.prefix(4) == [0x12, 0x34, 0x80, 1])
    }
}
