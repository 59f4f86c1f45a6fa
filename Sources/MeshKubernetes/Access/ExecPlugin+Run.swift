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

    /// Runs the program and reads the credentials that it prints.
    func run(server: String) async throws(KubernetesError) -> Answer {
        var variables: [Subprocess.Environment.Key: String?] = [:]
        for (name, value) in self.environment { variables[.init(stringLiteral: name)] = value }
        var info: JSONValue = [
            "apiVersion": .string(self.apiVersion), "kind": "ExecCredential", "spec": ["interactive": false],
        ]
        if self.provideClusterInfo { info["spec"]?["cluster"] = ["server": .string(server)] }
        variables["KUBERNETES_EXEC_INFO"] = String(decoding: JSONWriter.write(info), as: UTF8.self)
        let printed: [UInt8]
        do {
            let result = try await Subprocess.run(
                self.command.contains("/") ? .path(FilePath(self.command)) : .name(self.command),
                arguments: Arguments(self.arguments), environment: .inherit.updating(variables),
                output: .bytes(limit: Self.answerBytesMax), error: .discarded)
            guard result.terminationStatus.isSuccess else {
                throw KubernetesError.invalidAccess(reason: "\(self.command) failed: \(result.terminationStatus)")
            }
            printed = result.standardOutput
        } catch let error as KubernetesError {
            throw error
        } catch {
            throw .invalidAccess(reason: "\(self.command) cannot be run: \(error)")
        }
        return try self.answer(printed)
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
