import MeshModel
import MeshResources

extension Kubeconfig {
    /// The file as it is written.
    struct File: Codable, Sendable {
        var currentContext: String?
        var clusters: [NamedCluster]?
        var users: [NamedUser]?
        var contexts: [NamedContext]?

        enum CodingKeys: String, CodingKey {
            case currentContext = "current-context"
            case clusters, users, contexts
        }
    }

    struct NamedCluster: Codable, Sendable {
        var name: String
        var cluster: Cluster
    }

    struct NamedUser: Codable, Sendable {
        var name: String
        var user: User?
    }

    struct NamedContext: Codable, Sendable {
        var name: String
        var context: Context
    }

    struct Context: Codable, Sendable {
        var cluster: String
        var user: String?
        var namespace: String?
    }

    struct Cluster: Codable, Sendable {
        var server: String
        var certificateAuthority: String?
        var certificateAuthorityData: String?
        var insecureSkipTLSVerify: Bool?
        var tlsServerName: String?
        var proxyURL: String?

        enum CodingKeys: String, CodingKey {
            case server
            case certificateAuthority = "certificate-authority"
            case certificateAuthorityData = "certificate-authority-data"
            case insecureSkipTLSVerify = "insecure-skip-tls-verify"
            case tlsServerName = "tls-server-name"
            case proxyURL = "proxy-url"
        }
    }

    struct User: Codable, Sendable {
        var clientCertificate: String?
        var clientCertificateData: String?
        var clientKey: String?
        var clientKeyData: String?
        var token: String?
        var tokenFile: String?
        var username: String?
        var password: String?
        var impersonate: String?
        var impersonateUID: String?
        var impersonateGroups: [String]?
        var impersonateExtra: [String: [String]]?
        var exec: Exec?
        var authProvider: AuthProvider?

        enum CodingKeys: String, CodingKey {
            case clientCertificate = "client-certificate"
            case clientCertificateData = "client-certificate-data"
            case clientKey = "client-key"
            case clientKeyData = "client-key-data"
            case token, tokenFile, username, password
            case impersonate = "as"
            case impersonateUID = "as-uid"
            case impersonateGroups = "as-groups"
            case impersonateExtra = "as-user-extra"
            case exec
            case authProvider = "auth-provider"
        }
    }

    struct AuthProvider: Codable, Sendable {
        var name: String?
    }

    struct Exec: Codable, Sendable {
        struct Variable: Codable, Sendable {
            var name: String
            var value: String
        }

        var apiVersion: String
        var command: String
        var args: [String]?
        var env: [Variable]?
        var provideClusterInfo: Bool?
        var interactiveMode: ExecPlugin.Interaction?
        var installHint: String?
    }
}

extension Kubeconfig.File {
    /// Adds what `other` has and this has not.
    mutating func merge(_ other: Self) {
        if (self.currentContext ?? "").isEmpty { self.currentContext = other.currentContext }
        self.clusters = Self.merged(self.clusters, other.clusters, by: \.name)
        self.users = Self.merged(self.users, other.users, by: \.name)
        self.contexts = Self.merged(self.contexts, other.contexts, by: \.name)
    }

    private static func merged<Entry>(_ first: [Entry]?, _ second: [Entry]?, by name: (Entry) -> String) -> [Entry] {
        let known = Set((first ?? []).map(name))
        return (first ?? []) + (second ?? []).filter { !known.contains(name($0)) }
    }

    mutating func resolvePaths(from folder: String) {
        func resolved(_ path: String?) -> String? {
            path.map { $0.isEmpty || $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
        }
        self.clusters = self.clusters?.map { entry in
            var entry = entry
            entry.cluster.certificateAuthority = resolved(entry.cluster.certificateAuthority)
            return entry
        }
        self.users = self.users?.map { entry in
            guard var user = entry.user else { return entry }
            user.clientCertificate = resolved(user.clientCertificate)
            user.clientKey = resolved(user.clientKey)
            user.tokenFile = resolved(user.tokenFile)
            // A bare name is looked up in PATH; only a name with a folder is a path.
            if let command = user.exec?.command, command.contains("/") {
                user.exec?.command = resolved(command) ?? command
            }
            return Kubeconfig.NamedUser(name: entry.name, user: user)
        }
    }
}

extension Kubeconfig.Cluster {
    func trust() throws(KubernetesError) -> ClusterAccess.ServerTrust {
        if self.insecureSkipTLSVerify == true { return .anything }
        let pem = try inlineOrFile(
            self.certificateAuthorityData, self.certificateAuthority, field: "certificate-authority-data")
        return pem.map { .authorities(pem: $0) } ?? .system
    }
}

extension Kubeconfig.User {
    func certificate() throws(KubernetesError) -> ClusterAccess.ClientCertificate? {
        let chain = try inlineOrFile(
            self.clientCertificateData, self.clientCertificate, field: "client-certificate-data")
        let key = try inlineOrFile(self.clientKeyData, self.clientKey, field: "client-key-data")
        guard let chain, let key else {
            guard chain == nil, key == nil else {
                throw .invalidAccess(reason: "a client certificate needs both a chain and a key")
            }
            return nil
        }
        return ClusterAccess.ClientCertificate(chainPEM: chain, keyPEM: key)
    }

    /// A token file comes before a token, as in client-go.
    func credentials() -> ClusterAccess.Credentials {
        if let path = self.tokenFile, !path.isEmpty { return .tokenFile(path: path) }
        if let token = self.token, !token.isEmpty { return .token(token) }
        if let user = self.username, !user.isEmpty { return .basic(user: user, password: self.password ?? "") }
        guard let exec = self.exec else { return .none }
        let pairs = (exec.env ?? []).map { ($0.name, $0.value) }
        return .exec(
            ExecPlugin(
                apiVersion: exec.apiVersion, command: exec.command, arguments: exec.args ?? [],
                environment: Dictionary(pairs) { $1 }, provideClusterInfo: exec.provideClusterInfo ?? false,
                interaction: exec.interactiveMode ?? .ifAvailable, installHint: exec.installHint ?? ""))
    }

    func impersonation() -> ClusterAccess.Impersonation? {
        guard let user = self.impersonate, !user.isEmpty else { return nil }
        return ClusterAccess.Impersonation(
            user: user, uid: self.impersonateUID, groups: self.impersonateGroups ?? [],
            extra: self.impersonateExtra ?? [:])
    }
}

/// Inline data comes before a file, as in client-go.
private func inlineOrFile(_ data: String?, _ path: String?, field: String) throws(KubernetesError) -> String? {
    if let data, !data.isEmpty {
        guard let bytes = Base64.decode(data), let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalidAccess(reason: "\(field) is not base64 text")
        }
        return text
    }
    guard let path, !path.isEmpty else { return nil }
    return try SmallFile.text(path)
}
