import Glibc
import SystemPackage

/// A directory of the machine that backs a volume.
///
/// Files are replaced all at once, by a link that is renamed: a program sees the files of before or of after. The
/// names in the volume are links through that one link, as a Kubernetes node makes them.
struct VolumeDirectory: Sendable {
    /// Where it is.
    let path: FilePath

    /// Creates the directory; anybody may write to it when `shared`.
    func create(shared: Bool, group: UInt32?) throws(Errno) {
        try Files.makeDirectories(self.path)
        guard shared else { return }
        let mode: mode_t = group == nil ? 0o777 : 0o2777
        if let group { try Files.check(chown(self.path.string, UInt32.max, group)) }
        try Files.check(chmod(self.path.string, mode))
    }

    /// Makes `files` the contents; does nothing when they are that already.
    func replace(with files: [String: VolumeFile], group: UInt32?) throws(Errno) {
        try Files.makeDirectories(self.path)
        let current = Files.link(self.path.appending("..data"))
        if let current, self.holds(files, in: self.path.appending(current)) { return }
        let generation = (current.flatMap { Int($0.dropFirst(2)) } ?? 0) + 1
        let directory = self.path.appending("..\(generation)")
        try Files.makeDirectories(directory)
        for (name, file) in files {
            let path = directory.pushing(FilePath(name))
            try Files.makeDirectories(path.removingLastComponent())
            try Files.write(file.bytes, to: path, mode: file.mode)
            if let group { try Files.check(chown(path.string, UInt32.max, group)) }
        }
        let fresh = self.path.appending("..data.new")
        _ = unlink(fresh.string)
        try Files.check(symlink("..\(generation)", fresh.string))
        try Files.check(rename(fresh.string, self.path.appending("..data").string))
        try self.linkNames(of: files)
        if let current { Files.removeTree(self.path.appending(current)) }
    }

    private func linkNames(of files: [String: VolumeFile]) throws(Errno) {
        let names = Set(files.keys.compactMap { $0.split(separator: "/").first.map(String.init) })
        for name in Files.entries(self.path) where !name.hasPrefix("..") && !names.contains(name) {
            _ = unlink(self.path.appending(name).string)
        }
        for name in names where Files.link(self.path.appending(name)) == nil {
            try Files.check(symlink("..data/\(name)", self.path.appending(name).string))
        }
    }

    private func holds(_ files: [String: VolumeFile], in directory: FilePath) -> Bool {
        Files.count(directory) == files.count
            && files.allSatisfy { Files.read(directory.pushing(FilePath($0.key))) == $0.value.bytes }
    }
}
