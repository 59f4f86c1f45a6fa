public import MeshModel

/// Decides what a reflector does next: list, watch, or wait.
///
/// A watch goes on from the last version that was seen; a version that the server no longer has makes it list again, as
/// in client-go. Nothing is asked twice without a pause in between.
///
/// One thing is stricter than client-go: a server that came back with an older state (restored or lost data) would leave
/// a watch from a version of its future silent for ever. After a failure the server is therefore asked for its present
/// version before the watch goes on, and after an outage everything is listed.
public struct ReflectionPlan: Sendable {
    /// What to do next.
    public enum Step: Hashable, Sendable {
        /// Wait, then ask again.
        case wait(Duration)
        /// List everything; one answer instead of pages when `isWhole`.
        case list(isWhole: Bool)
        /// Watch with the present objects as the first events, in place of a list.
        case watchList
        /// Ask for the server's present version, to see that it has not gone back behind this one.
        case verify(String)
        /// Watch from a version.
        case watch(from: String)
    }

    /// How a list or a watch ended.
    public enum Failure: Hashable, Sendable {
        /// The version, or the page's token, is too old.
        case expired
        /// Nobody listens at the server's address: it restarts, perhaps with another state.
        case outage
        /// Anything else; the server may have said when to come back.
        case other(retryAfter: Duration?)
    }

    /// A watch that lasted this long was a success, however it ended.
    public static let steadyAfter: Duration = .seconds(30)

    private let backoff: Backoff
    private var version: String?
    private var failures = 0
    private var pause: Duration?
    private var wantsWholeList = false
    private var wantsVerification = false
    /// False once the server has refused to stream a list.
    private var usesWatchList: Bool
    private var watchListFailures = 0
    /// After so many failures in a row a plain list is tried: something on the way may hold streams back.
    private static let watchListFailuresMax = 2

    /// A plan that starts with a list, streamed through a watch where that is wanted and the server can.
    public init(backoff: Backoff, usesWatchList: Bool = false) {
        self.backoff = backoff
        self.usesWatchList = usesWatchList
    }

    /// The version that was last seen; nil before the first list.
    public var resourceVersion: String? { self.version }

    /// How often in a row something failed.
    public var failureCount: Int { self.failures }

    /// What to do next.
    public mutating func next() -> Step {
        if let pause = self.pause {
            self.pause = nil
            return .wait(pause)
        }
        guard let version = self.version else {
            let streams = self.usesWatchList && self.watchListFailures < Self.watchListFailuresMax
            return streams ? .watchList : .list(isWhole: self.wantsWholeList)
        }
        return self.wantsVerification ? .verify(version) : .watch(from: version)
    }

    /// A list was read completely.
    ///
    /// Failures are forgotten only when a watch works: a version that is too old as soon as it is listed must not spin.
    public mutating func listed(at version: String) {
        self.version = version
        self.wantsWholeList = false
        self.wantsVerification = false
        self.watchListFailures = 0
    }

    /// A watch did not come to the end of the present objects.
    ///
    /// One that the server refuses, because it does not know the option, is never tried again; a list is due at once.
    public mutating func watchListFailed(
        _ failure: Failure, isRefusal: Bool, using random: inout some RandomNumberGenerator
    ) {
        guard !isRefusal else {
            self.usesWatchList = false
            return
        }
        self.watchListFailures += 1
        self.failed(failure, using: &random)
    }

    /// A list failed, or broke off between pages.
    public mutating func listFailed(_ failure: Failure, using random: inout some RandomNumberGenerator) {
        if failure == .expired { self.wantsWholeList = true }
        self.failed(failure, using: &random)
    }

    /// The server's present version was read.
    ///
    /// Versions are compared as numbers, which the API has allowed since they are (KEP-5504); one that is no number, and
    /// one that is smaller, means that the known state may be from another history: list again.
    public mutating func verified(serverVersion: String) {
        self.wantsVerification = false
        guard let known = self.version.flatMap({ UInt64($0) }), let present = UInt64(serverVersion), present >= known
        else {
            self.version = nil
            return
        }
    }

    /// The server's present version could not be read.
    public mutating func verificationFailed(_ failure: Failure, using random: inout some RandomNumberGenerator) {
        if failure == .outage { self.version = nil }
        self.failed(failure, using: &random)
    }

    /// An event or a bookmark bore a version.
    public mutating func saw(_ version: String) {
        guard !version.isEmpty else { return }
        self.version = version
        self.failures = 0
    }

    /// A watch ended in order, after `lifetime`.
    ///
    /// One that ends at once every time is treated like a failure, so that it cannot spin; one that said nothing, not even
    /// a bookmark, may wait for a version that the server will not reach.
    public mutating func watchEnded(
        after lifetime: Duration, wasSilent: Bool, using random: inout some RandomNumberGenerator
    ) {
        if wasSilent { self.wantsVerification = true }
        if lifetime >= .seconds(1) {
            self.failures = 0
        } else {
            self.failed(.other(retryAfter: nil), using: &random)
        }
    }

    /// A watch could not be opened, broke off after `lifetime`, or was told that its version is too old.
    public mutating func watchFailed(
        _ failure: Failure, after lifetime: Duration, using random: inout some RandomNumberGenerator
    ) {
        if lifetime >= Self.steadyAfter { self.failures = 0 }
        self.wantsVerification = true
        if failure == .outage { self.version = nil }
        if failure == .expired {
            self.version = nil
            // The first list after an expiry is due at once; an expiry that repeats waits.
            if self.failures == 0 {
                self.failures = 1
                return
            }
        }
        self.failed(failure, using: &random)
    }

    private mutating func failed(_ failure: Failure, using random: inout some RandomNumberGenerator) {
        var pause = self.backoff.fullJitterDelay(attempt: self.failures, using: &random)
        if case .other(let retryAfter?) = failure { pause = max(pause, retryAfter) }
        self.pause = pause
        self.failures += 1
    }
}

extension Backoff {
    /// A wait between nothing and the full one, so that a herd spreads out; never under a tenth of the first.
    func fullJitterDelay(attempt: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let full = self.delay(attempt: attempt, using: &random)
        return max(full * Double.random(in: 0...1, using: &random), self.minimum / 10)
    }
}
