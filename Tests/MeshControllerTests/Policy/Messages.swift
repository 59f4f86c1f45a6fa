import Foundation
import GRPCCore
import Testing

/// True when tests that take long are wanted.
let isNightly = ProcessInfo.processInfo.environment["HEDDLE_NIGHTLY"] == "1"

/// The messages of a stream, one after the other.
struct Messages<Message: Sendable> {
    private var iterator: RPCAsyncSequence<Message, any Error>.AsyncIterator

    init(_ sequence: RPCAsyncSequence<Message, any Error>) { self.iterator = sequence.makeAsyncIterator() }

    /// The next message; fails the test when the stream ends first.
    mutating func next() async throws -> Message {
        let message = try await self.nextOrEnd()
        return try #require(message)
    }

    /// The next message, nil at the end of the stream.
    mutating func nextOrEnd() async throws -> Message? { try await self.iterator.next(isolation: #isolation) }

    /// Reads on until a message satisfies `condition`.
    mutating func until(_ condition: (Message) -> Bool) async throws {
        while !condition(try await self.next()) {}
    }
}
