import MeshResources

/// Who goes first among objects that could both apply: the older one, then the one whose name sorts first.
enum Precedence {
    /// For Servers and policies: an absent timestamp sorts before all.
    static func claims(_ left: some KubernetesResource, before right: some KubernetesResource) -> Bool {
        switch (left.metadata.creationTimestamp, right.metadata.creationTimestamp) {
        case (nil, .some): true
        case (.some, nil): false
        case (let mine?, let other?) where mine != other: mine < other
        default: left.metadata.name < right.metadata.name
        }
    }
}

/// Where a route stands in a policy: by age, those without a timestamp last, then by name, group and kind.
struct RouteOrder: Comparable {
    let created: Timestamp?
    let name: String
    let group: String
    let kind: String

    static func < (left: RouteOrder, right: RouteOrder) -> Bool {
        switch (left.created, right.created) {
        case (.some, nil): true
        case (nil, .some): false
        case (let mine?, let other?) where mine != other: mine < other
        default: (left.name, left.group, left.kind) < (right.name, right.group, right.kind)
        }
    }
}
