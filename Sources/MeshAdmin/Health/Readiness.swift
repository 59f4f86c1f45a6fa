import Synchronization

/// What still keeps a process from being ready.
///
/// Each part that must warm up takes a ``Gate`` when it is assembled and opens it once; the process is ready while no
/// gate is closed. A part that loses what it needs may close its gate again.
public final class Readiness: Sendable {
    /// One part's share in the readiness of its process.
    public struct Gate: Sendable {
        /// What is waited for, as shown by `/ready`.
        public let name: String
        private let readiness: Readiness

        fileprivate init(name: String, readiness: Readiness) {
            self.name = name
            self.readiness = readiness
        }

        /// Lets the process be ready as far as this part is concerned.
        public func open() { self.readiness.set(self.name, closed: false) }

        /// Takes the process out of service until ``open()``.
        public func close() { self.readiness.set(self.name, closed: true) }
    }

    private let closed: Mutex<Set<String>>

    /// Starts ready: nothing is waited for yet.
    public init() { self.closed = Mutex([]) }

    /// Registers one more thing to wait for; it starts closed.
    public func gate(_ name: String) -> Gate {
        self.set(name, closed: true)
        return Gate(name: name, readiness: self)
    }

    /// The names of the closed gates, sorted; empty when ready.
    public var pending: [String] { self.closed.withLock { $0.sorted() } }

    private func set(_ name: String, closed isClosed: Bool) {
        self.closed.withLock { closed in
            if isClosed {
                closed.insert(name)
            } else {
                closed.remove(name)
            }
        }
    }
}
