"""A control plane in one process: the gRPC services that a proxy asks, answering from values that a script sets.

Listens on loopback without TLS, which heddle-proxy accepts for loopback only. Certificates are issued by an authority
made at the start; nothing but the script's own proxies trusts it.
"""

import datetime
import importlib
import os
import subprocess
import sys
import threading
import typing
from concurrent import futures

os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # Only programs are started, and gRPC's hooks may stall or abort that.

import grpc  # noqa: E402
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def load_stubs(protos, directory):
    """Generates Python for the proxy API and imports it."""
    os.makedirs(directory, exist_ok=True)
    files = sorted(name for name in os.listdir(protos) if name.endswith(".proto"))
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{protos}", f"--python_out={directory}",
         f"--grpc_python_out={directory}", *files], check=True)
    sys.path.insert(0, directory)
    names = ("net", "meta", "destination", "outbound", "inbound", "identity", "http_route")
    stubs = {name: importlib.import_module(f"{name}_pb2") for name in names}
    for name in ("destination", "outbound", "inbound", "identity"):
        stubs[f"{name}_grpc"] = importlib.import_module(f"{name}_pb2_grpc")
    return stubs


class Authority:
    """Issues certificates of workloads: P-256, one DNS name each."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root.linkerd.cluster.local")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.certificate = (
            self._builder(name, self.key.public_key(), datetime.timedelta(days=1)).issuer_name(name)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(usage, critical=True).sign(self.key, hashes.SHA256()))
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @staticmethod
    def _builder(subject, key, lifetime):
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder().subject_name(subject).public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=1)).not_valid_after(now + lifetime))

    def issue(self, key, name, lifetime):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        purposes = [x509.ExtendedKeyUsageOID.SERVER_AUTH, x509.ExtendedKeyUsageOID.CLIENT_AUTH]
        return (
            self._builder(subject, key, lifetime).issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(self.key, hashes.SHA256()))

    def write(self, directory, name, file):
        """A key and certificate as PEM files: file.pem, file.key, and both in file.both."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.issue(key.public_key(), name, datetime.timedelta(hours=12))
        chain = certificate.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        for suffix, content in ((".pem", chain), (".key", secret), (".both", chain + secret)):
            with open(os.path.join(directory, file + suffix), "wb") as out:
                out.write(content)


class Endpoint(typing.NamedTuple):
    """How an address is reached: as which mesh identity, and for opaque bytes, by which port of its proxy."""

    identity: str | None = None
    transport_port: int | None = None


class Published:
    """Values by key, and a wait for the next one: a watcher gets the latest, never a queue."""

    def __init__(self):
        self._values = {}
        self._changed = threading.Condition()

    def set(self, key, value):
        with self._changed:
            version = self._values.get(key, (0, None))[0]
            self._values[key] = (version + 1, value)
            self._changed.notify_all()

    def get(self, key):
        with self._changed:
            return self._values.get(key, (0, None))[1]

    def follow(self, key, context):
        """Yields the value, then each newer one, until the caller has gone."""
        seen = 0
        context.add_callback(self._wake)
        while context.is_active():
            with self._changed:
                self._changed.wait_for(
                    lambda: self._values.get(key, (0, None))[0] > seen or not context.is_active(), timeout=5)
                version, value = self._values.get(key, (0, None))
            if version > seen:
                seen = version
                yield value

    def _wake(self):
        with self._changed:
            self._changed.notify_all()


