public import MeshModel

extension Reflector {
    /// What is reflected, and how patiently.
    public struct Configuration: Sendable {
        /// The namespace; nil spans all.
        public var namespace: String?
        /// Which objects.
        public var selection: Selection
        /// True when the cluster may lack the kind: then it counts as empty until it appears.
        public var mayBeAbsent: Bool
        /// False lists in pages even where the server could stream the present objects through a watch.
        public var usesWatchList: Bool
        /// Objects in one page of a list.
        public var pageSize: Int
        /// A watch is replaced after this time, and up to half as long again.
        public var watchTimeout: Duration
        /// How much longer than that an answer is waited for.
        public var watchGrace: Duration
        /// A watch that says nothing for this long, not even a bookmark, is replaced: its connection may be dead.
        public var silenceMax: Duration
        /// For one page of a list.
        public var listTimeout: Duration
        /// Pauses between failures.
        public var backoff: Backoff
        /// Between looks for a kind that the cluster lacks.
        public var absentPause: Duration
        /// Takes away what nobody reads, before an object is kept.
        public var trim: (@Sendable (inout Object) -> Void)?

        /// Everything in all namespaces, unless told otherwise.
        public init(
            namespace: String? = nil, selection: Selection = .all, mayBeAbsent: Bool = false,
            usesWatchList: Bool = true, pageSize: Int = 500,
            watchTimeout: Duration = .seconds(300), watchGrace: Duration = .seconds(10),
            silenceMax: Duration = .seconds(120), listTimeout: Duration = .seconds(60),
            backoff: Backoff = Backoff(minimum: .milliseconds(800), maximum: .seconds(30), jitter: 0.2),
            absentPause: Duration = .seconds(10), trim: (@Sendable (inout Object) -> Void)? = nil
        ) {
            self.namespace = namespace
            self.selection = selection
            self.mayBeAbsent = mayBeAbsent
            self.usesWatchList = usesWatchList
            self.pageSize = pageSize
            self.watchTimeout = watchTimeout
            self.watchGrace = watchGrace
            self.silenceMax = silenceMax
            self.listTimeout = listTimeout
            self.backoff = backoff
            self.absentPause = absentPause
            self.trim = trim
        }
    }
}
