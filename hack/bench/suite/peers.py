"""The other proxies, configured to do what a sidecar does: one worker, keep-alive on both sides, no logs."""

import json
import os

from proxies import redirect

# Clients and sidecars use these ports of a peer's service and pod addresses.
HTTP1, HTTP2, MTLS, GRPC, TCP = 8001, 8002, 8003, 8004, 8005
POD_HTTP1, POD_HTTP2 = 9001, 9002
BACKENDS = ("10.99.0.9", "10.99.0.10")
SERVER = "server.default.serviceaccount.identity.linkerd.cluster.local"
FILTERS = "type.googleapis.com/envoy.extensions.filters"
SOCKETS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"


def service(number):
    return f"10.99.{number}.1"


def pod(number):
    return f"10.99.{number}.2"


class Peer:
    """A proxy under load: where clients reach each case, and the processes whose CPU time counts there."""

    def __init__(self, name, number, backend_ports):
        self.name, self.number = name, number
        self.http1, self.http2, self.source = backend_ports
        self.pids = {}

    def processes(self, case):
        roles = {"http1": ["edge"], "http2": ["edge"], "tcp": ["edge"], "handshake": ["in"]}.get(case, ["out", "in"])
        return [self.pids[role] for role in roles if role in self.pids]


class Envoy(Peer):
    base = 12000

    def __init__(self, number, backend_ports, processes, program, directory):
        super().__init__("envoy", number, backend_ports)
        self.run, self.program, self.directory = processes, program, directory

    def _address(self, host, port):
        return {"socket_address": {"address": host, "port_value": port}}

    def _http(self, cluster, codec="AUTO"):
        kind = f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"
        router = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{FILTERS}.http.router.v3.Router"}}
        route = {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "15s"}}
        return {"name": "envoy.filters.network.http_connection_manager", "typed_config": {
            "@type": kind, "stat_prefix": cluster, "codec_type": codec, "http_filters": [router],
            "route_config": {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]}}}

    def _tcp(self, cluster):
        kind = f"{FILTERS}.network.tcp_proxy.v3.TcpProxy"
        return {"name": "envoy.filters.network.tcp_proxy", "typed_config": {
            "@type": kind, "stat_prefix": cluster, "cluster": cluster}}

    def _tls(self, side, file):
        def path(suffix):
            return {"filename": os.path.join(self.directory, file + suffix)}

        common = {
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
            "tls_certificates": [{"certificate_chain": path(".pem"), "private_key": path(".key")}],
            "validation_context": {"trusted_ca": {"filename": os.path.join(self.directory, "ca.pem")}}}
        if side == "server":
            common["alpn_protocols"] = ["h2", "http/1.1"]
            context = {"@type": f"{SOCKETS}.DownstreamTlsContext", "require_client_certificate": True}
        else:
            context = {"@type": f"{SOCKETS}.UpstreamTlsContext", "sni": SERVER}
        return {"name": "envoy.transport_sockets.tls", "typed_config": {**context, "common_tls_context": common}}

    def _listener(self, offset, filter, tls=None):
        chain = {"filters": [filter], **({"transport_socket": tls} if tls else {})}
        port = self.base + offset
        return {"name": f"l{port}", "address": self._address("127.0.0.1", port), "filter_chains": [chain]}

    def _cluster(self, name, hosts, port, http2=False, tls=None):
        kind = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        protocol = {"http2_protocol_options": {}} if http2 else {"http_protocol_options": {}}
        limit = {"max_connections": 20000, "max_pending_requests": 100000, "max_requests": 100000}
        endpoints = [{"endpoint": {"address": self._address(host, port)}} for host in hosts]
        return {
            "name": name, "type": "STATIC", "connect_timeout": "2s", "lb_policy": "LEAST_REQUEST",
            "circuit_breakers": {"thresholds": [limit]},
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": kind, "explicit_http_config": protocol}},
            **({"transport_socket": tls} if tls else {})}

    def launch(self, role):
        be = [self._cluster("h1", BACKENDS, self.http1), self._cluster("h2", BACKENDS, self.http2, http2=True),
              self._cluster("tcp", BACKENDS, self.source)]
        if role == "edge":
            listeners = [self._listener(1, self._http("h1")), self._listener(2, self._http("h2", "HTTP2")),
                         self._listener(5, self._tcp("tcp"))]
            clusters, wait = be, self.base + 1
        elif role == "out":
            tls = self._tls("client", "client")
            clusters = [self._cluster("pod", [pod(self.number)], POD_HTTP1, http2=True, tls=tls),
                        self._cluster("pod1", [pod(self.number)], POD_HTTP1, tls=tls),
                        self._cluster("grpc", [pod(self.number)], POD_HTTP2, http2=True, tls=tls)]
            listeners = [self._listener(3, self._http("pod")), self._listener(13, self._http("pod1")),
                         self._listener(4, self._http("grpc", "HTTP2"))]
            wait = self.base + 3
        else:
            tls = self._tls("server", "server")
            listeners = [self._listener(103, self._http("h1"), tls), self._listener(104, self._http("h2"), tls)]
            clusters, wait = be[:2], self.base + 103
        config = {"static_resources": {"listeners": listeners, "clusters": clusters}}
        path = os.path.join(self.directory, f"envoy-{role}.json")
        with open(path, "w") as file:
            json.dump(config, file)
        command = [self.program, "-c", path, "--concurrency", "1", "--log-level", "error", "--disable-hot-restart"]
        self.pids[role] = self.run.start(f"envoy-{role}", command, awaits=[wait])

    def redirects(self):
        for offset in (HTTP1, HTTP2, MTLS, GRPC, TCP):
            redirect(service(self.number), offset, self.base + offset - 8000)
        redirect(service(self.number), MTLS + 10, self.base + 13)
        redirect(pod(self.number), POD_HTTP1, self.base + 103)
        redirect(pod(self.number), POD_HTTP2, self.base + 104)


