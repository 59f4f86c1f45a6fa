/// Why a route cannot be used; the text becomes a condition's message.
public struct RouteInvalid: Error, Hashable, Sendable {
    /// What is wrong, for people.
    public let message: String

    init(_ message: String) { self.message = message }
}
