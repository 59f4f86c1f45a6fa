internal import MeshModel
public import MeshPolicy
internal import SwiftProtobuf

extension Endpoint {
    /// Takes over an address; `labels` of its set lie under its own.
    public init(
        _ wire: Io_Linkerd_Proxy_Destination_WeightedAddr, labels: [String: String] = [:]
    ) throws(WireError) {
        guard wire.hasAddr else { throw .missing("addr") }
        self.init(
            address: try SocketAddress(wire.addr), weight: wire.weight,
            labels: labels.merging(wire.metricLabels) { $1 })
        guard self.address.port != 0 else { throw .invalid("addr.port", value: "0") }
        if wire.hasTlsIdentity { self.tls = try EndpointTLS(wire: wire.tlsIdentity) }
        if wire.hasProtocolHint {
            switch wire.protocolHint.protocol {
            case .h2: self.hint = .http2
            case .opaque: self.hint = .opaque
            case nil: self.hint = .unspecified
            }
            let port = wire.protocolHint.opaqueTransport.inboundPort
            if wire.protocolHint.hasOpaqueTransport, (1..<65535).contains(port) { self.transportPort = UInt16(port) }
        }
        if wire.hasAuthorityOverride, !wire.authorityOverride.authorityOverride.isEmpty {
            self.authorityOverride = wire.authorityOverride.authorityOverride
        }
        if wire.hasHTTP2 { self.http2 = try HTTP2ClientSettings(wire.http2) }
    }

    /// The message of this endpoint.
    public var wire: Io_Linkerd_Proxy_Destination_WeightedAddr {
        .with {
            $0.addr = self.address.wire
            $0.weight = self.weight
            $0.metricLabels = self.labels
            if let tls { $0.tlsIdentity = tls.wire }
            if self.hint != nil || self.transportPort != nil {
                $0.protocolHint = .with {
                    switch self.hint {
                    case .http2: $0.h2 = .init()
                    case .opaque: $0.opaque = .init()
                    case .unspecified, nil: break
                    }
                    if let transportPort { $0.opaqueTransport = .with { $0.inboundPort = UInt32(transportPort) } }
                }
            }
            if let authorityOverride {
                $0.authorityOverride = .with { $0.authorityOverride = authorityOverride }
            }
            if let http2 { $0.http2 = http2.wire }
        }
    }
}

extension EndpointTLS {
    /// - Throws: when no identity is named: an endpoint that should prove one is not spoken to without.
    fileprivate init?(wire: WireTLSIdentity) throws(WireError) {
        switch wire.strategy {
        case .dnsLikeIdentity(let identity):
            guard !identity.name.isEmpty else { throw .missing("tls_identity.name") }
            self.init(
                identity: .dns(identity.name), serverName: wire.hasServerName ? wire.serverName.name : identity.name)
        case .uriLikeIdentity(let identity):
            guard !identity.uri.isEmpty else { throw .missing("tls_identity.uri") }
            // Without a name to ask for, such an endpoint counts as one without TLS.
            guard wire.hasServerName else { return nil }
            self.init(identity: .uri(identity.uri), serverName: wire.serverName.name)
        case nil: throw .missing("tls_identity.strategy")
        }
    }

    fileprivate var wire: WireTLSIdentity {
        .with {
            switch self.identity {
            case .dns(let name): $0.dnsLikeIdentity = .with { $0.name = name }
            case .uri(let uri): $0.uriLikeIdentity = .with { $0.uri = uri }
            }
            $0.serverName = .with { $0.name = self.serverName }
        }
    }
}

extension HTTP2ClientSettings {
    fileprivate init(_ wire: WireHTTP2Params) throws(WireError) {
        self.init()
        let windows = wire.flowControl
        if windows.adaptiveFlowControl {
            self.flowControl = .adaptive
        } else if windows.initialConnectionWindowSize > 0, windows.initialStreamWindowSize > 0 {
            self.flowControl = .fixed(
                connection: windows.initialConnectionWindowSize, stream: windows.initialStreamWindowSize)
        }
        if wire.keepAlive.hasInterval, wire.keepAlive.hasTimeout {
            self.keepAlive = KeepAlive(
                interval: try Duration(wire.keepAlive.interval, "http2.keep_alive.interval"),
                timeout: try Duration(wire.keepAlive.timeout, "http2.keep_alive.timeout"),
                whileIdle: wire.keepAlive.whileIdle)
        }
        self.maxConcurrentResetStreams = wire.internals.maxConcurrentResetStreams.nonZero
        self.maxFrameSize = wire.internals.maxFrameSize.nonZero
        self.maxSendBufferSize = wire.internals.maxSendBufSize.nonZero
    }

    fileprivate var wire: WireHTTP2Params {
        .with {
            switch self.flowControl {
            case .adaptive: $0.flowControl = .with { $0.adaptiveFlowControl = true }
            case .fixed(let connection, let stream):
                $0.flowControl = .with {
                    $0.initialConnectionWindowSize = connection
                    $0.initialStreamWindowSize = stream
                }
            case nil: break
            }
            if let keepAlive {
                $0.keepAlive = .with {
                    $0.interval = keepAlive.interval.wire
                    $0.timeout = keepAlive.timeout.wire
                    $0.whileIdle = keepAlive.whileIdle
                }
            }
            if self.maxConcurrentResetStreams != nil || self.maxFrameSize != nil || self.maxSendBufferSize != nil {
                $0.internals = .with {
                    $0.maxConcurrentResetStreams = self.maxConcurrentResetStreams ?? 0
                    $0.maxFrameSize = self.maxFrameSize ?? 0
                    $0.maxSendBufSize = self.maxSendBufferSize ?? 0
                }
            }
        }
    }
}

extension UInt32 {
    fileprivate var nonZero: UInt32? { self == 0 ? nil : self }
}

extension EndpointUpdate {
    /// Takes over an update of discovery.
    ///
    /// Addresses that do not parse are left out: they could not be reached anyway.
    /// - Throws: when the update is empty.
    public init(_ wire: Io_Linkerd_Proxy_Destination_Update) throws(WireError) {
        switch wire.update {
        case .add(let set):
            // The reason is not kept: a bad address is as good as none.
            self = .add(set.addrs.compactMap { try? Endpoint($0) }, labels: set.metricLabels)
        case .remove(let set): self = .remove(set.addrs.compactMap { try? SocketAddress($0) })
        case .noEndpoints(let none): self = .noEndpoints(exists: none.exists)
        case nil: throw .missing("update")
        }
    }

    /// The message of this update.
    public var wire: Io_Linkerd_Proxy_Destination_Update {
        .with {
            switch self {
            case .add(let endpoints, let labels):
                $0.add = .with {
                    $0.addrs = endpoints.map(\.wire)
                    $0.metricLabels = labels
                }
            case .remove(let addresses): $0.remove = .with { $0.addrs = addresses.map(\.wire) }
            case .noEndpoints(let exists): $0.noEndpoints = .with { $0.exists = exists }
            }
        }
    }
}
