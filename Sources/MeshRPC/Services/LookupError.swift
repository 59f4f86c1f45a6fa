import GRPCCore

/// Why discovery or policy has no answer.
public enum LookupError: Error, Hashable, Sendable {
    /// The request cannot be read; clients do not ask again.
    case invalid(String)
    /// There is no such thing; clients may ask again later.
    case notFound(String)
    /// The cluster's state does not allow an answer; clients do not ask again.
    case precondition(String)
    /// We are not ready, or on our way out.
    case unavailable(String)
}

extension RPCError {
    /// The status of an answer that there is not.
    init(_ error: LookupError) {
        switch error {
        case .invalid(let message): self.init(code: .invalidArgument, message: message)
        case .notFound(let message): self.init(code: .notFound, message: message)
        case .precondition(let message): self.init(code: .failedPrecondition, message: message)
        case .unavailable(let message): self.init(code: .unavailable, message: message)
        }
    }
}
