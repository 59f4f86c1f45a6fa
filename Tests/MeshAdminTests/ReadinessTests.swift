import MeshAdmin
import Testing

@Suite struct ReadinessTests {
    @Test("a process is ready once every gate is open, and not before")
    func gates() {
        let readiness = Readiness()
        #expect(readiness.pending.isEmpty)
        let index = readiness.gate("index")
        let certificate = readiness.gate("certificate")
        #expect(readiness.pending == ["certificate", "index"])
        index.open()
        #expect(readiness.pending == ["certificate"])
        certificate.open()
        #expect(readiness.pending.isEmpty)
        index.close()
        #expect(readiness.pending == ["index"])
    }
}
