import ArgumentParser
import MeshCodec
import MeshCompiler
import MeshModel
import MeshPolicy

/// `heddle explain`: may this client reach that port, and why.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say whether a client may reach a workload's port, and why.",
        discussion: """
            Compiles the policy as the controller does and decides as the proxy does. Prints the Server that governs the
            port, the route that the request takes, each authorization with the first condition that the client does
            not meet, what has no effect because of a mistake, and the smallest manifest that would let the client in.

            A client is a workload (KIND/NAME[.NAMESPACE]), an address, an identity, or ADDRESS/IDENTITY.

            EXAMPLES
              heddle explain -n shop --from deploy/web --to deploy/orders:8080 --path /orders
              heddle explain --from 10.1.2.3 --to pod/orders-0.shop:http
              heddle explain --from spiffe://root.example/vm-7 --to deploy/orders.shop:8080 --method POST --path /orders
              heddle explain -n shop --from deploy/web --to deploy/db:5432 --tcp -o json
            """)

    @OptionGroup var options: PolicyOptions

    @Option(help: "The client.")
    var from: String

    @Option(help: "The workload and its port, by number or name.")
    var to: String

    @Option(help: "The method of the request.")
    var method = "GET"

    @Option(help: "The path of the request, perhaps with a query.")
    var path = "/"

    @Option(help: "The host that the request is for.")
    var host = ""

    @Option(name: .customLong("header"), help: ArgumentHelp("A header field of the request.", valueName: "name: value"))
    var headers: [String] = []

    @Flag(help: "Ask for a connection that is not HTTP.")
    var tcp = false

    func run() async throws {
        StandardOutput.write(try self.answer(in: try await self.options.readCluster()))
    }

    /// What is printed for a cluster.
    func answer(in snapshot: ClusterSnapshot) throws -> String {
        let settings = self.options.settings
        let question = try self.question(snapshot, settings)
        let report = ExplanationReport(Explainer(view: ClusterView(snapshot), settings: settings).explain(question))
        switch self.options.output {
        case .table: return try report.text()
        case .json:
            return String(decoding: JSONWriter.write(try report.document(), pretty: true), as: UTF8.self) + "\n"
        }
    }

    private func question(_ snapshot: ClusterSnapshot, _ settings: MeshSettings) throws -> AccessQuestion {
        let namespace = self.options.namespace
        guard let target = WorkloadArgument.withPort(self.to, namespace: namespace) else {
            throw ValidationError("--to must be KIND/NAME[.NAMESPACE]:PORT, not \(self.to)")
        }
        guard let workload = target.workload.resolve(in: snapshot) else {
            throw ValidationError(
                "there is no \(self.to.prefix { $0 != ":" }) in namespace \(target.workload.namespace)")
        }
        guard let port = WorkloadArgument.port(target.port, of: workload, in: snapshot) else {
            throw ValidationError("\(workload.name) has no TCP port \(target.port)")
        }
        guard let from = ClientArgument(self.from, namespace: namespace) else {
            throw ValidationError("--from must be KIND/NAME[.NAMESPACE], an address or an identity, not \(self.from)")
        }
        guard let client = from.resolve(in: snapshot, settings: settings) else {
            throw ValidationError("there is no \(self.from), or it has no address yet")
        }
        return AccessQuestion(
            client: client, workload: workload, port: port, request: self.tcp ? nil : try self.request())
    }

    private func request() throws -> WrittenRequest {
        guard self.path.hasPrefix("/") else { throw ValidationError("--path must begin with /") }
        var fields: [(name: String, value: String)] = []
        for header in self.headers {
            let parts = header.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--header must be \"name: value\", not \(header)") }
            let value = parts[1].drop { $0 == " " }
            fields.append((parts[0].lowercased(), String(value)))
        }
        let isGRPC = fields.contains { $0.name == "content-type" && $0.value.hasPrefix("application/grpc") }
        return WrittenRequest(
            method: self.method.uppercased(), target: self.path, authority: self.host, headers: fields, isGRPC: isGRPC)
    }
}
