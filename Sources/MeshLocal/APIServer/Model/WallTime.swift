/// A moment of the civil calendar, in microseconds since 1970-01-01T00:00:00Z.
struct WallTime: Hashable, Sendable, Comparable {
    /// Microseconds since the epoch.
    let microseconds: Int64

    init(microseconds: Int64) { self.microseconds = microseconds }
    init(seconds: Int64) { self.microseconds = seconds * 1_000_000 }

    /// Whole seconds since the epoch, rounded down.
    var seconds: Int64 {
        self.microseconds >= 0 ? self.microseconds / 1_000_000 : (self.microseconds - 999_999) / 1_000_000
    }

    static func < (left: WallTime, right: WallTime) -> Bool { left.microseconds < right.microseconds }

    /// This moment moved by a number of seconds.
    func adding(seconds: Int64) -> WallTime { WallTime(microseconds: self.microseconds + seconds * 1_000_000) }

    /// RFC 3339 in UTC with whole seconds, as `metav1.Time` is written.
    var text: String { Self.date(self.seconds) + "Z" }

    /// RFC 3339 in UTC with exactly six digits of a fraction, as `metav1.MicroTime` is written.
    var microText: String {
        let fraction = String(self.microseconds - self.seconds * 1_000_000)
        return Self.date(self.seconds) + "." + String(repeating: "0", count: 6 - fraction.count) + fraction + "Z"
    }

    /// Reads RFC 3339 with any offset and up to nine digits of a fraction; nil when it is not that.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        func digits(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        func isByte(_ index: Int, _ scalar: Unicode.Scalar) -> Bool {
            index < bytes.count && bytes[index] == UInt8(ascii: scalar)
        }
        guard let year = digits(0..<4), isByte(4, "-"), let month = digits(5..<7), isByte(7, "-"),
            let day = digits(8..<10), isByte(10, "T"), let hour = digits(11..<13), isByte(13, ":"),
            let minute = digits(14..<16), isByte(16, ":"), let second = digits(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var index = 19
        var micros: Int64 = 0
        if isByte(index, ".") {
            var scale: Int64 = 100_000
            index += 1
            let start = index
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
                micros += Int64(bytes[index] - 0x30) * scale
                scale /= 10
                index += 1
            }
            guard index > start, index - start <= 9 else { return nil }
        }
        var offset: Int64 = 0
        if isByte(index, "Z") {
            index += 1
        } else {
            guard index < bytes.count, isByte(index, "+") || isByte(index, "-"),
                let offsetHours = digits(index + 1..<index + 3), isByte(index + 3, ":"),
                let offsetMinutes = digits(index + 4..<index + 6)
            else { return nil }
            offset = (offsetHours * 60 + offsetMinutes) * (isByte(index, "-") ? -60 : 60)
            index += 6
        }
        guard index == bytes.count else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        self.microseconds = (days * 86_400 + hour * 3_600 + minute * 60 + second - offset) * 1_000_000 + micros
    }

    /// Days since the epoch of a date in the proleptic Gregorian calendar.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // Years start in March, so that the leap day is the last of its year.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func date(_ seconds: Int64) -> String {
        let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let four = String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year)
        return "\(four)-\(two(month))-\(two(day))T\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
    }
}
