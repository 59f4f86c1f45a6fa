import MeshCompiler
import MeshRPC
import Synchronization

/// The messages of policies that many streams share, so that each is encoded once.
///
/// A message lives here as long as its policy does not fall out of the last few thousand; streams that hold it need
/// no more from here.
final class SharedMessages<Value: Equatable & Sendable>: Sendable {
    /// Enough for every Server of a large cluster; older ones are made anew when somebody asks.
    static var capacity: Int { 8192 }

    private struct Entry {
        /// Held so that no other policy takes its place in memory.
        let policy: Shared<Value>
        let message: EncodedMessage
    }

    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    /// The message of `policy`, made by `make` the first time.
    func message(of policy: Shared<Value>, _ make: () -> EncodedMessage) -> EncodedMessage {
        self.entries.withLock { entries in
            if let known = entries[ObjectIdentifier(policy)] { return known.message }
            if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
            let message = make()
            entries[ObjectIdentifier(policy)] = Entry(policy: policy, message: message)
            return message
        }
    }
}
