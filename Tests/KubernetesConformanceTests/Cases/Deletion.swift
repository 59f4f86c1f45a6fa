import MeshModel
import Testing

extension Case {
    /// Finalizers, preconditions, garbage collection.
    static let deletion: [Case] = [
        Case("an object with a finalizer stays until it is removed") { cluster in
            try await cluster.map("a", metadata: ["finalizers": ["example.dev/hold"]])
            let held = try await cluster.expect(200, "DELETE", "\(cluster.maps)/a")
            #expect(held[at: "metadata.deletionTimestamp"] != nil, "the answer is the object")
            #expect(held[at: "metadata.deletionGracePeriodSeconds"]?.integer == 0)
            let read = try await cluster.get("\(cluster.maps)/a")
            #expect(read[at: "metadata.deletionTimestamp"] == held[at: "metadata.deletionTimestamp"])
            try await cluster.expect(200, "DELETE", "\(cluster.maps)/a")
            try await cluster.send("POST", cluster.maps, Cluster.map("a")).refused(
                409, "AlreadyExists", "object is being deleted")
            // A finalizer may go and none may come while an object is being deleted.
            try await cluster.send(
                "PATCH", "\(cluster.maps)/a", ["metadata": ["finalizers": ["example.dev/hold", "example.dev/more"]]],
                type: "application/merge-patch+json"
            ).refused(422, "Invalid")
            try await cluster.expect(
                200, "PATCH", "\(cluster.maps)/a", ["metadata": ["finalizers": nil]],
                type: "application/merge-patch+json")
            try await cluster.send("GET", "\(cluster.maps)/a").refused(404, "NotFound")
        },
        Case("a deletion is answered with a Status that names what went") { cluster in
            let made = try await cluster.map("a")
            let status = try await cluster.expect(200, "DELETE", "\(cluster.maps)/a")
            #expect(status["kind"] == "Status" && status["status"] == "Success")
            #expect(status[at: "details.uid"]?.string == made.uid)
            try await cluster.send("DELETE", "\(cluster.maps)/a").refused(404, "NotFound")
        },
        Case("a deletion under a precondition that does not hold is a conflict") { cluster in
            let made = try await cluster.map("a")
            func options(_ preconditions: JSONValue) -> JSONValue {
                ["kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions]
            }
            let target = "\(cluster.maps)/a"
            try await cluster.send(
                "DELETE", target, options(["uid": "11111111-2222-3333-4444-555555555555"])
            ).refused(409, "Conflict")
            try await cluster.send("DELETE", target, options(["resourceVersion": "1"])).refused(409, "Conflict")
            let good: JSONValue = ["uid": .string(made.uid), "resourceVersion": .string(made.revision)]
            try await cluster.expect(200, "DELETE", target, options(good))
        },
        Case("a dry run deletes nothing") { cluster in
            try await cluster.map("a")
            try await cluster.expect(200, "DELETE", "\(cluster.maps)/a?dryRun=All")
            _ = try await cluster.get("\(cluster.maps)/a")
        },
        Case("a collection is deleted by selection") { cluster in
            for (name, label) in [("a", "x"), ("b", "y"), ("c", "x")] {
                try await cluster.map(name, labels: ["l": .string(label)])
            }
            let list = try await cluster.expect(200, "DELETE", "\(cluster.maps)?labelSelector=l%3Dx")
            #expect(list["kind"] == "ConfigMapList" && list.names == ["a", "c"])
            #expect(try await cluster.get("\(cluster.maps)?labelSelector=l").names == ["b"])
        },
        Case("a pod that is not placed goes at once, a placed one after its grace period") { cluster in
            try await cluster.eventually("the account is there") {
                try await cluster.send("GET", "\(cluster.path("serviceaccounts"))/default").status == 200
            }
            let pods = cluster.path("pods")
            func pod(_ name: String, _ node: JSONValue?) -> JSONValue {
                var document: JSONValue = [
                    "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)],
                    "spec": ["containers": [["name": "c", "image": "i"]], "terminationGracePeriodSeconds": 30],
                ]
                document["spec"]?["nodeName"] = node
                return document
            }
            try await cluster.create(pods, pod("loose", nil))
            try await cluster.expect(200, "DELETE", "\(pods)/loose")
            try await cluster.send("GET", "\(pods)/loose").refused(404, "NotFound")
            try await cluster.create(pods, pod("placed", "n1"))
            let ending = try await cluster.expect(200, "DELETE", "\(pods)/placed")
            #expect(ending[at: "metadata.deletionGracePeriodSeconds"]?.integer == 30)
            _ = try await cluster.get("\(pods)/placed")
            try await cluster.expect(200, "DELETE", "\(pods)/placed?gracePeriodSeconds=0")
            try await cluster.send("GET", "\(pods)/placed").refused(404, "NotFound")
        },
        Case("background: the owner goes at once and what it owned follows") { cluster in
            try await cluster.family()
            try await cluster.expect(200, "DELETE", "\(cluster.maps)/owner?propagationPolicy=Background")
            try await cluster.send("GET", "\(cluster.maps)/owner").refused(404, "NotFound")
            try await cluster.gone("\(cluster.maps)/child")
            try await cluster.gone("\(cluster.maps)/grandchild")
        },
        Case("foreground: the owner stays until what it owned and blocks it is gone") { cluster in
            try await cluster.family(childFinalizer: "example.dev/hold")
            let held = try await cluster.expect(200, "DELETE", "\(cluster.maps)/owner?propagationPolicy=Foreground")
            #expect(held[at: "metadata.finalizers"]?.array?.contains("foregroundDeletion") == true)
            try await cluster.eventually("the child is being deleted") {
                try await cluster.get("\(cluster.maps)/child")[at: "metadata.deletionTimestamp"] != nil
            }
            _ = try await cluster.get("\(cluster.maps)/owner")
            try await cluster.expect(
                200, "PATCH", "\(cluster.maps)/child", ["metadata": ["finalizers": nil]],
                type: "application/merge-patch+json")
            try await cluster.gone("\(cluster.maps)/child")
            try await cluster.gone("\(cluster.maps)/owner")
        },
        Case("orphan: what was owned stays, without its owner") { cluster in
            try await cluster.family()
            try await cluster.expect(200, "DELETE", "\(cluster.maps)/owner?propagationPolicy=Orphan")
            try await cluster.gone("\(cluster.maps)/owner")
            let child = try await cluster.get("\(cluster.maps)/child")
            #expect(child[at: "metadata.ownerReferences"] == nil)
            #expect(child[at: "metadata.deletionTimestamp"] == nil)
            _ = try await cluster.get("\(cluster.maps)/grandchild")
        },
        Case("an object with two owners goes with the last") { cluster in
            let first = try await cluster.map("first")
            let second = try await cluster.map("second")
            let owners = [first, second].map { Cluster.reference(to: $0) }
            try await cluster.map("child", metadata: ["ownerReferences": .array(owners)])
            try await cluster.expect(200, "DELETE", "\(cluster.maps)/first?propagationPolicy=Background")
            try await cluster.eventually("one owner is left") {
                try await cluster.get("\(cluster.maps)/child")[at: "metadata.ownerReferences"]?.array?.count == 1
            }
            try await cluster.expect(200, "DELETE", "\(cluster.maps)/second?propagationPolicy=Background")
            try await cluster.gone("\(cluster.maps)/child")
        },
        Case("an object whose owner never was is collected") { cluster in
            let ghost: JSONValue = [
                "apiVersion": "v1", "kind": "ConfigMap", "name": "ghost", "uid": "11111111-2222-3333-4444-555555555555",
            ]
            try await cluster.map("child", metadata: ["ownerReferences": [ghost]])
            try await cluster.gone("\(cluster.maps)/child")
        },
        Case("an unknown propagation policy is refused") { cluster in
            try await cluster.map("a")
            try await cluster.send("DELETE", "\(cluster.maps)/a?propagationPolicy=Sideways").refused(422, "Invalid")
        },
        Case("a namespace goes with everything in it") { cluster in
            let name = "\(cluster.namespace)-x"
            let path = "/api/v1/namespaces/\(name)"
            try await cluster.create(
                "/api/v1/namespaces", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]])
            try await cluster.create("\(path)/configmaps", Cluster.map("a"))
            let going = try await cluster.expect(200, "DELETE", path)
            #expect(going[at: "status.phase"] == "Terminating")
            let late = try await cluster.send("POST", "\(path)/configmaps", Cluster.map("b"))
            #expect(late.status == 403 || late.status == 404, "\(late.text)")
            try await cluster.gone(path)
        },
    ]
}

extension Cluster {
    static func reference(to owner: JSONValue) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "ConfigMap", "name": owner[at: "metadata.name"] ?? "",
            "uid": owner[at: "metadata.uid"] ?? "", "blockOwnerDeletion": true,
        ]
    }

    /// Three generations of ConfigMaps.
    func family(childFinalizer: String? = nil) async throws {
        let owner = try await self.map("owner")
        var metadata: JSONValue = ["ownerReferences": [Self.reference(to: owner)]]
        if let childFinalizer { metadata["finalizers"] = [.string(childFinalizer)] }
        let child = try await self.map("child", metadata: metadata)
        try await self.map("grandchild", metadata: ["ownerReferences": [Self.reference(to: child)]])
        // The collector of the real server must have seen them before it can tell what depends on what.
        guard self.isReal else { return }
        try await Task.sleep(for: .milliseconds(500))
    }
}
