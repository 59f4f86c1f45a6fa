internal import CMeshLinux

/// Why the kernel refused.
public enum ReactorError: Error, Hashable, Sendable {
    /// A call failed; `code` says why.
    case system(Call, SystemError)

    /// The calls that can fail.
    public enum Call: String, Hashable, Sendable {
        case poll, register, wakeup, signals, listen, accept, socket, connect, receive, send, shutdown, address, option
        case pipe, splice, datagram, thread, file
    }

    /// The errno behind this error.
    public var code: SystemError {
        switch self {
        case .system(_, let code): code
        }
    }
}

extension ReactorError: CustomStringConvertible {
    /// The call and the errno, for logs.
    public var description: String {
        switch self {
        case .system(let call, let code): "\(call.rawValue): \(code)"
        }
    }
}

/// An errno of Linux.
public struct SystemError: Hashable, Sendable {
    /// The positive errno.
    public let code: Int32

    /// Wraps a positive errno.
    @inlinable
    public init(code: Int32) { self.code = code }

    /// Wraps what a `mesh_…` function returned, when that was negative.
    @inlinable
    init?(result: Int) {
        guard result < 0 else { return nil }
        self.code = Int32(truncatingIfNeeded: -result)
    }

    /// Nothing to read, or no room to write: wait for the next event.
    public static let again = SystemError(code: EAGAIN)
    /// The connection is being set up.
    public static let inProgress = SystemError(code: EINPROGRESS)
    /// The peer sent RST.
    public static let connectionReset = SystemError(code: ECONNRESET)
    /// Nobody listens there.
    public static let connectionRefused = SystemError(code: ECONNREFUSED)
    /// The peer did not answer in time.
    public static let timedOut = SystemError(code: ETIMEDOUT)
    /// This process has no more descriptors.
    public static let processDescriptors = SystemError(code: EMFILE)
    /// The machine has no more descriptors.
    public static let machineDescriptors = SystemError(code: ENFILE)
    /// The machine has no memory for one more socket.
    public static let noBuffers = SystemError(code: ENOBUFS)
    /// The machine has no memory.
    public static let noMemory = SystemError(code: ENOMEM)
    /// The peer is gone.
    public static let brokenPipe = SystemError(code: EPIPE)

    /// True when the process or the machine has run out of what an accept needs; waiting may help.
    public var isExhaustion: Bool {
        self == .processDescriptors || self == .machineDescriptors || self == .noBuffers || self == .noMemory
    }
}

extension SystemError: CustomStringConvertible {
    /// The symbolic name of the frequent ones, the number of the others.
    public var description: String {
        switch self {
        case .again: "EAGAIN"
        case .connectionReset: "ECONNRESET"
        case .connectionRefused: "ECONNREFUSED"
        case .timedOut: "ETIMEDOUT"
        case .processDescriptors: "EMFILE"
        case .machineDescriptors: "ENFILE"
        case .brokenPipe: "EPIPE"
        default: "errno \(self.code)"
        }
    }
}
