public import MeshModel
public import MeshResources

/// A status that differs from what it should be.
///
/// Conditions whose status stays keep their time; who writes gives those without one the time of now.
public struct StatusWrite: Hashable, Sendable {
    /// What the status says.
    public enum Content: Hashable, Sendable {
        /// A route: the entries of all its parents, those of other controllers included.
        case parents([RouteParentStatus])
        /// Anything else; a rate limit names its target too.
        case conditions([Condition], target: LocalTargetReference?)
        /// A policy object that governs workloads.
        case governance(GovernanceStatus)
    }

    /// Where the object is written.
    public let type: ResourceType
    /// The object.
    public let key: ObjectKey
    /// The version that was looked at; the write is refused if another came in between.
    public let resourceVersion: String
    /// The status as it should be.
    public let content: Content
}

extension Condition {
    /// Equal but for the times, and for the generation where none is stored: a definition may not keep it.
    func saysTheSame(as stored: Condition) -> Bool {
        self.type == stored.type && self.status == stored.status && (self.reason ?? "") == (stored.reason ?? "")
            && (self.message ?? "") == (stored.message ?? "")
            && (stored.observedGeneration == nil || self.observedGeneration == stored.observedGeneration)
    }
}

extension [Condition] {
    /// True when both lists say the same, in whatever order.
    func sayTheSame(as stored: [Condition]) -> Bool {
        self.count == stored.count && self.allSatisfy { own in stored.contains { own.saysTheSame(as: $0) } }
    }
}

extension [RouteParentStatus] {
    /// True when both lists say the same, in whatever order.
    func sayTheSame(as stored: [RouteParentStatus]) -> Bool {
        self.count == stored.count
            && self.allSatisfy { entry in
                stored.contains { other in
                    entry.parentRef == other.parentRef && entry.controllerName == other.controllerName
                        && entry.conditions.sayTheSame(as: other.conditions)
                }
            }
    }
}
