import MeshModel
import Yams

/// The contents of one or more kubeconfig files.
public struct Kubeconfig: Sendable {
    private var file: File
    /// Where relative paths of the first file start.
    private var folders: [String: String] = [:]

    /// Reads one file's text; relative paths in it start at `folder`.
    public init(text: String, folder: String = ".") throws(KubernetesError) {
        do {
            self.file = try YAMLDecoder().decode(File.self, from: text.isEmpty ? "{}" : text)
        } catch {
            throw .invalidAccess(reason: "the kubeconfig cannot be read: \(error)")
        }
        self.file.resolvePaths(from: folder)
    }

    /// Reads files in order of precedence: of two entries of one name the first wins.
    public init(paths: [String]) throws(KubernetesError) {
        var merged: Kubeconfig?
        for path in paths where !path.isEmpty {
            let next = try Kubeconfig(text: try SmallFile.text(path), folder: Self.folder(of: path))
            merged?.file.merge(next.file)
            if merged == nil { merged = next }
        }
        guard let merged else { throw .invalidAccess(reason: "no kubeconfig is named") }
        self = merged
    }

    /// The context that is meant when none is named.
    public var currentContext: String? { self.file.currentContext.flatMap { $0.isEmpty ? nil : $0 } }

    /// The names of all contexts.
    public var contexts: [String] { (self.file.contexts ?? []).map(\.name) }

    /// How to reach the cluster of `context`, or of the current one.
    public func access(context name: String? = nil) throws(KubernetesError) -> ClusterAccess {
        guard let name = name ?? self.currentContext else {
            throw .invalidAccess(reason: "the kubeconfig has no current context")
        }
        guard let context = self.file.contexts?.first(where: { $0.name == name })?.context else {
            throw .invalidAccess(reason: "the kubeconfig has no context \(name)")
        }
        guard let cluster = self.file.clusters?.first(where: { $0.name == context.cluster })?.cluster else {
            throw .invalidAccess(reason: "the kubeconfig has no cluster \(context.cluster)")
        }
        var access = ClusterAccess(server: cluster.server, namespace: context.namespace ?? "default")
        access.trust = try cluster.trust()
        access.serverName = cluster.tlsServerName
        if cluster.proxyURL != nil { access.warnings.append("proxy-url is ignored") }
        guard let userName = context.user, !userName.isEmpty else { return access }
        guard let user = self.file.users?.first(where: { $0.name == userName })?.user else {
            throw .invalidAccess(reason: "the kubeconfig has no user \(userName)")
        }
        access.certificate = try user.certificate()
        access.credentials = user.credentials()
        access.impersonation = user.impersonation()
        if user.authProvider != nil { access.warnings.append("auth-provider is ignored; use an exec plugin") }
        return access
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
