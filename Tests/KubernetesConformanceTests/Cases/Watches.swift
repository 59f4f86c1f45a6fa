import MeshModel
import Testing

extension Case {
    static let watches: [Case] = [
        Case("a watch from a revision has every change after it, in order") { cluster in
            try await cluster.map("before")
            let list = try await cluster.get(cluster.maps)
            let events = try await cluster.watch("\(cluster.maps)?resourceVersion=\(list.revision)") {
                $0.count { $0.object[at: "metadata.name"] == "a" } == 3
            } during: {
                try await cluster.map("a", data: ["k": "1"])
                try await cluster.expect(
                    200, "PATCH", "\(cluster.maps)/a", ["data": ["k": "2"]], type: "application/merge-patch+json")
                try await cluster.expect(200, "DELETE", "\(cluster.maps)/a")
            }
            let own = events.filter { $0.object[at: "metadata.name"] == "a" }
            #expect(own.map(\.type) == ["ADDED", "MODIFIED", "DELETED"])
            #expect(own.map { $0.object[at: "data.k"] } == ["1", "2", "2"])
            let revisions = events.compactMap { Int($0.object.revision) }
            #expect(revisions == revisions.sorted() && Set(revisions).count == revisions.count)
            #expect(!events.contains { $0.object[at: "metadata.name"] == "before" })
        },
        Case("a watch that begins in the past repeats what has happened since") { cluster in
            let first = try await cluster.map("a")
            try await cluster.map("b")
            try await cluster.expect(200, "DELETE", "\(cluster.maps)/b")
            let events = try await cluster.watch("\(cluster.maps)?resourceVersion=\(first.revision)") {
                $0.contains { $0.type == "DELETED" }
            }
            #expect(events.map(\.summary).filter { $0.hasSuffix(" b") } == ["ADDED b", "DELETED b"])
        },
        Case("a watch from 0, or from nowhere, begins with what is there") { cluster in
            for name in ["a", "b"] { try await cluster.map(name) }
            for start in ["?resourceVersion=0", ""] {
                let events = try await cluster.watch("\(cluster.maps)\(start)") { events in
                    Set(events.map(\.summary)).isSuperset(of: ["ADDED a", "ADDED b"])
                }
                #expect(Set(events.map(\.summary)).isSuperset(of: ["ADDED a", "ADDED b"]))
            }
        },
        Case("a watch from a revision that is forgotten ends with 410 in an event") { cluster in
            let events = try await cluster.watch("/api/v1/configmaps?resourceVersion=1") { !$0.isEmpty }
            let event = try #require(events.first)
            #expect(event.type == "ERROR")
            #expect(event.object["kind"] == "Status")
            #expect(event.object["code"]?.integer == 410)
            #expect(event.object["reason"] == "Expired" || event.object["reason"] == "Gone")
        },
        Case("bookmarks come to those who ask and never fall behind") { cluster in
            let list = try await cluster.get(cluster.maps)
            let target = "\(cluster.maps)?allowWatchBookmarks=true&resourceVersion=\(list.revision)"
            let events = try await cluster.watch(target, seconds: 4) {
                $0.contains { $0.type == "BOOKMARK" }
            } during: {
                try await cluster.map("a")
            }
            let bookmark = try #require(events.first { $0.type == "BOOKMARK" })
            #expect(bookmark.object["kind"] == "ConfigMap")
            let own = events.first { $0.object[at: "metadata.name"] == "a" }
            #expect(try #require(Int(bookmark.object.revision)) >= Int(own?.object.revision ?? "0") ?? 0)
            #expect(bookmark.object["data"] == nil)
            // A watch goes on from a bookmark without a gap.
            let later = try await cluster.watch("\(cluster.maps)?resourceVersion=\(bookmark.object.revision)") {
                $0.contains { $0.summary == "ADDED b" }
            } during: {
                try await cluster.map("b")
            }
            #expect(!later.contains { $0.summary == "ADDED a" })
            #expect(later.contains { $0.summary == "ADDED b" })
        },
        Case("a watch ends by itself when its time is over") { cluster in
            let events = try await cluster.watch("\(cluster.maps)?labelSelector=none%3Dnone", seconds: 1) { _ in false }
            #expect(events.allSatisfy { $0.type == "BOOKMARK" })
        },
        Case("an object that enters or leaves a selection is added or deleted") { cluster in
            let made = try await cluster.map("a", labels: ["on": "no"])
            func label(_ value: String) async throws {
                try await cluster.expect(
                    200, "PATCH", "\(cluster.maps)/a", ["metadata": ["labels": ["on": .string(value)]]],
                    type: "application/merge-patch+json")
            }
            let target = "\(cluster.maps)?labelSelector=on%3Dyes&resourceVersion=\(made.revision)"
            let events = try await cluster.watch(target) {
                $0.count == 3
            } during: {
                try await label("yes")
                try await cluster.expect(
                    200, "PATCH", "\(cluster.maps)/a", ["data": ["k": "v"]], type: "application/merge-patch+json")
                try await label("no")
            }
            #expect(events.map(\.summary) == ["ADDED a", "MODIFIED a", "DELETED a"])
            #expect(events.last?.object[at: "metadata.labels.on"] == "yes", "the last state that was selected")
        },
        Case("one object can be watched by its name") { cluster in
            let made = try await cluster.map("a")
            let target = "\(cluster.maps)?fieldSelector=metadata.name%3Db&resourceVersion=\(made.revision)"
            let events = try await cluster.watch(target) {
                !$0.isEmpty
            } during: {
                try await cluster.map("c")
                try await cluster.map("b")
            }
            #expect(events.map(\.summary) == ["ADDED b"])
        },
        Case("custom resources are watched like all others") { cluster in
            try await cluster.withWidgets { widgets in
                let list = try await cluster.get(widgets)
                let events = try await cluster.watch("\(widgets)?resourceVersion=\(list.revision)") {
                    $0.count == 2
                } during: {
                    try await cluster.create(widgets, cluster.widget("w"))
                    try await cluster.expect(200, "DELETE", "\(widgets)/w")
                }
                #expect(events.map(\.summary) == ["ADDED w", "DELETED w"])
            }
        },
        Case("a watch over tables sends rows") { cluster in
            let list = try await cluster.get(cluster.maps)
            try await cluster.map("a")
            let response = try await cluster.send(
                "GET", "\(cluster.maps)?watch=true&timeoutSeconds=1&resourceVersion=\(list.revision)",
                headers: [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")])
            #expect(response.status == 200)
            #expect(response.text.contains("\"kind\":\"Table\""))
        },
        Case("a bad revision is refused") { cluster in
            let answer = try await cluster.send(
                "GET", "\(cluster.maps)?watch=true&resourceVersion=abc&timeoutSeconds=1")
            #expect(answer.status >= 400, "\(answer.text)")
        },
    ]
}
