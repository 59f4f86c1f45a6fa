import Foundation
import MeshModel
import Testing

/// A program of somebody else's that talks to the proxy.
///
/// Python programs are those of `hack/peers`, run by the interpreter that `hack/test` prepares (`HEDDLE_PYTHON`).
final class PeerProcess {
    private let process = Process()
    private let pipe = Pipe()

    static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../hack/peers").standardizedFileURL

    static var python: String? { ProcessInfo.processInfo.environment["HEDDLE_PYTHON"] }

    /// Where `program` is, if it is installed.
    static func find(_ program: String) -> String? {
        ["/usr/bin/", "/usr/local/bin/", "/bin/"].map { $0 + program }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Starts `program`, whose output can be read; its errors go where ours go unless `errors` asks for both.
    init(_ program: String, _ arguments: [String], errors: Bool = false) throws {
        self.process.executableURL = URL(filePath: program)
        self.process.arguments = arguments
        self.process.standardInput = FileHandle.nullDevice
        self.process.standardOutput = self.pipe
        self.process.standardError = errors ? self.pipe : FileHandle.nullDevice
        try self.process.run()
    }

    /// Starts a script of `hack/peers`.
    convenience init(script: String, _ arguments: [String], errors: Bool = false) throws {
        let python = try #require(Self.python, "HEDDLE_PYTHON names no interpreter")
        let path = Self.scripts.appending(path: script).path
        try self.init(python, ["-u", path] + arguments, errors: errors)
    }

    deinit {
        // A server inherits our signal mask, which may hold SIGTERM back.
        if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
    }

    /// A server's first line: its port.
    func port() throws -> SocketAddress {
        var line: [UInt8] = []
        while let byte = try self.pipe.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
            line.append(byte)
        }
        let port = try #require(UInt16(String(decoding: line, as: UTF8.self)), "a server printed no port")
        return SocketAddress(.v4(0x7F00_0001), port: port)
    }

    /// Everything that it prints until it ends, and how it ends.
    func finish() throws -> (status: Int32, output: String) {
        let data = try self.pipe.fileHandleForReading.readToEnd() ?? Data()
        self.process.waitUntilExit()
        return (self.process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// Runs a client to its end.
    static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let path = try #require(self.find(program), "\(program) is not installed")
        return try PeerProcess(path, arguments, errors: true).finish()
    }
}
