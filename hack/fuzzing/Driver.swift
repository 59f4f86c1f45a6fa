import Glibc

// The entry points that libFuzzer calls, and a loop of our own where the toolchain has no libFuzzer. HEDDLE_FUZZ_TARGET
// names the target. Built by hack/fuzz together with Tests/MeshCodecTests/Fuzz.

/// Reads a variable of the environment.
func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// The target that was asked for.
func chosenTarget() -> FuzzTarget {
    guard let target = FuzzTarget.named(environment("HEDDLE_FUZZ_TARGET") ?? "") else {
        print("HEDDLE_FUZZ_TARGET is none of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
        exit(2)
    }
    return target
}

/// Writes `bytes` to the file at `path`.
func save(_ bytes: [UInt8], at path: String) {
    guard let file = fopen(path, "wb") else { return perror(path) }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}

/// Runs one input; ends the process if a property does not hold.
func run(_ target: FuzzTarget, _ bytes: [UInt8]) {
    do {
        try target.check(bytes)
    } catch {
        print("FINDING in \(target.name): \(error)")
        #if !LIBFUZZER
            let path = "\(environment("HEDDLE_FUZZ_FINDINGS") ?? ".")/\(target.name)-finding"
            save(bytes, at: path)
            print("kept as \(path)")
        #endif
        fflush(nil)
        abort()
    }
}

#if LIBFUZZER
    let target = chosenTarget()

    /// Writes seeds and dictionary for `hack/fuzz` and ends when asked to; otherwise does nothing.
    @_cdecl("LLVMFuzzerInitialize")
    public func initialize(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer) -> CInt {
        guard let folder = environment("HEDDLE_FUZZ_EXPORT") else { return 0 }
        for (index, seed) in target.seeds.enumerated() { save(seed, at: "\(folder)/seeds/\(index)") }
        var dictionary = ""
        for word in target.words {
            dictionary += "\""
            for byte in word.utf8 { dictionary += "\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))" }
            dictionary += "\"\n"
        }
        save(Array(dictionary.utf8), at: "\(folder)/dictionary")
        print(target.lengthMax)
        fflush(nil)
        exit(0)
    }

    /// Checks one input.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
        run(target, Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    }
#else
    @main struct Driver {
        /// Runs mutated inputs for the seconds given as first argument, from the random seed given as second.
        static func main() {
            let arguments = CommandLine.arguments.dropFirst()
            let seconds = Int(arguments.first ?? "") ?? 60
            let target = chosenTarget()
            var mutator = Mutator(target, seed: UInt64(arguments.dropFirst().first ?? "") ?? 1)
            let end = time(nil) + seconds
            var count = 0
            for seed in target.seeds { run(target, seed) }
            while count % 64 != 0 || time(nil) < end {
                run(target, mutator.next())
                count += 1
            }
            print("Done \(count) runs in \(seconds) second(s)")
        }
    }
#endif
