import Glibc
import SystemPackage

/// Reads a log from its end on, and what is written later if wanted.
actor LogTail {
    private let file: FileDescriptor
    private let follow: Bool
    private let isLive: @Sendable () async -> Bool

    /// How often a log is looked at for more.
    private static let period = Duration.milliseconds(200)

    /// Opens `path` and goes to its last `lines` lines; nil when there is no such file.
    init?(_ path: FilePath, lines: Int?, follow: Bool, isLive: @escaping @Sendable () async -> Bool) {
        do {
            self.file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            if let lines { try self.file.seek(offset: Self.offset(of: self.file, lines: lines), from: .start) }
        } catch {
            return nil
        }
        self.follow = follow
        self.isLive = isLive
    }

    deinit {
        close(self.file.rawValue)
    }

    /// The next bytes; nil at the end.
    func next() async -> [UInt8]? {
        while !Task.isCancelled {
            var chunk = [UInt8](repeating: 0, count: 64 * 1024)
            let count = chunk.withUnsafeMutableBytes { Glibc.read(self.file.rawValue, $0.baseAddress, $0.count) }
            if count > 0 { return Array(chunk[..<count]) }
            guard self.follow, count == 0, await self.isLive() else { return nil }
            guard (try? await Task.sleep(for: Self.period)) != nil else { return nil }  // Cancelled.
        }
        return nil
    }

    /// Where the last `lines` lines begin, looking back by blocks.
    private static func offset(of file: FileDescriptor, lines: Int) throws -> Int64 {
        let size = try file.seek(offset: 0, from: .end)
        guard lines > 0 else { return size }
        var left = lines
        var end = size
        var block = [UInt8](repeating: 0, count: 64 * 1024)
        while end > 0 {
            let start = max(0, end - Int64(block.count))
            let wanted = Int(end - start)
            let count = try block.withUnsafeMutableBytes { buffer in
                try file.read(
                    fromAbsoluteOffset: start, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            }
            for index in stride(from: count - 1, through: 0, by: -1) where block[index] == UInt8(ascii: "\n") {
                // The newline at the very end closes the last line.
                guard start + Int64(index) != size - 1 else { continue }
                left -= 1
                if left == 0 { return start + Int64(index) + 1 }
            }
            end = start
        }
        return 0
    }
}
