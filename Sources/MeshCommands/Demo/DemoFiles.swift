import Foundation
import SystemPackage

/// Finds the manifests that the demo applies.
enum DemoFiles {
    static func names(in folder: FilePath) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.string).sorted()
        } catch {
            throw DemoFailure("\(folder) cannot be read")
        }
    }

    /// The folder that holds `crds` and `config`: the one given, or the nearest above the program or the current folder.
    static func manifests(given: String?) throws -> FilePath {
        if let given {
            let folder = FilePath(given)
            for part in ["crds", "config"]
            where !FileManager.default.fileExists(atPath: folder.appending(part).string) {
                throw DemoFailure(
                    "\(folder) has no folder \(part); name the one that holds crds and config with --manifests")
            }
            return folder
        }
        let starts = [CommandLine.arguments.first ?? "", "/proc/self/exe", FileManager.default.currentDirectoryPath]
        for start in starts {
            var folder = URL(filePath: start).resolvingSymlinksInPath()
            while folder.path.count > 1 {
                let candidate = FilePath(folder.path)
                if FileManager.default.fileExists(atPath: candidate.appending("crds").string),
                    FileManager.default.fileExists(atPath: candidate.appending("config/samples/voting").string)
                {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
        }
        throw DemoFailure("the folders crds and config were not found; name the one that holds them with --manifests")
    }

    static func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw DemoFailure("\(path) cannot be written")
        }
    }
}

/// The programs that the demo runs besides those of the local cluster.
enum DemoTools {
    /// - Throws: ``DemoFailure`` that says which package has the missing one.
    static func check() throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let isThere = path.split(separator: ":").contains { access("\($0)/tcpdump", X_OK) == 0 }
        guard isThere else { throw DemoFailure("tcpdump is not installed (apt-get install tcpdump)") }
    }
}
