import ArgumentParser
import MeshCodec
import MeshCompiler
import MeshModel
import MeshPolicy

/// `heddle authz`: what applies to a workload.
struct AuthzCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authz", abstract: "List the Servers and authorizations that apply to a workload.",
        discussion: """
            One line for each authorization of each port that a Server governs; the route is * where the authorization is
            for the whole port.

            EXAMPLES
              heddle authz -n shop deploy/orders
              heddle authz pod/orders-0.shop -o json
            """)

    @OptionGroup var options: PolicyOptions

    @Argument(help: "The workload: KIND/NAME[.NAMESPACE].")
    var workload: String

    func run() async throws {
        StandardOutput.write(try self.answer(in: try await self.options.readCluster()))
    }

    /// What is printed for a cluster.
    func answer(in snapshot: ClusterSnapshot) throws -> String {
        guard let argument = WorkloadArgument(self.workload, namespace: self.options.namespace) else {
            throw ValidationError("a workload is KIND/NAME[.NAMESPACE], not \(self.workload)")
        }
        guard let name = argument.resolve(in: snapshot) else {
            throw ValidationError("there is no \(self.workload) in namespace \(argument.namespace)")
        }
        let rows = AuthorizationList(view: ClusterView(snapshot), settings: self.options.settings).rows(of: name)
        switch self.options.output {
        case .table:
            var table = TextTable("PORT", "ROUTE", "SERVER", "AUTHORIZATION_POLICY", "SERVER_AUTHORIZATION")
            for row in rows {
                table.append(
                    "\(row.port)", row.route ?? "*", row.server, row.authorizationPolicy ?? "",
                    row.serverAuthorization ?? "")
            }
            return table.text
        case .json:
            let list = JSONValue.array(
                rows.map { row in
                    var entry: JSONValue = [
                        "port": .integer(Int64(row.port)), "route": .string(row.route ?? "*"),
                        "server": .string(row.server),
                    ]
                    if let policy = row.authorizationPolicy { entry["authorization_policy"] = .string(policy) }
                    if let old = row.serverAuthorization { entry["server_authorization"] = .string(old) }
                    return entry
                })
            return String(decoding: JSONWriter.write(list, pretty: true), as: UTF8.self) + "\n"
        }
    }
}
