public import GRPCCore
public import ServiceLifecycle

/// One part of the control plane that `--components` can choose.
///
/// A component is a value that knows how to make its parts; it starts nothing itself. To add one, write a type in its
/// own folder and list it in ``Controller/components``.
public protocol ControllerComponent: Sendable {
    /// What `--components` calls it.
    var name: ComponentName { get }

    /// Makes the parts from what all components share.
    ///
    /// - Throws: when the settings do not allow this component to run.
    func parts(in context: ControllerContext) throws -> ComponentParts
}

/// What a component adds to the process.
public struct ComponentParts: Sendable {
    /// Long-running parts, in the order in which they start; each ends the process when it throws.
    public var services: [any Service]
    /// gRPC services, by the port that serves them.
    public var rpc: [RPCPort: [any RegistrableRPCService]]

    /// The gRPC listeners of the process, all with TLS and the context's credentials.
    public enum RPCPort: Hashable, Sendable, CaseIterable {
        /// `settings.ports.destination`.
        case destination
        /// `settings.ports.policy`.
        case policy
        /// `settings.ports.identity`.
        case identity
    }

    /// Nothing unless given.
    public init(services: [any Service] = [], rpc: [RPCPort: [any RegistrableRPCService]] = [:]) {
        self.services = services
        self.rpc = rpc
    }
}
