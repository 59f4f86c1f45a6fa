/// Which HTTP requests go where, of either API group.
public struct HTTPRoute: KubernetesResource {
    /// Routes of the Gateway API.
    public static let resourceType = ResourceType(
        group: "gateway.networking.k8s.io", version: "v1", kind: "HTTPRoute", plural: "httproutes")
    /// Routes of the policy group.
    public static let policyResourceType = ResourceType(
        group: "policy.linkerd.io", version: "v1beta3", kind: "HTTPRoute", plural: "httproutes")

    /// The group that the route is of, read from its `apiVersion`.
    public var group: RouteGroup
    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The rules.
    public var spec: HTTPRouteSpec
    /// What controllers made of it.
    public var status: RouteStatus

    /// A route of `group`.
    public init(
        group: RouteGroup, metadata: ObjectMeta, spec: HTTPRouteSpec = HTTPRouteSpec(),
        status: RouteStatus = RouteStatus()
    ) {
        self.group = group
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    private enum CodingKeys: String, CodingKey {
        case group = "apiVersion"
        case metadata, spec, status
    }
}

/// The API groups that have HTTPRoutes.
///
/// The grammar of timeouts and the default group of parents differ.
public enum RouteGroup: Hashable, Sendable, CaseIterable {
    /// `gateway.networking.k8s.io`.
    case gateway
    /// `policy.linkerd.io`.
    case policy

    /// Where routes of the group are read and written.
    public var resourceType: ResourceType {
        switch self {
        case .gateway: HTTPRoute.resourceType
        case .policy: HTTPRoute.policyResourceType
        }
    }
}

extension RouteGroup: Codable {
    /// Reads the group from an `apiVersion` of any version.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let apiVersion = try container.decode(String.self)
        let group = apiVersion.prefix { $0 != "/" }
        guard let match = Self.allCases.first(where: { $0.resourceType.group == group }) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no HTTPRoute is of \(apiVersion)")
        }
        self = match
    }

    /// Writes the group's `apiVersion`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.resourceType.apiVersion)
    }
}
