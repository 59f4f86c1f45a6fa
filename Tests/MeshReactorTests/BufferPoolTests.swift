import MeshReactor
import MeshTestKit
import Testing

@Suite struct BufferPoolTests {
    @Test("bytes come out as they went in, whatever the sizes", arguments: 0..<UInt64(20))
    func keepsOrder(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var pool = BufferPool(limit: 64)
        var queue = ByteQueue()
        var expected: [UInt8] = []
        var taken: [UInt8] = []
        var next: UInt8 = 0
        for _ in 0..<300 {
            if Bool.random(using: &random) {
                let bytes = (0..<Int.random(in: 0...40_000, using: &random)).map { _ in
                    next &+= 1
                    return next
                }
                if pool.append(bytes.span, to: &queue) { expected += bytes }
            } else if !queue.isEmpty {
                let count = Int.random(in: 1...pool.front(of: queue).count, using: &random)
                for offset in 0..<count {
                    taken.append(pool.front(of: queue)[offset])
                }
                pool.dropFirst(count, of: &queue)
            }
        }
        expect(queue.count == expected.count - taken.count)
        while !queue.isEmpty {
            let count = pool.front(of: queue).count
            for offset in 0..<count { taken.append(pool.front(of: queue)[offset]) }
            pool.dropFirst(count, of: &queue)
        }
        #expect(taken == expected)
        expect(pool.used == 0)
    }

    @Test("the cap refuses and adds nothing")
    func refusesBeyondCap() {
        var pool = BufferPool(limit: 4)
        var queue = ByteQueue()
        let block = [UInt8](repeating: 7, count: BufferPool.blockSize)
        expect(pool.append(block.span, to: &queue))
        expect(pool.append(block.span, to: &queue))
        expect(pool.append(block.span, to: &queue))
        expect(!pool.append(block.span, to: &queue))
        expect(queue.count == 3 * BufferPool.blockSize)
        pool.clear(&queue)
        expect(pool.used == 0)
        expect(queue.isEmpty)
    }

    @Test("scratch writes text, numbers and spans")
    func scratchWrites() {
        let scratch = Scratch(capacity: 64)
        var end = scratch.write("content-length: ", at: 0)
        end = scratch.write(decimal: 0, at: end)
        end = scratch.write(UInt8(ascii: " "), at: end)
        end = scratch.write(decimal: 18_446_744_073_709_551_615, at: end)
        let span = scratch.bytes(0..<end)
        let text = String(decoding: (0..<span.count).map { span[$0] }, as: UTF8.self)
        #expect(text == "content-length: 0 18446744073709551615")
    }
}
