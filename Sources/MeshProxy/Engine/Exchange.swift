import MeshCodec
import MeshModel
import MeshReactor

/// One end of an exchange.
struct Leg: Hashable, Sendable {
    enum Kind: UInt8, Hashable, Sendable {
        case none
        case http1
        case http2
    }

    var connection = Handle.none
    /// 0 for HTTP/1.
    var stream: UInt32 = 0
    var kind = Kind.none

    static let none = Leg()

    static func http1(_ connection: Handle) -> Leg { Leg(connection: connection, stream: 0, kind: .http1) }

    static func http2(_ connection: Handle, _ stream: UInt32) -> Leg {
        Leg(connection: connection, stream: stream, kind: .http2)
    }
}

/// A request and its answer: who asked, who answers, and how far they are.
struct Exchange {
    var down: Leg
    var up = Leg.none
    var direction: Direction
    var method: HTTP1Method
    /// The client's connection ends with the answer.
    var closesDown = false
    /// The client speaks HTTP/1.0, which knows no chunks.
    var isHTTP10 = false
    var isGRPC = false
    /// The client asked for another protocol or a tunnel.
    var asksUpgrade = false
    var requestDone = false
    var answerStarted = false
    /// HTTP/2: content that was passed on, but for which its sender got no credit yet, as the receiver is slow.
    var owedDown = 0
    var owedUp = 0
    /// The body of a request from HTTP/2 goes to an HTTP/1 server in chunks.
    var chunksUp = false
    /// HTTP/1: the request is whole, small, and may reach a server twice; so it is kept until the server says anything.
    var isReplayable = false
    /// HTTP/2: what was received of the request, for as long as it may have to be sent again.
    var kept = Handle.none
    /// How often it has been sent again.
    var tries: UInt8 = 0
    /// The request was counted where ``choice`` says.
    var isCounted = false
    /// The slot of the backend that it waits for.
    var waitsFor: Int32 = -1
    /// Ends waiting.
    var timer = TimerWheel.ID.none
    var started: MonotonicTime
    /// When the head of the answer came.
    var answered: MonotonicTime?
    /// 0 until the answer's head is here.
    var status: UInt16 = 0
    /// The gRPC code of the answer, once it is known.
    var grpcStatus: UInt8?
    /// What the balancer and the counters want back at the end.
    var choice: Choice
}
