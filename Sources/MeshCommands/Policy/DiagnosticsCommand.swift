import ArgumentParser
import MeshCompiler
import MeshModel
import MeshPolicy
import MeshWire
import SwiftProtobuf

/// `heddle diagnostics`: what the mesh knows.
struct DiagnosticsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnostics", abstract: "Show what the mesh knows.", subcommands: [DiagnosticsPolicy.self],
        aliases: ["dg"])
}

/// `heddle diagnostics policy`: a compiled policy.
struct DiagnosticsPolicy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Print the compiled policy of a workload's port or of an outbound target.",
        discussion: """
            Workloads (pod/NAME, deploy/NAME, …) have inbound policies; Services (svc/NAME) and addresses (ip/ADDRESS)
            have outbound ones, as the clients of a namespace see them. JSON is the message that proxies get.

            EXAMPLES
              heddle diagnostics policy -n shop deploy/orders 8080
              heddle diagnostics policy -n shop svc/orders 80 --from web -o json
              heddle diagnostics policy -n shop ip/93.184.216.34 443
            """)

    @OptionGroup var options: PolicyOptions

    @Argument(help: "pod/NAME, deploy/NAME, svc/NAME or ip/ADDRESS.")
    var resource: String

    @Argument(help: "The port.")
    var port: String

    @Option(help: "The namespace of the clients of an outbound target; without it that of the target.")
    var from: String?

    func run() async throws {
        StandardOutput.write(try self.answer(in: try await self.options.readCluster()))
    }

    /// What is printed for a cluster.
    func answer(in snapshot: ClusterSnapshot) throws -> String {
        let parts = self.resource.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2, let target = try self.target(parts[0].lowercased(), parts[1]) else {
            return try self.inbound(snapshot)
        }
        return try self.outbound(target, snapshot)
    }

    private func target(_ kind: String, _ name: String) throws -> OutboundQuery.Target? {
        let isService = ["svc", "service", "services"].contains(kind)
        guard isService || kind == "ip" else { return nil }
        guard let port = UInt16(self.port), port > 0 else {
            throw ValidationError("the port of a target is a number from 1 to 65535, not \(self.port)")
        }
        if isService {
            let names = name.split(separator: ".", maxSplits: 1).map(String.init)
            let key = ObjectKey(namespace: names.count == 2 ? names[1] : self.options.namespace, name: names[0])
            return .service(key, port: port)
        }
        guard let address = IPAddress(name) else { throw ValidationError("\(name) is no address") }
        return .address(SocketAddress(address, port: port))
    }

    private func inbound(_ snapshot: ClusterSnapshot) throws -> String {
        guard let argument = WorkloadArgument(self.resource, namespace: self.options.namespace),
            let workload = argument.resolve(in: snapshot)
        else { throw ValidationError("there is no \(self.resource) in namespace \(self.options.namespace)") }
        guard let port = WorkloadArgument.port(self.port, of: workload, in: snapshot) else {
            throw ValidationError("\(workload.name) has no TCP port \(self.port)")
        }
        let query = InboundQuery(workload: workload, port: port)
        guard let policy = query.answer(in: ClusterView(snapshot), settings: self.options.settings) else {
            throw ValidationError("\(workload.name) is not in the mesh")
        }
        switch self.options.output {
        case .json: return try policy.wire.jsonString() + "\n"
        case .table: return PolicyTable.text(of: policy)
        }
    }

    private func outbound(_ target: OutboundQuery.Target, _ snapshot: ClusterSnapshot) throws -> String {
        let source = self.from ?? self.options.namespace
        let query = OutboundQuery(target: target, sourceNamespace: source)
        guard case .found(let policy, _) = query.answer(in: ClusterView(snapshot), settings: self.options.settings)
        else { throw ValidationError("nothing in the cluster has the address \(self.resource)") }
        switch self.options.output {
        case .json: return try policy.wire.jsonString() + "\n"
        case .table: return PolicyTable.text(of: policy)
        }
    }
}
