import MeshCodec
import MeshModel
import NIOCore
import NIOHTTP1
import Synchronization

/// What goes wrong with one answer.
enum Fault: CaseIterable, Sendable {
    /// The connection closes before a word.
    case close
    /// 500 without a reason.
    case internalError
    /// 429 with a Retry-After of nothing.
    case tooManyRequests
    /// Half of the answer, then the connection closes.
    case truncate
    /// The head, then silence.
    case stall
    /// Byte by byte.
    case slow
    /// The version, or the page, is too old.
    case expired
    /// No JSON.
    case garbage
}

/// A collection of ConfigMaps that is listed in pages and watched, over HTTP without TLS, with faults on demand.
///
/// It answers like the real server in what the reflector relies on: consistent pages, events in order, 410 as an event
/// of a watch, silence for a version of the future.
final class FakeAPIServer: Sendable {
    struct State {
        var objects: [String: JSONValue] = [:]
        var history: [(version: Int, line: [UInt8])] = []
        var version = 100_000
        /// Versions before this one are gone.
        var oldest = 100_000
        /// How often it has started without its data.
        var losses = 0
        var faults: [Fault] = []
        var requests = 0
        /// Whether a watch may start with the present objects; older servers refuse that with 422.
        var streamsLists = false
        /// How many watches streamed the present objects first.
        var streamedLists = 0
        /// Raised to end all open watches.
        var epoch = 0
    }

    let state = Mutex(State())

    /// The objects' values by name, as a client should see them.
    var contents: [String: String] {
        self.state.withLock { $0.objects.compactMapValues { $0[path: "data", "v"]?.string } }
    }

    func put(_ name: String, _ value: String) {
        self.state.withLock { state in
            state.version += 1
            let isNew = state.objects[name] == nil
            let object = Self.object(name, value, state.version)
            state.objects[name] = object
            state.record(isNew ? "ADDED" : "MODIFIED", object)
        }
    }

    func remove(_ name: String) {
        self.state.withLock { state in
            guard var object = state.objects.removeValue(forKey: name) else { return }
            state.version += 1
            object["metadata"]?["resourceVersion"] = .string(String(state.version))
            state.record("DELETED", object)
        }
    }

    /// Forgets the history, as etcd does.
    func compact() {
        self.state.withLock { state in
            state.history = []
            state.oldest = state.version
        }
    }

    /// Ends all watches; without data, the server starts again with nothing, at a version older than all before.
    ///
    /// Versions are never used twice: no client can tell that what it has seen under one stands for something else now.
    func restart(keepingData: Bool) {
        self.state.withLock { state in
            state.epoch += 1
            guard !keepingData else { return }
            state.objects = [:]
            state.history = []
            state.losses += 1
            state.version = 100_000 - 1_000 * state.losses
            state.oldest = state.version
        }
    }

