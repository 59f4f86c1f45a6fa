import MeshCodec
import MeshKubernetes
import MeshModel
import MeshResources
import MeshRollout

/// The cluster as one rollout sees and changes it; every change is safe to repeat.
struct RolloutWorld: Sendable {
    let client: KubernetesClient
    let canary: Canary
    let type: ResourceType

    private var targetKey: ObjectKey {
        ObjectKey(namespace: self.canary.key.namespace, name: self.canary.spec.targetRef.name)
    }

    /// What the rollout owns, made from the workload as it is now.
    func objects() async throws -> RolloutObjects {
        try RolloutObjects(of: self.canary, target: try await self.client.get(self.type, self.targetKey))
    }

    /// Makes the Services of the two versions, and the primary when there is none.
    func ensure(_ objects: RolloutObjects) async throws {
        for service in objects.versionServices { try await self.apply(service, Service.resourceType) }
        guard try await self.find(self.type, objects.names.primary) == nil else { return }
        let target = try await self.client.get(self.type, self.targetKey)
        let replicas = max(target[path: "spec", "replicas"]?.integer.map(Int.init) ?? 1, 1)
        try await self.apply(objects.primary(template: try objects.template(), replicas: replicas), self.type)
    }

    /// What is observed now.
    func facts(_ objects: RolloutObjects) async throws -> RolloutFacts {
        let target = try await self.client.get(self.type, self.targetKey)
        let primary = try await self.client.get(self.type, objects.names.primary)
        let route = try await self.find(HTTPRoute.resourceType, self.apexKey(objects))
        let command = self.canary.metadata.annotations[RolloutRun.command]
        let analysis = self.canary.spec.analysis ?? self.canary.spec.canaryAnalysis
        return RolloutFacts(
            targetSpec: TemplateDigest.digest(of: try objects.template()),
            primary: DeploymentReadiness.readiness(of: primary, threshold: analysis?.primaryReadyThreshold ?? 100),
            canary: DeploymentReadiness.readiness(of: target, threshold: analysis?.canaryReadyThreshold ?? 100),
            share: route.flatMap(objects.share(of:)) ?? .primaryOnly, isAborted: command == "abort",
            isPromotedNow: command == "promote")
    }

    /// Gives the new version as many replicas as the primary has, unless it has some.
    func startCanary() async throws {
        let target = try await self.client.get(self.type, self.targetKey)
        guard target[path: "spec", "replicas"]?.integer ?? 1 == 0 else { return }
        let primary = ObjectKey(namespace: self.targetKey.namespace, name: "\(self.targetKey.name)-primary")
        let replicas = try await self.client.get(self.type, primary)[path: "spec", "replicas"]?.integer ?? 1
        try await self.scale(to: max(replicas, 1))
    }

    /// Takes the new version's replicas away, once no Service that clients name leads to them.
    func stopCanary(_ objects: RolloutObjects) async throws {
        try await self.pointApexAtPrimary(objects)
        try await self.waitUntilApexIsFree(objects)
        try await self.scale(to: 0)
    }

    private func scale(to replicas: Int64) async throws {
        _ = try await self.client.patch(
            .merge(["spec": ["replicas": .integer(replicas)]]), to: self.type, self.targetKey)
    }

    /// Shares requests out.
    func route(_ share: TrafficShare, _ objects: RolloutObjects) async throws {
        try await self.apply(objects.route(share), HTTPRoute.resourceType)
    }

    /// Puts the new version's template on the primary; the old one is kept beside it.
    func copyToPrimary(_ objects: RolloutObjects) async throws {
        let primary = try await self.client.get(self.type, objects.names.primary)
        let copy = objects.primary(template: try objects.template(), replicas: nil)
        guard
            copy[path: "spec", "template"].map(TemplateDigest.digest)
                != primary[path: "spec", "template"].map(TemplateDigest.digest)
        else { return }
        let previous = primary[path: "spec", "template"].map {
            String(decoding: JSONWriter.write($0), as: UTF8.self)
        }
        try await self.apply(
            objects.primary(
                template: try objects.template(),
                replicas: primary[path: "spec", "replicas"]?.integer.map(Int.init), previous: previous), self.type)
    }

    /// Gives the primary the template back that was kept by the last copy.
    func restorePrimary(_ objects: RolloutObjects) async throws {
        let primary = try await self.client.get(self.type, objects.names.primary)
        guard
            let text = primary[path: "metadata", "annotations", RolloutObjects.previousTemplate]?.string
        else { return }
        try await self.apply(
            objects.primary(
                template: try JSONReader.read(Array(text.utf8)),
                replicas: primary[path: "spec", "replicas"]?.integer.map(Int.init)), self.type)
    }

    private func apexKey(_ objects: RolloutObjects) -> ObjectKey {
        ObjectKey(namespace: objects.names.namespace, name: objects.names.apex)
    }

    /// Makes the Service that clients name lead to the primary's pods.
    private func pointApexAtPrimary(_ objects: RolloutObjects) async throws {
        guard let apex = try await self.find(Service.resourceType, self.apexKey(objects)) else {
            return try await self.apply(objects.apexService, Service.resourceType)
        }
        let selector = JSONValue.object(objects.primarySelector.mapValues { .string($0) })
        guard apex[path: "spec", "selector"] != selector else { return }
        // A whole replacement: what the selector named before must not narrow it.
        _ = try await self.client.patch(
            .json([["op": "add", "path": "/spec/selector", "value": selector]]), to: Service.resourceType,
            self.apexKey(objects))
    }

    /// Waits until the endpoints of the apex Service are the primary's.
    ///
    /// - Throws: ``ApexStillServed`` after ten seconds: the new version's pods must not go while clients reach them.
    private func waitUntilApexIsFree(_ objects: RolloutObjects) async throws {
        let pods = try await self.client.listAll(
            Pod.resourceType, in: objects.names.namespace,
            selecting: Selection(LabelSelector(matchLabels: objects.canarySelector)))
        let addresses = Set(pods.compactMap { $0[path: "status", "podIP"]?.string })
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(10)
        while !addresses.isEmpty {
            let slices = try await self.client.listAll(
                EndpointSlice.resourceType, in: objects.names.namespace,
                selecting: Selection(labels: "kubernetes.io/service-name=\(objects.names.apex)"))
            let served = slices.flatMap { $0["endpoints"]?.array ?? [] }.flatMap { $0["addresses"]?.array ?? [] }
                .compactMap(\.string)
            if addresses.isDisjoint(with: served), !served.isEmpty { return }
            guard clock.now < deadline else { throw ApexStillServed(service: self.apexKey(objects)) }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    private func apply(_ document: JSONValue, _ type: ResourceType) async throws {
        let key = ObjectKey(
            namespace: self.canary.key.namespace, name: document[path: "metadata", "name"]?.string ?? "")
        _ = try await self.client.patch(
            .apply(document, manager: RolloutRun.manager, force: true), to: type, key)
    }

    private func find(_ type: ResourceType, _ key: ObjectKey) async throws -> JSONValue? {
        do {
            return try await self.client.get(type, key)
        } catch  where error.isNotFound {
            return nil
        }
    }
}

/// The Service that clients name still leads to pods of the new version, or to none at all.
struct ApexStillServed: Error, CustomStringConvertible {
    let service: ObjectKey

    var description: String {
        "Service \(self.service) does not lead to the primary's pods alone after 10 s; look at its EndpointSlices"
    }
}
