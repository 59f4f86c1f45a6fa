import MeshCodec
import MeshModel
package import MeshResources

/// What a list says besides its objects.
package struct ListHead: Sendable {
    /// Such as `PodList`.
    package var kind = ""
    /// The version of the whole list, from which a watch may start.
    package var resourceVersion = ""
    /// The token of the next page; nil on the last.
    package var next: String?
    /// The objects that do not fit their type.
    package var invalid: [InvalidObject] = []
}

/// Reads a list while it arrives: holds the bytes of the object that is being read, and no others.
package struct ListDecoder<Object: KubernetesObject> {
    private enum Place {
        case opening
        case members
        case items
        case closed
    }

    /// Bytes that are collected before they are looked at.
    private let batchBytes: Int
    /// No object is larger.
    private let objectBytesMax: Int
    private let reader: ObjectReader<Object>
    private let pool = StringPool()
    private var head = ListHead()
    private var buffer: [UInt8] = []
    private var place = Place.opening
    private var mark = JSONCursor.Mark.start
    /// The next look is due when this many bytes are there: twice as many after each that came too soon, so that a
    /// large object is not read over and over.
    private var wanted: Int

    package init(reader: ObjectReader<Object>, objectBytesMax: Int, batchBytes: Int = 256 << 10) {
        self.reader = reader
        self.objectBytesMax = objectBytesMax
        self.batchBytes = batchBytes
        self.wanted = batchBytes
    }

    /// More bytes have arrived; objects that are complete go to `take`.
    package mutating func feed(_ chunk: some Collection<UInt8>, _ take: (Object) -> Void) throws(KubernetesError) {
        self.buffer.append(contentsOf: chunk)
        guard self.buffer.count >= self.wanted else { return }
        _ = try self.advance(take)
        guard self.buffer.count <= self.objectBytesMax else {
            throw .invalidAnswer(reason: "an object of the list is too long")
        }
        self.wanted = max(self.batchBytes, 2 * self.buffer.count)
    }

    /// All bytes have arrived.
    package mutating func finish(_ take: (Object) -> Void) throws(KubernetesError) -> ListHead {
        guard try self.advance(take), self.place == .closed else {
            throw .invalidAnswer(reason: "the list ends too soon")
        }
        guard self.head.kind.hasSuffix("List") else { throw .invalidAnswer(reason: "no list") }
        return self.head
    }

    /// Reads what is complete and forgets its bytes; true when nothing is left.
    private mutating func advance(_ take: (Object) -> Void) throws(KubernetesError) -> Bool {
        let isComplete: Bool
        do {
            isComplete = try self.read(take)
        } catch {
            throw .invalidAnswer(reason: "the list cannot be read: \(error)")
        }
        let done = self.mark.offset
        self.buffer.removeSubrange(..<done)
        self.mark = self.mark.movedForward(by: done)
        return isComplete
    }

    private mutating func read(_ take: (Object) -> Void) throws(JSONError) -> Bool {
        var json = JSONCursor(self.buffer, at: self.mark, pool: self.pool)
        do {
            while !json.isAtEnd() {
                try self.step(&json, take)
                self.mark = json.mark
            }
            self.mark = json.mark
            return true
        } catch {
            guard error == .truncated else { throw error }
            return false
        }
    }

    private mutating func step(_ json: inout JSONCursor, _ take: (Object) -> Void) throws(JSONError) {
        switch self.place {
        case .opening:
            try json.enterObject()
            self.place = .members
        case .members: try self.member(&json)
        case .items:
            guard try json.nextElement() else {
                self.place = .members
                return
            }
            switch try self.reader.read(&json) {
            case .success(let object): take(object)
            case .failure(let invalid): self.head.invalid.append(invalid)
            }
        case .closed: throw .trailingBytes(offset: json.offset)
        }
    }

    private mutating func member(_ json: inout JSONCursor) throws(JSONError) {
        switch try json.nextMemberName() {
        case nil: self.place = .closed
        case "kind": self.head.kind = try json.string()
        case "metadata":
            let metadata = try json.value()
            self.head.resourceVersion = metadata["resourceVersion"]?.string ?? ""
            self.head.next = metadata["continue"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        case "items":
            guard try !json.takeNull() else { return }
            try json.enterArray()
            self.place = .items
        default: try json.skipValue()
        }
    }
}
