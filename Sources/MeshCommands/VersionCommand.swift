import ArgumentParser

/// `heddle version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(name: .long, help: "Only the number.")
    var short = false

    func run() {
        print(self.short ? Version.text : "Client version: \(Version.text)")
    }
}

/// What this build is.
enum Version {
    /// The project's version (https://semver.org).
    static let text = "0.1.0"
}
