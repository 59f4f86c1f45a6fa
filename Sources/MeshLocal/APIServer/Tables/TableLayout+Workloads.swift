import MeshModel
import MeshResources

extension TableLayout {
    private static func number(_ value: JSONValue?) -> Int64 { value?.integer ?? 0 }
    private static func age(_ object: JSONValue, _ now: Timestamp) -> JSONValue {
        .string(HumanDuration.age(object, now: now))
    }
    private static func containers(_ object: JSONValue, _ field: String) -> JSONValue {
        let list = object["spec"]?["template"]?["spec"]?["containers"]?.array ?? []
        return .string(list.compactMap { $0[field]?.string }.joined(separator: ","))
    }

    static let deployments = TableLayout([
        name, column("Ready"), column("Up-to-date"), column("Available"), age, column("Containers", wide: true),
        column("Images", wide: true), column("Selector", wide: true),
    ]) { object, now in
        let status = object["status"]
        return [
            .string(object.objectName),
            .string("\(Self.number(status?["readyReplicas"]))/\(Self.number(object["spec"]?["replicas"]))"),
            .integer(Self.number(status?["updatedReplicas"])), .integer(Self.number(status?["availableReplicas"])),
            Self.age(object, now), Self.containers(object, "name"), Self.containers(object, "image"),
            .string(Self.pairs(object["spec"]?["selector"]?["matchLabels"])),
        ]
    }

    static let replicaSets = TableLayout([
        name, column("Desired", "integer"), column("Current", "integer"), column("Ready", "integer"), age,
        column("Containers", wide: true), column("Images", wide: true), column("Selector", wide: true),
    ]) { object, now in
        let status = object["status"]
        return [
            .string(object.objectName), .integer(Self.number(object["spec"]?["replicas"])),
            .integer(Self.number(status?["replicas"])), .integer(Self.number(status?["readyReplicas"])),
            Self.age(object, now), Self.containers(object, "name"), Self.containers(object, "image"),
            .string(Self.pairs(object["spec"]?["selector"]?["matchLabels"])),
        ]
    }

    static let statefulSets = TableLayout([
        name, column("Ready"), age, column("Containers", wide: true), column("Images", wide: true),
    ]) { object, now in
        [
            .string(object.objectName),
            .string(
                "\(Self.number(object["status"]?["readyReplicas"]))/\(Self.number(object["spec"]?["replicas"]))"),
            Self.age(object, now), Self.containers(object, "name"), Self.containers(object, "image"),
        ]
    }

    static let daemonSets = TableLayout([
        name, column("Desired", "integer"), column("Current", "integer"), column("Ready", "integer"),
        column("Up-to-date", "integer"), column("Available", "integer"), column("Node Selector"), age,
    ]) { object, now in
        let status = object["status"]
        return [
            .string(object.objectName), .integer(Self.number(status?["desiredNumberScheduled"])),
            .integer(Self.number(status?["currentNumberScheduled"])), .integer(Self.number(status?["numberReady"])),
            .integer(Self.number(status?["updatedNumberScheduled"])),
            .integer(Self.number(status?["numberAvailable"])),
            .string(Self.pairs(object["spec"]?["template"]?["spec"]?["nodeSelector"])), Self.age(object, now),
        ]
    }

    static let jobs = TableLayout([name, column("Status"), column("Completions"), column("Duration"), age]) {
        object, now in
        let status = object["status"]
        let conditions = status?["conditions"]?.array ?? []
        func isTrue(_ type: String) -> Bool {
            conditions.contains { $0["type"]?.string == type && $0["status"]?.string == "True" }
        }
        let state =
            isTrue("Complete")
            ? "Complete" : isTrue("Failed") ? "Failed" : isTrue("Suspended") ? "Suspended" : "Running"
        var duration = ""
        if let start = status?["startTime"]?.string.flatMap({ Timestamp($0) }) {
            let end = status?["completionTime"]?.string.flatMap { Timestamp($0) } ?? now
            duration = HumanDuration.text(seconds: end.seconds - start.seconds)
        }
        let wanted = object["spec"]?["completions"]?.integer ?? 1
        return [
            .string(object.objectName), .string(state), .string("\(Self.number(status?["succeeded"]))/\(wanted)"),
            .string(duration), Self.age(object, now),
        ]
    }

