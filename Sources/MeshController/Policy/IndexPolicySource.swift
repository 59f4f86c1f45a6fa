import MeshCompiler
import MeshModel
import MeshPolicy
import MeshRPC

/// Answers policy lookups from the index.
struct IndexPolicySource: PolicySource {
    let index: ClusterIndex
    let settings: MeshSettings
    private let messages = SharedMessages<InboundPolicy>()
    private let outboundMessages = SharedMessages<OutboundQuery.Answer>()

    init(index: ClusterIndex, settings: MeshSettings) {
        self.index = index
        self.settings = settings
    }

    func inboundPolicy(workload: String, port: UInt32) async throws(LookupError) -> Updates<EncodedMessage?> {
        let name = try Self.workload(workload)
        guard let number = UInt16(exactly: port), number > 0 else {
            throw .invalid("port must be 1 to 65535, not \(port)")
        }
        try await self.index.ready()
        let messages = self.messages
        return await self.index.subscribe(SharedInboundQuery(workload: name, port: number)) { policy in
            policy.map { policy in messages.message(of: policy) { EncodedMessage(policy.value) } }
        }
    }

    func outboundPolicy(
        of target: OutboundLookup.Target, workload: String
    ) async throws(LookupError) -> Updates<OutboundLookup> {
        let source = try Self.workload(workload)
        let query = SharedOutboundQuery(target: try self.target(target), sourceNamespace: source.namespace)
        try await self.index.ready()
        let messages = self.outboundMessages
        return await self.index.subscribe(query) { answer in
            switch answer.value {
            case .found(let policy, let origin):
                OutboundLookup(
                    policy: messages.message(of: answer) { EncodedMessage(policy) }, origin: "\(origin)")
            case .unknown: OutboundLookup(policy: nil, origin: "")
            }
        }
    }

    private func target(_ target: OutboundLookup.Target) throws(LookupError) -> OutboundQuery.Target {
        switch target {
        case .address(let address): return .address(address)
        case .authority(let text):
            guard let authority = Authority(parsing: text) else {
                throw .invalid("not an authority: \(text.prefix(256))")
            }
            guard let target = OutboundQuery.Target(authority: authority, clusterDomain: self.settings.clusterDomain)
            else { throw .notFound("not the name of a Service: \(text)") }
            return target
        }
    }

    private static func workload(_ text: String) throws(LookupError) -> WorkloadName {
        guard let name = WorkloadName(parsing: text) else {
            throw .invalid(#"the workload must be {"ns":…,"pod":…}, {"ns":…,"external_workload":…} or ns:pod"#)
        }
        return name
    }
}
