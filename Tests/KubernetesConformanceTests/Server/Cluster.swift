import AsyncHTTPClient
import Foundation
import MeshCodec
import MeshModel
import NIOCore
import NIOHTTP1
import Testing

/// What a case works with: a server, and a namespace of its own.
struct Cluster: Sendable {
    let peer: Peer
    /// True for the real kube-apiserver, which may be an old one.
    let isReal: Bool
    /// True for a release of long ago, which words some things otherwise.
    let isOld: Bool
    let namespace: String
    /// The group of the Widgets that the case works with.
    var group = Cluster.sharedGroup

    static let sharedGroup = "conformance.example.dev"

    /// The path of the namespace's ConfigMaps, the kind that needs nothing else.
    var maps: String { "/api/v1/namespaces/\(self.namespace)/configmaps" }

    /// The path of a resource in the namespace.
    func path(_ resource: String, group: String = "", version: String = "v1") -> String {
        (group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)") + "/namespaces/\(self.namespace)/\(resource)"
    }

    // MARK: - Requests

    /// Sends a document, if any, as `type`.
    func send(
        _ method: String, _ target: String, _ body: JSONValue? = nil, type: String = "application/json",
        headers: [(String, String)] = [], seconds: Int64 = 30
    ) async throws -> Peer.Answer {
        try await self.peer.send(
            method, target, headers: (body == nil ? headers : headers + [("content-type", type)]),
            body: body.map { JSONWriter.write($0) }, seconds: seconds)
    }

    /// The document of an answer that must have a status.
    @discardableResult func expect(
        _ status: Int, _ method: String, _ target: String, _ body: JSONValue? = nil, type: String = "application/json",
        headers: [(String, String)] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let answer = try await self.send(method, target, body, type: type, headers: headers)
        try #require(
            answer.status == status, "\(method) \(target): \(answer.status) \(answer.text)",
            sourceLocation: sourceLocation)
        return answer.document ?? .null
    }

    /// Reads what must be there.
    func get(_ target: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> JSONValue {
        try await self.expect(200, "GET", target, sourceLocation: sourceLocation)
    }

    /// Creates what must be acceptable.
    @discardableResult func create(
        _ target: String, _ body: JSONValue, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        try await self.expect(201, "POST", target, body, sourceLocation: sourceLocation)
    }

    /// Creates a ConfigMap.
    @discardableResult func map(
        _ name: String, labels: JSONValue = [:], data: JSONValue = [:], metadata: JSONValue = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        try await self.create(
            self.maps, Self.map(name, labels: labels, data: data, metadata: metadata), sourceLocation: sourceLocation)
    }

    /// A ConfigMap.
    static func map(
        _ name: String, labels: JSONValue = [:], data: JSONValue = [:], metadata: JSONValue = [:]
    ) -> JSONValue {
        var document: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata]
        document["metadata"]?["name"] = .string(name)
        // An empty map that is applied is owned like any field, so it is sent only when it is meant.
        if labels != [:] { document["metadata"]?["labels"] = labels }
        if data != [:] { document["data"] = data }
        return document
    }

    /// Sends a server-side apply.
    func apply(
        _ target: String, _ body: JSONValue, by manager: String, force: Bool = false
    ) async throws -> Peer.Answer {
        try await self.send(
            "PATCH", "\(target)?fieldManager=\(manager)\(force ? "&force=true" : "")", body,
            type: "application/apply-patch+yaml")
    }

    // MARK: - Watches

    /// One event of a watch.
    struct Event: Sendable {
        var type: String
        var object: JSONValue
        var summary: String { "\(self.type) \(self.object["metadata"]?["name"]?.string ?? "")" }
    }

    /// Watches for at most `seconds` and until `enough` events are there; `during` runs as soon as the watch is open.
    func watch(
        _ target: String, seconds: Int = 5, until enough: ([Event]) -> Bool,
        during: () async throws -> Void = {}
    ) async throws -> [Event] {
        let mark = target.contains("?") ? "&" : "?"
        let response = try await self.peer.open(
            "GET", "\(target)\(mark)watch=true&timeoutSeconds=\(seconds)", seconds: Int64(seconds) + 20)
        try #require(response.status.code == 200, "\(target): \(response.status)")
        try await during()
        var events: [Event] = []
        var held: [UInt8] = []
        for try await chunk in response.body {
            held += chunk.readableBytesView
            while let end = held.firstIndex(of: 0x0A) {
                let value = try JSONReader.read(Array(held[..<end]))
                held.removeSubrange(...end)
                events.append(Event(type: value["type"]?.string ?? "", object: value["object"] ?? .null))
                if enough(events) { return events }
            }
        }
        return events
    }

    // MARK: - Waiting

    /// Waits for a condition that the server brings about by itself.
    func eventually(
        _ what: String, seconds: Int = 20, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("not in time: \(what)", sourceLocation: sourceLocation)
    }

    /// Waits until nothing is there any more.
    func gone(_ target: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await self.eventually("\(target) is gone", sourceLocation: sourceLocation) {
            try await self.send("GET", target).status == 404
        }
    }
}

extension Peer.Answer {
    /// The body as text, as far as a message needs it.
    var text: String { String(decoding: self.bytes.prefix(1_000), as: UTF8.self) }

    /// Demands a failure with that status and reason.
    @discardableResult func refused(
        _ code: Int, _ reason: String?, _ text: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) -> JSONValue {
        let document = self.document ?? .null
        #expect(self.status == code, "\(self.text)", sourceLocation: sourceLocation)
        #expect(document["kind"] == "Status", sourceLocation: sourceLocation)
        #expect(document["status"] == "Failure", sourceLocation: sourceLocation)
        #expect(document["code"]?.integer == Int64(code), sourceLocation: sourceLocation)
        #expect(document["reason"]?.string == reason, "\(self.text)", sourceLocation: sourceLocation)
        let message = document["message"]?.string ?? ""
        #expect(text.isEmpty || message.contains(text), "\(message)", sourceLocation: sourceLocation)
        return document
    }

    /// Demands success and hands back the document.
    func accepted(_ code: Int = 200, sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONValue {
        try #require(self.status == code, "\(self.text)", sourceLocation: sourceLocation)
        return try #require(self.document, sourceLocation: sourceLocation)
    }
}

extension JSONValue {
    /// The value at a path of names and, in lists, positions.
    subscript(at path: String) -> JSONValue? {
        var value = self
        for name in path.split(separator: ".") {
            if let index = Int(name), let elements = value.array {
                guard elements.indices.contains(index) else { return nil }
                value = elements[index]
            } else {
                guard let member = value[String(name)] else { return nil }
                value = member
            }
        }
        return value
    }

    var revision: String { self[at: "metadata.resourceVersion"]?.string ?? "" }
    var uid: String { self[at: "metadata.uid"]?.string ?? "" }
    var names: [String] { (self["items"]?.array ?? []).compactMap { $0[at: "metadata.name"]?.string } }
}
