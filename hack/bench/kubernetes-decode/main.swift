import Glibc
import MeshCodec
import MeshCompiler
import MeshControl
import MeshKubernetes
import MeshModel
import MeshResources
import Synchronization

// Measures how lists of the API server become objects in a store; see hack/bench/kubernetes.
//
//   kubernetes-decode write slices|pods COUNT FILE    makes a list
//   kubernetes-decode read slices|pods FILE           reads it into a store, and prints what that took as JSON

func fail(_ message: String) -> Never {
    let line = "kubernetes-decode: \(message)\n"
    _ = Glibc.write(2, line, line.utf8.count)
    exit(2)
}

/// The most memory that the program has had, by the kernel's count.
func peakBytes() -> Int {
    var usage = rusage()
    getrusage(0, &usage)  // Of this process.
    return usage.ru_maxrss * 1024
}

/// The memory that the program has now, by the kernel's count.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let fields = text.split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
}

/// Reads `path` chunk by chunk into a store, the time spent on reading the file not counted.
func read<Object: KubernetesObject>(
    _ type: Object.Type, _ path: String, trim: (@Sendable (inout Object) -> Void)? = nil
) throws {
    guard let file = fopen(path, "r") else { fail("cannot open \(path)") }
    defer { fclose(file) }
    let store = ResourceStore<Object>()
    let resident = residentBytes()
    var decoder = ListDecoder(reader: ObjectReader<Object>(trim: trim), objectBytesMax: 64 << 20)
    store.beginRelist()
    let clock = ContinuousClock()
    var spent = Duration.zero
    var bytes = 0
    // As much as a socket hands over at a time.
    let chunkBytes = 64 << 10
    var chunk = [UInt8](repeating: 0, count: chunkBytes)
    while true {
        let count = fread(&chunk, 1, chunkBytes, file)
        guard count > 0 else { break }
        bytes += count
        let start = clock.now
        try decoder.feed(chunk[..<count]) { store.stage($0) }
        spent += clock.now - start
    }
    let start = clock.now
    let head = try decoder.finish { store.stage($0) }
    _ = store.finishRelist()
    spent += clock.now - start
    let stored = residentBytes() - resident
    let seconds = Double(spent.components.seconds) + Double(spent.components.attoseconds) / 1e18
    let result: JSONValue = [
        "objects": .integer(Int64(store.count)), "invalid": .integer(Int64(head.invalid.count)),
        "bytes": .integer(Int64(bytes)), "seconds": .number(seconds),
        "megabytesPerSecond": .number((Double(bytes) / seconds / 1e5).rounded() / 10),
        "storedBytes": .integer(Int64(stored)),
        "storedBytesPerObject": .integer(Int64(stored / max(1, store.count))),
        "peakBytes": .integer(Int64(peakBytes() - resident)),
    ]
    print(String(decoding: JSONWriter.write(result), as: UTF8.self))
}

/// Writes a list of `count` objects, one after the other.
func write(_ kind: String, _ count: Int, _ path: String, each: (Int) -> String) {
    guard let file = fopen(path, "w") else { fail("cannot open \(path)") }
    defer { fclose(file) }
    fputs(#"{"kind":"\#(kind)List","apiVersion":"v1","metadata":{"resourceVersion":"123456"},"items":["#, file)
    for index in 0..<count {
        if index > 0 { fputs(",", file) }
        fputs(each(index), file)
    }
    fputs("]}\n", file)
}

let arguments = CommandLine.arguments
switch (arguments.dropFirst().first, arguments.count) {
case ("write", 5):
    guard let count = Int(arguments[3]) else { fail("COUNT is a number") }
    if arguments[2] == "pods" {
        write("Pod", count, arguments[4], each: Samples.pod)
    } else {
        write("EndpointSlice", count, arguments[4], each: Samples.slice)
    }
case ("read", 4):
    let trimmer = PodTrimmer()
    if arguments[2] == "pods" {
        try read(Pod.self, arguments[3]) { trimmer.trim(&$0) }
    } else {
        try read(EndpointSlice.self, arguments[3])
    }
default: fail("usage: kubernetes-decode write slices|pods COUNT FILE | read slices|pods FILE")
}
