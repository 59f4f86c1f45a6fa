// The data plane with a fixed snapshot, for measuring it without a control plane:
// static-proxy --inbound ADDRESS --outbound ADDRESS --to ADDRESS [--workers N]
//   [--name IDENTITY --chain FILE.der --key FILE.der --anchors FILE.pem] [--peer IDENTITY]
// Both listeners lead to --to; with --peer the outbound side speaks mesh TLS and expects that identity.

import Glibc
import MeshModel
import MeshPolicy
import MeshProxy
import MeshReactor
import MeshSecure

func stop(_ message: String) -> Never {
    print("static-proxy: \(message)")
    exit(1)
}

func contents(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { stop("cannot read \(path)") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
}

typealias Options = [String: String]

func address(_ name: String, _ options: Options) -> SocketAddress {
    guard let text = options[name], let address = SocketAddress(text) else { stop("\(name) ADDRESS is missing") }
    return address
}

func identity(_ options: Options) throws -> ProxyIdentity? {
    guard let name = options["--name"], let chain = options["--chain"], let key = options["--key"],
        let anchors = options["--anchors"]
    else { return nil }
    let leaf = contents(chain)
    let credentials = TLSCredentials(chain: [leaf], key: try IdentityKey(pkcs8: contents(key)))
    let trust = try TrustAnchors(pem: String(decoding: contents(anchors), as: UTF8.self))
    return ProxyIdentity(
        name: name, expiry: try CertificateFacts(der: leaf).notAfter,
        client: try TLSContext(.client, credentials: credentials, anchors: trust),
        server: try TLSContext(.server, credentials: credentials, anchors: trust))
}

func snapshot(to server: SocketAddress, _ options: Options) throws -> Snapshot {
    let allowAll = InboundPolicy(
        protocol: .detect(timeout: .seconds(10), http: InboundHTTP(routes: [.default])),
        authorizations: [
            Authorization(
                networks: NetworkMatch.everywhere, authentication: .unauthenticated,
                metadata: .implicit("all-unauthenticated"))
        ], metadata: .implicit("all-unauthenticated"))
    let port = PortPolicy(allowAll)
    let endpoint = Endpoint(address: server, tls: options["--peer"].map { EndpointTLS(dns: $0) })
    let meta = PolicyMetadata.implicit("default")
    let backend = Backend(metadata: meta, target: .forward(endpoint), slot: 0)
    let http = OutboundHTTP(routes: [
        OutboundRoute(metadata: meta, rules: [.init(distribution: .random([RouteBackend(backend)]))])
    ])
    let opaque = OutboundRoute<OpaqueKind>(
        metadata: meta, rules: [.init(distribution: .random([RouteBackend(backend)]))])
    let target = OutboundTarget(
        address: server,
        resolution: .policy(
            OutboundPolicy(
                metadata: meta,
                protocol: .detect(timeout: .seconds(10), opaque: [opaque], http1: http, http2: http))),
        profile: nil, usage: TargetUsage())
    let set = BackendSet(
        slot: 0, generation: 1, authority: nil, load: LoadEstimate(), failureAccrual: nil, queue: Queue(),
        state: .known, members: [BackendSet.Member(endpoint: endpoint, id: 1)])
    return Snapshot(
        version: 1,
        inbound: InboundTable(ports: [:], fallback: port, opaqueFallback: port, opaquePorts: [], watched: []),
        outbound: OutboundTable([server: target]), backends: [set], identity: try identity(options))
}

do {
    var options: Options = [:]
    var arguments = CommandLine.arguments.dropFirst().makeIterator()
    while let name = arguments.next() { options[name] = arguments.next() }
    let signals = try Signals()
    raiseDescriptorLimit()
    let server = address("--to", options)
    let workers = options["--workers"].flatMap(Int.init) ?? 1
    let settings = EngineSettings(
        inbound: .init(listen: [address("--inbound", options)], forward: server, connectTimeout: .seconds(1)),
        outbound: .init(listen: [address("--outbound", options)], forward: server, connectTimeout: .seconds(1)),
        workers: workers, waitsForIdentity: false)
    let shared = try EngineShared(snapshots: SnapshotCell(snapshot(to: server, options)), workers: workers)
    try Engine.start(settings, shared: shared) { error in stop("\(error)") }
    var poller = try Poller()
    try poller.watch(signals: signals, token: 1)
    try poller.watch(wakeup: shared.requests.wakeup, token: 2)
    var running = workers
    while running > 0 {
        try poller.wait(until: nil, now: Clock.now())
        if signals.next() == .terminate {
            shared.send(.drain(deadline: Clock.now().advanced(by: .seconds(5))))
        }
        for case .drained in shared.requests.receive() { running -= 1 }
    }
} catch {
    stop("\(error)")
}
