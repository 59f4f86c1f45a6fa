import ArgumentParser
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import ServiceLifecycle
import SwiftProtobuf
import Synchronization

/// The catalogue of emoji, over gRPC.
struct EmojiRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "emoji", abstract: "Serve the catalogue of emoji.")

    @OptionGroup var serving: ServingOptions

    func run() async throws {
        try await runUntilSignalled([
            RPCServer(port: self.serving.port, service: Catalogue(version: self.serving.versionName))
        ])
    }
}

/// The counter of votes, over gRPC.
struct VotingRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "voting", abstract: "Serve the counter of votes.")

    @OptionGroup var serving: ServingOptions

    @Option(help: "Percentage of votes that fail with INTERNAL, to be a bad version on purpose.")
    var failurePercent = 0

    func validate() throws {
        guard (0...100).contains(self.failurePercent) else {
            throw ValidationError("--failure-percent is a percentage, 0 to 100")
        }
    }

    func run() async throws {
        let ballot = BallotBox(version: self.serving.versionName, failurePercent: self.failurePercent)
        try await runUntilSignalled([RPCServer(port: self.serving.port, service: ballot)])
    }
}

struct Catalogue: Heddle_Samples_Voting_V1_Catalogue.SimpleServiceProtocol {
    private static let emoji = [
        ("tada", "🎉"), ("doughnut", "🍩"), ("rocket", "🚀"), ("whale", "🐳"), ("sheep", "🐑"), ("thread", "🧵"),
        ("yarn", "🧶"), ("knot", "🪢"), ("cat", "🐈"), ("owl", "🦉"), ("swift", "🐦"), ("mesh", "🕸"),
    ].map { name, character in
        Heddle_Samples_Voting_V1_Emoji.with {
            $0.shortcode = ":\(name):"
            $0.unicode = character
        }
    }

    let version: String

    func list(
        request: Heddle_Samples_Voting_V1_ListRequest, context: ServerContext
    ) async throws -> Heddle_Samples_Voting_V1_ListResponse {
        .with {
            $0.emoji = Self.emoji
            $0.version = self.version
        }
    }

    func find(
        request: Heddle_Samples_Voting_V1_FindRequest, context: ServerContext
    ) async throws -> Heddle_Samples_Voting_V1_FindResponse {
        .with { response in
            if let found = Self.emoji.first(where: { $0.shortcode == request.shortcode }) { response.emoji = found }
        }
    }
}

final class BallotBox: Heddle_Samples_Voting_V1_Ballot.SimpleServiceProtocol {
    private let version: String
    private let failurePercent: Int
    private let state = Mutex((votes: [String: UInt64](), calls: 0))

    init(version: String, failurePercent: Int) {
        self.version = version
        self.failurePercent = failurePercent
    }

    func vote(
        request: Heddle_Samples_Voting_V1_VoteRequest, context: ServerContext
    ) async throws -> Heddle_Samples_Voting_V1_VoteResponse {
        guard request.shortcode != ":doughnut:" else {
            throw RPCError(code: .invalidArgument, message: "the scripted error: nobody may vote for the doughnut")
        }
        let votes: UInt64? = self.state.withLock { state in
            state.calls += 1
            // Spread evenly instead of at random: 30 % are calls 3, 6, 10 of every 10.
            let failures = { (calls: Int) in calls * self.failurePercent / 100 }
            guard failures(state.calls) == failures(state.calls - 1) else { return nil }
            state.votes[request.shortcode, default: 0] += 1
            return state.votes[request.shortcode]
        }
        guard let votes else { throw RPCError(code: .internalError, message: "this version fails on purpose") }
        return .with {
            $0.votes = votes
            $0.version = self.version
        }
    }
}

/// A gRPC server as a part of the process.
struct RPCServer: ServiceLifecycle.Service {
    private let server: GRPCServer<HTTP2ServerTransport.Posix>

    init(port: Int, service: any RegistrableRPCService) {
        self.server = GRPCServer(
            transport: .http2NIOPosix(address: .ipv4(host: "0.0.0.0", port: port), transportSecurity: .plaintext),
            services: [service])
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await self.server.serve()
        } onGracefulShutdown: {
            self.server.beginGracefulShutdown()
        }
    }
}
