public import ArgumentParser

/// `heddle`: everything that a user does with the mesh.
public struct HeddleCommand: AsyncParsableCommand {
    /// The commands, in the order of `--help`.
    public static let configuration = CommandConfiguration(
        commandName: "heddle",
        abstract: "A service mesh: identity, policy, routing and rollouts for what runs in a cluster.",
        subcommands: [
            DemoCommand.self, LocalCommand.self, ExplainCommand.self, AuthzCommand.self, DiagnosticsCommand.self,
            VersionCommand.self,
        ])

    /// Made by the parser.
    public init() {}
}
