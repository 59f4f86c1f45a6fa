import AsyncHTTPClient
import MeshKubernetes
import MeshModel
import MeshResources
import MeshRollout
import NIOCore
import NIOHTTP1

/// Reads what the proxies of a version's pods have answered since the last reading.
actor TrafficReader {
    /// The proxies' admin port when a pod does not name another.
    private static let adminPort = 4191
    private static let adminPortAnnotation = "config.linkerd.io/admin-port"
    private static let pageBytesMax = 16 << 20

    private let client: KubernetesClient
    private let http: HTTPClient
    /// The last reading of each pod (by uid), for each Canary.
    private var readings: [ObjectKey: [String: TrafficTotals]] = [:]

    init(client: KubernetesClient, http: HTTPClient) {
        self.client = client
        self.http = http
    }

    /// What the pods with the labels `selector` answered since the last call for `canary`.
    ///
    /// A pod seen for the first time counts from its start. A pod whose page cannot be read counts when it can again.
    func window(
        of canary: ObjectKey, pods selector: [String: String], in namespace: String
    ) async throws -> TrafficTotals {
        let pods = try await self.client.listAll(
            Pod.resourceType, in: namespace, selecting: Selection(LabelSelector(matchLabels: selector)))
        let before = self.readings[canary] ?? [:]
        var now: [String: TrafficTotals] = [:]
        var window = TrafficTotals()
        for pod in pods {
            guard let uid = pod[path: "metadata", "uid"]?.string, let address = pod[path: "status", "podIP"]?.string
            else { continue }
            let annotated = pod[path: "metadata", "annotations", Self.adminPortAnnotation]?.string.flatMap { Int($0) }
            guard let totals = await self.totals(address: address, port: annotated ?? Self.adminPort) else {
                now[uid] = before[uid]
                continue
            }
            now[uid] = totals
            window = window + totals.since(before[uid] ?? TrafficTotals())
        }
        self.readings[canary] = now
        return window
    }

    private func totals(address: String, port: Int) async -> TrafficTotals? {
        let host = address.contains(":") ? "[\(address)]" : address
        do {
            let response = try await self.http.execute(
                HTTPClientRequest(url: "http://\(host):\(port)/metrics"), timeout: .seconds(3))
            guard response.status == .ok else { return nil }
            let page = try await response.body.collect(upTo: Self.pageBytesMax)
            let samples = MetricPage.samples(in: String(buffer: page)) {
                $0 == "response_total" || $0 == "response_latency_ms_bucket"
            }
            return TrafficTotals(of: samples) { $0["route_name"] != "probe" }
        } catch {
            return nil  // The pod is starting or going; the caller counts it later.
        }
    }
}
