import MeshModel
import Testing

@Suite struct IPAddressTests {
    @Test(
        "an address is printed in its canonical form",
        arguments: [
            ("10.0.0.1", "10.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
            ("2001:DB8::1", "2001:db8::1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1::", "1::"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ])
    func canonicalForm(text: String, expected: String) throws {
        #expect(try #require(IPAddress(text)).description == expected)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", ":", ":::", "1:2", "1:2:3:4:5:6:7:8:9",
            "::1::",
            "12345::", "g::", "1:2:3:4:5:6:7:", "fe80::1%eth0", "1:2:3:4:5:6:7:1.2.3.4",
        ])
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("an IPv4-mapped address is folded into IPv4")
    func mapped() {
        #expect(IPAddress("::ffff:127.0.0.1")?.canonical == IPAddress("127.0.0.1"))
        #expect(IPAddress("::ffff:127.0.0.1")?.isLoopback == true)
    }

    @Test(
        "a network holds its own addresses and no others",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false), ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe00::1", false),
            ("::/0", "::1", true), ("1.2.3.4", "1.2.3.4", true), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("2001:db8:0:8000::/65", "2001:db8:0:8000::1", true),
            ("2001:db8:0:8000::/65", "2001:db8:0:8000:8000::1", false),
        ])
    func containment(network: String, address: String, expected: Bool) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPAddress(address))) == expected)
    }

    @Test(
        "what is no network is refused", arguments: ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "x/8"])
    func refusedNetwork(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test("a socket address survives printing and parsing", arguments: ["1.2.3.4:80", "[::1]:65535"])
    func socketAddress(text: String) throws {
        #expect(try #require(SocketAddress(text)).description == text)
    }
}
