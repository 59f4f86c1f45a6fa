public import MeshResources

extension Array where Element == Condition {
    /// The condition of a type.
    public subscript(type type: String) -> Condition? { self.first { $0.type == type } }

    /// These conditions with `new` in place of the one of its type, or at the end.
    ///
    /// `lastTransitionTime` is `now` if the status changes, else what it was, so that equal states stay equal.
    public func setting(_ new: Condition, at now: Timestamp) -> [Condition] {
        var copy = self
        var new = new
        new.lastTransitionTime = now
        guard let index = copy.firstIndex(where: { $0.type == new.type }) else { return copy + [new] }
        if copy[index].status == new.status {
            new.lastTransitionTime = copy[index].lastTransitionTime ?? now
        }
        copy[index] = new
        return copy
    }

    /// These conditions in place of `previous` ones: times of unchanged states are taken over.
    public func replacing(_ previous: [Condition], at now: Timestamp) -> [Condition] {
        self.map { condition in
            var condition = condition
            let known = previous[type: condition.type]
            condition.lastTransitionTime = known?.status == condition.status ? known?.lastTransitionTime ?? now : now
            return condition
        }
    }
}
