import ArgumentParser

/// The sample application: one program, one role a process.
@main
struct Voting: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heddle-voting",
        abstract: "The voting sample: a web front end, two gRPC services and a load bot.",
        subcommands: [WebRole.self, EmojiRole.self, VotingRole.self, BotRole.self])
}

/// What every serving role is told.
struct ServingOptions: ParsableArguments {
    @Option(help: "The port to listen on, on all addresses.")
    var port: Int

    @Option(help: "The version that answers carry, so that a traffic split can be measured.")
    var versionName = "v1"
}
