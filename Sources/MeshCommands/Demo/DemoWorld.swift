import AsyncHTTPClient
import MeshCodec
import MeshKubernetes
import MeshModel
import MeshResources
import NIOCore
import NIOHTTP1
import SystemPackage

/// Why a step of the demo does not hold; the text is its detail.
struct DemoFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The cluster as the demo sees it: from outside, through its API and its pods' ports.
struct DemoWorld: Sendable {
    private static let answerBytesMax = 32 << 20

    let client: KubernetesClient
    let applier: ManifestApplier
    let http: HTTPClient
    let console: DemoConsole
    /// The folder with `crds` and `config`.
    let manifests: FilePath
    let isFast: Bool

    /// The YAML files of a folder, in the order of their names.
    func files(_ folder: String) throws -> [FilePath] {
        let path = self.manifests.appending(folder)
        let files = try DemoFiles.names(in: path).filter { $0.hasSuffix(".yaml") && $0 != "kustomization.yaml" }
        guard !files.isEmpty else { throw DemoFailure("no manifests in \(path)") }
        return files.map { path.appending($0) }
    }

    func sample(_ name: String) -> FilePath { self.manifests.appending("config/samples/voting/\(name)") }

    /// What a condition that is waited for says.
    enum Wait<Value: Sendable>: Sendable {
        case holds(Value)
        case not(String)
    }

    /// Asks until `condition` holds; the last reason for not doing so becomes the failure.
    @discardableResult
    func wait<Value: Sendable>(
        _ what: String, atMost limit: Duration, every pause: Duration = .milliseconds(200),
        until condition: () async throws -> Wait<Value>
    ) async throws -> Value {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            switch try await condition() {
            case .holds(let value): return value
            case .not(let reason):
                self.console.progress("\(what): \(reason)")
                guard clock.now < deadline else {
                    throw DemoFailure("\(what): still \(reason) after \(Int(limit / .seconds(1))) s")
                }
            }
            try await clock.sleep(for: pause)
        }
    }

    /// The body of an answer with status 200, as JSON or text.
    func get(_ url: String, timeout: Duration = .seconds(5)) async throws -> String {
        try await self.exchange(HTTPClientRequest(url: url), timeout: timeout)
    }

    func post(_ url: String, timeout: Duration) async throws -> String {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        return try await self.exchange(request, timeout: timeout)
    }

    private func exchange(_ request: HTTPClientRequest, timeout: Duration) async throws -> String {
        let response = try await self.http.execute(request, timeout: .nanoseconds(timeout.clampedNanoseconds))
        let body = String(buffer: try await response.body.collect(upTo: Self.answerBytesMax))
        guard response.status == .ok else {
            throw DemoFailure("\(request.url) answered \(response.status.code): \(body.prefix(200))")
        }
        return body
    }

    func pods(in namespace: String, app: String? = nil) async throws -> [Pod] {
        try await self.client.listAll(
            Pod.self, in: namespace, selecting: Selection(labels: app.map { "app=\($0)" } ?? ""))
    }

    /// The address of the one running pod of `app`.
    func address(of app: String, in namespace: String) async throws -> String {
        let pods = try await self.pods(in: namespace, app: app).filter { $0.metadata.deletionTimestamp == nil }
        guard let address = pods.lazy.compactMap({ $0.status.podIP }).first else {
            throw DemoFailure("no pod of \(namespace)/\(app) has an address")
        }
        return address
    }

    /// Lets a bot send a burst of requests and tells what became of them.
    func burst(
        from app: String = "bot", in namespace: String = "voting", requests: Int, concurrency: Int = 16, path: String
    ) async throws -> DemoTally {
        let address = try await self.address(of: app, in: namespace)
        let escaped = path.replacing("?", with: "%3F").replacing("=", with: "%3D").replacing(":", with: "%3A")
        let url = "http://\(address):8090/run?requests=\(requests)&concurrency=\(concurrency)&path=\(escaped)"
        return try DemoTally(try await self.post(url, timeout: .seconds(120)))
    }

    /// What the bot's steady load saw since its start.
    func steadyLoad() async throws -> DemoTally {
        try DemoTally(try await self.get("http://\(try await self.address(of: "bot", in: "voting")):8090/stats"))
    }
}

/// Counts of requests by status and by the version that answered.
struct DemoTally: Sendable {
    /// Answers that the sample gives by design: a success, and the scripted error for the doughnut.
    private static let expected: Set<String> = ["200", "422"]

    var sent: Int
    var statuses: [String: Int]
    var versions: [String: Int]
    var errors: [String]

    init(_ text: String) throws {
        let document = try JSONReader.read(Array(text.utf8))
        let counts = { (value: JSONValue?) in (value?.object ?? [:]).mapValues { Int($0.integer ?? 0) } }
        self.sent = Int(document["sent"]?.integer ?? 0)
        self.statuses = counts(document["statuses"])
        self.versions = counts(document["versions"])
        self.errors = document["errors"]?.array?.compactMap(\.string) ?? []
    }

    /// Requests without an answer that the sample gives by design.
    var failed: Int { self.statuses.filter { !Self.expected.contains($0.key) }.values.reduce(0, +) }

    /// `200: 1980, 500: 20`.
    var summary: String {
        self.statuses.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
            + (self.errors.first.map { " (\($0))" } ?? "")
    }

    /// What came on top since `earlier`.
    func since(_ earlier: DemoTally) -> DemoTally {
        var result = self
        result.sent -= earlier.sent
        for (status, count) in earlier.statuses { result.statuses[status, default: 0] -= count }
        result.statuses = result.statuses.filter { $0.value != 0 }
        return result
    }
}
