import MeshModel
import Testing

extension Case {
    /// Revisions, conflicts and preconditions.
    static let versions: [Case] = [
        Case("revisions rise with every write of any object") { cluster in
            var last = 0
            for name in ["a", "b", "c"] {
                let made = try await cluster.map(name)
                let now = try #require(Int(made.revision))
                #expect(now > last)
                last = now
            }
            let list = try await cluster.get(cluster.maps)
            #expect(try #require(Int(list.revision)) >= last)
        },
        Case("a write with an old revision is a conflict and changes nothing") { cluster in
            let first = try await cluster.map("a", data: ["k": "1"])
            var second = first
            second["data"] = ["k": "2"]
            let stored = try await cluster.expect(200, "PUT", "\(cluster.maps)/a", second)
            #expect(stored.revision != first.revision)
            var third = first
            third["data"] = ["k": "3"]
            let failure = try await cluster.send("PUT", "\(cluster.maps)/a", third).refused(
                409, "Conflict", "the object has been modified")
            #expect(failure["details"] == ["name": "a", "kind": "configmaps"])
            #expect(try await cluster.get("\(cluster.maps)/a") == stored)
        },
        Case("a patch with an old revision is a conflict") { cluster in
            let first = try await cluster.map("a", data: ["k": "1"])
            let change: JSONValue = ["metadata": ["resourceVersion": .string(first.revision)], "data": ["k": "2"]]
            let target = "\(cluster.maps)/a"
            try await cluster.expect(200, "PATCH", target, change, type: "application/merge-patch+json")
            var late = change
            late["data"] = ["k": "3"]
            try await cluster.send("PATCH", target, late, type: "application/merge-patch+json").refused(409, "Conflict")
        },
        Case("a ConfigMap may be replaced without a revision, a custom resource and a Lease may not") { cluster in
            try await cluster.map("a", data: ["k": "1"])
            try await cluster.expect(200, "PUT", "\(cluster.maps)/a", Cluster.map("a", data: ["k": "2"]))
            let leases = cluster.path("leases", group: "coordination.k8s.io")
            let lease: JSONValue = [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": ["name": "l"],
                "spec": ["holderIdentity": "a"],
            ]
            try await cluster.create(leases, lease)
            try await cluster.send("PUT", "\(leases)/l", lease).refused(422, "Invalid", "metadata.resourceVersion")
        },
        Case("a uid of another object is a conflict") { cluster in
            try await cluster.map("a")
            let body = Cluster.map("a", metadata: ["uid": "11111111-2222-3333-4444-555555555555"])
            try await cluster.send("PUT", "\(cluster.maps)/a", body).refused(409, "Conflict", "Precondition failed")
        },
        Case("of concurrent writes with one revision exactly one wins") { cluster in
            let first = try await cluster.map("a", data: ["k": "0"])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 1...8 {
                    group.addTask {
                        var body = first
                        body["data"] = ["k": .string(String(index))]
                        return try await cluster.send("PUT", "\(cluster.maps)/a", body).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 200 } == 1)
            #expect(statuses.count { $0 == 409 } == 7)
        },
        Case("concurrent patches without a revision all count") { cluster in
            try await cluster.map("a")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        try await cluster.expect(
                            200, "PATCH", "\(cluster.maps)/a", ["data": ["k\(index)": "v"]],
                            type: "application/merge-patch+json")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await cluster.get("\(cluster.maps)/a")["data"]?.object?.count == 8)
        },
        Case("what the server sets cannot be changed") { cluster in
            let made = try await cluster.map("a")
            var body = made
            body["metadata"]?["creationTimestamp"] = "2001-01-01T00:00:00Z"
            body["metadata"]?["labels"] = ["a": "b"]
            let stored = try await cluster.expect(200, "PUT", "\(cluster.maps)/a", body)
            #expect(stored[at: "metadata.creationTimestamp"] == made[at: "metadata.creationTimestamp"])
            #expect(stored[at: "metadata.labels"] == ["a": "b"])
            body = stored
            body["metadata"]?["deletionTimestamp"] = "2001-01-01T00:00:00Z"
            let failure = try await cluster.send("PUT", "\(cluster.maps)/a", body).refused(
                422, "Invalid", "field is immutable")
            #expect(failure[at: "details.causes.0.field"] == "metadata.deletionTimestamp")
        },
        Case("an immutable ConfigMap stays as it is") { cluster in
            var body = Cluster.map("a", data: ["k": "v"])
            body["immutable"] = true
            try await cluster.create(cluster.maps, body)
            let failure = try await cluster.send(
                "PATCH", "\(cluster.maps)/a", ["data": ["k": "w"]], type: "application/merge-patch+json"
            ).refused(422, "Invalid")
            #expect(failure[at: "details.causes.0.field"] == "data")
        },
    ]

    // MARK: - Leases

    /// How leaders are elected: client-go takes a Lease by a replacement under the revision that it has seen.
    static let leases: [Case] = [
        Case("of candidates that create one Lease exactly one wins") { cluster in
            let leases = cluster.path("leases", group: "coordination.k8s.io")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<6 {
                    group.addTask {
                        try await cluster.send("POST", leases, Self.lease(holder: "h\(index)")).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 201 } == 1)
            #expect(statuses.count { $0 == 409 } == 5)
        },
        Case("a Lease that was taken over cannot be renewed by the one that lost it") { cluster in
            let leases = cluster.path("leases", group: "coordination.k8s.io")
            let old = try await cluster.create(leases, Self.lease(holder: "old"))
            var taken = old
            taken["spec"] = Self.lease(holder: "new", transitions: 1)["spec"]
            let now = try await cluster.expect(200, "PUT", "\(leases)/l", taken)
            #expect(now[at: "spec.leaseTransitions"]?.integer == 1)
            var renewal = old
            renewal["spec"]?["renewTime"] = "2026-01-02T03:04:06.000007Z"
            try await cluster.send("PUT", "\(leases)/l", renewal).refused(409, "Conflict")
            #expect(try await cluster.get("\(leases)/l")[at: "spec.holderIdentity"] == "new")
        },
        Case("the times of a Lease keep six digits of a fraction") { cluster in
            let leases = cluster.path("leases", group: "coordination.k8s.io")
            let made = try await cluster.create(leases, Self.lease(holder: "a"))
            #expect(made[at: "spec.renewTime"] == "2026-01-02T03:04:05.000007Z")
            #expect(made[at: "spec.leaseDurationSeconds"]?.integer == 15)
        },
        Case("a Lease of no duration is refused") { cluster in
            var body = Self.lease(holder: "a")
            body["spec"]?["leaseDurationSeconds"] = 0
            let failure = try await cluster.send("POST", cluster.path("leases", group: "coordination.k8s.io"), body)
                .refused(422, "Invalid")
            #expect(failure[at: "details.causes.0.field"] == "spec.leaseDurationSeconds")
        },
    ]

    private static func lease(holder: String, transitions: Int64 = 0) -> JSONValue {
        [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": ["name": "l"],
            "spec": [
                "holderIdentity": .string(holder), "leaseDurationSeconds": 15,
                "leaseTransitions": .integer(transitions),
                "acquireTime": "2026-01-02T03:04:05.000007Z", "renewTime": "2026-01-02T03:04:05.000007Z",
            ],
        ]
    }
}
