import Logging
import MeshIdentity
import MeshModel

/// Answers admission reviews of pods and Services.
struct InjectionReviewer: Sendable {
    let injector: Injector
    let lookup: InjectionLookup
    let authority: MeshAuthority
    let logger: Logger

    func review(_ review: AdmissionReview) async throws -> AdmissionReview.Verdict {
        guard review.operation == "CREATE", review.kind.group.isEmpty else { return .allow(JSONPatch()) }
        let annotations = try await self.lookup.annotations(of: review.namespace)
        switch review.kind.kind {
        case "Pod": return try await self.pod(review, annotations)
        case "Service":
            return .allow(
                self.injector.annotate(service: review.object, namespaceAnnotations: annotations).patch)
        default: return .allow(JSONPatch())
        }
    }

    private func pod(
        _ review: AdmissionReview, _ annotations: [String: String]
    ) async throws -> AdmissionReview.Verdict {
        let owner = try await self.lookup.owner(of: review.object, in: review.namespace)
        let trust = self.authority.state.map { Injector.Trust(pem: $0.bundle.pem, digest: $0.bundle.digest) }
        do {
            let outcome = try self.injector.inject(
                pod: review.object, namespace: review.namespace, namespaceAnnotations: annotations, owner: owner,
                trust: trust)
            self.log(outcome, owner: owner, namespace: review.namespace)
            return .allow(outcome.patch)
        } catch .noTrustAnchors {
            throw InjectionError.noTrustAnchors  // No fault of the pod's: the failure policy decides.
        } catch {
            return .deny("\(error)")
        }
    }

    private func log(_ outcome: Injector.Outcome, owner: Injector.Owner, namespace: String) {
        var metadata: Logger.Metadata = [
            "owner": "\(owner.kind)/\(owner.name)", "namespace": "\(namespace)",
            "annotation.at": "\(outcome.place.rawValue)",
        ]
        if !outcome.ignored.isEmpty {
            metadata["annotations.ignored"] = "\(outcome.ignored.joined(separator: ","))"
        }
        switch outcome.verdict {
        case .inject: self.logger.info("proxy injected", metadata: metadata)
        case .skip(let reasons):
            metadata["reason"] = "\(reasons.map(\.rawValue).joined(separator: ","))"
            self.logger.debug("proxy not injected", metadata: metadata)
        }
    }
}
