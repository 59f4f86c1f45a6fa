import Glibc
import SystemPackage

@testable import MeshLocal

/// The program `heddle` as a test can start it.
enum TestLauncher {
    /// Where the programs of this build are.
    static let programs: FilePath? = {
        let build = FilePath(#filePath).pushing("../../../../.build/debug").lexicallyNormalized()
        let own = FilePath(Files.link("/proc/self/exe") ?? "/").removingLastComponent()
        let tests = FilePath(CommandLine.arguments[0]).removingLastComponent()
        return [own, tests, build].first { access($0.appending("heddle").string, X_OK) == 0 }
    }()

    /// What becomes a container, if it has been built and we are root.
    static let command: [String]? = {
        guard getuid() == 0, let programs else { return nil }
        return [programs.appending("heddle").string, "local", "run-container"]
    }()
}
