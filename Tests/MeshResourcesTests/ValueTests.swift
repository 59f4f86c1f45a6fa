import MeshModel
import MeshResources
import Testing

@Suite struct ValueTests {
    @Test(
        "times are read and written",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0), Int32(0)), ("2026-11-21T12:00:00Z", 1_795_262_400, 0),
            ("2026-11-21T13:30:00.25+01:30", 1_795_262_400, 250_000_000),
            ("1969-12-31T23:59:59.000001Z", -1, 1_000), ("2000-02-29T00:00:00Z", 951_782_400, 0),
        ])
    func timestamps(text: String, seconds: Int64, nanoseconds: Int32) throws {
        let time = try #require(Timestamp(text))
        #expect(time == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(Timestamp(time.microDescription) == time)
        #expect(Timestamp(time.description) == Timestamp(seconds: seconds))
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "2026-11-21", "2026-11-21T12:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-11-21T24:00:00Z", "2026-11-21T12:00:00.Z", "2026-11-21T12:00:00Zx", "2026-11-21 12:00:00Z",
        ])
    func noTimestamps(text: String) { #expect(Timestamp(text) == nil) }

    @Test("a microtime has exactly six digits")
    func microTime() {
        #expect(Timestamp(seconds: 0, nanoseconds: 1_999).microDescription == "1970-01-01T00:00:00.000001Z")
    }

    @Test("times add and subtract across seconds")
    func timeArithmetic() {
        let time = Timestamp(seconds: 10, nanoseconds: 900_000_000)
        #expect(time.advanced(by: .milliseconds(200)) == Timestamp(seconds: 11, nanoseconds: 100_000_000))
        #expect(time.advanced(by: .milliseconds(-1_000)) == Timestamp(seconds: 9, nanoseconds: 900_000_000))
        #expect(time.advanced(by: .milliseconds(200)).duration(since: time) == .milliseconds(200))
    }

    @Test(
        "Go's durations",
        arguments: [
            ("0", Duration.zero), ("1h2m3s", .seconds(3723)), ("1.5s", .milliseconds(1500)),
            ("-20ms", .milliseconds(-20)),
            ("+.5m", .seconds(30)), ("3us", .microseconds(3)), ("3µs", .microseconds(3)), ("7ns", .nanoseconds(7)),
            ("10000h", .seconds(36_000_000)),
        ])
    func goDurations(text: String, expected: Duration) { #expect(Duration(goText: text) == expected) }

    @Test(
        "what is no duration of Go is refused",
        arguments: ["", "1", "s", "1x", "1s2", "1..5s", ".s", "-", "1 s", "99999999999h", "1h-2m"])
    func noGoDurations(text: String) { #expect(Duration(goText: text) == nil) }

    @Test(
        "durations of the Gateway API",
        arguments: [
            ("10s", Duration.seconds(10)), ("1h30m", .seconds(5400)), ("500ms", .milliseconds(500)), ("0s", .zero),
        ])
    func gatewayDurations(text: String, expected: Duration) { #expect(Duration(gatewayText: text) == expected) }

    @Test(
        "what is no duration of the Gateway API is refused",
        arguments: ["", "0", "1.5s", "-1s", "100000s", "1s1s1s1s1s", "1us", "s", "1"])
    func noGatewayDurations(text: String) { #expect(Duration(gatewayText: text) == nil) }

    @Test(
        "quantities",
        arguments: [
            ("100m", 0.1), ("1.5Gi", 1.5 * 1_073_741_824), ("2e3", 2000), ("1", 1), ("5k", 5000), (".5", 0.5),
            ("-1Ki", -1024), ("1E", 1e18),
        ] as [(String, Double)])
    func quantities(text: String, value: Double) throws {
        let quantity = try #require(Quantity(text))
        #expect(abs(quantity.value - value) <= abs(value) * 1e-12)
    }

    @Test("what is no quantity is refused", arguments: ["", "Gi", "1GiB", "1e", "--1", "1.2.3", "e3", "1 "])
    func noQuantities(text: String) { #expect(Quantity(text) == nil) }

    @Test("CPU rounds up to a thousandth")
    func milliValue() throws { #expect(try #require(Quantity("1500u")).milliValue == 2) }

    @Test(
        "label selectors",
        arguments: [
            (LabelSelector(), true), (LabelSelector(matchLabels: ["app": "web"]), true),
            (LabelSelector(matchLabels: ["app": "api"]), false), (LabelSelector(matchLabels: ["none": ""]), false),
            (
                LabelSelector(matchExpressions: [
                    LabelSelectorRequirement(key: "app", operator: .in, values: ["api", "web"])
                ]), true
            ),
            (LabelSelector(matchExpressions: [LabelSelectorRequirement(key: "app", operator: .in)]), false),
            (
                LabelSelector(matchExpressions: [
                    LabelSelectorRequirement(key: "app", operator: .notIn, values: ["web"])
                ]), false
            ),
            (
                LabelSelector(matchExpressions: [
                    LabelSelectorRequirement(key: "none", operator: .notIn, values: ["web"])
                ]), true
            ),
            (LabelSelector(matchExpressions: [LabelSelectorRequirement(key: "none", operator: .notIn)]), false),
            (LabelSelector(matchExpressions: [LabelSelectorRequirement(key: "app", operator: .exists)]), true),
            (
                LabelSelector(matchExpressions: [
                    LabelSelectorRequirement(key: "app", operator: .exists, values: ["web"])
                ]), false
            ),
            (LabelSelector(matchExpressions: [LabelSelectorRequirement(key: "none", operator: .doesNotExist)]), true),
            (LabelSelector(matchExpressions: [LabelSelectorRequirement(key: "app", operator: .doesNotExist)]), false),
        ])
    func selectors(selector: LabelSelector, matches: Bool) {
        #expect(selector.matches(["app": "web", "tier": "front"]) == matches)
    }

    @Test("base64 of all lengths survives", arguments: 0..<20)
    func base64(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }

    @Test("what is no base64 is refused", arguments: ["A", "AB", "ABC", "A===", "AB=C", "AB*=", "=AAA"])
    func noBase64(text: String) { #expect(Base64.decode(text) == nil) }
}
