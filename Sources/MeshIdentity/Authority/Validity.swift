public import MeshModel
import X509

/// The time in which a certificate is in force, both ends included.
public struct Validity: Hashable, Sendable {
    /// The first second.
    public let notBefore: WallTime
    /// The last second.
    public let notAfter: WallTime

    /// From `notBefore` to `notAfter`.
    public init(notBefore: WallTime, notAfter: WallTime) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// True when `time` lies within.
    public func contains(_ time: WallTime) -> Bool { self.notBefore <= time && time <= self.notAfter }

    /// The time in which both are in force; may be empty.
    public func intersection(_ other: Validity) -> Validity {
        Validity(
            notBefore: max(self.notBefore, other.notBefore), notAfter: min(self.notAfter, other.notAfter))
    }

    /// When to replace the certificate: after 70 % of its life, and always before its end.
    ///
    /// The same share that proxies use for theirs, so that everything in a mesh renews in one rhythm.
    public var renewal: WallTime {
        let life = self.notAfter - self.notBefore
        return self.notBefore + .seconds(Int64(Double(life.components.seconds) * 0.7))
    }
}

extension Certificate {
    /// When this certificate is in force.
    var validity: Validity {
        Validity(notBefore: WallTime(self.notValidBefore), notAfter: WallTime(self.notValidAfter))
    }
}
