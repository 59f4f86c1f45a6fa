import Configuration
import FoundationEssentials
import Logging
import MeshAdmin
import MeshController
import MeshKubernetes
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#endif

// The control plane of the mesh: reads its settings, assembles the chosen components, runs them until a signal.
do {
    let flags = try CommandLineFlags.provider(CommandLine.arguments.dropFirst())
    let settings = try ControllerSettings(config: ConfigReader(providers: [flags, EnvironmentVariablesProvider()]))
    let metrics = MetricsRegistry()
    let logger = Logger(label: "heddle-controller") { label in
        LineLogHandler(
            label: label, level: settings.logLevel, format: settings.logFormat, clock: LogOutput.timestamp,
            sink: LogOutput.standardError)
    }
    let access = try ClusterAccess.discover(
        path: settings.kubeconfig, environment: ProcessInfo.processInfo.environment)
    let client = try KubernetesClient(access: access, configuration: .init(component: "controller"), logger: logger)
    let context = ControllerContext(settings: settings, client: client, metrics: metrics, logger: logger)
    try await Controller(context: context).makeServiceGroup().run()
} catch let error as SettingsError {
    LogOutput.standardError("heddle-controller: \(error)")
    exit(2)
} catch let error as KubernetesError {
    LogOutput.standardError("heddle-controller: \(error)")
    exit(1)
}
