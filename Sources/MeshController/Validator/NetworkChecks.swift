import MeshModel

/// Lists of networks with exceptions, wherever they occur.
enum NetworkChecks {
    /// One `{cidr, except}`.
    static func network(_ field: Field) throws(Rejection) {
        let cidr = field["cidr"]
        guard let text = try cidr.required("a network such as 10.0.0.0/8").text(), let network = IPNetwork(text) else {
            throw Rejection(cidr.path, "must be an address or a network such as 10.0.0.0/8 or fd00::/8")
        }
        for exception in try field["except"].elements() {
            guard let text = try exception.text(), let excepted = IPNetwork(text) else {
                throw Rejection(exception.path, "must be an address or a network such as 10.1.0.0/16")
            }
            guard !excepted.contains(network) else {
                throw Rejection(exception.path, "\(excepted) covers \(network) completely, so that nothing is left")
            }
            guard network.contains(excepted) else {
                throw Rejection(exception.path, "\(excepted) is not inside \(network)")
            }
        }
    }

    static func egress(_ object: Field) throws(Rejection) {
        let spec = object["spec"]
        _ = try spec["trafficPolicy"].required("Allow or Deny").oneOf(["Allow", "Deny"])
        guard spec["networks"].isPresent else { return }
        let networks = try spec["networks"].elements()
        guard !networks.isEmpty else {
            throw Rejection(
                spec["networks"].path, "must hold at least one network, or be left out for all outside the cluster")
        }
        for network in networks { try Self.network(network) }
    }
}
