/// Why a pod is refused rather than started without what it asked for.
public enum InjectionError: Error, Hashable, Sendable {
    /// An annotation with a value that must not be guessed.
    case invalidAnnotation(name: String, value: String, expected: String)
    /// The trust bundle is not known yet, so that a proxy could not start.
    case noTrustAnchors
    /// Not an admission review, or not of a pod or Service.
    case invalidReview(String)
}

extension InjectionError: CustomStringConvertible {
    /// What the person who creates the pod reads.
    public var description: String {
        switch self {
        case .invalidAnnotation(let name, let value, let expected):
            "annotation \(name) is \"\(value)\", which must be \(expected)"
        case .noTrustAnchors: "the mesh's trust anchors are not loaded yet; try again"
        case .invalidReview(let reason): "invalid admission review: \(reason)"
        }
    }
}
