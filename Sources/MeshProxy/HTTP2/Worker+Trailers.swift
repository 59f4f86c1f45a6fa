import MeshCodec
import MeshReactor

extension FieldName {
    /// Whether a field means anything, and nothing dangerous, behind a body (RFC 9110 §6.5.1).
    var mayTrail: Bool {
        switch self {
        case .host, .contentLength, .transferEncoding, .connection, .expect, .upgrade, .keepAlive, .proxyConnection,
            .te, .trailer, .contentType, .http2Settings:
            false
        default: !self.isMesh
        }
    }
}

/// Trailers of HTTP/1 servers whose clients speak HTTP/2.
extension Worker {
    /// Takes part of the trailer section of an answer; with its last part the answer is complete.
    mutating func downgradedTrailers(_ handle: Handle, _ request: Handle, _ part: Span<UInt8>) {
        let isComplete = self.connections[handle].message.body.isComplete
        var kept = self.exchanges[request].kept
        if kept == .none, !isComplete || part.count > 2 {
            var list = HTTP2HeaderList()
            kept = self.kept.insert(&list)
            self.exchanges[request].kept = kept
        }
        // The codec bounds the section; without room for it, the answer ends without trailers.
        if kept != .none { _ = self.kept.append(part, to: kept) }
        guard isComplete else { return }
        let down = self.exchanges[request].down
        let session = self.connections[down.connection].session
        var list = HTTP2HeaderList()
        if kept != .none { Self.readTrailers(self.kept[kept].content.span, into: &list) }
        if list.count > 0 {
            self.sessions[session].codec.sendHead(down.stream, list, end: true)
        } else {
            _ = self.sessions[session].codec.sendData(down.stream, part.extracting(first: 0), end: true)
        }
        self.markDirty(down.connection)
    }

    /// Reads lines that the codec has checked: names are tokens, values have no control characters.
    private static func readTrailers(_ section: Span<UInt8>, into list: inout HTTP2HeaderList) {
        var start = 0
        for index in section.indices where section[index] == UInt8(ascii: "\n") {
            defer { start = index + 1 }
            let end = index - 1
            guard end > start, let colon = Self.colon(in: section, start..<end) else { continue }
            var name: [UInt8] = []
            for place in start..<colon {
                let byte = section[place]
                name.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
            }
            guard FieldName.named(name.span).mayTrail else { continue }
            var first = colon + 1
            var last = end
            while first < last, Self.isBlank(section[first]) { first += 1 }
            while last > first, Self.isBlank(section[last - 1]) { last -= 1 }
            list.append(name.span, section.extracting(first..<last))
        }
    }

    private static func colon(in bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        for index in range where bytes[index] == UInt8(ascii: ":") { return index }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
