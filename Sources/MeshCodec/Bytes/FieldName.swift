/// The names of fields that a proxy acts upon; everything else is `other`.
public enum FieldName: UInt8, Sendable, Hashable, CaseIterable {
    case other
    case host
    case contentLength
    case transferEncoding
    case connection
    case expect
    case upgrade
    case keepAlive
    case proxyConnection
    case te
    case trailer
    case contentType
    case http2Settings
    case userAgent
    case grpcStatus
    case meshClientID
    case meshOriginalProtocol
    case meshDestinationOverride
    case meshDestinationCanonical
    case meshRequireID
    case meshProxyError
    case meshProxyConnection
    /// Another name that starts with `l5d-`.
    case meshOther

    /// Whether the name starts with `l5d-`: fields between proxies, of which none passes unseen.
    public var isMesh: Bool { self.rawValue >= Self.meshClientID.rawValue }

    /// What a name means; it must be made of token characters, and their case is ignored.
    public static func named(_ name: Span<UInt8>) -> Self { self.recognise(name, at: 0, count: name.count) }

    /// Recognises a name from the bytes of `range`, ignoring the case of letters.
    ///
    /// The bytes must be token characters: folding by setting bit 5 is exact only among those.
    /// - Complexity: two or three word comparisons.
    @inline(__always)
    static func recognise(_ bytes: Span<UInt8>, at start: Int, count: Int) -> Self {
        let fold = ByteScan.ones &* 0x20
        guard count > 8 else {
            let mask: UInt64 = count == 8 ? .max : (1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1
            return self.short(bytes.partialWord(at: start, count: count) | fold & mask, count: count)
        }
        let head = bytes.word(at: start) | fold
        let tail = bytes.word(at: start &+ count &- 8) | fold
        let middle = count > 16 ? bytes.word(at: start &+ 8) | fold : 0
        return self.long(head, middle: middle, tail: tail, count: count)
    }

    /// Names of at most eight bytes, as one word.
    @inline(__always)
    private static func short(_ word: UInt64, count: Int) -> Self {
        switch (count, word) {
        case (2, 0x0000_0000_0000_6574): .te
        case (4, 0x0000_0000_7473_6F68): .host
        case (6, 0x0000_7463_6570_7865): .expect
        case (7, 0x0072_656C_6961_7274): .trailer
        case (7, 0x0065_6461_7267_7075): .upgrade
        default: word & 0xFFFF_FFFF == self.meshPrefix ? .meshOther : .other
        }
    }

    /// `l5d-` as a word.
    private static var meshPrefix: UInt64 { 0x2D64_356C }

    /// Longer names, by their first, second and last eight bytes, which overlap.
    @inline(__always)
    private static func long(_ head: UInt64, middle: UInt64, tail: UInt64, count: Int) -> Self {
        switch (count, head, tail, middle) {
        case (10, 0x6974_6365_6E6E_6F63, 0x6E6F_6974_6365_6E6E, _): .connection
        case (10, 0x696C_612D_7065_656B, 0x6576_696C_612D_7065, _): .keepAlive
        case (10, 0x6567_612D_7265_7375, 0x746E_6567_612D_7265, _): .userAgent
        case (11, 0x6174_732D_6370_7267, 0x7375_7461_7473_2D63, _): .grpcStatus
        case (12, 0x2D74_6E65_746E_6F63, 0x6570_7974_2D74_6E65, _): .contentType
        case (13, 0x6569_6C63_2D64_356C, 0x6469_2D74_6E65_696C, _): .meshClientID
        case (14, 0x2D74_6E65_746E_6F63, 0x6874_676E_656C_2D74, _): .contentLength
        case (14, 0x6573_2D32_7074_7468, 0x7367_6E69_7474_6573, _): .http2Settings
        case (14, 0x6769_726F_2D64_356C, 0x6F74_6F72_702D_6769, _): .meshOriginalProtocol
        case (14, 0x7571_6572_2D64_356C, 0x6469_2D65_7269_7571, _): .meshRequireID
        case (15, 0x786F_7270_2D64_356C, 0x726F_7272_652D_7978, _): .meshProxyError
        case (16, 0x2D74_7364_2D64_356C, 0x6564_6972_7265_766F, _): .meshDestinationOverride
        case (16, 0x6F63_2D79_786F_7270, 0x6E6F_6974_6365_6E6E, _): .proxyConnection
        case (17, 0x7265_6673_6E61_7274, 0x676E_6964_6F63_6E65, 0x6E69_646F_636E_652D): .transferEncoding
        case (17, 0x2D74_7364_2D64_356C, 0x6C61_6369_6E6F_6E61, 0x6163_696E_6F6E_6163): .meshDestinationCanonical
        case (20, 0x786F_7270_2D64_356C, 0x6E6F_6974_6365_6E6E, 0x6365_6E6E_6F63_2D79): .meshProxyConnection
        default: head & 0xFFFF_FFFF == self.meshPrefix ? .meshOther : .other
        }
    }
}
