import MeshModel

/// AuthorizationPolicy and the authentications that it refers to.
enum AuthorizationChecks {
    static func policy(_ object: Field) throws(Rejection) {
        let spec = object["spec"]
        let target = try Reference(spec["targetRef"])
        if target.isA("Namespace", in: Group.core) {
            let own = try object["metadata"]["namespace"].text() ?? ""
            guard target.name == own else {
                throw Rejection(
                    target.field["name"].path,
                    "is \"\(target.name)\": a policy can target its own namespace only, \(own)")
            }
        } else {
            let isKnown =
                target.isA("Server", in: Group.policy) || target.isA("HTTPRoute", in: Group.policy)
                || target.isA("HTTPRoute", in: Group.gateway) || target.isA("GRPCRoute", in: Group.gateway)
            guard isKnown else {
                throw Rejection(
                    target.field["kind"].path,
                    "is \(target.type), which must be Server.policy.linkerd.io, Namespace, "
                        + "HTTPRoute.policy.linkerd.io, HTTPRoute.gateway.networking.k8s.io or "
                        + "GRPCRoute.gateway.networking.k8s.io")
            }
        }
        try Self.authentications(spec["requiredAuthenticationRefs"])
    }

    private static func authentications(_ field: Field) throws(Rejection) {
        var counts = (meshTLS: 0, network: 0, account: 0)
        for element in try field.required("a list of authentications; empty allows everybody").elements() {
            let reference = try Reference(element)
            if reference.isA("MeshTLSAuthentication", in: Group.policy) {
                counts.meshTLS += 1
            } else if reference.isA("NetworkAuthentication", in: Group.policy) {
                counts.network += 1
            } else if reference.isA("ServiceAccount", in: Group.core) {
                counts.account += 1
            } else {
                throw Rejection(
                    element["kind"].path,
                    "is \(reference.type), which must be MeshTLSAuthentication.policy.linkerd.io, "
                        + "NetworkAuthentication.policy.linkerd.io or ServiceAccount")
            }
        }
        // All of the list must hold at once, so that two of a kind could rarely ever be met.
        guard counts.meshTLS <= 1 else { throw Rejection(field.path, "may name only one MeshTLSAuthentication") }
        guard counts.account <= 1 else { throw Rejection(field.path, "may name only one ServiceAccount") }
        guard counts.meshTLS + counts.account <= 1 else {
            throw Rejection(field.path, "may name either a MeshTLSAuthentication or a ServiceAccount, not both")
        }
        guard counts.network <= 1 else { throw Rejection(field.path, "may name only one NetworkAuthentication") }
    }

    static func meshTLS(_ object: Field) throws(Rejection) {
        let spec = object["spec"]
        let (identities, references) = (spec["identities"], spec["identityRefs"])
        guard identities.isPresent != references.isPresent else {
            throw Rejection(spec.path, "must have either identities or identityRefs")
        }
        let list = try identities.isPresent ? identities.elements() : references.elements()
        guard !list.isEmpty else {
            throw Rejection(identities.isPresent ? identities.path : references.path, "must not be empty")
        }
        for element in list {
            guard references.isPresent else {
                let text = try element.text() ?? ""
                if let problem = IdentitySyntax.problem(text) { throw Rejection(element.path, problem) }
                continue
            }
            try Self.identityReference(element)
        }
    }

    private static func identityReference(_ element: Field) throws(Rejection) {
        let reference = try Reference(element)
        if reference.isA("Namespace", in: Group.core) {
            guard reference.namespace == nil else {
                throw Rejection(element["namespace"].path, "must be left out: a Namespace is in no namespace")
            }
        } else if !reference.isA("ServiceAccount", in: Group.core) {
            throw Rejection(element["kind"].path, "is \(reference.type), which must be ServiceAccount or Namespace")
        }
    }

    static func network(_ object: Field) throws(Rejection) {
        let field = try object["spec"]["networks"].required("at least one network")
        let networks = try field.elements()
        guard !networks.isEmpty else { throw Rejection(field.path, "must hold at least one network") }
        for network in networks { try NetworkChecks.network(network) }
    }
}
