import Logging
import MeshAdmin
import Synchronization
import Testing

@Suite struct LineLogHandlerTests {
    final class Lines: Sendable {
        let all = Mutex<[String]>([])
        func append(_ line: String) { self.all.withLock { $0.append(line) } }
    }

    @Test("a message cannot forge a second line", arguments: LogFormat.allCases)
    func forgery(format: LogFormat) {
        let lines = Lines()
        let logger = Logger(label: "test") { label in
            LineLogHandler(label: label, level: .info, format: format, clock: { "T" }, sink: lines.append)
        }
        logger.info("one\ntwo", metadata: ["peer.name": "a\nb\"c"])
        logger.debug("hidden")
        let line = lines.all.withLock { $0 }
        let expected =
            switch format {
            case .plain: "T info one two peer.name=\"a\\nb\\\"c\""
            case .json:
                #"{"timestamp":"T","level":"info","logger":"test","message":"one\ntwo","peer.name":"a\nb\"c"}"#
            }
        #expect(line == [expected])
    }
}
