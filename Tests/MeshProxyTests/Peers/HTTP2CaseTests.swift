import Foundation
import MeshModel
import Testing

@testable import MeshProxy

/// `hack/peers/http2_cases.py`: frames that hardly any library would send, against an engine on loopback.
@Suite(.timeLimit(.minutes(3)), .enabled(if: PeerProcess.python != nil, "HEDDLE_PYTHON names no interpreter"))
struct HTTP2CaseTests {
    @Test(
        "every breach of RFC 9113 is answered as it says, attacks cost no memory, and others are served meanwhile",
        arguments: HTTP1ForwardingTests.Side.allCases)
    func cases(side: HTTP1ForwardingTests.Side) throws {
        let server = try PeerProcess(script: "http2_server.py", [])
        let proxy = try TestProxy(to: server.port())
        let cases = try PeerProcess(
            script: "http2_cases.py",
            ["\(side.address(of: proxy).port)", "\(ProcessInfo.processInfo.processIdentifier)"], errors: true)
        let (status, output) = try cases.finish()
        for line in output.split(separator: "\n") where !line.hasPrefix("ok ") { print(line) }
        #expect(status == 0, "\(output.split(separator: "\n").filter { $0.hasPrefix("FAIL") }.joined(separator: "\n"))")
        #expect(output.contains("ok 3.4 a broken preface"), "\(output)")
    }
}
