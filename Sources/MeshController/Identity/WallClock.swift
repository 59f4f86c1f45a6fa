import MeshKubernetes
import MeshModel
import MeshResources

/// The machine's time of day, for those who hand it to others.
enum WallClock {
    @Sendable static func now() -> WallTime { WallTime(secondsSinceEpoch: Timestamp.now.seconds) }
}
