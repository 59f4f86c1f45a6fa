import FoundationEssentials
import GRPCCore
import Logging
import MeshIdentity
import MeshModel
import MeshRPC
import MeshWire
import SwiftProtobuf

/// `io.linkerd.proxy.identity.Identity` over gRPC: unpacks, asks the certifier, packs.
struct IdentityService: Io_Linkerd_Proxy_Identity_Identity.SimpleServiceProtocol {
    let certifier: Certifier
    let logger: Logger

    func certify(
        request: Io_Linkerd_Proxy_Identity_CertifyRequest, context: ServerContext
    ) async throws -> Io_Linkerd_Proxy_Identity_CertifyResponse {
        do {
            let leaf = try await self.certifier.certify(
                identity: request.identity, token: Array(request.token),
                request: Array(request.certificateSigningRequest))
            self.logger.info(
                "certificate issued",
                metadata: [
                    "peer.identity": "\(request.identity)", "certificate.sha256": "\(leaf.digest)",
                    "certificate.not_after": "\(leaf.validity.notAfter)",
                ])
            return .with { response in
                response.leafCertificate = Data(leaf.certificate)
                response.intermediateCertificates = leaf.intermediates.map { Data($0) }
                response.validUntil = Google_Protobuf_Timestamp(seconds: leaf.validity.notAfter.secondsSinceEpoch)
            }
        } catch {
            self.logger.warning(
                "certificate refused",
                metadata: ["peer.identity": "\(request.identity.prefix(256))", "error": "\(error)"])
            throw error.rpcError
        }
    }
}
