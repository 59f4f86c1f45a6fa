import MeshModel
import MeshResources
import Testing

@testable import MeshLocal

/// Drives a lifecycle by hand, with a clock of its own.
private struct Driver {
    var lifecycle: PodLifecycle
    var now = MonotonicTime(nanoseconds: 0)
    private var nextProcess: Int32 = 100

    init(
        _ containers: [Container], initial: [Container] = [], restartPolicy: String = "Always", grace: Int = 10
    ) {
        self.lifecycle = PodLifecycle(
            spec: PodSpec(
                containers: containers, initContainers: initial, restartPolicy: restartPolicy,
                terminationGracePeriodSeconds: grace))
    }

    var time: Timestamp { Timestamp(seconds: self.now.nanoseconds / 1_000_000_000) }

    /// What is due now; starts succeed at once.
    mutating func step() -> [PodLifecycle.Action] {
        let actions = self.lifecycle.plan(now: self.now).actions
        for case .start(let name) in actions {
            self.nextProcess += 1
            self.lifecycle.started(name, process: self.nextProcess, now: self.now, at: self.time)
        }
        return actions
    }

    mutating func wait(_ duration: Duration) { self.now = self.now.advanced(by: duration) }

    mutating func exit(_ name: String, _ code: Int32 = 0) {
        self.lifecycle.exited(name, code: code, signal: nil, now: self.now, at: self.time)
    }

    mutating func probe(_ name: String, _ kind: ProbeKind, _ success: Bool) {
        self.lifecycle.probed(name, kind, succeeded: success, now: self.now)
    }

    func process(_ name: String) -> Int32? { self.lifecycle.records[name]?.process?.identifier }

    func status() -> PodStatus {
        let facts = PodFacts(address: .v4(1), host: .v4(2), startTime: self.time)
        return self.lifecycle.status(facts, previous: [], now: self.time)
    }

    func condition(_ type: String) -> ConditionStatus? {
        self.status().conditions.first { $0.type == type }?.status
    }
}

@Suite struct PodLifecycleTests {
    private func sidecar(_ name: String) -> Container {
        Container(name: name, startupProbe: Probe(), restartPolicy: "Always")
    }

    @Test func `init containers run in order, a sidecar holds the rest until it has started`() {
        var pod = Driver(
            [Container(name: "app"), Container(name: "log")],
            initial: [Container(name: "one"), self.sidecar("proxy"), Container(name: "two")])
        #expect(pod.step() == [.start("one")])
        #expect(pod.step() == [])
        pod.exit("one")
        #expect(pod.step() == [.start("proxy")])
        #expect(pod.step() == [])
        pod.probe("proxy", .startup, true)
        #expect(pod.step() == [.start("two")])
        #expect(pod.status().phase == "Pending")
        pod.exit("two")
        #expect(pod.step() == [.start("app"), .start("log")])
        #expect(pod.status().phase == "Running" && pod.condition("Ready") == .true)
        #expect(pod.status().initContainerStatuses.map(\.ready) == [true, true, true])
    }

    @Test func `an init container that fails is started again, later each time`() {
        var pod = Driver([Container(name: "app")], initial: [Container(name: "one")])
        var waits: [Duration] = []
        for _ in 0..<9 {
            var waited = Duration.zero
            while pod.step() != [.start("one")] {
                pod.wait(.milliseconds(500))
                waited += .milliseconds(500)
            }
            waits.append(waited)
            pod.exit("one", 1)
        }
        #expect(waits.map(\.components.seconds) == [0, 0, 1, 2, 4, 8, 16, 30, 30])
        _ = pod.step()
        let status = pod.status()
        #expect(status.phase == "Pending" && status.initContainerStatuses[0].restartCount == 9)
        #expect(status.initContainerStatuses[0].state.waiting?.reason == "CrashLoopBackOff")
        #expect(status.initContainerStatuses[0].lastState.terminated?.exitCode == 1)
    }

    @Test(arguments: [
        ("Always", Int32(0), true, "Running"), ("Always", 1, true, "Running"), ("OnFailure", 1, true, "Running"),
        ("OnFailure", 0, false, "Succeeded"), ("Never", 0, false, "Succeeded"), ("Never", 3, false, "Failed"),
    ])
    func `the restart policy decides what follows an end`(policy: String, code: Int32, again: Bool, phase: String) {
        var pod = Driver([Container(name: "app")], restartPolicy: policy)
        _ = pod.step()
        pod.exit("app", code)
        _ = pod.step()
        pod.wait(.seconds(60))
        #expect(pod.step().contains(.start("app")) == again)
        #expect(pod.status().phase == phase)
    }

