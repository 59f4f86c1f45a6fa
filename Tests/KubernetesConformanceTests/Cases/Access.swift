import Foundation
import MeshCodec
import MeshModel
import Testing

extension Case {
    /// Tokens and reviews.
    static let access: [Case] = [
        Case("a token of an account is good for its audiences and its time") { cluster in
            try await cluster.account("app")
            let target = "\(cluster.path("serviceaccounts"))/app/token"
            let issued = try await cluster.create(target, Self.request(audiences: ["mesh", "other"], seconds: 700))
            let token = try #require(issued[at: "status.token"]?.string)
            #expect(issued[at: "status.expirationTimestamp"] != nil)
            let payload = try Self.payload(of: token)
            #expect(payload["aud"] == ["mesh", "other"])
            #expect(payload["sub"]?.string == "system:serviceaccount:\(cluster.namespace):app")
            let lifetime = (payload["exp"]?.integer ?? 0) - (payload["iat"]?.integer ?? 0)
            #expect(lifetime == 700)
            #expect(payload[at: "kubernetes~io.serviceaccount.name"] == nil)

            let good = try await cluster.review(token, audiences: ["mesh"])
            #expect(good["authenticated"] == true)
            #expect(good["audiences"] == ["mesh"])
            #expect(good[at: "user.username"]?.string == "system:serviceaccount:\(cluster.namespace):app")
            let groups = good[at: "user.groups"]?.array ?? []
            #expect(groups.contains("system:serviceaccounts"))
            #expect(groups.contains(.string("system:serviceaccounts:\(cluster.namespace)")))

            let wrong = try await cluster.review(token, audiences: ["elsewhere"])
            #expect(wrong["authenticated"]?.bool ?? false == false)
            #expect(wrong["error"]?.string?.isEmpty == false)
            let own = try await cluster.review(token, audiences: nil)
            #expect(own["authenticated"]?.bool ?? false == false, "it is not for the API server")
        },
        Case("a token without audiences is for the API server, which knows its bearer") { cluster in
            try await cluster.account("app")
            let target = "\(cluster.path("serviceaccounts"))/app/token"
            let issued = try await cluster.create(target, Self.request(audiences: nil, seconds: nil))
            let token = try #require(issued[at: "status.token"]?.string)
            #expect(try await cluster.review(token, audiences: nil)["authenticated"] == true)
            let answer = try await cluster.send("GET", cluster.maps, headers: [("authorization", "Bearer \(token)")])
            answer.refused(
                403, "Forbidden", "User \"system:serviceaccount:\(cluster.namespace):app\" cannot list resource")
        },
        Case("a token bound to a pod is good as long as the pod is there") { cluster in
            try await cluster.account("app")
            let pod = try await cluster.create(
                cluster.path("pods"),
                [
                    "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
                    "spec": ["serviceAccountName": "app", "containers": [["name": "c", "image": "i"]]],
                ])
            var request = Self.request(audiences: ["mesh"], seconds: 600)
            request["spec"]?["boundObjectRef"] = [
                "apiVersion": "v1", "kind": "Pod", "name": "p", "uid": .string(pod.uid),
            ]
            let issued = try await cluster.create("\(cluster.path("serviceaccounts"))/app/token", request)
            let token = try #require(issued[at: "status.token"]?.string)
            let good = try await cluster.review(token, audiences: ["mesh"])
            #expect(good["authenticated"] == true)
            #expect(good[at: "user.extra"]?.object?["authentication.kubernetes.io/pod-name"] == ["p"])
            try await cluster.expect(200, "DELETE", "\(cluster.path("pods"))/p?gracePeriodSeconds=0")
            try await cluster.eventually("the token is refused") {
                try await cluster.review(token, audiences: ["mesh"])["authenticated"]?.bool != true
            }
        },
        Case("a token of an account that is gone is refused, also when the account comes back") { cluster in
            try await cluster.account("app")
            let target = "\(cluster.path("serviceaccounts"))/app"
            let issued = try await cluster.create("\(target)/token", Self.request(audiences: ["mesh"], seconds: 600))
            let token = try #require(issued[at: "status.token"]?.string)
            try await cluster.expect(200, "DELETE", target)
            try await cluster.eventually("the token is refused") {
                try await cluster.review(token, audiences: ["mesh"])["authenticated"]?.bool != true
            }
            try await cluster.account("app")
            #expect(try await cluster.review(token, audiences: ["mesh"])["authenticated"]?.bool != true)
        },
        Case("a token for too short a time, or for an account that is not there, is refused") { cluster in
            try await cluster.account("app")
            let accounts = cluster.path("serviceaccounts")
            let failure = try await cluster.send(
                "POST", "\(accounts)/app/token", Self.request(audiences: ["a"], seconds: 60)
            ).refused(422, "Invalid", "may not specify a duration less than 10 minutes")
            #expect(failure[at: "details.causes.0.field"] == "spec.expirationSeconds")
            try await cluster.send("POST", "\(accounts)/none/token", Self.request(audiences: ["a"], seconds: nil))
                .refused(404, "NotFound")
        },
        Case("a token that is not one is told to be none") { cluster in
            for token in ["nonsense", "a.b.c"] {
                let status = try await cluster.review(token, audiences: nil)
                #expect(status["authenticated"]?.bool ?? false == false)
                #expect(status["user"]?["username"] == nil)
            }
        },
        Case("an account may do what a role that is bound to it says, and no more") { cluster in
            try await cluster.account("app")
            let group = "rbac.authorization.k8s.io"
            try await cluster.create(
                cluster.path("roles", group: group),
                [
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": ["name": "r"],
                    "rules": [
                        ["apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]],
                        ["apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["get"]],
                        ["apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["*"]],
                    ],
                ])
            try await cluster.create(
                cluster.path("rolebindings", group: group),
                [
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": ["name": "r"],
                    "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"],
                    "subjects": [["kind": "ServiceAccount", "name": "app", "namespace": .string(cluster.namespace)]],
                ])
            let user = "system:serviceaccount:\(cluster.namespace):app"
            func may(_ verb: String, _ attributes: JSONValue) async throws -> Bool {
                var attributes = attributes
                attributes["verb"] = .string(verb)
                if attributes["namespace"] == nil { attributes["namespace"] = .string(cluster.namespace) }
                let review: JSONValue = [
                    "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                    "spec": ["user": .string(user), "resourceAttributes": attributes],
                ]
                let answer = try await cluster.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
                return answer[at: "status.allowed"]?.bool ?? false
            }
            try await cluster.eventually("the role is known") {
                try await may("get", ["resource": "configmaps", "name": "x"])
            }
            #expect(try await may("list", ["resource": "configmaps"]))
            #expect(try await !may("delete", ["resource": "configmaps"]))
            #expect(try await !may("list", ["resource": "configmaps", "namespace": "default"]))
            #expect(try await may("get", ["resource": "secrets", "name": "one"]))
            #expect(try await !may("get", ["resource": "secrets", "name": "two"]))
            #expect(try await may("update", ["group": "apps", "resource": "deployments", "subresource": "scale"]))
            #expect(try await !may("update", ["group": "apps", "resource": "deployments"]))
        },
        Case("who asks about himself is told about himself, and impersonation changes who that is") { cluster in
            let review: JSONValue = [
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                "spec": ["resourceAttributes": ["resource": "secrets", "verb": "get", "namespace": "default"]],
            ]
            let target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            #expect(try await cluster.create(target, review)[at: "status.allowed"] == true)
            let other = try await cluster.expect(
                201, "POST", target, review, headers: [("impersonate-user", "nobody")])
            #expect(other[at: "status.allowed"] == false)
            try await cluster.send("GET", cluster.maps, headers: [("impersonate-user", "nobody")]).refused(
                403, "Forbidden", "User \"nobody\" cannot list resource \"configmaps\"")
        },
        Case("an access review about nobody is refused") { cluster in
            let review: JSONValue = [
                "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": ["resourceAttributes": ["resource": "secrets", "verb": "get"]],
            ]
            try await cluster.send("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review).refused(
                422, "Invalid")
        },
    ]

    private static func request(audiences: [String]?, seconds: Int64?) -> JSONValue {
        var document: JSONValue = ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": [:]]
        if let audiences { document["spec"]?["audiences"] = .array(audiences.map(JSONValue.string)) }
        if let seconds { document["spec"]?["expirationSeconds"] = .integer(seconds) }
        return document
    }

    private static func payload(of token: String) throws -> JSONValue {
        let parts = token.split(separator: ".")
        try #require(parts.count == 3)
        return try JSONReader.read(try #require(Base64.decodeURL(parts[1])))
    }
}

extension Cluster {
    func account(_ name: String) async throws {
        try await self.create(
            self.path("serviceaccounts"),
            ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": .string(name)]])
    }

    /// The status of a token's review.
    func review(_ token: String, audiences: [String]?) async throws -> JSONValue {
        var document: JSONValue = [
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": ["token": .string(token)],
        ]
        if let audiences { document["spec"]?["audiences"] = .array(audiences.map(JSONValue.string)) }
        let answer = try await self.create("/apis/authentication.k8s.io/v1/tokenreviews", document)
        return answer["status"] ?? .null
    }
}
