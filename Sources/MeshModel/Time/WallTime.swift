/// A point in civil time, in whole seconds: what certificates, leases and events carry.
///
/// Never used to measure how long something took; that is ``MonotonicTime``.
public struct WallTime: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
    public let secondsSinceEpoch: Int64

    /// The point `secondsSinceEpoch` seconds after 1970-01-01T00:00:00Z.
    public init(secondsSinceEpoch: Int64) { self.secondsSinceEpoch = secondsSinceEpoch }

    /// The point `duration` later (earlier when negative); fractions of a second are dropped.
    public static func + (time: WallTime, duration: Duration) -> WallTime {
        let (sum, overflow) = time.secondsSinceEpoch.addingReportingOverflow(duration.components.seconds)
        guard !overflow else { return WallTime(secondsSinceEpoch: duration < .zero ? .min : .max) }
        return WallTime(secondsSinceEpoch: sum)
    }

    /// The point `duration` earlier; fractions of a second are dropped.
    public static func - (time: WallTime, duration: Duration) -> WallTime { time + (.zero - duration) }

    /// How much later `left` is than `right`.
    public static func - (left: WallTime, right: WallTime) -> Duration {
        let (seconds, overflow) = left.secondsSinceEpoch.subtractingReportingOverflow(right.secondsSinceEpoch)
        return .seconds(overflow ? (left > right ? .max : .min) : seconds)
    }
}

extension WallTime: Comparable {
    /// Earlier first.
    public static func < (left: WallTime, right: WallTime) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }
}

extension WallTime: CustomStringConvertible {
    /// `YYYY-MM-DDTHH:MM:SSZ` (RFC 3339), in UTC; the proleptic Gregorian calendar.
    public var description: String {
        let (quotient, remainder) = self.secondsSinceEpoch.quotientAndRemainder(dividingBy: 86_400)
        let days = remainder < 0 ? quotient - 1 : quotient
        let second = remainder < 0 ? remainder + 86_400 : remainder
        let (year, month, day) = Self.civil(days)
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
            + "T\(Self.padded(second / 3600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))Z"
    }

    /// Parses RFC 3339; fractions are dropped, offsets applied, anything else refused.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard (20...40).contains(bytes.count) else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            return value
        }
        let marks: [(Int, [UInt8])] = [(4, [45]), (7, [45]), (10, [84, 116]), (13, [58]), (16, [58])]
        guard marks.allSatisfy({ $1.contains(bytes[$0]) }),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var end = 19
        if bytes[end] == UInt8(ascii: ".") {
            end += 1
            let first = end
            while end < bytes.count, (48...57).contains(bytes[end]) { end += 1 }
            guard end > first else { return nil }
        }
        guard end < bytes.count else { return nil }
        var offset: Int64 = 0
        switch bytes[end] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            guard end + 1 == bytes.count else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard end + 6 == bytes.count, bytes[end + 3] == UInt8(ascii: ":"),
                let hours = number(end + 1..<end + 3), let minutes = number(end + 4..<end + 6),
                hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[end] == UInt8(ascii: "+") ? 60 : -60)
        default: return nil
        }
        let time = hour * 3600 + minute * 60 + second
        self.init(secondsSinceEpoch: Self.days(year, month, day) * 86_400 + time - offset)
    }

    /// Days since the epoch of a civil date, counting years from March so that leap days come last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
