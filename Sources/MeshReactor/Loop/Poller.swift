internal import CMeshLinux
public import MeshModel

/// One thing that became ready.
public struct Event: Hashable, Sendable {
    /// What was given at registration.
    public let token: UInt64
    let bits: UInt32

    /// Bytes, a connection or an end can be read, or an error collected.
    @inlinable
    public var isReadable: Bool { self.hasRead }
    /// There is room to write, or connecting ended.
    @inlinable
    public var isWritable: Bool { self.hasWrite }

    /// The peer ended its side, or the connection broke: read until the end even if a read comes back short.
    public var isHangup: Bool { self.bits & (MESH_HANGUP | MESH_READ_HANGUP | MESH_ERROR) != 0 }
    /// The connection broke.
    public var isError: Bool { self.bits & MESH_ERROR != 0 }

    @usableFromInline var hasRead: Bool {
        self.bits & (MESH_READABLE | MESH_HANGUP | MESH_READ_HANGUP | MESH_ERROR) != 0
    }
    @usableFromInline var hasWrite: Bool { self.bits & (MESH_WRITABLE | MESH_HANGUP | MESH_ERROR) != 0 }
}

/// An epoll instance and the events of its last wait.
@safe
public struct Poller: ~Copyable {
    static let batch = 256

    private let descriptor: Int32
    // Invariant: owns `batch` initialised events; the first `count` are those of the last wait.
    private let events: UnsafeMutablePointer<mesh_event>
    /// How many events the last wait found.
    public private(set) var count = 0

    /// An epoll instance without registrations.
    public init() throws(ReactorError) {
        self.descriptor = mesh_epoll_create()
        unsafe self.events = .allocate(capacity: Self.batch)
        unsafe self.events.initialize(repeating: mesh_event(), count: Self.batch)
        if let error = SystemError(result: Int(self.descriptor)) { throw .system(.poll, error) }
    }

    deinit {
        if self.descriptor >= 0 { _ = mesh_close(self.descriptor) }
        unsafe self.events.deallocate()
    }

    /// Reports each change of readiness of `socket` once, both directions, until it is closed.
    public func watch(_ socket: borrowing Socket, token: UInt64) throws(ReactorError) {
        try Self.check(mesh_epoll_add_edge(self.descriptor, socket.descriptor, token))
    }

    /// Reports `listener` as long as connections wait.
    public func watch(listener: borrowing Socket, token: UInt64) throws(ReactorError) {
        try Self.check(mesh_epoll_add_level(self.descriptor, listener.descriptor, token))
    }

    /// Reports nothing of `socket` any more.
    public func unwatch(_ socket: borrowing Socket) throws(ReactorError) {
        try Self.check(mesh_epoll_remove(self.descriptor, socket.descriptor))
    }

    /// Reports `datagrams` as long as one waits.
    public func watch(datagrams: borrowing DatagramSocket, token: UInt64) throws(ReactorError) {
        try Self.check(mesh_epoll_add_level(self.descriptor, datagrams.descriptor, token))
    }

    /// Reports `wakeup` until it is drained.
    public func watch(wakeup: Wakeup, token: UInt64) throws(ReactorError) {
        try Self.check(mesh_epoll_add_level(self.descriptor, wakeup.descriptor, token))
    }

    /// Reports `signals` as long as one waits.
    public func watch(signals: borrowing Signals, token: UInt64) throws(ReactorError) {
        try Self.check(mesh_epoll_add_level(self.descriptor, signals.descriptor, token))
    }

    /// Waits until something is ready or `deadline` has come; nil waits for ever.
    public mutating func wait(until deadline: MonotonicTime?, now: MonotonicTime) throws(ReactorError) {
        let timeout = deadline.map { max(0, $0.nanoseconds(since: now)) } ?? -1
        // `events` has room for `batch` entries.
        let result = unsafe mesh_epoll_wait(self.descriptor, self.events, Int32(Self.batch), timeout)
        if let error = SystemError(result: Int(result)) { throw .system(.poll, error) }
        self.count = Int(result)
    }

    /// One of the events of the last wait.
    public subscript(index: Int) -> Event {
        precondition(index >= 0 && index < self.count)
        let raw = unsafe self.events[index]
        return Event(token: raw.token, bits: raw.events)
    }

    private static func check(_ result: Int32) throws(ReactorError) {
        if let error = SystemError(result: Int(result)) { throw .system(.register, error) }
    }
}

/// The clocks of the machine.
public enum Clock {
    /// Now, on the monotonic clock.
    public static func now() -> MonotonicTime { MonotonicTime(nanoseconds: mesh_monotonic_ns()) }

    /// Nanoseconds since 1970, for certificates and log lines.
    public static func wallNanoseconds() -> Int64 { mesh_realtime_ns() }
}
