public import GRPCCore
public import MeshIdentity

/// Why a proxy gets no certificate.
public enum CertifyError: Error, Hashable, Sendable {
    /// No issuer was loaded yet.
    case notReady
    /// More reviews in flight than the limit.
    case overloaded
    /// A field of the request is empty.
    case missing(field: String)
    /// The issuer itself is no longer in force.
    case issuerNotInForce(IdentityError)
    /// The signing request was refused.
    case refusedRequest(IdentityError)
    /// The API server could not be asked.
    case reviewFailed
    /// The token is none, or not of a ServiceAccount.
    case invalidToken(String)
    /// The token is not in force or not meant for us.
    case unauthenticated
    /// The token's account is not the one of the requested identity.
    case otherAccount(requested: String, token: String)
    /// Signing failed.
    case issuance(IdentityError)

    /// The status that callers see; proxies of other makers decide by it whether to try again.
    public var rpcError: RPCError {
        switch self {
        case .notReady: RPCError(code: .unavailable, message: "the issuer is not loaded yet")
        case .overloaded: RPCError(code: .unavailable, message: "too many requests at once; try again")
        case .missing(let field): RPCError(code: .invalidArgument, message: "\(field) is missing")
        case .issuerNotInForce(let cause): RPCError(code: .unknown, message: "the issuer is not in force: \(cause)")
        case .refusedRequest(let cause):
            switch cause {
            case .invalidRequest, .tooLarge: RPCError(code: .invalidArgument, message: "\(cause)")
            default: RPCError(code: .failedPrecondition, message: "\(cause)")
            }
        case .reviewFailed: RPCError(code: .internalError, message: "the token could not be reviewed; try again")
        case .invalidToken(let reason): RPCError(code: .invalidArgument, message: "token refused: \(reason)")
        case .unauthenticated: RPCError(code: .failedPrecondition, message: "the token is not authenticated")
        case .otherAccount(let requested, let token):
            RPCError(code: .failedPrecondition, message: "the token is of \(token), not of \(requested)")
        case .issuance(let cause): RPCError(code: .internalError, message: "\(cause)")
        }
    }
}
