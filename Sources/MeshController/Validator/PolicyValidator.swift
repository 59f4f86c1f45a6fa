public import MeshModel

/// Refuses objects that could not mean what their author meant: pure, by group and kind.
///
/// Objects of the policy group that cannot be read are refused. Those of the Gateway API are let in, because other
/// controllers may read what we cannot; they are refused only for what we know to be wrong.
public enum PolicyValidator {
    /// Checks one object as it is about to be stored.
    ///
    /// - Parameter kind: as the API server says; compared without regard to ASCII case.
    /// - Throws: the first ``Rejection``.
    public static func validate(_ document: JSONValue, kind: GroupKind) throws(Rejection) {
        let object = Field("", document)
        let name = kind.kind.lowercased()
        switch kind.group.lowercased() {
        case Group.policy:
            guard let check = Self.policyChecks[name] else { throw Self.unknown(kind) }
            _ = try object["spec"].required("what the \(kind.kind) is to do").object()
            try check(object)
        case Group.gateway:
            guard let check = Self.gatewayChecks[name] else { throw Self.unknown(kind) }
            // Without a spec there is nothing to misunderstand.
            guard document["spec"]?.object != nil else { return }
            try check(object)
        case Group.profiles where name == "serviceprofile": try ProfileChecks.profile(object)
        default: throw Self.unknown(kind)
        }
    }

    private typealias Check = @Sendable (Field) throws(Rejection) -> Void

    private static let policyChecks: [String: Check] = [
        "server": ServerChecks.server,
        "serverauthorization": ServerChecks.authorization,
        "authorizationpolicy": AuthorizationChecks.policy,
        "meshtlsauthentication": AuthorizationChecks.meshTLS,
        "networkauthentication": AuthorizationChecks.network,
        "egressnetwork": NetworkChecks.egress,
        "httplocalratelimitpolicy": RateLimitChecks.policy,
        "httproute": { object throws(Rejection) in try RouteChecks.http(object, group: Group.policy) },
    ]

    private static let gatewayChecks: [String: Check] = [
        "httproute": { object throws(Rejection) in try RouteChecks.http(object, group: Group.gateway) },
        "grpcroute": RouteChecks.grpc,
        "tlsroute": RouteChecks.opaque,
        "tcproute": RouteChecks.opaque,
    ]

    private static func unknown(_ kind: GroupKind) -> Rejection {
        Rejection("kind", "\(kind) is not validated here")
    }
}
