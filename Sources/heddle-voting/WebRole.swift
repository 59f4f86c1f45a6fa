import ArgumentParser
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import SwiftProtobuf

/// The web front end: JSON over HTTP/1.1 for people and bots, gRPC towards the two services behind it.
struct WebRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "web", abstract: "Serve the web front end.")

    @OptionGroup var serving: ServingOptions

    @Option(help: "HOST:PORT of the emoji service.")
    var emoji: String

    @Option(help: "HOST:PORT of the voting service.")
    var voting: String

    func run() async throws {
        let emojiClient = GRPCClient(transport: try Endpoint(self.emoji).transport())
        let ballotClient = GRPCClient(transport: try Endpoint(self.voting).transport())
        let front = FrontEnd(
            catalogue: Heddle_Samples_Voting_V1_Catalogue.Client(wrapping: emojiClient),
            ballot: Heddle_Samples_Voting_V1_Ballot.Client(wrapping: ballotClient),
            version: self.serving.versionName)
        let server = Application(
            router: front.router(),
            configuration: .init(address: .hostname("0.0.0.0", port: self.serving.port)),
            logger: Logger(label: "web"))
        try await runUntilSignalled([
            RPCConnections(client: emojiClient), RPCConnections(client: ballotClient), server,
        ])
    }
}

/// Answers the front end's routes from the two services.
struct FrontEnd<Transport: ClientTransport>: Sendable {
    let catalogue: Heddle_Samples_Voting_V1_Catalogue.Client<Transport>
    let ballot: Heddle_Samples_Voting_V1_Ballot.Client<Transport>
    let version: String

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/") { _, _ in "vote with GET /api/vote?choice=:tada:, list with GET /api/list\n" }
        router.get("/healthz") { _, _ in "ok\n" }
        router.get("/api/list") { request, _ in
            let reply = try await self.list(metadata: Self.metadata(of: request))
            return self.respond(reply.map { "{\"emoji\":\($0.emoji.count),\"web\":\"\(self.version)\"}" })
        }
        router.get("/api/vote") { request, _ in
            let choice = request.uri.queryParameters["choice"].map(String.init) ?? ""
            let reply = try await self.vote(choice, metadata: Self.metadata(of: request))
            return self.respond(reply)
        }
        return router
    }

    private func list(metadata: Metadata) async throws -> Result<Heddle_Samples_Voting_V1_ListResponse, RPCError> {
        do {
            return .success(try await self.catalogue.list(.init(), metadata: metadata))
        } catch let error as RPCError {
            return .failure(error)
        }
    }

    private func vote(_ choice: String, metadata: Metadata) async throws -> Result<String, RPCError> {
        do {
            let found = try await self.catalogue.find(.with { $0.shortcode = choice }, metadata: metadata)
            guard found.hasEmoji else { throw RPCError(code: .notFound, message: "no emoji has this shortcode") }
            let reply = try await self.ballot.vote(.with { $0.shortcode = choice }, metadata: metadata)
            return .success(
                "{\"votes\":\(reply.votes),\"voting\":\"\(reply.version)\",\"web\":\"\(self.version)\"}")
        } catch let error as RPCError {
            return .failure(error)
        }
    }

    /// The marker header travels on, so that a capture can be searched for it on every hop.
    private static func metadata(of request: Request) -> Metadata {
        guard let name = HTTPField.Name("x-heddle-marker"), let marker = request.headers[name] else { return [:] }
        return ["x-heddle-marker": "\(marker)"]
    }

    private func respond(_ result: Result<String, RPCError>) -> Response {
        switch result {
        case .success(let json):
            return Self.response(.ok, json, version: self.version)
        case .failure(let error):
            // The sample's own scripted error (a vote for :doughnut:) is told apart from everything else by its status.
            let status: HTTPResponse.Status =
                switch error.code {
                case .invalidArgument: .unprocessableContent
                case .notFound: .notFound
                case .permissionDenied: .forbidden
                default: .internalServerError
                }
            return Self.response(status, "{\"error\":\"\(error.code)\"}", version: self.version)
        }
    }

    private static func response(_ status: HTTPResponse.Status, _ json: String, version: String) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let name = HTTPField.Name("x-voting-version") { headers[name] = version }
        return Response(status: status, headers: headers, body: .init(byteBuffer: .init(string: json + "\n")))
    }
}

/// Runs a gRPC client's connections as long as the process serves.
struct RPCConnections<Transport: ClientTransport>: Service {
    let client: GRPCClient<Transport>

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await self.client.runConnections()
        } onGracefulShutdown: {
            self.client.beginGracefulShutdown()
        }
    }
}