class ControlPlane:
    """Serves certificates, endpoints, and policies in both directions."""

    def __init__(self, protos, directory, lifetime=datetime.timedelta(hours=12)):
        self.pb = load_stubs(protos, os.path.join(directory, "stubs"))
        self.authority = Authority()
        self.lifetime = lifetime
        self.certified = 0
        self.targets = Published()  # (address, port) → OutboundPolicy
        self.endpoints = Published()  # path → {(address, port): Endpoint}
        self.ports = Published()  # (workload, port) → Server
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=128))
        self._register()
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    # Messages

    def address(self, host, port):
        net = self.pb["net"]
        octets = [int(part) for part in host.split(".")]
        number = octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]
        return net.TcpAddress(ip=net.IPAddress(ipv4=number), port=port)

    def implicit(self, name):
        return self.pb["meta"].Metadata(default=name)

    def resource(self, kind, name, port=0):
        meta = self.pb["meta"]
        group = "core" if kind == "Service" else "policy.linkerd.io"
        return meta.Metadata(resource=meta.Resource(group=group, kind=kind, name=name, namespace="default", port=port))

    def outbound_policy(self, name, paths, opaque=False):
        """A Service whose HTTPRoute (or opaque route) spreads over the endpoints of `paths`, equally."""
        pb = self.pb["outbound"]

        def backend(path):
            made = pb.Backend(metadata=self.resource("Service", path.split(".")[0], 80))
            made.balancer.discovery.dst.path = path
            made.balancer.peak_ewma.default_rtt.nanos = 30_000_000
            made.balancer.peak_ewma.decay.seconds = 10
            made.queue.capacity = 100
            made.queue.failfast_timeout.seconds = 3
            return made

        policy = pb.OutboundPolicy(metadata=self.resource("Service", name, 80))
        tcp = pb.OpaqueRoute(metadata=self.implicit("opaque"))
        weighted = tcp.rules.add().backends.random_available.backends
        for path in paths:
            weighted.add(weight=1).backend.backend.CopyFrom(backend(path))
        if opaque:
            policy.protocol.opaque.routes.append(tcp)
            return policy
        route = pb.HttpRoute(metadata=self.resource("HTTPRoute", name))
        rule = route.rules.add()
        rule.matches.add().path.prefix = "/"
        for path in paths:
            rule.backends.random_available.backends.add(weight=1).backend.backend.CopyFrom(backend(path))
        policy.protocol.detect.timeout.seconds = 10
        policy.protocol.detect.opaque.routes.append(tcp)
        policy.protocol.detect.http1.routes.append(route)
        policy.protocol.detect.http2.routes.append(route)
        return policy

    def inbound_policy(self, name, clients, prefix="/", opaque=False):
        """A Server that admits the identities `clients` over mesh TLS, or anyone when that is None."""
        pb = self.pb["inbound"]
        server = pb.Server(labels={"group": "policy.linkerd.io", "kind": "server", "name": name})
        permit = server.authorizations.add(metadata=self.resource("AuthorizationPolicy", name))
        network = permit.networks.add()
        network.net.ip.ipv4 = 0
        if clients is None:
            permit.authentication.unauthenticated.SetInParent()
        else:
            permit.authentication.meshTLS.identities.SetInParent()
            for client in clients:
                permit.authentication.meshTLS.identities.identities.add(name=client)
        if opaque:
            server.protocol.opaque.SetInParent()
            return server
        route = pb.HttpRoute(metadata=self.resource("HTTPRoute", name))
        route.rules.add().matches.add().path.prefix = prefix
        server.protocol.detect.timeout.seconds = 10
        server.protocol.detect.http_routes.append(route)
        return server

    # Services

    def _update(self, path, before, after):
        pb = self.pb["destination"]
        updates = []
        gone = [key for key in before if key not in after]
        if gone:
            updates.append(pb.Update(remove=pb.AddrSet(addrs=[self.address(*key) for key in gone])))
        come = {key: value for key, value in after.items() if before.get(key) != value}
        if come:
            added = pb.WeightedAddrSet(metric_labels={"dst_service": path.split(".")[0]})
            for key, endpoint in come.items():
                address = added.addrs.add(addr=self.address(*key), weight=10_000)
                if endpoint.identity:
                    address.tls_identity.dns_like_identity.name = endpoint.identity
                    address.tls_identity.server_name.name = endpoint.identity
                if endpoint.transport_port:
                    address.protocol_hint.opaque.SetInParent()
                    address.protocol_hint.opaque_transport.inbound_port = endpoint.transport_port
            updates.append(pb.Update(add=added))
        if not after:
            updates.append(pb.Update(no_endpoints=pb.NoEndpoints(exists=True)))
        return updates

    def _register(self):
        plane = self

        class Destination(self.pb["destination_grpc"].DestinationServicer):
            def Get(self, request, context):
                before = {}
                for after in plane.endpoints.follow(request.path, context):
                    yield from plane._update(request.path, before, after)
                    before = after

            def GetProfile(self, request, context):
                context.abort(grpc.StatusCode.NOT_FOUND, "no profiles")

        class Outbound(self.pb["outbound_grpc"].OutboundPoliciesServicer):
            def Watch(self, request, context):
                ip = request.addr.ip.ipv4
                key = (".".join(str(ip >> shift & 255) for shift in (24, 16, 8, 0)), request.addr.port)
                if plane.targets.get(key) is None:
                    context.abort(grpc.StatusCode.NOT_FOUND, "no such target")
                yield from plane.targets.follow(key, context)

        class Inbound(self.pb["inbound_grpc"].InboundServerPoliciesServicer):
            def WatchPort(self, request, context):
                yield from plane.ports.follow((request.workload, request.port), context)

        class Identity(self.pb["identity_grpc"].IdentityServicer):
            def Certify(self, request, context):
                csr = x509.load_der_x509_csr(request.certificate_signing_request)
                leaf = plane.authority.issue(csr.public_key(), request.identity, plane.lifetime)
                plane.certified += 1
                response = plane.pb["identity"].CertifyResponse(
                    leaf_certificate=leaf.public_bytes(serialization.Encoding.DER))
                response.valid_until.FromDatetime(leaf.not_valid_after_utc)
                return response

        grpcs = self.pb
        grpcs["destination_grpc"].add_DestinationServicer_to_server(Destination(), self.server)
        grpcs["outbound_grpc"].add_OutboundPoliciesServicer_to_server(Outbound(), self.server)
        grpcs["inbound_grpc"].add_InboundServerPoliciesServicer_to_server(Inbound(), self.server)
        grpcs["identity_grpc"].add_IdentityServicer_to_server(Identity(), self.server)
