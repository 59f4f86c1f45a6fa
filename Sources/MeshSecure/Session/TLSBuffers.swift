internal import CNIOBoringSSL

/// The working memory of all TLS sessions of one thread: what a session reads comes from the caller's bytes, what it
/// writes is collected here until the caller has sent it.
///
/// Sessions read and write through a transport of the library (a BIO) whose callbacks move bytes between the record
/// layer and this object. One session works at a time, and its output must be taken before the next one works.
@safe
public final class TLSBuffers {
    /// The most plaintext that one ``TLSSession/seal(_:)`` takes.
    public static let sealLimit = 128 * 1024
    // Sealed plaintext plus 22 bytes for each record of 16 KiB or less, handshake flights and alerts.
    static let outputCapacity = TLSBuffers.sealLimit + 64 * 1024

    @unsafe
    struct Area {
        var input: UnsafePointer<UInt8>?
        var inputCount = 0
        var output: UnsafeMutablePointer<UInt8>
        var outputCount = 0
    }

    // Invariant: owns one initialised Area, whose `output` owns `outputCapacity` bytes; `input` points into memory
    // that a caller of this module lends for the duration of one call, and is nil in between.
    let area: UnsafeMutablePointer<Area>
    // Invariant: owned; sessions made from it hold this object.
    let method: OpaquePointer

    /// Empty buffers; pages count only when touched.
    public init() throws(TLSError) {
        guard let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mesh") else {
            throw .library(.transport)
        }
        unsafe self.method = method
        unsafe self.area = .allocate(capacity: 1)
        unsafe self.area.initialize(to: Area(output: .allocate(capacity: Self.outputCapacity)))
        unsafe BIO_meth_set_read(method, readCallback)
        unsafe BIO_meth_set_write(method, writeCallback)
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    }

    deinit {
        unsafe self.area.pointee.output.deallocate()
        unsafe self.area.deallocate()
        unsafe BIO_meth_free(self.method)
    }

    /// Bytes to send before any session of this thread works again.
    public var output: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // The first `outputCount` bytes were written by the write callback.
            let span = unsafe Span<UInt8>(
                _unsafeStart: UnsafePointer(self.area.pointee.output), count: self.area.pointee.outputCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// True when there is nothing to send.
    public var isEmpty: Bool { unsafe self.area.pointee.outputCount == 0 }

    /// Forgets the output, once it is sent.
    public func clear() { unsafe self.area.pointee.outputCount = 0 }
}

// Both callbacks get the BIO of a session; its data is the Area of the buffers that the session holds.

private let readCallback: @convention(c) (OpaquePointer?, UnsafeMutablePointer<CChar>?, Int32) -> Int32 = {
    bio, target, count in
    guard let bio = unsafe bio, let target = unsafe target, let data = unsafe BIO_get_data(bio) else { return -1 }
    let area = unsafe data.assumingMemoryBound(to: TLSBuffers.Area.self)
    unsafe BIO_clear_retry_flags(bio)
    let taken = unsafe min(Int(count), area.pointee.inputCount)
    guard taken > 0, let input = unsafe area.pointee.input else {
        unsafe BIO_set_retry_read(bio)
        return -1
    }
    unsafe UnsafeMutableRawPointer(target).copyMemory(from: input, byteCount: taken)
    unsafe area.pointee.input = input + taken
    unsafe area.pointee.inputCount -= taken
    return Int32(taken)
}

private let writeCallback: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = {
    bio, source, count in
    guard let bio = unsafe bio, let source = unsafe source, let data = unsafe BIO_get_data(bio) else { return -1 }
    let area = unsafe data.assumingMemoryBound(to: TLSBuffers.Area.self)
    unsafe BIO_clear_retry_flags(bio)
    let taken = unsafe min(Int(count), TLSBuffers.outputCapacity - area.pointee.outputCount)
    guard taken > 0 else {
        unsafe BIO_set_retry_write(bio)
        return -1
    }
    unsafe UnsafeMutableRawPointer(area.pointee.output + area.pointee.outputCount)
        .copyMemory(from: source, byteCount: taken)
    unsafe area.pointee.outputCount += taken
    return Int32(taken)
}
