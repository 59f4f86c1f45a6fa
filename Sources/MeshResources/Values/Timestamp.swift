/// A point in time as Kubernetes writes it (RFC 3339), kept to the nanosecond.
public struct Timestamp: Hashable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    public let seconds: Int64
    /// 0…999,999,999 after `seconds`.
    public let nanoseconds: Int32

    /// A point `seconds` and `nanoseconds` after the epoch.
    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        precondition((0..<1_000_000_000).contains(nanoseconds), "nanoseconds are a fraction of a second")
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The point `duration` later.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = Int64(self.nanoseconds) + attoseconds / 1_000_000_000
        let carry = nanoseconds >= 1_000_000_000 ? 1 : nanoseconds < 0 ? -1 : Int64(0)
        return Timestamp(
            seconds: self.seconds + seconds + carry, nanoseconds: Int32(nanoseconds - carry * 1_000_000_000))
    }

    /// The time from `earlier` to here; negative when `earlier` is later.
    public func duration(since earlier: Timestamp) -> Duration {
        .seconds(self.seconds - earlier.seconds) + .nanoseconds(Int64(self.nanoseconds) - Int64(earlier.nanoseconds))
    }
}

extension Timestamp: Comparable {
    /// The earlier point is smaller.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

// MARK: - Text

extension Timestamp: CustomStringConvertible {
    /// Parses RFC 3339: `2026-11-21T12:00:00Z`, with an optional fraction and any offset.
    public init?(_ text: some StringProtocol) {
        var scanner = TimestampScanner(bytes: Array(text.utf8.prefix(64)))
        guard let value = scanner.timestamp() else { return nil }
        self = value
    }

    /// Whole seconds in UTC, as `metadata.creationTimestamp` is written.
    public var description: String { self.date + "Z" }

    /// Exactly six digits of a fraction, as Leases and Events demand (MicroTime).
    public var microDescription: String {
        let micro = String(self.nanoseconds / 1000)
        return "\(self.date).\(String(repeating: "0", count: 6 - micro.utf8.count))\(micro)Z"
    }

    private var date: String {
        let days = self.seconds >= 0 ? self.seconds / 86_400 : -((86_399 - self.seconds) / 86_400)
        let second = Int(self.seconds - days * 86_400)
        let (year, month, day) = CivilDate.date(fromDays: Int(days))
        func padded(_ number: Int, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month))-\(padded(day))"
            + "T\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
    }
}

extension Timestamp: Codable {
    /// Reads RFC 3339 text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time: \(text)")
        }
        self = value
    }

    /// Writes whole seconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

/// A point in time that is written with six digits of a fraction.
public struct MicroTime: Hashable, Sendable, Codable {
    /// The point; what is finer than a microsecond is lost when written.
    public var timestamp: Timestamp

    /// Marks `timestamp` for writing with microseconds.
    public init(_ timestamp: Timestamp) { self.timestamp = timestamp }

    /// Reads RFC 3339 text.
    public init(from decoder: any Decoder) throws { self.timestamp = try Timestamp(from: decoder) }

    /// Writes six digits of a fraction.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.timestamp.microDescription)
    }
}

// MARK: - Calendar

/// The proleptic Gregorian calendar as day numbers since 1970-01-01.
///
/// Both directions count from 1 March of year 0, so that the leap day ends its year; an era is 400 years.
enum CivilDate {
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func date(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

private struct TimestampScanner {
    let bytes: [UInt8]
    var offset = 0

    mutating func timestamp() -> Timestamp? {
        guard let year = self.digits(4), self.take("-"), let month = self.digits(2), (1...12).contains(month),
            self.take("-"), let day = self.digits(2), (1...CivilDate.dayCount(year: year, month: month)).contains(day),
            self.take("T") || self.take("t"), let hour = self.digits(2), hour < 24, self.take(":"),
            let minute = self.digits(2), minute < 60, self.take(":"), let second = self.digits(2), second <= 60,
            let fraction = self.fraction(), let zone = self.zone(), self.offset == self.bytes.count
        else { return nil }
        let days = CivilDate.days(year: year, month: month, day: day)
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(zone)
        return Timestamp(seconds: seconds, nanoseconds: fraction)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.offset < self.bytes.count, self.bytes[self.offset] == UInt8(ascii: character) else { return false }
        self.offset += 1
        return true
    }

    private mutating func digits(_ count: Int) -> Int? {
        guard self.offset + count <= self.bytes.count else { return nil }
        var value = 0
        for _ in 0..<count {
            let byte = self.bytes[self.offset]
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 48)
            self.offset += 1
        }
        return value
    }

    private mutating func fraction() -> Int32? {
        guard self.take(".") else { return 0 }
        var value: Int32 = 0
        var count = 0
        while self.offset < self.bytes.count, (48...57).contains(self.bytes[self.offset]) {
            if count < 9 { value = value * 10 + Int32(self.bytes[self.offset] - 48) }
            count += 1
            self.offset += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 9)..<9 { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    private mutating func zone() -> Int? {
        if self.take("Z") || self.take("z") { return 0 }
        let sign = self.take("+") ? 1 : self.take("-") ? -1 : 0
        guard sign != 0, let hours = self.digits(2), hours < 24, self.take(":"), let minutes = self.digits(2),
            minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
