import AsyncHTTPClient
import MeshCodec
public import MeshModel
public import MeshResources
import NIOCore

/// What a watch tells.
public enum WatchEvent: Hashable, Sendable {
    /// The object is new, or new to the selection.
    case added(JSONValue)
    /// The object changed.
    case modified(JSONValue)
    /// The object is gone, or left the selection; this is its last state with the version of its end.
    case deleted(JSONValue)
    /// Everything up to this version has been told; with the initial list done when `endsInitialList`.
    case bookmark(resourceVersion: String, endsInitialList: Bool)
}

/// Where a watch starts and how long it lasts.
public struct WatchOptions: Hashable, Sendable {
    /// The version after which events are told; nil is the newest, with the present objects as events.
    public var resourceVersion: String?
    /// The server ends the watch after this time.
    public var timeout: Duration
    /// How much longer than `timeout` the client waits before it takes the connection for dead.
    public var grace: Duration
    /// True asks for the present objects first, then a bookmark (watch list).
    public var sendsInitialEvents: Bool
    /// How long the client waits for the next event or bookmark before it takes the connection for dead.
    public var silenceMax: Duration

    /// Watches from `resourceVersion`.
    public init(
        resourceVersion: String? = nil, timeout: Duration = .seconds(300), grace: Duration = .seconds(10),
        sendsInitialEvents: Bool = false, silenceMax: Duration = .seconds(3600)
    ) {
        self.resourceVersion = resourceVersion
        self.timeout = timeout
        self.grace = grace
        self.sendsInitialEvents = sendsInitialEvents
        self.silenceMax = silenceMax
    }
}

extension KubernetesClient {
    /// Opens a watch on a collection; a nil namespace spans all.
    ///
    /// The sequence ends when the server ends the watch in order; it throws ``KubernetesError``, also for an error event
    /// (410: list again).
    public func watch(
        _ type: ResourceType, in namespace: String? = nil, selecting selection: Selection = .all,
        options: WatchOptions = WatchOptions()
    ) async throws(KubernetesError) -> WatchSequence {
        var query: [(name: String, value: String)] = [
            ("watch", "true"), ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", String(max(1, options.timeout.components.seconds))),
        ]
        if let version = options.resourceVersion { query.append(("resourceVersion", version)) }
        if options.sendsInitialEvents {
            query += [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")]
        }
        let request = APIRequest(
            method: .get, path: type.path(namespace: namespace), query: query + selection.query)
        let deadline = ContinuousClock.now + options.timeout + options.grace
        let response = try await self.open(request, deadline: deadline)
        return WatchSequence(
            body: response.body, deadline: deadline, silenceMax: options.silenceMax,
            lineBytesMax: self.configuration.answerBytesMax)
    }
}

/// The events of a watch, in order.
public struct WatchSequence: AsyncSequence, Sendable {
    let body: HTTPClientResponse.Body
    let deadline: ContinuousClock.Instant
    let silenceMax: Duration
    let lineBytesMax: Int

    /// Starts to read; a watch can be read once.
    public func makeAsyncIterator() -> Iterator {
        Iterator(
            body: self.body.makeAsyncIterator(), deadline: self.deadline, silenceMax: self.silenceMax,
            lines: LineBuffer(lineBytesMax: self.lineBytesMax))
    }

    /// Reads events as they come.
    public struct Iterator: AsyncIteratorProtocol {
        var body: HTTPClientResponse.Body.AsyncIterator
        let deadline: ContinuousClock.Instant
        let silenceMax: Duration
        var lines: LineBuffer
        /// When the bytes came that ended the last event.
        var arrival = ContinuousClock.now

        /// The next event; nil once the server has ended the watch.
        public mutating func next() async throws(KubernetesError) -> WatchEvent? {
            guard let line = try await self.nextLine() else { return nil }
            return try Self.event(line)
        }

        /// The bytes of the next event.
        mutating func nextLine() async throws(KubernetesError) -> [UInt8]? {
            while true {
                if let line = try self.lines.next() { return line }
                let chunk: ByteBuffer?
                // Only the child uses the iterator until it has ended, and this function waits for that.
                nonisolated(unsafe) let before = self.body
                do {
                    let (next, after) = try await withDeadline(Swift.min(self.deadline, .now + self.silenceMax)) {
                        var iterator = before
                        let next = try await iterator.next(isolation: #isolation)
                        return (next, Moved(iterator))
                    }
                    chunk = next
                    self.body = after.value
                } catch {
                    throw KubernetesError(transport: error)
                }
                guard let chunk else {
                    guard self.lines.isEmpty else { throw .invalidAnswer(reason: "the watch broke off in an event") }
                    return nil
                }
                self.arrival = .now
                self.lines.append(chunk.readableBytesView)
            }
        }

        static func event(_ line: [UInt8]) throws(KubernetesError) -> WatchEvent {
            let document: JSONValue
            do {
                document = try JSONReader.read(line)
            } catch {
                throw .invalidAnswer(reason: "an event cannot be read: \(error)")
            }
            guard let type = document["type"]?.string, let object = document["object"] else {
                throw .invalidAnswer(reason: "an event has no type or object")
            }
            switch type {
            case "ADDED": return .added(object)
            case "MODIFIED": return .modified(object)
            case "DELETED": return .deleted(object)
            case "BOOKMARK":
                let metadata = object["metadata"]
                return .bookmark(
                    resourceVersion: metadata?["resourceVersion"]?.string ?? "",
                    endsInitialList: metadata?[path: "annotations", "k8s.io/initial-events-end"]?.string == "true")
            case "ERROR": throw .refused(StatusError(document: object))
            default: throw .invalidAnswer(reason: "an event of unknown type \(type.prefix(32))")
            }
        }
    }
}

/// Carries a value from a child task to its parent, which is the only user afterwards.
private struct Moved<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}

/// Cuts a stream of bytes into lines.
struct LineBuffer: Sendable {
    let lineBytesMax: Int
    private var bytes: [UInt8] = []
    private var start = 0
    /// Up to here there is no end of line.
    private var scanned = 0

    init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    /// True when no bytes wait for the rest of their line.
    var isEmpty: Bool { self.bytes[self.start...].allSatisfy { $0 == 0x0A || $0 == 0x0D } }

    mutating func append(_ chunk: some Collection<UInt8>) {
        if self.start > 0 {
            self.bytes.removeSubrange(..<self.start)
            self.scanned -= self.start
            self.start = 0
        }
        self.bytes.append(contentsOf: chunk)
    }

    /// The next whole line that is not empty.
    mutating func next() throws(KubernetesError) -> [UInt8]? {
        while let end = self.bytes[self.scanned...].firstIndex(of: 0x0A) {
            let line = self.bytes[self.start..<end]
            self.start = end + 1
            self.scanned = end + 1
            if !line.isEmpty { return Array(line) }
        }
        self.scanned = self.bytes.count
        guard self.bytes.count - self.start <= self.lineBytesMax else {
            throw .invalidAnswer(reason: "an event is too long")
        }
        return nil
    }
}
