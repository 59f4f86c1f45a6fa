import MeshCompiler
import MeshModel

/// Retries and timeouts that a route's annotations ask for.
enum RouteAnnotationChecks {
    static func check(_ annotations: Field, retries: RouteChecks.Retries) throws(Rejection) {
        let texts = (try annotations.object() ?? [:]).compactMapValues(\.string)
        do {
            _ = try TimeoutAnnotations(annotations: texts)
            switch retries {
            case .http: _ = try RetryAnnotations.http(annotations: texts)
            case .grpc: _ = try RetryAnnotations.grpc(annotations: texts)
            }
        } catch {
            throw Rejection(
                "\(annotations.path)[\(error.key)]", "is \"\(error.value)\", which must be \(error.expected)")
        }
    }
}
