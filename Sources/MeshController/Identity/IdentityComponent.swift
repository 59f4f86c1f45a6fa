import MeshCompiler
import MeshIdentity
import MeshKubernetes
import MeshModel

/// Certificates: keeps issuer and anchors, serves `Certify`, and gives the process its own certificate.
public struct IdentityComponent: ControllerComponent {
    /// What `--components` calls it.
    public let name = ComponentName.identity

    /// There is nothing to choose.
    public init() {}

    /// The keeper of issuer and anchors, and the gRPC service.
    public func parts(in context: ControllerContext) throws -> ComponentParts {
        let mesh = context.settings.mesh
        let client = try context.cluster()
        let domain = try IdentityDomain(controlNamespace: mesh.identityNamespace, trustDomain: mesh.trustDomain)
        let account = try ServiceAccountName(namespace: mesh.controlNamespace, name: "heddle-controller")
        let plan = IdentityPlan()
        let logger = context.logger(self.name)
        let keeper = IdentityKeeper(
            store: StateStore(client: client, namespace: mesh.controlNamespace), domain: domain, plan: plan,
            serverName: try domain.identity(of: account), authority: context.authority,
            credentials: context.credentials, logger: logger, now: WallClock.now)
        let certifier = Certifier(
            authority: context.authority, domain: domain, terms: plan.terms,
            reviewer: ClusterTokenReviewer(client: client), now: WallClock.now)
        return ComponentParts(
            services: [keeper], rpc: [.identity: [IdentityService(certifier: certifier, logger: logger)]])
    }
}
