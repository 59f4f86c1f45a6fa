import Foundation
import Subprocess

/// Captures packets in a network namespace and looks for bytes in them.
struct DemoCapture: Sendable {
    /// The namespace that all pod traffic crosses.
    let namespace: String

    /// Captures while `body` runs; returns the packets seen and how often `text` occurs in them.
    func search(for text: String, during body: () async throws -> Void) async throws -> (packets: Int, found: Int) {
        let file = FileManager.default.temporaryDirectory.appending(path: "heddle-capture-\(UUID()).pcap")
        defer { self.remove(file) }
        _ = try await Subprocess.run(
            .name("ip"),
            arguments: [
                "netns", "exec", self.namespace, "tcpdump", "-i", "any", "-n", "-U", "-s", "0", "-Z", "root",
                "-w", file.path, "tcp",
            ], input: .none, output: .discarded, error: .discarded
        ) { execution in
            try await self.waitForHeader(of: file)
            try await body()
            try execution.send(signal: .terminate)
        }
        let capture = [UInt8](try Data(contentsOf: file))
        return (Self.packets(in: capture), Self.count(Array(text.utf8), in: capture))
    }

    /// The capture has begun once its file has a header.
    private func waitForHeader(of file: URL) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(10)
        while (FileManager.default.contents(atPath: file.path)?.count ?? 0) < 24 {
            guard clock.now < deadline else { throw DemoFailure("tcpdump does not start in \(self.namespace)") }
            try await clock.sleep(for: .milliseconds(50))
        }
    }

    private func remove(_ file: URL) {
        do {
            try FileManager.default.removeItem(at: file)
        } catch {
            // It was never made: the capture's own error says why.
        }
    }

    /// Counts the records of a capture file (a header of 24 bytes, then 16 bytes and the packet each).
    private static func packets(in capture: [UInt8]) -> Int {
        var offset = 24
        var packets = 0
        while offset + 16 <= capture.count {
            let length = (0..<4).reduce(0) { $0 | Int(capture[offset + 8 + $1]) << ($1 * 8) }
            offset += 16 + length
            packets += 1
        }
        return packets
    }

    private static func count(_ needle: [UInt8], in bytes: [UInt8]) -> Int {
        guard let first = needle.first else { return 0 }
        var found = 0
        var start = bytes.startIndex
        while let index = bytes[start...].firstIndex(of: first) {
            if bytes[index...].starts(with: needle) { found += 1 }
            start = index + 1
        }
        return found
    }
}
