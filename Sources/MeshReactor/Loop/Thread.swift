internal import CMeshLinux

/// Starts `body` on a thread of its own, detached, with a stack of 1 MiB; `name` shows in tools, 15 bytes of it.
public func startThread(name: String, _ body: @escaping @Sendable () -> Void) throws(ReactorError) {
    final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    // The +1 taken here is given back by the thread, or below when there is none.
    let context = unsafe Unmanaged.passRetained(Start(body))
    let entry: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
    }
    let result = unsafe name.withCString { unsafe mesh_thread_start($0, entry, context.toOpaque()) }
    if let error = SystemError(result: Int(result)) {
        unsafe context.release()
        throw .system(.thread, error)
    }
}

/// Raises the soft limit of descriptors to the hard one; returns the limit, nil when the kernel refused.
@discardableResult
public func raiseDescriptorLimit() -> Int? {
    let result = mesh_raise_descriptor_limit()
    return result < 0 ? nil : Int(result)
}
