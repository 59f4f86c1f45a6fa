import MeshModel
import Synchronization

/// Hands out Service addresses and node ports.
final class AddressAllocator: Sendable {
    enum Failure: Error, Hashable { case outOfRange, taken, exhausted }

    static let nodePorts = 30_000...32_767

    let network: IPNetwork
    private struct State {
        var addresses: Set<IPAddress> = []
        var ports: Set<Int> = []
        var next = 10
        var nextPort = 0
    }
    private let state = Mutex(State())
    private let capacity: Int

    init(network: IPNetwork) {
        self.network = network
        self.capacity = min(65_534, (1 << min(16, network.address.bitWidth - network.prefixLength)) - 2)
    }

    /// The network as its text.
    var networkText: String { self.network.description }

    private func address(_ index: Int) -> IPAddress {
        switch self.network.address {
        case .v4(let base): .v4(base + UInt32(index))
        case .v6(let upper, let lower): .v6(upper, lower + UInt64(index))
        }
    }

    /// The next free address.
    func allocate() throws(Failure) -> IPAddress {
        let found: IPAddress? = self.state.withLock { state in
            for _ in 0..<self.capacity {
                state.next = state.next % self.capacity + 1
                let address = self.address(state.next)
                if state.addresses.insert(address).inserted { return address }
            }
            return nil
        }
        guard let found else { throw .exhausted }
        return found
    }

    /// The first address of the network, which dry runs show.
    var sample: String { self.network.address.description }

    /// Takes an address that a client asks for.
    func take(_ address: IPAddress) throws(Failure) {
        guard self.network.contains(address) else { throw .outOfRange }
        let isFree = self.state.withLock { $0.addresses.insert(address).inserted }
        guard isFree else { throw .taken }
    }

    func allocatePort() throws(Failure) -> Int {
        let found: Int? = self.state.withLock { state in
            for _ in Self.nodePorts {
                state.nextPort = (state.nextPort + 1) % Self.nodePorts.count
                let port = Self.nodePorts.lowerBound + state.nextPort
                if state.ports.insert(port).inserted { return port }
            }
            return nil
        }
        guard let found else { throw .exhausted }
        return found
    }

    func takePort(_ port: Int) throws(Failure) {
        guard Self.nodePorts.contains(port) else { throw .outOfRange }
        let isFree = self.state.withLock { $0.ports.insert(port).inserted }
        guard isFree else { throw .taken }
    }

    /// Gives back what a Service held.
    func release(_ service: JSONValue) {
        let address = service["spec"]?["clusterIP"]?.string.flatMap { IPAddress($0) }
        let ports = (service["spec"]?["ports"]?.array ?? []).compactMap { $0["nodePort"]?.integer.map(Int.init) }
        self.state.withLock { state in
            if let address { state.addresses.remove(address) }
            state.ports.subtract(ports)
        }
    }
}

extension Registry {
    /// Gives a Service its address and node ports.
    func allocate(
        _ object: inout JSONValue, old: JSONValue?, _ kind: ResourceKind, _ options: WriteOptions
    ) throws(APIFailure) {
        guard kind.kind == "Service", kind.group.isEmpty else { return }
        guard object["spec"]?["type"]?.string != "ExternalName" else {
            for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] where old == nil {
                object.set(["spec", name], nil)
            }
            return
        }
        try self.allocateAddress(&object, old: old, kind, options)
        let isIPv4 = if case .v4 = self.addresses.network.address { true } else { false }
        object.update("spec") { spec in
            if spec["ipFamilies"] == nil { spec["ipFamilies"] = [isIPv4 ? "IPv4" : "IPv6"] }
            spec.setDefault("ipFamilyPolicy", "SingleStack")
        }
        try self.allocatePorts(&object, old: old, kind, options)
    }

    private func allocateAddress(
        _ object: inout JSONValue, old: JSONValue?, _ kind: ResourceKind, _ options: WriteOptions
    ) throws(APIFailure) {
        let wanted = object["spec"]?["clusterIP"]?.string ?? object["spec"]?["clusterIPs"]?.array?.first?.string ?? ""
        let current = old?["spec"]?["clusterIP"]?.string ?? ""
        guard wanted != "None", wanted.isEmpty || wanted != current else {
            if !wanted.isEmpty {
                object.set(["spec", "clusterIP"], .string(wanted))
                object.set(["spec", "clusterIPs"], [.string(wanted)])
            }
            return
        }
        guard current.isEmpty else { return }  // The check of the update names the mistake.
        let name = object.objectName
        let field = "spec.clusterIPs"
        do {
            if wanted.isEmpty {
                let text = options.isDryRun ? self.addresses.sample : try self.addresses.allocate().description
                object.set(["spec", "clusterIP"], .string(text))
                object.set(["spec", "clusterIPs"], [.string(text)])
                return
            }
            guard let address = IPAddress(wanted) else { return }
            if !options.isDryRun { try self.addresses.take(address) }
            object.set(["spec", "clusterIPs"], [.string(wanted)])
        } catch .outOfRange {
            let text =
                "failed to allocate IP \(wanted): the provided IP (\(wanted)) is not in the valid range. "
                + "The range of valid IPs is \(self.addresses.networkText)"
            throw .invalid(kind.groupKind, name, [.invalid(field, [.string(wanted)], text)])
        } catch .taken {
            let text = "failed to allocate IP \(wanted): provided IP is already allocated"
            throw .invalid(kind.groupKind, name, [.invalid(field, [.string(wanted)], text)])
        } catch {
            throw .internalError("failed to allocate a serviceIP: range is full")
        }
    }

    private func allocatePorts(
        _ object: inout JSONValue, old: JSONValue?, _ kind: ResourceKind, _ options: WriteOptions
    ) throws(APIFailure) {
        let type = object["spec"]?["type"]?.string ?? ""
        guard type == "NodePort" || type == "LoadBalancer", !options.isDryRun else { return }
        if type == "LoadBalancer", object["spec"]?["allocateLoadBalancerNodePorts"]?.bool == false { return }
        var held = Set((old?["spec"]?["ports"]?.array ?? []).compactMap { $0["nodePort"]?.integer })
        var ports = object["spec"]?["ports"]?.array ?? []
        for index in ports.indices {
            do {
                if let port = ports[index]["nodePort"]?.integer, port != 0 {
                    if !held.contains(port) { try self.addresses.takePort(Int(port)) }
                    held.insert(port)
                } else {
                    ports[index]["nodePort"] = .integer(Int64(try self.addresses.allocatePort()))
                }
            } catch {
                let port = ports[index]["nodePort"] ?? 0
                let text =
                    error == .outOfRange
                    ? "provided port is not in the valid range. The range of valid ports is 30000-32767"
                    : "provided port is already allocated"
                throw .invalid(
                    kind.groupKind, object.objectName, [.invalid("spec.ports[\(index)].nodePort", port, text)])
            }
        }
        object.set(["spec", "ports"], .array(ports))
    }
}
