public import MeshCompiler
import MeshModel

/// What every injected pod has in common in this mesh.
public struct InjectionSettings: Hashable, Sendable {
    /// Names and networks of the mesh.
    public var mesh: MeshSettings
    /// The version that `linkerd.io/created-by` shows.
    public var version: String
    /// The ServiceAccount of the control plane, in its namespace.
    public var controllerAccount: String
    /// The headless Service of the control plane, in its namespace.
    public var controllerService: String
    /// Before annotations.
    public var defaults: ProxyOptions

    /// Settings for one mesh.
    public init(
        mesh: MeshSettings = MeshSettings(), version: String = "dev",
        controllerAccount: String = "heddle-controller", controllerService: String = "heddle-controller",
        defaults: ProxyOptions = ProxyOptions()
    ) {
        self.mesh = mesh
        self.version = version
        self.controllerAccount = controllerAccount
        self.controllerService = controllerService
        self.defaults = defaults
    }

    /// Where a control-plane port is found; the final dot stops search paths from being tried.
    func controlAddress(port: Int) -> String {
        "\(self.controllerService).\(self.mesh.controlNamespace).svc.\(self.mesh.clusterDomain).:\(port)"
    }

    /// Whom proxies expect there.
    var controlIdentity: String {
        self.mesh.identity(of: ObjectKey(namespace: self.mesh.controlNamespace, name: self.controllerAccount))
    }
}
