import MeshModel

/// A request, free of any HTTP library.
struct APIRequest: Sendable {
    var method: String
    /// As sent, still percent-encoded.
    var rawPath: String
    var query: Query
    /// By lower-case name.
    var headers: [String: String]
    /// The values of headers that may come more than once, by lower-case name.
    var repeated: [String: [String]] = [:]
    var body: [UInt8]

    /// The parameters of a URL.
    struct Query: Sendable {
        private var items: [(name: String, value: String)] = []

        init(_ text: String) {
            for part in text.split(separator: "&") {
                let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = pair.count > 1 ? PercentCoding.decode(pair[1], plusIsSpace: true) : ""
                self.items.append((PercentCoding.decode(pair[0], plusIsSpace: true), value))
            }
        }

        subscript(name: String) -> String? { self.items.first { $0.name == name }?.value }
        func all(_ name: String) -> [String] { self.items.filter { $0.name == name }.map(\.value) }
        /// True when the parameter is there and does not say no.
        func flag(_ name: String) -> Bool {
            guard let value = self[name] else { return false }
            return !["0", "false", "f", "F", "False", "FALSE"].contains(value)
        }
    }
}

/// Percent encoding of URLs.
enum PercentCoding {
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
        guard text.contains("%") || plusIsSpace && text.contains("+") else { return String(text) }
        var output: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%"), bytes.count >= 2,
                let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16)
            {
                output.append(value)
                bytes = bytes.dropFirst(2)
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                output.append(0x20)
            } else {
                output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

/// An answer, free of any HTTP library.
struct APIReply: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Lines that are written as they come up.
        case watch(WatchSession)
        /// Text that comes in pieces.
        case stream(AsyncStream<[UInt8]>)
    }

    var status: Int
    var headers: [(String, String)] = []
    var body: Body

    static func text(_ text: String, status: Int = 200) -> APIReply {
        APIReply(
            status: status, headers: [("content-type", "text/plain; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }
}
