import Crypto
import MeshModel
@_spi(FixedExpiryValidationTime) import X509

/// The anchors that a mesh trusts: during a rotation more than one.
public struct TrustBundle: Sendable {
    /// Enough for overlapping rotations of several clusters; bounds what every proxy has to load.
    public static let anchorCountMax = 32

    let anchors: [Certificate]
    /// The bundle as PEM, one block for each anchor in the order given, exactly as proxies get it.
    public let pem: String

    /// Reads a bundle of PEM certificates.
    ///
    /// Each must be a certificate authority; anchors that are not in force stay in the bundle and trust nothing.
    /// - Throws: ``IdentityError``; one bad anchor refuses the bundle, since half a bundle would cut off peers.
    public init(pem: String) throws(IdentityError) {
        try self.init(PEMReader.certificates(pem))
    }

    init(_ anchors: [Certificate]) throws(IdentityError) {
        var unique: [Certificate] = []
        for anchor in anchors where !unique.contains(anchor) {
            guard anchor.isAuthority else { throw .notAuthority(subject: anchor.subject.description) }
            unique.append(anchor)
        }
        guard !unique.isEmpty else { throw .noAnchors }
        guard unique.count <= Self.anchorCountMax else { throw .tooManyAnchors(limit: Self.anchorCountMax) }
        var pem = ""
        for anchor in unique { pem += try anchor.pemText() }
        self.anchors = unique
        self.pem = pem
    }

    /// The anchors of both bundles, this one's first.
    public func merging(_ other: TrustBundle) throws(IdentityError) -> TrustBundle {
        try TrustBundle(self.anchors + other.anchors)
    }

    /// The bundle without the anchors of `other`.
    ///
    /// - Throws: ``IdentityError/noAnchors`` when nothing would be left to trust.
    public func removing(_ other: TrustBundle) throws(IdentityError) -> TrustBundle {
        try TrustBundle(self.anchors.filter { !other.anchors.contains($0) })
    }

    /// True when every anchor of `other` is in this bundle.
    public func contains(_ other: TrustBundle) -> Bool { other.anchors.allSatisfy { self.anchors.contains($0) } }

    /// The bundle of the first anchor alone.
    ///
    /// - Throws: never in fact: one anchor of a valid bundle is a valid bundle.
    public func newest() throws(IdentityError) -> TrustBundle { try TrustBundle(Array(self.anchors.prefix(1))) }

    /// The number of anchors.
    public var count: Int { self.anchors.count }

    /// When each anchor is in force, in the bundle's order.
    public var validities: [Validity] { self.anchors.map(\.validity) }

    /// The lower-case hexadecimal SHA-256 of the PEM text: what pods carry as `linkerd.io/trust-root-sha256`.
    public var digest: String { SHA256.hash(data: Array(self.pem.utf8)).hexadecimal }

    /// The validity of the path from `certificate` over `intermediates` to an anchor.
    ///
    /// Verifies signatures, basic constraints, name constraints and times as RFC 5280 §6 asks.
    func verify(
        _ certificate: Certificate, intermediates: [Certificate], at time: WallTime
    ) async throws(IdentityError) -> Validity {
        let subject = certificate.subject.description
        guard certificate.validity.contains(time) else {
            throw .notInForce(
                subject: subject, notBefore: certificate.validity.notBefore.description,
                notAfter: certificate.validity.notAfter.description)
        }
        var verifier = Verifier(rootCertificates: CertificateStore(self.anchors)) {
            RFC5280Policy(fixedExpiryValidationTime: time.date)
        }
        switch await verifier.validate(leaf: certificate, intermediates: CertificateStore(intermediates)) {
        case .validCertificate(let chain):
            var validity = certificate.validity
            for member in chain { validity = validity.intersection(member.validity) }
            return validity
        case .couldNotValidate(let failures):
            let reason = failures.first.map { "\($0.policyFailureReason)" } ?? "no path to a trust anchor"
            throw .untrusted(subject: subject, reason: reason)
        }
    }
}

extension TrustBundle: Equatable {
    /// Equal anchors in equal order.
    public static func == (left: TrustBundle, right: TrustBundle) -> Bool { left.pem == right.pem }
}

extension Certificate {
    /// True when basic constraints and key usage let this certificate sign others.
    var isAuthority: Bool {
        // A broken extension reads as "no": such a certificate signs nothing.
        guard let constraints = try? self.extensions.basicConstraints,
            case .isCertificateAuthority = constraints
        else { return false }
        guard self.extensions[oid: .X509ExtensionID.keyUsage] != nil else { return true }
        let usage = try? self.extensions.keyUsage
        return usage?.keyCertSign == true
    }
}

extension Digest {
    /// Lower-case hexadecimal.
    var hexadecimal: String {
        var text = ""
        for byte in self { text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16) }
        return text
    }
}
