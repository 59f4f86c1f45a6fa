public import Logging
import MeshControl
import MeshModel
public import MeshResources
public import ServiceLifecycle

/// Writes Events, repetitions as one with a rising count.
///
/// Reports never wait and never fail: when they come faster than the server takes them, the oldest are dropped.
public struct EventRecorder: ServiceLifecycle.Service {
    private static let waitingMax = 256

    private let client: KubernetesClient
    private let controller: String
    private let instance: String
    private let logger: Logger
    private let interval: Duration
    private let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation

    private enum Input {
        case report(EventAggregator.Subject)
        /// Time to write the counts that were held back.
        case flush
    }

    /// Records as `controller` (such as `heddle.dev/controller`), from the replica `instance`; the count of a repeated
    /// event is written once in `interval`.
    public init(
        client: KubernetesClient, controller: String, instance: String, interval: Duration = .seconds(10),
        logger: Logger
    ) {
        self.client = client
        self.controller = controller
        self.instance = instance
        self.interval = interval
        self.logger = logger
        (self.inputs, self.input) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.waitingMax))
    }

    /// Something happened to an object.
    public func record(
        _ type: EventType, reason: String, action: String, note: String, regarding object: ObjectReference
    ) {
        let subject = EventAggregator.Subject(
            regarding: object, reason: reason, action: action, type: type, note: note)
        self.input.yield(.report(subject))
    }

    /// Writes until the task is cancelled or its group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.tick() }
                var aggregator = EventAggregator(interval: self.interval)
                for await input in self.inputs {
                    switch input {
                    case .report(let subject):
                        await self.write(subject, aggregator.reported(subject, at: .now), &aggregator)
                    case .flush:
                        for (subject, update) in aggregator.due(at: .now) {
                            await self.write(subject, update, &aggregator)
                        }
                    }
                }
                group.cancelAll()
            }
        }
    }

    private func tick() async {
        while !Task.isCancelled {
            do {
                try await ContinuousClock().sleep(for: self.interval)
            } catch {
                return  // Cancelled: nothing is written any more.
            }
            self.input.yield(.flush)
        }
    }

    private func write(
        _ subject: EventAggregator.Subject, _ decision: EventAggregator.Decision, _ aggregator: inout EventAggregator
    ) async {
        let namespace = subject.regarding.namespace ?? "default"
        do throws(KubernetesError) {
            switch decision {
            case .hold: return
            case .create:
                let event = try await self.client.create(self.event(subject, in: namespace))
                aggregator.created(subject, name: event.metadata.name)
            case .update(let name, let count):
                let time = Timestamp.now.microDescription
                _ = try await self.client.patch(
                    .merge(["series": ["count": .integer(Int64(count)), "lastObservedTime": .string(time)]]),
                    to: Event.resourceType, ObjectKey(namespace: namespace, name: name))
            }
        } catch {
            aggregator.lost(subject)
            self.logger.debug("an event was not written", metadata: ["error": "\(error)"])
        }
    }

    private func event(_ subject: EventAggregator.Subject, in namespace: String) -> Event {
        let now = Timestamp.now
        let stamp = String(UInt64(now.seconds) &* 1_000_000_000 &+ UInt64(now.nanoseconds), radix: 16)
        let name = String((subject.regarding.name ?? "event").prefix(200))
        return Event(
            metadata: ObjectMeta(name: "\(name).\(stamp)", namespace: namespace), eventTime: MicroTime(now),
            reportingController: self.controller, reportingInstance: self.instance, action: subject.action,
            reason: subject.reason, regarding: subject.regarding, note: subject.note, type: subject.type)
    }
}

extension KubernetesResource {
    /// A reference that an Event can point with.
    public var objectReference: ObjectReference {
        ObjectReference(
            apiVersion: Self.resourceType.apiVersion, kind: Self.resourceType.kind,
            namespace: self.metadata.namespace.isEmpty ? nil : self.metadata.namespace, name: self.metadata.name,
            uid: self.metadata.uid, resourceVersion: self.metadata.resourceVersion)
    }
}
