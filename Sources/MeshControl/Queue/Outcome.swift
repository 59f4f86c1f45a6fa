/// What a reconciler made of a key.
public enum Outcome: Hashable, Sendable {
    /// The world is as it should be; nothing until the next change.
    case done
    /// Look again after this time, though nothing failed.
    case again(after: Duration)
}

/// Why a reconciler could not make the world as it should be.
public enum ReconcileError: Error, Hashable, Sendable {
    /// It may work later; the key comes back after a growing pause.
    case mayPass(reason: String)
    /// It cannot work until somebody changes something; the key does not come back by itself.
    case terminal(reason: String)
}

/// Makes the world as it should be, one key at a time.
///
/// A reconciler is level-based: it is told which key to look at, never what happened, and may be asked about the same
/// key again or about a key that is gone. It is idempotent: asking twice does no harm. One key is never in the hands of
/// two calls.
public protocol Reconciler<Key>: Sendable {
    /// What is looked at, mostly an object's name.
    associatedtype Key: Hashable & Sendable

    /// Compares what is with what should be, and acts.
    func reconcile(_ key: Key) async throws(ReconcileError) -> Outcome
}
