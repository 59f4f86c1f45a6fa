import MeshControl
import MeshModel
import MeshResources
import MeshTestKit
import Testing

@Suite struct ObjectCacheTests {
    private func object(_ name: String, _ value: String, version: Int = 1) -> ConfigMap {
        ConfigMap(
            metadata: ObjectMeta(name: name, namespace: "ns", resourceVersion: String(version)), data: ["v": value])
    }

    @Test("a relist tells what is new, changed and gone, and nothing else")
    func relist() {
        var cache = ObjectCache<ConfigMap>()
        #expect(!cache.isSynced)
        _ = cache.replace(with: [self.object("a", "1"), self.object("b", "1"), self.object("c", "1")])
        #expect(cache.isSynced)
        let change = cache.replace(
            with: [self.object("a", "1", version: 9), self.object("b", "2"), self.object("d", "1")])
        guard case .reset(let applied, let deleted) = change else {
            Issue.record("no reset")
            return
        }
        #expect(applied.map(\.metadata.name) == ["b", "d"])
        #expect(deleted.map(\.name) == ["c"])
    }

    @Test("an object that cannot be read keeps its last state")
    func kept() {
        var cache = ObjectCache<ConfigMap>()
        let key = ObjectKey(namespace: "ns", name: "a")
        _ = cache.replace(with: [self.object("a", "1")])
        _ = cache.replace(with: [], keeping: [key])
        #expect(cache.objects[key]?.data == ["v": "1"])
    }

    @Test("a change of the version alone is kept but not told; an unknown deletion is not told")
    func silence() {
        var cache = ObjectCache<ConfigMap>()
        _ = cache.apply(self.object("a", "1", version: 1))
        #expect(cache.apply(self.object("a", "1", version: 2)) == nil)
        #expect(cache.objects.values.first?.metadata.resourceVersion == "2")
        #expect(cache.delete(ObjectKey(namespace: "ns", name: "x")) == nil)
    }

    @Test("whoever follows the changes has what the cache has", arguments: 0..<UInt64(200))
    func followed(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var cache = ObjectCache<ConfigMap>()
        var follower: [ObjectKey: [String: String]] = [:]
        func follow(_ change: ObjectChange<ConfigMap>?) {
            switch change {
            case .apply(let object): follower[object.key] = object.data
            case .delete(let key): follower.removeValue(forKey: key)
            case .reset(let applied, let deleted):
                for object in applied { follower[object.key] = object.data }
                for key in deleted { follower.removeValue(forKey: key) }
            case nil: break
            }
        }
        for step in 0..<40 {
            let name = String(UInt8.random(in: 0..<6, using: &random))
            let value = String(UInt8.random(in: 0..<3, using: &random))
            switch UInt8.random(in: 0..<5, using: &random) {
            case 0: follow(cache.delete(ObjectKey(namespace: "ns", name: name)))
            case 1:
                let names = (0..<6).filter { _ in Bool.random(using: &random) }
                follow(cache.replace(with: names.map { self.object(String($0), value, version: step) }))
            default: follow(cache.apply(self.object(name, value, version: step)))
            }
            #expect(follower == cache.objects.mapValues(\.data))
        }
    }
}
