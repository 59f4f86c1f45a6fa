internal import CMeshLinux
internal import Glibc

/// The variables of this process by name; of two with one name the first counts.
public func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    // Read before any thread is started, so nobody changes it; ends with a null pointer.
    var cursor = unsafe environ
    while let entry = unsafe cursor.pointee {
        let text = unsafe String(cString: entry)
        unsafe cursor = cursor + 1
        guard let equals = text.firstIndex(of: "=") else { continue }
        let name = String(text[..<equals])
        if variables[name] == nil { variables[name] = String(text[text.index(after: equals)...]) }
    }
    return variables
}

/// Number of processors that this process may use, at least 1.
public func availableProcessors() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

/// Bytes of one page of memory.
public func memoryPageSize() -> Int { Int(sysconf(Int32(_SC_PAGESIZE))) }

/// Lets go of the pages of this program's code: what only the start needed does not stay resident.
///
/// What is needed again comes back from the page cache at its next use.
public func releaseStartupCode() {
    // Without it the program runs as well, a few megabytes larger.
    _ = mesh_release_code()
}

/// Reads a small file whole.
///
/// - Throws: what the system reports; `EFBIG` when it is longer than `limit` bytes.
public func readFile(_ path: String, limit: Int) throws(ReactorError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(.file, SystemError(code: errno)) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
        // The buffer outlives the call; `count` stays within it.
        let result = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe read(descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
        }
        if result == 0 { break }
        if result < 0 {
            if errno == EINTR { continue }
            throw .system(.file, SystemError(code: errno))
        }
        count += result
    }
    guard count <= limit else { throw .system(.file, SystemError(code: EFBIG)) }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// Number of entries of a directory, without `.` and `..`; nil when it cannot be read.
public func directoryEntryCount(_ path: String) -> Int? {
    guard let directory = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    return max(0, count - 2)
}

/// Writes text to standard error; what the system does not take is lost, since there is nowhere to complain.
public func writeStandardError(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
        // The text's own storage, for this call only.
        _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
}

/// Ends the process at once with `code`.
public func exitProcess(_ code: Int32) -> Never { exit(code) }

/// The limit of open descriptors; nil when the system does not say.
public func descriptorLimit() -> UInt64? {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return UInt64(limit.rlim_cur)
}
