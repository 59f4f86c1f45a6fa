/// A question about the cluster whose answer is kept up to date for whoever subscribed to it.
///
/// The answer depends on nothing but the view and the settings, so that one computation serves all subscribers and
/// an answer needs to be computed again only when something that was read has changed.
public protocol ClusterQuery: Hashable, Sendable {
    /// What subscribers get.
    associatedtype Answer: Equatable & Sendable

    /// Computes the answer.
    func answer(in view: ClusterView, settings: MeshSettings) -> Answer
}
