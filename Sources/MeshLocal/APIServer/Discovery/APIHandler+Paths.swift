import MeshCodec
import MeshModel

extension APIHandler {
    /// Paths that name no resource: discovery, OpenAPI, version, health.
    func answerPath(_ path: String, _ request: APIRequest) throws(APIFailure) -> APIReply {
        let parts = path.split(separator: "/").map(String.init)
        guard request.method == "GET" else {
            throw .methodNotAllowed("the server does not allow this method on the requested resource")
        }
        switch parts.first {
        case nil: return Documents.reply(["paths": .array(self.rootPaths.map(JSONValue.string))])
        case "version": return Documents.reply(Self.version)
        case "healthz", "livez", "readyz":
            return request.query["verbose"] != nil
                ? .text("[+]ping ok\n[+]log ok\n\(parts[0]) check passed\n") : .text("ok")
        case "api", "apis": return try self.discover(parts, request)
        case "openapi": return try self.openAPI(parts, request)
        case ".well-known" where parts.count == 2 && parts[1] == "openid-configuration":
            return Documents.reply([
                "issuer": .string(self.authenticator.signer.issuer), "id_token_signing_alg_values_supported": ["ES256"],
                "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                "jwks_uri": .string(self.authenticator.signer.issuer + "/openid/v1/jwks"),
            ])
        default: return .text("404 page not found\n", status: 404)
        }
    }

    private var rootPaths: [String] {
        let catalog = self.registry.catalog.snapshot
        var paths = ["/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/apis/"]
        for group in catalog.groups where !group.isEmpty {
            paths.append("/apis/\(group)")
            paths += catalog.versions(of: group).map { "/apis/\(group)/\($0)" }
        }
        return (paths + ["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]).sorted()
    }

    /// The release whose behaviour is followed.
    static let version: JSONValue = [
        "major": "1", "minor": "36", "gitVersion": "v1.36.2+heddle", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "swift6.3", "compiler": "swiftc", "platform": "linux/amd64",
        "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
    ]

    private func discover(_ parts: [String], _ request: APIRequest) throws(APIFailure) -> APIReply {
        let catalog = self.registry.catalog.snapshot
        let discovery = Discovery(catalog: catalog)
        let isCore = parts[0] == "api"
        let accept = request.headers["accept"]
        guard let negotiation = Negotiation.choose(accept, allowsTable: false, allowsDiscovery: parts.count == 1) else {
            throw Negotiation.refusal
        }
        if parts.count == 1 {
            if negotiation.form == .discovery { return Self.tagged(discovery.aggregated(isCore: isCore), request) }
            return Documents.reply(
                isCore ? discovery.coreVersions(server: request.headers["host"] ?? "") : discovery.groups, negotiation)
        }
        let group = isCore ? "" : parts[1]
        guard catalog.groups.contains(group) else { return .text("404 page not found\n", status: 404) }
        if !isCore, parts.count == 2 { return Documents.reply(discovery.group(group), negotiation) }
        guard let list = discovery.resources(group: group, version: parts[parts.count - 1]),
            parts.count == (isCore ? 2 : 3)
        else { throw .noSuchPath() }
        return Documents.reply(list, negotiation)
    }

    private static func tagged(_ document: JSONValue, _ request: APIRequest) -> APIReply {
        let bytes = JSONWriter.write(document)
        let tag = "\"\(Discovery.tag(of: bytes))\""
        let headers = [("etag", tag), ("vary", "Accept")]
        if request.headers["if-none-match"] == tag { return APIReply(status: 304, headers: headers, body: .bytes([])) }
        let type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        return APIReply(status: 200, headers: headers + [("content-type", type)], body: .bytes(bytes))
    }

    // MARK: - OpenAPI

    private func openAPI(_ parts: [String], _ request: APIRequest) throws(APIFailure) -> APIReply {
        let documents = OpenAPIDocuments(catalog: self.registry.catalog.snapshot, table: self.registry.table)
        switch parts.dropFirst().first {
        case "v2": return Documents.reply(documents.version2)
        case "v3" where parts.count == 2:
            // The index is JSON under the media type that the real server gives it.
            var reply = Documents.reply(documents.index)
            reply.headers = [("content-type", "text/plain; charset=utf-8")]
            return reply
        case "v3":
            guard let document = documents.version3(parts.dropFirst(2).joined(separator: "/")) else {
                return .text("404 page not found\n", status: 404)
            }
            return Documents.reply(document)
        default: return .text("404 page not found\n", status: 404)
        }
    }
}
