public import AsyncHTTPClient
import Glibc
public import Logging
public import MeshModel
import MeshResources
public import SystemPackage

/// Runs the pods of a cluster's only node as processes of this machine.
///
/// It is scheduler and kubelet in one: pods without a node are bound to this one, then run until they are deleted.
public actor NodeAgent {
    /// What a node agent needs to know.
    public struct Configuration: Sendable {
        /// The node's name.
        public var nodeName = "heddle-local"
        /// The cluster's DNS domain.
        public var domain = "cluster.local"
        /// Which executables stand for images.
        public var images = ImageTable()
        /// The command that becomes a container (``ContainerLauncher``), given the path of its description.
        public var launcher: [String]
        /// Where pods have their directories; short-lived, and root's alone.
        public var directory: FilePath

        /// A configuration with the defaults of the other properties.
        public init(launcher: [String], directory: FilePath) {
            self.launcher = launcher
            self.directory = directory
        }
    }

    private let configuration: Configuration
    private let context: NodeContext
    private var workers: [String: PodWorker] = [:]
    private var slots: Set<Int> = []
    private var nextSlot = 0

    /// An agent on `network`, which must be up.
    public init(
        configuration: Configuration, network: NodeNetwork, access: any NodeAccess, client: HTTPClient, logger: Logger
    ) {
        self.configuration = configuration
        self.context = NodeContext(
            network: network, access: access, images: configuration.images, launcher: configuration.launcher,
            directory: configuration.directory, domain: configuration.domain, client: client, logger: logger,
            cores: Machine.cores, memory: Machine.memory)
    }

    /// Runs pods as they come and go, until cancelled; then no process of theirs is left.
    public func run(_ pods: some AsyncSequence<PodChange, Never> & Sendable) async {
        await withDiscardingTaskGroup { group in
            for await change in pods {
                switch change {
                case .set(let pod): self.set(pod, in: &group)
                case .removed(_, let uid): self.workers[uid]?.input.yield(.vanished)
                }
            }
            group.cancelAll()
        }
    }

    private func set(_ pod: Pod, in group: inout DiscardingTaskGroup) {
        if let worker = self.workers[pod.metadata.uid] {
            worker.input.yield(.changed(pod))
        } else if pod.spec.nodeName == nil || pod.spec.nodeName == "" {
            group.addTask { await self.bind(pod) }
        } else if pod.spec.nodeName == self.configuration.nodeName, !Self.isOver(pod) {
            guard let slot = self.takeSlot() else {
                self.context.logger.error("no address left for a pod", metadata: ["pod.key": "\(pod.key)"])
                return
            }
            let worker = PodWorker(pod, address: self.context.network.plan.pod(slot: slot), context: self.context)
            self.workers[pod.metadata.uid] = worker
            group.addTask {
                await worker.run()
                await self.ended(pod.metadata.uid, slot: slot)
            }
        }
    }

    private static func isOver(_ pod: Pod) -> Bool {
        pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
    }

    private func bind(_ pod: Pod) async {
        await self.context.persistently("bind", pod.key) {
            if pod.metadata.deletionTimestamp != nil {
                try await self.context.access.remove(pod)  // It never ran.
            } else {
                try await self.context.access.bind(pod, to: self.configuration.nodeName)
            }
        }
    }

    private func ended(_ uid: String, slot: Int) {
        self.workers[uid] = nil
        self.slots.remove(slot)
    }

    /// The next free slot in turn, so that an address rests before it is used again.
    private func takeSlot() -> Int? {
        for offset in 0..<AddressPlan.podsMax {
            let slot = (self.nextSlot + offset) % AddressPlan.podsMax
            guard self.slots.insert(slot).inserted else { continue }
            self.nextSlot = slot + 1
            return slot
        }
        return nil
    }

    /// Where the log of a container's current or last but current process is; nil when there is none.
    public func log(of pod: ObjectKey, uid: String, container: String, previous: Bool) -> FilePath? {
        let directory = self.configuration.directory.appending(uid).appending("containers").appending(container)
        let attempts = Files.entries(directory).filter { $0.hasSuffix(".log") }.compactMap { Int($0.dropLast(4)) }
        let sorted = attempts.sorted()
        guard let attempt = previous ? sorted.dropLast().last : sorted.last else { return nil }
        return directory.appending("\(attempt).log")
    }
}

/// What this machine has.
enum Machine {
    /// Processors.
    static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
    /// Bytes of memory.
    static var memory: Int64 { Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))) }
}
