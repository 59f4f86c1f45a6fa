import Foundation
import MeshCodec
import MeshModel

/// Sends recorded requests to a server and compares its answers with the recorded ones.
struct Replay {
    /// What became of one exchange.
    struct Verdict: Sendable {
        enum Kind: Sendable { case same, different, skipped }
        var name: String
        var kind: Kind
        var details: [String] = []
    }

    let peer: Peer
    /// Whether managed fields count.
    let comparesOwnership: Bool
    /// Whether generations count.
    let comparesGeneration: Bool
    /// Whether an exchange is expected to be as recorded.
    let claims: @Sendable (String) -> Bool
    private var bindings = Bindings()
    private(set) var verdicts: [Verdict] = []

    init(peer: Peer, comparesOwnership: Bool, comparesGeneration: Bool, claims: @escaping @Sendable (String) -> Bool) {
        self.claims = claims
        self.peer = peer
        self.comparesGeneration = comparesGeneration
        self.comparesOwnership = comparesOwnership
    }

    /// Texts that only quote what a program is made of, and values of the machine.
    private var ignored: Set<String> {
        var names: Set<String> = [
            "gitCommit", "gitVersion", "buildDate", "goVersion", "compiler", "description", "storageVersionHash",
            "serverAddressByClientCIDRs", "clusterIPs",
        ]
        if !self.comparesOwnership { names.insert("managedFields") }
        if !self.comparesGeneration { names.insert("generation") }
        return names
    }

    mutating func run(_ recording: Recording) async throws {
        for exchange in recording.exchanges where exchange.during == nil {
            try await self.prepare(exchange.name, recording.file)
            self.verdicts.append(try await self.settled(exchange))
        }
    }

    /// The verdict on an exchange; what was recorded some time after a change is asked for until it has come true.
    private mutating func settled(_ exchange: Recording.Exchange) async throws -> Verdict {
        let before = self.bindings
        var verdict = try await self.replay(exchange)
        let isRead = exchange.request["method"]?.string == "GET"
        let isLater = ["after", "later", "gone"].contains { exchange.name.contains($0) }
        guard isRead, isLater, self.claims(exchange.name) else { return verdict }
        let deadline = ContinuousClock.now + .seconds(10)
        while verdict.kind == .different, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            self.bindings = before
            verdict = try await self.replay(exchange)
        }
        return verdict
    }

    /// Makes what was made outside of the recording.
    private func prepare(_ exchange: String, _ file: String) async throws {
        for (path, document) in Setup.objects(before: exchange, of: file) {
            let answer = try await self.peer.send(
                "POST", path, headers: [("content-type", "application/json")], body: JSONWriter.write(document))
            if answer.status >= 300 { print("set-up of \(file) failed: \(answer.status) \(path)") }
        }
    }

    private mutating func replay(_ exchange: Recording.Exchange) async throws -> Verdict {
        guard let request = self.request(exchange) else { return Verdict(name: exchange.name, kind: .skipped) }
        let answer: Peer.Answer
        do {
            answer = try await self.peer.send(
                request.method, request.target, headers: request.headers, body: request.body)
        } catch {
            return Verdict(name: exchange.name, kind: .different, details: ["no answer: \(error)"])
        }
        var comparison = Comparison(bindings: self.bindings, ignored: self.ignored)
        self.compare(exchange, answer, &comparison)
        self.bindings = comparison.bindings
        return Verdict(
            name: exchange.name, kind: comparison.differences.isEmpty ? .same : .different,
            details: comparison.differences)
    }

    private func compare(_ exchange: Recording.Exchange, _ answer: Peer.Answer, _ comparison: inout Comparison) {
        let recorded = exchange.response
        if let status = recorded["status"]?.integer, Int(status) != answer.status {
            comparison.add("status \(answer.status), recorded \(status)")
        }
        for name in ["content-type", "warning", "retry-after"] {
            let wanted = recorded["headers"]?[name].map { $0.array?.compactMap(\.string) ?? [$0.string ?? ""] } ?? []
            let found = answer.header(name)
            let areSame =
                wanted.count == found.count && zip(wanted, found).allSatisfy { comparison.bindings.matches($0, $1) }
            if !areSame { comparison.add("header \(name): \(found), recorded \(wanted)") }
        }
        if let body = recorded["body"] {
            guard let document = answer.document else {
                comparison.add("no document: \(String(decoding: answer.bytes.prefix(200), as: UTF8.self))")
                return
            }
            comparison.compare(body, document, at: "")
        } else if let text = recorded["rawBody"]?.string {
            let found = String(decoding: answer.bytes, as: UTF8.self)
            if !comparison.bindings.matches(text, found) {
                comparison.add("text \"\(found.prefix(300))\", recorded \"\(text.prefix(300))\"")
            }
        }
    }

    /// A request with everything filled in that has been learned; nil when something has not.
    mutating func request(
        _ exchange: Recording.Exchange
    ) -> (method: String, target: String, headers: [(String, String)], body: [UInt8]?)? {
        let request = exchange.request
        guard let method = request["method"]?.string,
            let path = request["path"]?.string.flatMap({ self.bindings.filled($0) })
        else { return nil }
        var items: [String] = []
        for (name, value) in exchange.query {
            guard let value = self.bindings.filled(value) else { return nil }
            items.append("\(Self.encoded(name))=\(Self.encoded(value))")
        }
        var headers: [(String, String)] = []
        for (name, value) in request["headers"]?.object ?? [:] {
            guard let value = value.string.flatMap({ self.bindings.filled($0) }) else { return nil }
            headers.append((name, value))
        }
        var body: [UInt8]?
        if let document = request["body"] {
            if document.string != nil { return nil }  // Only described.
            guard let document = self.bindings.filled(document) else { return nil }
            body = JSONWriter.write(document)
        } else if let text = request["rawBody"]?.string {
            guard let text = self.bindings.filled(text) else { return nil }
            body = Array(text.utf8)
        }
        return (method, items.isEmpty ? path : "\(path)?\(items.joined(separator: "&"))", headers, body)
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~")))
            ?? text
    }
}