class HAProxy(Peer):
    base = 13000

    def __init__(self, number, backend_ports, processes, program, directory):
        super().__init__("haproxy", number, backend_ports)
        self.run, self.program, self.directory = processes, program, directory

    def _section(self, name, mode, bind, servers):
        lines = [f"listen {name}", f"  mode {mode}", f"  bind 127.0.0.1:{bind}"]
        if mode == "http":
            lines += ["  option http-keep-alive", "  http-reuse always"]
        else:
            lines += ["  option splice-response", "  option splice-request"]
        return "\n".join(lines + [f"  server s{index} {text}" for index, text in enumerate(servers)]) + "\n"

    def _backends(self, port, options=""):
        return [f"{host}:{port} {options}" for host in BACKENDS]

    def launch(self, role):
        file = os.path.join(self.directory, "server.both" if role == "in" else "client.both")
        ca = os.path.join(self.directory, "ca.pem")
        up = f"ssl verify required ca-file {ca} crt {file} ssl-min-ver TLSv1.3 sni str({SERVER}) verifyhost {SERVER}"
        down = f"ssl crt {file} ca-file {ca} verify required ssl-min-ver TLSv1.3"
        pool = "pool-max-conn -1"
        http1, http2 = self._backends(self.http1, pool), self._backends(self.http2, f"proto h2 {pool}")
        address = pod(self.number)
        sections = {
            "edge": [("h1", "http", self.base + 1, http1), ("h2", "http", f"{self.base + 2} proto h2", http2),
                     ("l4", "tcp", self.base + 5, self._backends(self.source))],
            "out": [("h1", "http", self.base + 3, [f"{address}:{POD_HTTP1} {up} {pool}"]),
                    ("h2", "http", f"{self.base + 4} proto h2", [f"{address}:{POD_HTTP2} {up} alpn h2 {pool}"])],
            "in": [("h1", "http", f"{self.base + 103} {down}", http1),
                   ("h2", "http", f"{self.base + 104} {down} alpn h2", http2)],
        }[role]
        path = os.path.join(self.directory, f"haproxy-{role}.cfg")
        with open(path, "w") as out:
            out.write("global\n  nbthread 1\n  maxconn 4000\ndefaults\n  timeout connect 5s\n  timeout client 60s\n"
                      "  timeout server 60s\n  maxconn 4000\n")
            out.write("".join(self._section(*section) for section in sections))
        wait = {"edge": 1, "out": 3, "in": 103}[role]
        self.pids[role] = self.run.start(
            f"haproxy-{role}", [self.program, "-db", "-f", path], awaits=[self.base + wait])

    redirects = Envoy.redirects


class Nginx(Peer):
    base = 14000

    def __init__(self, number, backend_ports, processes, program, directory):
        super().__init__("nginx", number, backend_ports)
        self.run, self.program, self.directory = processes, program, directory

    def launch(self, role):
        if role != "edge":
            return
        servers = "".join(f"server {host}:{self.http1}; " for host in BACKENDS)
        path = os.path.join(self.directory, "nginx.conf")
        with open(path, "w") as out:
            out.write(f"""worker_processes 1; daemon off; master_process off; pid {path}.pid; error_log {path}.err;
events {{ worker_connections 16000; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  upstream b {{ {servers} keepalive 256; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{self.base + 1}; location / {{ proxy_pass http://b; proxy_http_version 1.1;
    proxy_set_header Connection ""; }} }} }}
""")
        self.pids[role] = self.run.start("nginx-edge", [self.program, "-c", path], awaits=[self.base + 1])

    def redirects(self):
        redirect(service(self.number), HTTP1, self.base + 1)