    @Test func `sidecars of a completed pod are stopped`() {
        var pod = Driver([Container(name: "app")], initial: [self.sidecar("proxy")], restartPolicy: "Never")
        _ = pod.step()
        pod.probe("proxy", .startup, true)
        #expect(pod.step() == [.start("app")])
        pod.exit("app")
        #expect(pod.step() == [.signal("proxy", process: 101, signal: 15)])
        pod.exit("proxy", 143)
        #expect(pod.step() == [.finish] && pod.status().phase == "Succeeded")
    }

    @Test func `a deleted pod stops its containers, then its sidecars in reverse order`() throws {
        var pod = Driver(
            [Container(name: "app"), Container(name: "log")], initial: [self.sidecar("a"), self.sidecar("b")])
        _ = pod.step()
        pod.probe("a", .startup, true)
        _ = pod.step()
        pod.probe("b", .startup, true)
        _ = pod.step()
        let (a, b) = (try #require(pod.process("a")), try #require(pod.process("b")))
        let (app, log) = (try #require(pod.process("app")), try #require(pod.process("log")))
        pod.lifecycle.deleted(grace: .seconds(10), now: pod.now)
        #expect(pod.step() == [.signal("app", process: app, signal: 15), .signal("log", process: log, signal: 15)])
        #expect(pod.condition("Ready") == .false)
        pod.exit("app")
        #expect(pod.step() == [])
        pod.exit("log")
        #expect(pod.step() == [.signal("b", process: b, signal: 15)])
        pod.exit("b")
        #expect(pod.step() == [.signal("a", process: a, signal: 15)])
        pod.wait(.seconds(11))
        #expect(pod.step() == [.signal("a", process: a, signal: 9)])
        pod.exit("a", 137)
        #expect(pod.step() == [.finish])
    }

    @Test func `a stop handler comes before the signal, and the grace period before both`() {
        let handler = Lifecycle(preStop: LifecycleHandler(sleep: SleepAction(seconds: 5)))
        var pod = Driver([Container(name: "app", lifecycle: handler)])
        _ = pod.step()
        pod.lifecycle.deleted(grace: .seconds(10), now: pod.now)
        #expect(pod.step() == [.runStopHandler("app")])
        pod.lifecycle.stopHandlerEnded("app")
        #expect(pod.step() == [.signal("app", process: 101, signal: 15)])
        pod.lifecycle.deleted(grace: .zero, now: pod.now)
        #expect(pod.step() == [.signal("app", process: 101, signal: 9)])
    }

    @Test func `a pod that never started is finished at once`() {
        var pod = Driver([Container(name: "app")])
        pod.lifecycle.deleted(grace: .seconds(10), now: pod.now)
        #expect(pod.step() == [.finish])
    }

    @Test func `probes decide readiness and restarts`() throws {
        var pod = Driver([Container(name: "app", livenessProbe: Probe(), readinessProbe: Probe())])
        _ = pod.step()
        #expect(pod.condition("Ready") == .false)
        pod.probe("app", .readiness, true)
        #expect(pod.condition("Ready") == .true && pod.condition("ContainersReady") == .true)
        pod.probe("app", .readiness, false)
        #expect(pod.condition("Ready") == .false)
        pod.probe("app", .liveness, false)
        #expect(pod.step() == [.signal("app", process: 101, signal: 15)])
        pod.exit("app", 143)
        pod.wait(.seconds(1))
        #expect(pod.step() == [.start("app")])
        #expect(pod.status().containerStatuses[0].restartCount == 1)
    }

    @Test func `a container that cannot be created says why and is tried again`() {
        var pod = Driver([Container(name: "app")])
        _ = pod.lifecycle.plan(now: pod.now)
        pod.lifecycle.failedToStart("app", reason: "ErrImagePull", message: "no image", now: pod.now)
        #expect(pod.status().containerStatuses[0].state.waiting == .init(reason: "ErrImagePull", message: "no image"))
        #expect(pod.step() == [])
        pod.wait(.seconds(1))
        #expect(pod.step() == [.start("app")])
    }

    @Test func `conditions that do not change keep their time`() throws {
        var pod = Driver([Container(name: "app", readinessProbe: Probe())])
        _ = pod.step()
        let first = pod.status()
        pod.wait(.seconds(5))
        pod.probe("app", .readiness, true)
        let facts = PodFacts(address: .v4(1), host: .v4(2), startTime: pod.time)
        let second = pod.lifecycle.status(facts, previous: first.conditions, now: pod.time)
        let times = Dictionary(
            uniqueKeysWithValues: second.conditions.map { ($0.type, $0.lastTransitionTime?.seconds) })
        #expect(times["Ready"] == 5 && times["Initialized"] == 0)
    }

    @Test func `thresholds turn results into verdicts`() {
        var counter = ProbeCounter(Probe(successThreshold: 2, failureThreshold: 3))
        let results = [true, true, true, false, false, true, false, false, false, false, true, true]
        #expect(
            results.map { counter.record(success: $0) }
                == [nil, true, nil, nil, nil, nil, nil, nil, false, nil, nil, true])
    }
}
