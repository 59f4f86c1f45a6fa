internal import CMeshLinux

/// A worker's fixed working memory: bytes are received, rewritten and sent here, and nothing stays.
///
/// A class, so that a worker can look at the bytes while it changes its own state: the spans borrow this object and
/// not the worker. The owner must not write to a range while it holds a span of that range; within one worker the
/// order of the calls makes that so, and no second thread ever sees the object.
@safe
public final class Scratch {
    // Invariant: `base` owns `capacity` initialised bytes until deinit.
    @usableFromInline let base: UnsafeMutableRawPointer
    /// Bytes.
    public let capacity: Int

    /// Memory of `capacity` zero bytes; pages count only when touched.
    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        unsafe self.base = .allocate(byteCount: capacity, alignment: 64)
        unsafe self.base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    }

    deinit { unsafe self.base.deallocate() }

    /// The bytes of `range`.
    @inlinable
    @_lifetime(borrow self)
    public func bytes(_ range: Range<Int>) -> Span<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= self.capacity)
        // The range lies inside the allocation, which lives as long as `self`.
        let span = unsafe Span<UInt8>(
            _unsafeStart: UnsafePointer((self.base + range.lowerBound).assumingMemoryBound(to: UInt8.self)),
            count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Writes `source` at `offset` and returns the offset behind it.
    ///
    /// - Precondition: it fits. `source` may overlap.
    @inlinable
    @discardableResult
    public func write(_ source: Span<UInt8>, at offset: Int) -> Int {
        precondition(offset >= 0 && source.count <= self.capacity - offset)
        // Both ranges are inside live memory; memmove semantics allow overlap.
        unsafe source.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe (self.base + offset).copyMemory(from: start, byteCount: bytes.count)
        }
        return offset + source.count
    }

    /// Writes the text at `offset` and returns the offset behind it.
    @inlinable
    @discardableResult
    public func write(_ text: StaticString, at offset: Int) -> Int {
        let count = text.utf8CodeUnitCount
        precondition(offset >= 0 && count <= self.capacity - offset)
        unsafe (self.base + offset).copyMemory(from: UnsafeRawPointer(text.utf8Start), byteCount: count)
        return offset + count
    }

    /// Writes the text's UTF-8 at `offset` and returns the offset behind it.
    @discardableResult
    public func write(_ text: String, at offset: Int) -> Int {
        var end = offset
        for byte in text.utf8 { end = self.write(byte, at: end) }
        return end
    }

    /// Writes one byte and returns the offset behind it.
    @inlinable
    @discardableResult
    public func write(_ byte: UInt8, at offset: Int) -> Int {
        precondition(offset >= 0 && offset < self.capacity)
        unsafe self.base.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        return offset + 1
    }

    /// Writes a number in decimal and returns the offset behind it.
    @discardableResult
    public func write(decimal value: UInt64, at offset: Int) -> Int {
        var digits = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = value
        for position in stride(from: offset + digits - 1, through: offset, by: -1) {
            self.write(UInt8(48 + rest % 10), at: position)
            rest /= 10
        }
        return offset + digits
    }

    /// Writes a number in hexadecimal and returns the offset behind it.
    @discardableResult
    public func write(hexadecimal value: Int, at offset: Int) -> Int {
        let digits = max(1, (Int.bitWidth - value.leadingZeroBitCount + 3) / 4)
        for place in 0..<digits {
            let digit = UInt8(truncatingIfNeeded: value >> ((digits - 1 - place) * 4)) & 0xF
            self.write(digit < 10 ? 48 + digit : 87 + digit, at: offset + place)
        }
        return offset + digits
    }

    /// Lends `range` for writing to code that needs a raw buffer, such as the TLS library.
    @unsafe
    public func withMutableBytes<R: ~Copyable, E: Error>(
        _ range: Range<Int>, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= self.capacity)
        return try unsafe body(
            UnsafeMutableRawBufferPointer(start: self.base + range.lowerBound, count: range.count))
    }

    /// Lends `range` for writing.
    @inlinable
    @_lifetime(borrow self)
    public func mutableBytes(_ range: Range<Int>) -> MutableSpan<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= self.capacity)
        let span = unsafe MutableSpan<UInt8>(
            _unsafeStart: (self.base + range.lowerBound).assumingMemoryBound(to: UInt8.self), count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}
