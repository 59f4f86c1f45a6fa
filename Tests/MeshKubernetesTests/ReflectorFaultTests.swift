import Foundation
import Logging
import MeshControl
import MeshKubernetes
import MeshModel
import MeshResources
import MeshTestKit
import Synchronization
import Testing

/// After any history of changes and faults the store, and whoever follows its changes, equals the server.
@Suite(.timeLimit(.minutes(10))) struct ReflectorFaultTests {
    /// How many random histories; a thousand with `HEDDLE_NIGHTLY`.
    static let histories: UInt64 = ProcessInfo.processInfo.environment["HEDDLE_NIGHTLY"] == nil ? 60 : 1000
    static let batch: UInt64 = 20

    private final class Follower: Sendable {
        let contents = Mutex<[String: String]>([:])

        func follow(_ change: ObjectChange<ConfigMap>) {
            self.contents.withLock { contents in
                switch change {
                case .apply(let object): contents[object.metadata.name] = object.data["v"]
                case .delete(let key): contents.removeValue(forKey: key.name)
                case .reset(let applied, let deleted):
                    for object in applied { contents[object.metadata.name] = object.data["v"] }
                    for key in deleted { contents.removeValue(forKey: key.name) }
                }
            }
        }
    }

    /// Runs `history` while a reflector follows a fake server, then waits until both agree.
    ///
    /// - Parameter streams: whether the server can stream a list through a watch; nil does not ask for it.
    private func converge(
        _ comment: String = "", streams: Bool? = nil, within limit: Duration = .seconds(5),
        _ history: (FakeAPIServer) async throws -> Void
    ) async throws {
        let server = FakeAPIServer()
        server.state.withLock { $0.streamsLists = streams ?? false }
        let follower = Follower()
        try await server.serve { port in
            try await withTestClient(ClusterAccess(server: "http://127.0.0.1:\(port)"), timeout: .seconds(1)) {
                client in
                let reflector = Reflector(
                    ConfigMap.self, client: client,
                    configuration: .init(
                        usesWatchList: streams != nil, pageSize: 3, watchTimeout: .seconds(1),
                        watchGrace: .milliseconds(100),
                        listTimeout: .seconds(1),
                        backoff: Backoff(minimum: .milliseconds(5), maximum: .milliseconds(100), jitter: 0.2)),
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, onChange: follower.follow)
                try await withThrowingTaskGroup { group in
                    group.addTask { try await reflector.run() }
                    try await history(server)
                    try await eventually(within: limit, "the store does not equal the server \(comment)") {
                        let stored = reflector.store.objects.values.map { ($0.metadata.name, $0.data["v"] ?? "") }
                        let contents = server.contents
                        return reflector.store.isSynced
                            && Dictionary(stored, uniquingKeysWith: { $1 }) == contents
                            && follower.contents.withLock { $0 } == contents
                    }
                    group.cancelAll()
                }
            }
        }
    }

    @Test("every single fault is got over, on a list and on a watch", arguments: Fault.allCases)
    func singleFaults(fault: Fault) async throws {
        try await self.converge { server in
            for index in 0..<7 { server.put("o\(index)", "0") }
            server.state.withLock { $0.faults = [fault] }
            try await eventually { server.state.withLock { $0.faults.isEmpty } }
            server.put("o1", "1")
            // Lists take three pages; one more request is the watch.
            try await eventually { server.state.withLock { $0.requests } > 4 }
            server.state.withLock { state in
                state.faults = [fault]
                state.epoch += 1
            }
            server.put("o2", "2")
            server.remove("o3")
        }
    }

    @Test("a server that restarts without its data is believed", arguments: [true, false])
    func restart(keepingData: Bool) async throws {
        try await self.converge { server in
            for index in 0..<5 { server.put("o\(index)", "0") }
            try await eventually { server.state.withLock { $0.requests } > 3 }
            server.restart(keepingData: keepingData)
            server.put("new", "1")
        }
    }

    @Test("a list is streamed where the server can, however the stream is hurt", arguments: Fault.allCases)
    func watchList(fault: Fault) async throws {
        try await self.converge(streams: true) { server in
            for index in 0..<7 { server.put("o\(index)", "0") }
            server.state.withLock { $0.faults = [fault] }
            try await eventually { server.state.withLock { $0.faults.isEmpty } }
            server.put("o1", "1")
            server.remove("o3")
        }
    }

    @Test("a server that can is asked to stream its list")
    func streamedList() async throws {
        try await self.converge(streams: true) { server in
            for index in 0..<7 { server.put("o\(index)", "0") }
            try await eventually { server.state.withLock { $0.streamedLists > 0 } }
            server.put("o1", "1")
        }
    }

    @Test("a server that refuses to stream a list is asked for pages instead")
    func refusedWatchList() async throws {
        try await self.converge(streams: false) { server in
            for index in 0..<7 { server.put("o\(index)", "0") }
            try await eventually { server.state.withLock { $0.requests } > 4 }
            server.compact()
            server.restart(keepingData: true)
            server.put("o1", "1")
        }
    }

    @Test("a watch that falls silent on an open connection is replaced long before its time")
    func silence() async throws {
        let server = FakeAPIServer()
        // The list comes slowly, the watch after it says nothing.
        server.state.withLock { $0.faults = [.slow, .stall] }
        try await server.serve { port in
            try await withTestClient(ClusterAccess(server: "http://127.0.0.1:\(port)"), timeout: .seconds(1)) {
                client in
                let reflector = Reflector(
                    ConfigMap.self, client: client,
                    configuration: .init(
                        usesWatchList: false, watchTimeout: .seconds(300), silenceMax: .milliseconds(300),
                        backoff: Backoff(minimum: .milliseconds(5), maximum: .milliseconds(100), jitter: 0.2)),
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                try await withThrowingTaskGroup { group in
                    group.addTask { try await reflector.run() }
                    try await eventually { reflector.store.isSynced }
                    try await eventually { server.state.withLock { $0.faults.isEmpty } }
                    server.put("a", "1")
                    try await eventually(within: .seconds(5)) { reflector.store.count == 1 }
                    group.cancelAll()
                }
            }
        }
    }

    @Test("a compacted history is listed again")
    func compaction() async throws {
        try await self.converge { server in
            for index in 0..<5 { server.put("o\(index)", "0") }
            try await eventually { server.state.withLock { $0.requests } > 3 }
            server.restart(keepingData: true)
            server.put("o1", "1")
            server.remove("o2")
            server.compact()
        }
    }

    @Test("random histories of changes and faults converge", .serialized, arguments: 0..<(histories / batch))
    func randomHistories(number: UInt64) async throws {
        // Some at a time: a thousand servers at once would measure the machine.
        try await withThrowingTaskGroup { group in
            for seed in number * Self.batch..<(number + 1) * Self.batch {
                group.addTask { try await self.randomHistory(seed: seed) }
            }
            try await group.waitForAll()
        }
    }

    private func randomHistory(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let streams: Bool? = [nil, true, false][Int(seed % 3)]
        try await self.converge("seed \(seed)", streams: streams) { server in
            for _ in 0..<30 {
                let name = "o\(UInt8.random(in: 0..<9, using: &random))"
                switch UInt8.random(in: 0..<12, using: &random) {
                case 0..<6: server.put(name, String(UInt16.random(in: 0..<1000, using: &random)))
                case 6..<8: server.remove(name)
                case 8: server.compact()
                case 9: server.restart(keepingData: UInt8.random(in: 0..<4, using: &random) > 0)
                default:
                    let fault = Fault.allCases.randomElement(using: &random) ?? .close
                    server.state.withLock { $0.faults.append(fault) }
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<8, using: &random)))
            }
            server.state.withLock { $0.faults = [] }
        }
    }
}
