import ArgumentParser
import AsyncHTTPClient
import Hummingbird
import Logging
import NIOHTTP1
import ServiceLifecycle
import Synchronization

/// The load bot: votes at a steady pace, runs bursts when told to, and says what it saw.
struct BotRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bot", abstract: "Vote at a steady pace and serve what was seen.",
        discussion: """
            GET /stats tells what the steady load saw since the start. POST /run?requests=N&concurrency=C&path=P sends N
            requests to the target and answers with their outcome: {"sent":…,"statuses":{…},"versions":{…}}.
            """)

    @OptionGroup var serving: ServingOptions

    @Option(help: "The web front end, as http://HOST:PORT.")
    var target: String

    @Option(help: "Requests a second of the steady load; 0 for none.")
    var rate = 50

    @Option(help: "A value sent in the header x-heddle-marker, to look for on the wire.")
    var marker = "heddle-marker"

    func run() async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let bot = Bot(client: client, target: self.target, marker: self.marker)
        let server = Application(
            router: bot.router(),
            configuration: .init(address: .hostname("0.0.0.0", port: self.serving.port)),
            logger: Logger(label: "bot"))
        do {
            try await runUntilSignalled([SteadyLoad(bot: bot, rate: self.rate), server])
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }
}

/// What became of a number of requests.
struct Tally: Sendable {
    var sent = 0
    var statuses: [String: Int] = [:]
    var versions: [String: Int] = [:]
    /// The first few errors in words, to be read by a person.
    var errors: [String] = []

    mutating func add(_ outcome: Outcome) {
        self.sent += 1
        self.statuses[outcome.status, default: 0] += 1
        if let version = outcome.version { self.versions[version, default: 0] += 1 }
        if let error = outcome.error, self.errors.count < 5 { self.errors.append(error) }
    }

    var json: String {
        let statuses = self.statuses.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        let versions = self.versions.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        let errors = self.errors.map { "\"\($0.filter { $0 != "\"" && $0 != "\\" && !$0.isNewline })\"" }
        return """
            {"sent":\(self.sent),"statuses":{\(statuses.joined(separator: ","))},\
            "versions":{\(versions.joined(separator: ","))},"errors":[\(errors.joined(separator: ","))]}
            """
    }
}

/// One request's end: an HTTP status, or `error` when no answer came.
struct Outcome: Sendable {
    var status: String
    var version: String?
    var error: String?
}

final class Bot: Sendable {
    private static let choices = [":tada:", ":rocket:", ":whale:", ":sheep:", ":thread:", ":yarn:", ":knot:", ":mesh:"]

    private let client: HTTPClient
    private let target: String
    private let marker: String
    private let steady = Mutex(Tally())

    init(client: HTTPClient, target: String, marker: String) {
        self.client = client
        self.target = target
        self.marker = marker
    }

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in "ok\n" }
        router.get("/stats") { _, _ in self.steady.withLock { $0.json } + "\n" }
        router.post("/run") { request, _ in
            let query = request.uri.queryParameters
            let requests = min(query["requests"].flatMap { Int($0) } ?? 1, 1_000_000)
            let concurrency = min(max(query["concurrency"].flatMap { Int($0) } ?? 8, 1), 256)
            let path = query["path"].map(String.init) ?? "/api/list"
            return await self.burst(requests, concurrency: concurrency, path: path).json + "\n"
        }
        return router
    }

    /// The path of request `number` of the steady load: mostly votes, some lists, one scripted error in a hundred.
    static func path(_ number: Int) -> String {
        switch number % 100 {
        case 99: "/api/vote?choice=:doughnut:"
        case let rest where rest % 5 == 0: "/api/list"
        case let rest: "/api/vote?choice=\(Self.choices[rest % Self.choices.count])"
        }
    }

    func vote(_ number: Int) async {
        let outcome = await self.request(Self.path(number))
        self.steady.withLock { $0.add(outcome) }
    }

    private func burst(_ requests: Int, concurrency: Int, path: String) async -> Tally {
        await withTaskGroup(of: Tally.self) { group in
            for worker in 0..<concurrency {
                let share = requests / concurrency + (worker < requests % concurrency ? 1 : 0)
                group.addTask {
                    var tally = Tally()
                    for _ in 0..<share { tally.add(await self.request(path)) }
                    return tally
                }
            }
            return await group.reduce(into: Tally()) { sum, part in
                sum.sent += part.sent
                sum.statuses.merge(part.statuses, uniquingKeysWith: +)
                sum.versions.merge(part.versions, uniquingKeysWith: +)
                sum.errors = Array((sum.errors + part.errors).prefix(5))
            }
        }
    }

    private func request(_ path: String) async -> Outcome {
        var request = HTTPClientRequest(url: self.target + path)
        request.headers.add(name: "x-heddle-marker", value: self.marker)
        do {
            let response = try await self.client.execute(request, timeout: .seconds(10))
            _ = try await response.body.collect(upTo: 1 << 16)
            return Outcome(
                status: "\(response.status.code)", version: response.headers.first(name: "x-voting-version"),
                error: response.headers.first(name: "l5d-proxy-error"))
        } catch {
            return Outcome(status: "error", version: nil, error: "\(error)")
        }
    }
}

/// Sends requests at a steady pace; when too many wait for an answer, the next ones are left out.
struct SteadyLoad: Service {
    private static let inFlightMax = 256

    let bot: Bot
    let rate: Int

    func run() async throws {
        guard self.rate > 0 else {
            try await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                let clock = ContinuousClock()
                let start = clock.now
                let gate = Gate(limit: Self.inFlightMax)
                for number in 0... {
                    do {
                        try await clock.sleep(until: start + .seconds(1) * number / self.rate)
                    } catch {
                        return  // Cancelled: the end of the process.
                    }
                    guard gate.enter() else { continue }
                    group.addTask {
                        await self.bot.vote(number)
                        gate.leave()
                    }
                }
            }
        }
    }
}

/// Counts what is under way, up to a limit.
private final class Gate: Sendable {
    private let limit: Int
    private let count = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// True, and one more under way, when there is room.
    func enter() -> Bool {
        self.count.withLock { count in
            guard count < self.limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { self.count.withLock { $0 -= 1 } }
}