    static let pods = TableLayout([
        name, column("Ready"), column("Status"), column("Restarts"), age, column("IP", wide: true),
        column("Node", wide: true), column("Nominated Node", wide: true), column("Readiness Gates", wide: true),
    ]) { object, now in
        let summary = PodSummary(object, now: now)
        let gates = object["spec"]?["readinessGates"]?.array ?? []
        let conditions = object["status"]?["conditions"]?.array ?? []
        let passed = gates.count { gate in
            conditions.contains { $0["type"] == gate["conditionType"] && $0["status"]?.string == "True" }
        }
        func text(_ value: JSONValue?) -> JSONValue { .string(value?.string ?? "<none>") }
        return [
            .string(object.objectName), .string("\(summary.ready)/\(summary.total)"), .string(summary.status),
            .string(summary.restarts), Self.age(object, now), text(object["status"]?["podIP"]),
            text(object["spec"]?["nodeName"]), text(object["status"]?["nominatedNodeName"]),
            .string(gates.isEmpty ? "<none>" : "\(passed)/\(gates.count)"),
        ]
    }
}

/// The one line that stands for a pod's state.
private struct PodSummary {
    var ready = 0
    var total: Int
    var status: String
    var restarts = "0"

    init(_ pod: JSONValue, now: Timestamp) {
        let spec = pod["spec"] ?? [:]
        let sidecars = (spec["initContainers"]?.array ?? []).filter { $0["restartPolicy"]?.string == "Always" }
        let sidecarNames = Set(sidecars.compactMap { $0["name"]?.string })
        self.total = (spec["containers"]?.array?.count ?? 0) + sidecars.count
        self.status = pod["status"]?["reason"]?.string ?? pod["status"]?["phase"]?.string ?? ""
        var count: Int64 = 0
        var lastRestart: Timestamp?
        func note(_ container: JSONValue) {
            count += container["restartCount"]?.integer ?? 0
            let finished = container["lastState"]?["terminated"]?["finishedAt"]?.string.flatMap { Timestamp($0) }
            if let finished, finished > lastRestart ?? Timestamp(seconds: 0) { lastRestart = finished }
        }
        var isInitialising = false
        let initial = pod["status"]?["initContainerStatuses"]?.array ?? []
        for (index, container) in initial.enumerated() {
            let isSidecar = sidecarNames.contains(container["name"]?.string ?? "")
            if isSidecar {
                note(container)
                if container["ready"]?.bool ?? false { self.ready += 1 }
            }
            let state = container["state"]
            if isInitialising || state?["terminated"]?["exitCode"]?.integer == 0 { continue }
            if isSidecar, container["started"]?.bool ?? false { continue }
            isInitialising = true
            if !isSidecar { note(container) }
            if let terminated = state?["terminated"] {
                self.status = "Init:" + Self.ending(terminated)
            } else if let reason = state?["waiting"]?["reason"]?.string, !reason.isEmpty, reason != "PodInitializing" {
                self.status = "Init:\(reason)"
            } else {
                self.status = "Init:\(index)/\(spec["initContainers"]?.array?.count ?? 0)"
            }
        }
        if !isInitialising {
            var isRunning = false
            for container in (pod["status"]?["containerStatuses"]?.array ?? []).reversed() {
                note(container)
                let state = container["state"]
                if let reason = state?["waiting"]?["reason"]?.string, !reason.isEmpty {
                    self.status = reason
                } else if let terminated = state?["terminated"] {
                    self.status = Self.ending(terminated)
                } else if container["ready"]?.bool ?? false, state?["running"] != nil {
                    isRunning = true
                    self.ready += 1
                }
            }
            if self.status == "Completed", isRunning {
                let conditions = pod["status"]?["conditions"]?.array ?? []
                let isReady = conditions.contains { $0["type"]?.string == "Ready" && $0["status"]?.string == "True" }
                self.status = isReady ? "Running" : "NotReady"
            }
        }
        if pod.isDeleting {
            self.status = pod["status"]?["reason"]?.string == "NodeLost" ? "Unknown" : "Terminating"
        }
        self.restarts = String(count)
        if let lastRestart, count > 0 {
            self.restarts += " (\(HumanDuration.text(seconds: now.seconds - lastRestart.seconds)) ago)"
        }
    }

    private static func ending(_ terminated: JSONValue) -> String {
        if let reason = terminated["reason"]?.string, !reason.isEmpty { return reason }
        if let signal = terminated["signal"]?.integer, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(terminated["exitCode"]?.integer ?? 0)"
    }
}
