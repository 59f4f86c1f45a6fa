import AsyncHTTPClient
import Glibc
import MeshModel
import MeshResources
import NIOCore
import NIOHTTP1
import NIOPosix
import SystemPackage

/// Probes one container, as the node does: from the machine to the pod's address.
struct Prober: Sendable {
    /// The pod's address.
    let address: IPAddress
    let container: Container
    /// The container's process and how it was launched, for commands.
    let process: Int32
    let launch: ContainerLaunch
    let client: HTTPClient

    /// A pod that just started is asked this often, if its probe's period is longer: nobody waits for a whole period.
    static let eagerPeriod = Duration.seconds(1)

    /// Probes until cancelled and reports each verdict that differs from the one before.
    func run(_ probe: Probe, _ kind: ProbeKind, report: (Bool) -> Void) async throws {
        var counter = ProbeCounter(probe)
        let period = Duration.seconds(max(1, probe.periodSeconds ?? 10))
        var hasSucceeded = false
        try await Task.sleep(for: .seconds(max(0, probe.initialDelaySeconds ?? 0)))
        while true {
            let success = await self.check(probe)
            try Task.checkCancellation()
            if let verdict = counter.record(success: success) {
                report(verdict)
                if kind == .startup { return }
            }
            hasSucceeded = hasSucceeded || success
            let isEager = kind == .readiness && !hasSucceeded
            try await Task.sleep(for: isEager ? min(period, Self.eagerPeriod) : period)
        }
    }

    /// Runs a lifecycle handler; false when it fails.
    func perform(_ handler: LifecycleHandler) async -> Bool {
        do {
            if let sleep = handler.sleep {
                try await Task.sleep(for: .seconds(sleep.seconds))
                return true
            }
            let timeout = TimeAmount.hours(1)  // The pod's grace period ends it before.
            if let http = handler.httpGet { return try await self.get(http, timeout) }
            return try await self.execute(handler.exec?.command ?? [], timeout)
        } catch {
            return false
        }
    }

    /// One attempt; anything but a success in time is a failure.
    private func check(_ probe: Probe) async -> Bool {
        let timeout = TimeAmount.seconds(Int64(max(1, probe.timeoutSeconds ?? 1)))
        do {
            if let http = probe.httpGet { return try await self.get(http, timeout) }
            if let tcp = probe.tcpSocket { return try await self.connect(tcp.port, tcp.host, timeout) }
            // Without a gRPC client here, an open port must do.
            if let grpc = probe.grpc { return try await self.connect(.int(grpc.port), nil, timeout) }
            guard let command = probe.exec?.command else { return true }
            return try await self.execute(command, timeout)
        } catch {
            return false
        }
    }

    private func get(_ action: HTTPGetAction, _ timeout: TimeAmount) async throws -> Bool {
        guard let port = self.port(action.port) else { return false }
        let path = action.path ?? "/"
        let scheme = action.scheme?.lowercased() ?? "http"
        let host = action.host ?? self.address.description
        var request = HTTPClientRequest(url: "\(scheme)://\(host):\(port)\(path.hasPrefix("/") ? "" : "/")\(path)")
        request.headers.add(name: "User-Agent", value: "kube-probe/1.32")
        request.headers.add(name: "Connection", value: "close")
        for header in action.httpHeaders { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        let response = try await self.client.execute(request, timeout: timeout)
        _ = try await response.body.collect(upTo: 64 * 1024)
        return (200..<400).contains(response.status.code)
    }

    private func connect(_ port: IntOrString, _ host: String?, _ timeout: TimeAmount) async throws -> Bool {
        guard let port = self.port(port) else { return false }
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(timeout).connect(host: host ?? self.address.description, port: port).get()
        try await channel.close()
        return true
    }

    private func execute(_ command: [String], _ timeout: TimeAmount) async throws -> Bool {
        guard !command.isEmpty else { return true }
        // Before the process has its own root it is none of the container's yet.
        while Files.link(FilePath("/proc/\(self.process)/root")) == "/" {
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await ContainerProcess.execute(command, beside: self.process, launch: self.launch)
            }
            group.addTask {
                try await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    private func port(_ port: IntOrString) -> Int? {
        switch port {
        case .int(let number): number
        case .string(let name): self.container.ports.first { $0.name == name }?.containerPort
        }
    }
}
