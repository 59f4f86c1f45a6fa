import MeshModel
import Testing

@Suite struct WallTimeTests {
    @Test(
        "reads and writes RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-21T12:34:56Z", 1_795_264_496), ("2000-02-29T23:59:59Z", 951_868_799),
            ("1969-12-31T23:59:59Z", -1), ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] as [(String, Int64)])
    func roundTrip(text: String, seconds: Int64) {
        #expect(WallTime(text)?.secondsSinceEpoch == seconds)
        #expect(WallTime(secondsSinceEpoch: seconds).description == text)
    }

    @Test("applies offsets and drops fractions")
    func offsets() {
        #expect(WallTime("2026-01-01T02:00:00+02:00") == WallTime("2026-01-01T00:00:00Z"))
        #expect(WallTime("2025-12-31T19:00:00.123456-05:00") == WallTime("2026-01-01T00:00:00.9Z"))
    }

    @Test(
        "refuses what is not a time",
        arguments: [
            "", "2026-01-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0200", "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00Zx", "-026-01-01T00:00:00Z",
        ])
    func refuses(text: String) { #expect(WallTime(text) == nil) }

    @Test("every day of four centuries reads back")
    func calendar() {
        for day in stride(from: Int64(-20_000), to: 130_000, by: 1) {
            let time = WallTime(secondsSinceEpoch: day * 86_400 + 86_399)
            #expect(WallTime(time.description) == time)
        }
    }

    @Test("adds and subtracts without overflow")
    func arithmetic() {
        let start = WallTime(secondsSinceEpoch: 100)
        #expect(start + .seconds(20) - start == .seconds(20))
        #expect((start - .seconds(30)).secondsSinceEpoch == 70)
        #expect((WallTime(secondsSinceEpoch: .max) + .seconds(1)).secondsSinceEpoch == .max)
    }
}