    private static func object(_ name: String, _ value: String, _ version: Int) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": [
                "name": .string(name), "namespace": "default", "resourceVersion": .string(String(version)),
            ], "data": ["v": .string(value)],
        ]
    }

    // MARK: - Serving

    /// Serves on a port of the kernel's choice while `body` runs.
    func serve(_ body: (_ port: Int) async throws -> Void) async throws {
        try await LoopbackServer.serve({ head, output in try await self.answer(head, output) }, while: body)
    }

    typealias Output = LoopbackServer.Output

    /// Answers one request; false closes the connection.
    private func answer(_ head: HTTPRequestHead, _ output: Output) async throws -> Bool {
        let query = Self.query(head.uri)
        let fault = self.state.withLock { state -> Fault? in
            state.requests += 1
            return state.faults.isEmpty ? nil : state.faults.removeFirst()
        }
        switch fault {
        case .close: return false
        case .internalError:
            try await Self.send(.internalServerError, #"{"kind":"Status","status":"Failure","code":500}"#, output)
            return true
        case .tooManyRequests:
            try await Self.send(
                .tooManyRequests,
                #"{"kind":"Status","reason":"TooManyRequests","code":429,"details":{"retryAfterSeconds":0}}"#, output)
            return true
        case .garbage:
            try await Self.send(.ok, "<html>", output)
            return true
        case .expired where query["watch"] == nil:
            try await Self.send(.gone, #"{"kind":"Status","reason":"Expired","code":410}"#, output)
            return true
        case .expired, .truncate, .stall, .slow, nil: break
        }
        if query["watch"] != nil {
            guard query["sendInitialEvents"] == nil || self.state.withLock({ $0.streamsLists }) else {
                try await Self.send(
                    .unprocessableEntity, #"{"kind":"Status","reason":"Invalid","code":422}"#, output)
                return true
            }
            try await self.watch(query, fault, output)
            return false
        }
        return try await self.list(query, fault, output)
    }

    private func list(_ query: [String: String], _ fault: Fault?, _ output: Output) async throws -> Bool {
        let answer = self.state.withLock { state -> JSONValue? in
            let start = query["continue"]?.split(separator: "-", maxSplits: 1).map(String.init)
            // Pages are of the state at the first page; here a page of another version is expired.
            if let start, start.first != String(state.version) { return nil }
            let names = state.objects.keys.sorted().filter { $0 > (start?.last ?? "") }
            let limit = query["limit"].flatMap { Int($0) } ?? names.count
            var metadata: JSONValue = ["resourceVersion": .string(String(state.version))]
            if names.count > limit, let last = names.prefix(limit).last {
                metadata["continue"] = .string("\(state.version)-\(last)")
            }
            return [
                "kind": "ConfigMapList", "apiVersion": "v1", "metadata": metadata,
                "items": .array(names.prefix(limit).compactMap { state.objects[$0] }),
            ]
        }
        guard let answer else {
            try await Self.send(.gone, #"{"kind":"Status","reason":"Expired","code":410}"#, output)
            return true
        }
        let bytes = JSONWriter.write(answer)
        switch fault {
        case .truncate:
            try await output.write(.head(Self.head(.ok)))
            try await output.write(.body(ByteBuffer(bytes: bytes.prefix(bytes.count / 2))))
            return false
        case .stall:
            try await output.write(.head(Self.head(.ok)))
            try await Task.sleep(for: .seconds(20))
            return false
        case .slow:
            try await output.write(.head(Self.head(.ok)))
            for byte in bytes { try await output.write(.body(ByteBuffer(bytes: [byte]))) }
            try await output.write(.end(nil))
            return true
        default:
            try await Self.send(.ok, String(decoding: bytes, as: UTF8.self), output)
            return true
        }
    }

    private func watch(_ query: [String: String], _ fault: Fault?, _ output: Output) async throws {
        try await output.write(.head(Self.head(.ok)))
        if fault == .stall { return try await Task.sleep(for: .seconds(20)) }
        var sent = query["resourceVersion"].flatMap { Int($0) } ?? 0
        let (epoch, oldest) = self.state.withLock { ($0.epoch, $0.oldest) }
        if query["sendInitialEvents"] != nil, fault != .expired {
            let (version, lines) = self.initialLines()
            for line in lines {
                guard fault != .truncate else {
                    return try await output.write(.body(ByteBuffer(bytes: line.prefix(line.count / 2))))
                }
                try await output.write(.body(ByteBuffer(bytes: line)))
            }
            sent = version
        }
        if fault == .expired || sent < oldest {
            let line = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"# + "\n"
            try await output.write(.body(ByteBuffer(string: line)))
            return try await output.write(.end(nil))
        }
        let end = ContinuousClock.now + .seconds(query["timeoutSeconds"].flatMap { Int($0) } ?? 60)
        while ContinuousClock.now < end {
            let (lines, current) = self.state.withLock { state in
                (state.history.filter { $0.version > sent }, state.epoch)
            }
            guard current == epoch else { return }
            for (version, line) in lines {
                if fault == .truncate {
                    return try await output.write(.body(ByteBuffer(bytes: line.prefix(line.count / 2))))
                }
                if fault == .slow {
                    for byte in line { try await output.write(.body(ByteBuffer(bytes: [byte]))) }
                } else {
                    try await output.write(.body(ByteBuffer(bytes: line)))
                }
                sent = version
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        try await output.write(.end(nil))
    }

    /// The present objects as events, and the bookmark behind them.
    private func initialLines() -> (version: Int, lines: [[UInt8]]) {
        self.state.withLock { state in
            state.streamedLists += 1
            var lines = state.objects.values.map { JSONWriter.write(["type": "ADDED", "object": $0]) + [0x0A] }
            let bookmark: JSONValue = [
                "kind": "ConfigMap", "apiVersion": "v1",
                "metadata": [
                    "resourceVersion": .string(String(state.version)),
                    "annotations": ["k8s.io/initial-events-end": "true"],
                ],
            ]
            lines.append(JSONWriter.write(["type": "BOOKMARK", "object": bookmark]) + [0x0A])
            return (state.version, lines)
        }
    }

    private static func head(_ status: HTTPResponseStatus) -> HTTPResponseHead {
        HTTPResponseHead(version: .http1_1, status: status, headers: ["Content-Type": "application/json"])
    }

    private static func send(_ status: HTTPResponseStatus, _ text: String, _ output: Output) async throws {
        try await output.write(.head(Self.head(status)))
        try await output.write(.body(ByteBuffer(string: text)))
        try await output.write(.end(nil))
    }

    private static func query(_ uri: String) -> [String: String] {
        guard let mark = uri.firstIndex(of: "?") else { return [:] }
        let pairs = uri[uri.index(after: mark)...].split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
        return Dictionary(pairs) { $1 }
    }
}

extension FakeAPIServer.State {
    mutating func record(_ type: String, _ object: JSONValue) {
        let line = JSONWriter.write(["type": .string(type), "object": object]) + [0x0A]
        self.history.append((self.version, line))
    }
}
