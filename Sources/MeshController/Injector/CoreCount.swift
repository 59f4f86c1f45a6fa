import MeshResources

/// CPU quantities as numbers of workers.
enum CoreCount {
    /// `1500m` is 2; nil without a quantity.
    static func roundedUp(_ quantity: String?) -> Int? {
        guard let quantity, let parsed = Quantity(quantity) else { return nil }
        return max(1, Int(clamping: parsed.integerValue))
    }
}
