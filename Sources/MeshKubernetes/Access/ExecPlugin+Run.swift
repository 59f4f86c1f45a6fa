import MeshCodec
import MeshModel
import MeshResources
import Subprocess
import SystemPackage

extension ExecPlugin {
    /// What a plugin printed.
    struct Answer: Sendable {
        var token: String?
        var certificate: ClusterAccess.ClientCertificate?
        /// How long it may be used; nil until the server refuses it.
        var lifetime: Duration?
    }

    /// No answer is longer.
    private static let answerBytesMax = 1 << 20

    /// A plugin that asks somebody something gets no answer: it has no terminal.
    private static let timeMax: Duration = .seconds(60)

    /// Runs the program and reads the credentials that it prints.
    func run(for access: ClusterAccess) async throws(KubernetesError) -> Answer {
        guard self.interaction != .always else {
            throw .invalidAccess(reason: "\(self.command) wants a terminal\(self.hint)")
        }
        var variables: [Subprocess.Environment.Key: String?] = [:]
        for (name, value) in self.environment { variables[.init(stringLiteral: name)] = value }
        let info = JSONWriter.write(self.information(about: access))
        variables["KUBERNETES_EXEC_INFO"] = String(decoding: info, as: UTF8.self)
        let environment = Subprocess.Environment.inherit.updating(variables)
        let printed: [UInt8]
        do {
            let result = try await withDeadline(ContinuousClock.now + Self.timeMax) {
                try await Subprocess.run(
                    self.command.contains("/") ? .path(FilePath(self.command)) : .name(self.command),
                    arguments: Arguments(self.arguments), environment: environment,
                    output: .bytes(limit: Self.answerBytesMax), error: .discarded)
            }
            guard result.terminationStatus.isSuccess else {
                throw KubernetesError.invalidAccess(
                    reason: "\(self.command) failed: \(result.terminationStatus)\(self.hint)")
            }
            printed = result.standardOutput
        } catch let error as KubernetesError {
            throw error
        } catch {
            throw .invalidAccess(reason: "\(self.command) cannot be run: \(error)\(self.hint)")
        }
        return try self.answer(printed)
    }

    private var hint: String { self.installHint.isEmpty ? "" : "; \(self.installHint)" }

    /// What the plugin is told.
    private func information(about access: ClusterAccess) -> JSONValue {
        var spec: JSONValue = ["interactive": false]
        if self.provideClusterInfo {
            var cluster: JSONValue = ["server": .string(access.server)]
            cluster["tls-server-name"] = access.serverName.map(JSONValue.string)
            switch access.trust {
            case .system: break
            case .authorities(let pem): cluster["certificate-authority-data"] = .string(Base64.encode(pem.utf8))
            case .anything: cluster["insecure-skip-tls-verify"] = true
            }
            spec["cluster"] = cluster
        }
        return ["apiVersion": .string(self.apiVersion), "kind": "ExecCredential", "spec": spec]
    }

    private func answer(_ printed: [UInt8]) throws(KubernetesError) -> Answer {
        let document: JSONValue
        do {
            document = try JSONReader.read(printed)
        } catch {
            throw .invalidAccess(reason: "\(self.command) printed no JSON: \(error)")
        }
        guard document["kind"]?.string == "ExecCredential", document["apiVersion"]?.string == self.apiVersion else {
            throw .invalidAccess(reason: "\(self.command) printed no ExecCredential of \(self.apiVersion)")
        }
        var answer = Answer(token: document[path: "status", "token"]?.string)
        if let chain = document[path: "status", "clientCertificateData"]?.string,
            let key = document[path: "status", "clientKeyData"]?.string
        {
            answer.certificate = ClusterAccess.ClientCertificate(chainPEM: chain, keyPEM: key)
        }
        guard answer.token != nil || answer.certificate != nil else {
            throw .invalidAccess(reason: "\(self.command) printed no credentials")
        }
        if let text = document[path: "status", "expirationTimestamp"]?.string, let end = Timestamp(text) {
            answer.lifetime = end.duration(since: .now)
        }
        return answer
    }
}
