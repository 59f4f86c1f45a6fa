import FoundationEssentials
import MeshModel

extension WallTime {
    /// The certificate library speaks Foundation's dates.
    init(_ date: Date) { self.init(secondsSinceEpoch: Int64(date.timeIntervalSince1970.rounded(.down))) }

    /// The same second as a date.
    var date: Date { Date(timeIntervalSince1970: Double(self.secondsSinceEpoch)) }
}
