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
    private let reports: AsyncStream<EventAggregator.Subject>
    private let reporter: AsyncStream<EventAggregator.Subject>.Continuation

    /// Records as `controller` (such as `heddle.dev/controller`), from the replica `instance`.
    public init(client: KubernetesClient, controller: String, instance: String, logger: Logger) {
        self.client = client
        self.controller = controller
        self.instance = instance
        self.logger = logger
        (self.reports, self.reporter) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.waitingMax))
    }

    /// Something happened to an object.
    public func record(
        _ type: EventType, reason: String, action: String, note: String, regarding object: ObjectReference
    ) {
        self.reporter.yield(
            EventAggregator.Subject(regarding: object, reason: reason, action: action, type: type, note: note))
    }

    /// Writes until the task is cancelled or its group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var aggregator = EventAggregator()
            for await subject in self.reports { await self.write(subject, &aggregator) }
        }
    }

    private func write(_ subject: EventAggregator.Subject, _ aggregator: inout EventAggregator) async {
        let namespace = subject.regarding.namespace ?? "default"
        do throws(KubernetesError) {
            switch aggregator.reported(subject, at: .now) {
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
