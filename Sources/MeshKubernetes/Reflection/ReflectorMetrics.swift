import CoreMetrics

/// What a reflector counts, by resource.
struct ReflectorMetrics: Sendable {
    let lists: Counter
    let listFailures: Counter
    let watches: Counter
    let watchFailures: Counter
    let events: Counter
    let invalid: Counter
    let cached: Gauge
    let handling: Timer

    init(resource: String, factory: any MetricsFactory) {
        func counter(_ name: String) -> Counter {
            Counter(label: "heddle_kubernetes_\(name)_total", dimensions: [("resource", resource)], factory: factory)
        }
        self.lists = counter("lists")
        self.listFailures = counter("list_failures")
        self.watches = counter("watches")
        self.watchFailures = counter("watch_failures")
        self.events = counter("watch_events")
        self.invalid = counter("invalid_objects")
        self.cached = Gauge(
            label: "heddle_kubernetes_cached_objects", dimensions: [("resource", resource)], factory: factory)
        self.handling = Timer(
            label: "heddle_kubernetes_event_handling_seconds", dimensions: [("resource", resource)], factory: factory)
    }
}
