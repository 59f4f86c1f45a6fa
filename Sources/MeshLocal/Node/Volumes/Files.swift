import Glibc
import SystemPackage

/// Small operations on files, with the system's own errors.
enum Files {
    /// The largest file that is read whole.
    static let readMax = 8 * 1024 * 1024

    /// Throws the current error number for a negative result.
    static func check(_ result: Int32) throws(Errno) {
        guard result >= 0 else { throw Errno(rawValue: errno) }
    }

    /// Creates `path` and what leads to it.
    static func makeDirectories(_ path: FilePath, mode: mode_t = 0o755) throws(Errno) {
        var made = FilePath(root: path.root)
        for component in path.components {
            made.append(component)
            guard mkdir(made.string, mode) == 0 else {
                guard errno == EEXIST else { throw Errno(rawValue: errno) }
                continue
            }
            try self.check(chmod(made.string, mode))  // Whatever the umask.
        }
    }

    /// Replaces the file at `path`; a reader sees the old file or the new one.
    static func write(_ bytes: [UInt8], to path: FilePath, mode: mode_t) throws(Errno) {
        let fresh = "\(path.string).new"
        let file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        try self.check(file)
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Errno(rawValue: errno) }
            rest = rest.dropFirst(count)
        }
        try self.check(fchmod(file, mode))  // Whatever the umask.
        try self.check(rename(fresh, path.string))
    }

    /// The bytes of the file at `path`; nil when it is missing or too large.
    static func read(_ path: FilePath) -> [UInt8]? {
        let file = open(path.string, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= self.readMax {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else { return nil }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
        return nil
    }

    /// The text of the file at `path`.
    static func text(_ path: FilePath) -> String? {
        self.read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Where the link at `path` leads; nil for anything but a link.
    static func link(_ path: FilePath) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path.string, &target, target.count)
        return count < 0 ? nil : String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The names in a directory; none when there is no such directory.
    static func entries(_ path: FilePath) -> [String] {
        guard let directory = opendir(path.string) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// How many files are below a directory.
    static func count(_ path: FilePath) -> Int {
        self.entries(path).reduce(0) { sum, name in
            let entry = path.appending(name)
            return sum + (self.isDirectory(entry) ? self.count(entry) : 1)
        }
    }

    /// Removes `path` and everything below it; links are removed, not followed, and mounts are left alone.
    static func removeTree(_ path: FilePath) {
        if self.isDirectory(path) {
            for name in self.entries(path) { self.removeTree(path.appending(name)) }
            _ = rmdir(path.string)
        } else {
            _ = unlink(path.string)
        }
    }

    /// True for a directory; false for a link to one.
    static func isDirectory(_ path: FilePath) -> Bool {
        let directory = open(path.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0 else { return false }
        close(directory)
        return true
    }
}
