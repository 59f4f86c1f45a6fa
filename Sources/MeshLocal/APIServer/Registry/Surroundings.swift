import MeshResources

/// What the API server takes from outside: time and randomness.
struct Surroundings: Sendable {
    /// The present moment.
    var now: @Sendable () -> Timestamp
    /// A new UUID in its text form.
    var makeUID: @Sendable () -> String
    /// A random text of that length from the alphabet of generated names.
    var makeSuffix: @Sendable (Int) -> String

    /// The alphabet of generated names: no vowels, nothing that looks like something else.
    static let suffixAlphabet = Array("bcdfghjklmnpqrstvwxz2456789")
}
