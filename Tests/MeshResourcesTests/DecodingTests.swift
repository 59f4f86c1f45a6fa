import MeshCodec
import MeshModel
import MeshResources
import Testing

@Suite struct DecodingTests {
    private func read<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONReader.read(Array(text.utf8)).decode(Value.self)
    }

    @Test("what is left out or null is empty")
    func omitted() throws {
        let service: Service = try self.read(
            #"{"metadata":{"name":"a","labels":null},"spec":{"ports":[{"port":80}],"future":{"x":1}}}"#)
        #expect(service.metadata.labels.isEmpty)
        #expect(service.spec.type == .clusterIP)
        #expect(service.spec.ports == [ServicePort(port: 80)])
        #expect(!service.spec.publishNotReadyAddresses)
        let pod: Pod = try self.read(#"{"metadata":{"name":"a"}}"#)
        #expect(pod.spec.containers.isEmpty)
        let slice: EndpointSlice = try self.read(
            #"{"metadata":{"name":"a"},"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"]}],"ports":null}"#)
        #expect(slice.endpoints.first?.conditions.ready == nil)
    }

    @Test("a written value leaves out what is empty, and reads back as itself")
    func roundTrip() throws {
        let server = Server(
            metadata: ObjectMeta(name: "a", namespace: "b"),
            spec: ServerSpec(
                podSelector: LabelSelector(matchLabels: ["app": "x"]), port: "http", proxyProtocol: .http2))
        let document = try JSONValue(encoding: server)
        #expect(
            document == [
                "metadata": ["name": "a", "namespace": "b"],
                "spec": ["podSelector": ["matchLabels": ["app": "x"]], "port": "http", "proxyProtocol": "HTTP/2"],
            ])
        #expect(try document.decode(Server.self) == server)
    }

    @Test("an HTTPRoute knows its group by its apiVersion")
    func routeGroups() throws {
        let gateway: HTTPRoute = try self.read(
            #"{"apiVersion":"gateway.networking.k8s.io/v1","metadata":{"name":"a"},"spec":{}}"#)
        #expect(gateway.group == .gateway)
        let policy: HTTPRoute = try self.read(
            #"{"apiVersion":"policy.linkerd.io/v1beta3","metadata":{"name":"a"},"spec":{}}"#)
        #expect(policy.group == .policy)
        #expect(throws: DecodingError.self) {
            try self.read(#"{"apiVersion":"example.org/v1","metadata":{"name":"a"}}"#, as: HTTPRoute.self)
        }
    }

    @Test("an authorization without its list of authentications is refused, an empty list is not")
    func requiredList() throws {
        let target = #""metadata":{"name":"a"},"spec":{"targetRef":{"kind":"Server","name":"s"}"#
        #expect(throws: DecodingError.self) { try self.read("{\(target)}}", as: AuthorizationPolicy.self) }
        let open: AuthorizationPolicy = try self.read(#"{\#(target),"requiredAuthenticationRefs":[]}}"#)
        #expect(open.spec.requiredAuthenticationRefs.isEmpty)
        #expect(try JSONValue(encoding: open)[path: "spec", "requiredAuthenticationRefs"] == [])
    }

    @Test(
        "a policy with a value that is not known is refused",
        arguments: [
            #"{"metadata":{"name":"a"},"spec":{"port":80,"accessPolicy":"everyone"}}"#,
            #"{"metadata":{"name":"a"},"spec":{"port":80,"proxyProtocol":"http/1"}}"#,
            #"{"metadata":{"name":"a"},"spec":{"port":true}}"#,
        ])
    func unknownValues(text: String) {
        #expect(throws: DecodingError.self) { try self.read(text, as: Server.self) }
    }

    @Test("nested conditions of a profile")
    func profile() throws {
        let profile: ServiceProfile = try self.read(
            #"""
            {"metadata":{"name":"a.b.svc.cluster.local"},"spec":{"routes":[{"name":"GET /","condition":
            {"all":[{"method":"GET"},{"not":{"pathRegex":"/private"}}]}}]}}
            """#)
        let condition = try #require(profile.spec.routes.first?.condition)
        #expect(condition.all.last?.not?.wrapped.pathRegex == "/private")
    }

    @Test("paths of collections and objects")
    func paths() {
        #expect(
            Pod.resourceType.path(namespace: "a", name: "b", subresource: "status")
                == "/api/v1/namespaces/a/pods/b/status")
        #expect(Server.resourceType.path() == "/apis/policy.linkerd.io/v1beta3/servers")
        #expect(Node.resourceType.path(namespace: "ignored", name: "n") == "/api/v1/nodes/n")
        #expect(HTTPRoute.policyResourceType.apiVersion == "policy.linkerd.io/v1beta3")
    }
}
