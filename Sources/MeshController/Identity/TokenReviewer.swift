/// Asks the cluster who holds a token.
public protocol TokenReviewer: Sendable {
    /// The cluster's answer for `token`, asked whether it is meant for `audience`.
    ///
    /// - Throws: when the cluster cannot be asked; never because of the token.
    func review(token: String, audience: String) async throws -> TokenVerdict
}

/// What the cluster says of a token.
public struct TokenVerdict: Hashable, Sendable {
    /// True when the token is genuine and in force.
    public let isAuthenticated: Bool
    /// Whose token it is: `system:serviceaccount:<namespace>:<name>`.
    public let username: String
    /// The audiences for which both the token and the question stand.
    public let audiences: [String]
    /// What is wrong with the token, empty when nothing is.
    public let error: String

    /// The status of a TokenReview.
    public init(isAuthenticated: Bool, username: String = "", audiences: [String] = [], error: String = "") {
        self.isAuthenticated = isAuthenticated
        self.username = username
        self.audiences = audiences
        self.error = error
    }
}
