import MeshModel
import MeshReactor

/// What the system says of this process.
struct ProcessMetrics {
    private static let fileMax = 16 * 1024
    /// The unit of times in `/proc/self/stat`; 100 on every Linux that user space sees.
    private static let ticksPerSecond = 100.0

    let startSeconds = Double(Clock.wallNanoseconds()) / 1e9
    private let start = Clock.now()

    /// Writes the families `process_…`; what cannot be read is left out.
    func append(to metrics: inout MetricsText) {
        metrics.append("process_start_time_seconds", "gauge", self.startSeconds)
        metrics.append("process_clock_time_seconds", "gauge", Double(Clock.wallNanoseconds()) / 1e9)
        metrics.append(
            "process_uptime_seconds_total", "counter", Double(Clock.now().nanoseconds(since: self.start)) / 1e9)
        // Left out when unreadable, as said above.
        if let bytes = try? readFile("/proc/self/stat", limit: Self.fileMax) {
            self.append(stat: String(decoding: bytes, as: UTF8.self), to: &metrics)
        }
        if let count = directoryEntryCount("/proc/self/fd") {
            metrics.append("process_open_fds", "gauge", count)
        }
        if let limit = descriptorLimit() { metrics.append("process_max_fds", "gauge", limit) }
    }

    private func append(stat: String, to metrics: inout MetricsText) {
        // The name of the program, in parentheses, may hold anything; the numbers follow the last parenthesis.
        guard let end = stat.lastIndex(of: ")") else { return }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let threads = Int(fields[17]), let virtual = Int(fields[20]), let resident = Int(fields[21])
        else { return }
        metrics.append("process_cpu_seconds_total", "counter", (user + system) / Self.ticksPerSecond)
        metrics.append("process_threads", "gauge", threads)
        metrics.append("process_virtual_memory_bytes", "gauge", virtual)
        metrics.append("process_resident_memory_bytes", "gauge", resident * memoryPageSize())
    }
}
