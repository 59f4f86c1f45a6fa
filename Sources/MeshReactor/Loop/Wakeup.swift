internal import CMeshLinux
internal import Synchronization

/// Ends another thread's wait.
public final class Wakeup: Sendable {
    let descriptor: Int32

    /// An eventfd, not signalled.
    public init() throws(ReactorError) {
        self.descriptor = mesh_eventfd()
        if let error = SystemError(result: Int(self.descriptor)) { throw .system(.wakeup, error) }
    }

    deinit {
        if self.descriptor >= 0 { _ = mesh_close(self.descriptor) }
    }

    /// Wakes the thread whose poller watches this; cheap to call often.
    ///
    /// The counter cannot overflow in practice, and a full counter wakes as well.
    public func signal() { _ = mesh_eventfd_signal(self.descriptor) }

    /// Makes the next signal count.
    public func drain() { _ = mesh_eventfd_drain(self.descriptor) }
}

/// Values for another thread, in order; the receiver is woken once per batch.
public final class Mailbox<Message: Sendable>: Sendable {
    /// What the receiver's poller watches.
    public let wakeup: Wakeup
    /// The most messages that wait; ``send(_:)`` refuses more.
    public let limit: Int
    private let waiting = Mutex<[Message]>([])

    /// An empty mailbox.
    public init(limit: Int) throws(ReactorError) {
        self.wakeup = try Wakeup()
        self.limit = limit
    }

    /// Leaves a message; false when the mailbox is full and the message was refused.
    @discardableResult
    public func send(_ message: Message) -> Bool {
        let first: Bool? = self.waiting.withLock { waiting in
            guard waiting.count < self.limit else { return nil }
            waiting.append(message)
            return waiting.count == 1
        }
        if first == true { self.wakeup.signal() }
        return first != nil
    }

    /// Takes all messages.
    public func receive() -> [Message] {
        self.wakeup.drain()
        return self.waiting.withLock { waiting in
            let taken = waiting
            waiting = []
            return taken
        }
    }
}

/// Process signals as something to poll.
public struct Signals: ~Copyable, Sendable {
    let descriptor: Int32

    /// The signals that end or tell something.
    public enum Signal: Hashable, Sendable {
        /// SIGTERM or SIGINT: finish what runs, then end.
        case terminate
        /// SIGUSR1, free for diagnostics.
        case user
    }

    /// Takes SIGTERM, SIGINT and SIGUSR1 out of ordinary delivery, and ignores SIGPIPE.
    ///
    /// Must be made before any thread is started, since threads inherit the mask.
    public init() throws(ReactorError) {
        self.descriptor = mesh_signalfd()
        if let error = SystemError(result: Int(self.descriptor)) { throw .system(.signals, error) }
    }

    deinit {
        if self.descriptor >= 0 { _ = mesh_close(self.descriptor) }
    }

    /// The next signal that came, nil when none did.
    public func next() -> Signal? {
        let result = mesh_signalfd_read(self.descriptor)
        guard result >= 0 else { return nil }
        return result == 10 ? .user : .terminate
    }
}
