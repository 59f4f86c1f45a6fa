import Logging
import MeshControl
import MeshKubernetes
import MeshModel
import ServiceLifecycle
import UnixSignals

// Takes part in an election and writes as often as it can while it leads: what the tests of leadership run, pause and
// kill. Each write makes an object, so that the server's own order of all writes of all candidates can be read later.
//
//   lease-candidate KUBECONFIG NAMESPACE IDENTITY LEASE_MS RENEW_MS RETRY_MS

let arguments = CommandLine.arguments
let times = arguments.dropFirst(4).compactMap { Int64($0) }.map { Duration.milliseconds($0) }
guard times.count == 3 else { throw KubernetesError.invalidAccess(reason: "see the source for the arguments") }
let namespace = arguments[2]
let identity = arguments[3]
let client = try KubernetesClient(
    access: try Kubeconfig(paths: [arguments[1]]).access(), configuration: .init(component: "lease-candidate"),
    logger: Logger(label: "client") { _ in SwiftLogNoOpLogHandler() })
let keeper = LeaseKeeper(
    client: client, lease: ObjectKey(namespace: namespace, name: "election"), identity: identity,
    timing: LeaderElection.Timing(leaseDuration: times[0], renewDeadline: times[1], retryPeriod: times[2]),
    logger: Logger(label: "keeper") { _ in SwiftLogNoOpLogHandler() })

let writer = Writer(client: client, standing: keeper.standing, namespace: namespace, identity: identity)

do {
    try await ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: [.init(service: client), .init(service: keeper), .init(service: writer)],
            gracefulShutdownSignals: [.sigterm], logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
    ).run()
} catch is CancellationError {
    print("\(identity): ended")
}
