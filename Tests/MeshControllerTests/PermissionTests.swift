import Foundation
import MeshCompiler
import Testing
import Yams

@testable import MeshController

@Suite struct PermissionTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// One verb on one resource, as roles and code can be compared.
    private struct Grant: Hashable, Comparable, CustomStringConvertible {
        var scope: String
        var group: String
        var resource: String
        var name: String
        var verb: String

        var description: String {
            "\(self.scope): \(self.verb) \(self.resource).\(self.group) \(self.name)"
        }

        static func < (left: Self, right: Self) -> Bool { left.description < right.description }
    }

    private struct Document: Decodable {
        struct Rule: Decodable {
            var apiGroups: [String]
            var resources: [String]
            var resourceNames: [String]?
            var verbs: [String]
        }

        var kind: String
        var rules: [Rule]?
    }

    private static func grants(in path: String) throws -> Set<Grant> {
        let text = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
        var grants: Set<Grant> = []
        for part in text.components(separatedBy: "\n---\n") {
            let document = try YAMLDecoder().decode(Document.self, from: part)
            for rule in document.rules ?? [] {
                for group in rule.apiGroups {
                    for resource in rule.resources {
                        for name in rule.resourceNames ?? [""] {
                            for verb in rule.verbs {
                                grants.insert(
                                    Grant(
                                        scope: document.kind == "ClusterRole" ? "cluster" : "own", group: group,
                                        resource: resource, name: name, verb: verb))
                            }
                        }
                    }
                }
            }
        }
        return grants
    }

    private static let needs: Set<Grant> = {
        var needs: Set<Grant> = []
        for need in Permission.all {
            for name in need.names.isEmpty ? [""] : need.names {
                for verb in need.verbs {
                    needs.insert(
                        Grant(
                            scope: need.scope.rawValue, group: need.group, resource: need.resource, name: name,
                            verb: verb))
                }
            }
        }
        return needs
    }()

    @Test("the roles that are installed allow what the code needs, and nothing else")
    func roles() throws {
        let granted = try Self.grants(in: "config/control-plane/10-rbac.yaml")
        #expect(Self.needs.subtracting(granted).sorted() == [], "needed, but not granted")
        #expect(granted.subtracting(Self.needs).sorted() == [], "granted, but not needed")
    }

    @Test("the documentation lists what the code needs; UPDATE_GOLDEN=1 rewrites it")
    func documentation() throws {
        let file = Self.root.appending(path: "docs/kubernetes.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let marks = ("<!-- permissions: made by PermissionTests -->\n", "<!-- end of permissions -->")
        let start = try #require(text.range(of: marks.0)).upperBound
        let end = try #require(text.range(of: marks.1)).lowerBound
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try text.replacingCharacters(in: start..<end, with: Self.table).write(
                to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(String(text[start..<end]) == Self.table)
        }
    }

    private static var table: String {
        var lines = ["| where | group | resource | verbs | what for |", "|---|---|---|---|---|"]
        for need in Permission.all {
            let scope = need.scope == .cluster ? "cluster" : "own namespace"
            let group = need.group.isEmpty ? "core" : "`\(need.group)`"
            let names = need.names.isEmpty ? "" : " (\(need.names.map { "`\($0)`" }.joined(separator: ", ")))"
            lines.append(
                "| \(scope) | \(group) | `\(need.resource)`\(names) | \(need.verbs.joined(separator: ", ")) | \(need.purpose) |"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
