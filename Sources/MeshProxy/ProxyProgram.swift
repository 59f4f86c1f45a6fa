import MeshModel
import MeshReactor

/// The whole proxy: settings, workers, and the admin thread, which is the main one.
public enum ProxyProgram {
    /// Exit code for an environment that does not make a proxy.
    private static let usageCode: Int32 = 64

    /// Runs until told to end; returns the code to exit with.
    public static func run() -> Int32 {
        let environment = processEnvironment()
        let settings: Settings
        do throws(SettingsError) {
            settings = try Settings(environment: environment, processors: availableProcessors())
        } catch {
            writeStandardError("heddle-proxy: \(error)\n")
            return Self.usageCode
        }
        let log = Log(settings.logFilter, isJSON: settings.logsJSON)
        do {
            return try Self.run(settings, environment: environment, log: log)
        } catch {
            log.write(.error, "The proxy cannot go on", ("error", "\(error)"))
            return 1
        }
    }

    private static func run(_ settings: Settings, environment: [String: String], log: Log) throws -> Int32 {
        // Before any thread, so that all of them leave signals to this one.
        let signals = try Signals()
        _ = raiseDescriptorLimit()
        let empty = Discovery(settings: settings).snapshot(version: 0, identity: nil)
        let shared = try EngineShared(snapshots: SnapshotCell(empty), workers: settings.workers)
        let loop = try ControlLoop(
            settings, environment: environment, signals: signals, shared: shared, log: log)
        log.write(
            .info, "Starting", ("name", settings.identity.name), ("workers", "\(settings.workers)"),
            ("inbound", "\(settings.inboundAddress)"), ("admin", "\(settings.adminAddress)"))
        try Engine.start(EngineSettings(settings), shared: shared) { error in
            log.write(.error, "A worker cannot go on", ("error", "\(error)"))
            exitProcess(1)
        }
        return try loop.run()
    }
}

extension EngineSettings {
    /// The data plane's part of the settings.
    init(_ settings: Settings) {
        self.init(
            inbound: Side(settings.inbound, listen: [settings.inboundAddress]),
            outbound: Side(settings.outbound, listen: settings.outboundAddresses), workers: settings.workers,
            exchangesMax: max(settings.inbound.inFlightMax, settings.outbound.inFlightMax),
            inboundIPs: Set(settings.inboundIPs), waitsForIdentity: true)
    }
}

extension EngineSettings.Side {
    fileprivate init(_ traffic: Settings.Traffic, listen: [SocketAddress]) {
        self.init(
            listen: listen, detectTimeout: traffic.detectTimeout, connectTimeout: traffic.connectTimeout,
            connectBackoff: traffic.connectBackoff, idleTimeout: traffic.poolIdleTimeout, idleMax: traffic.poolIdleMax,
            queueTimeout: traffic.failfastTimeout,
            queueMax: traffic.queueCapacity,
            accepted: SocketOptions(keepalive: traffic.acceptKeepalive, userTimeout: traffic.acceptUserTimeout),
            opened: SocketOptions(keepalive: traffic.connectKeepalive, userTimeout: traffic.connectUserTimeout))
    }
}
