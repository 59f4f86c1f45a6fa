"""Measures heddle-proxy beside Envoy and HAProxy; run by hack/bench/proxy, in a network namespace of its own.

Every proxy stands behind the same redirection as in a pod, has core 1 to itself, and is asked in turn: a round visits
each case with each peer, so that whatever else the machine does falls on all of them. See docs/performance.md.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

import peers
from controlplane import ControlPlane, Endpoint
from peers import BACKENDS, GRPC, HTTP1, HTTP2, MTLS, POD_HTTP1, POD_HTTP2, TCP, Envoy, HAProxy, Nginx, Peer, pod, service
from proxies import LOAD_CORE, Heddle, Processes, identity, redirect, rss_mb, run

SERVER_UID = 2102  # The sidecar's own connections to its application are not redirected.
PORTS = (9001, 9002, 9003)
# case: mode of the load generator, port of the service, connections, streams, rate
CASES = {
    "http1": ("http1", HTTP1, 64, 1, 0),
    "http2": ("http2", HTTP2, 4, 32, 0),
    "mtls": ("http1", MTLS, 64, 1, 0),
    "grpc-mtls": ("grpc", GRPC, 4, 32, 0),
    "mtls-2k": ("http1", MTLS, 64, 1, 2000),
    "handshake": (None, POD_HTTP1, 1, 1, 0),
    "tcp": ("read", TCP, 8, 1, 0),
}


class HeddlePeer(Peer):
    """The real heddle-proxy, told what to do by a control plane: policies, routes, balanced endpoints, metrics."""

    def __init__(self, number, processes, program, control, directory):
        super().__init__("heddle", number, PORTS)
        self.control = control
        self.heddle = Heddle(processes, program, control, directory)
        address = service(number)
        for port, backend, opaque in ((HTTP1, 9001, False), (HTTP2, 9002, False), (TCP, 9003, True)):
            path = f"backend-{backend}.default.svc.cluster.local:{backend}"
            control.endpoints.set(path, {(host, backend): Endpoint() for host in BACKENDS})
            control.targets.set((address, port), control.outbound_policy(f"backend-{backend}", [path], opaque))
        for port, backend in ((MTLS, POD_HTTP1), (GRPC, POD_HTTP2)):
            path = f"pod-{backend}.default.svc.cluster.local:{backend}"
            control.endpoints.set(path, {(pod(number), backend): Endpoint(identity("server"))})
            control.targets.set((address, port), control.outbound_policy(f"pod-{backend}", [path]))
            admitted = [identity("client"), identity("other")]
            control.ports.set(("heddle-server", backend), control.inbound_policy(f"pod-{backend}", admitted))
        for workload, admin in (("heddle-edge", 11191), ("heddle-client", 11291), ("heddle-server", 11391)):
            control.ports.set((workload, admin), control.inbound_policy("admin", None))

    def launch(self, role):
        if role == "edge":
            self.pids[role] = self.heddle.start("heddle-edge", 11143, 11140, 11191, 2103)
        elif role == "out":
            self.pids[role] = self.heddle.start("heddle-client", 11243, 11240, 11291, 2103)
        else:
            self.pids[role] = self.heddle.start(
                "heddle-server", 11343, 11340, 11391, SERVER_UID, [POD_HTTP1, POD_HTTP2], pod(self.number))

    def redirects(self):
        for port, outbound in ((HTTP1, 11140), (HTTP2, 11140), (TCP, 11140), (MTLS, 11240), (GRPC, 11240)):
            redirect(service(self.number), port, outbound)
        redirect(pod(self.number), None, 11343, unless_uid=SERVER_UID)


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.processes = Processes(directory)
        self.tools = {}
        self.peers = []
        self.samples = {}
        self.client_context = None

    def prepare(self):
        os.sched_setaffinity(0, {int(LOAD_CORE)})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        here = os.path.dirname(os.path.abspath(__file__))
        for name, sources in (("backend", ["backend.c"]), ("load", ["load.c", "load1.c", "load2.c"])):
            self.tools[name] = os.path.join(self.directory, name)
            run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", self.tools[name],
                *(os.path.join(here, source) for source in sources))
        run("ip", "link", "set", "lo", "up")
        for address in [*BACKENDS, *(make(number) for number in range(1, 5) for make in (service, pod))]:
            run("ip", "address", "add", f"{address}/32", "dev", "lo")
        root = os.path.join(here, "..", "..", "..")
        control = ControlPlane(os.path.join(root, "Sources", "MeshWire", "Protos"), self.directory)
        with open(os.path.join(self.directory, "ca.pem"), "w") as file:
            file.write(control.authority.pem)
        control.authority.write(self.directory, identity("client"), "client")
        control.authority.write(self.directory, identity("server"), "server")
        self.processes.start("backend", [self.tools["backend"], *map(str, PORTS)], core=LOAD_CORE, awaits=PORTS)
        made = [HeddlePeer(1, self.processes, self.options.proxy, control, self.directory)]
        for number, (kind, program) in enumerate(
                ((Envoy, self.options.envoy), (HAProxy, shutil.which("haproxy")), (Nginx, shutil.which("nginx"))), 2):
            made.append(kind(number, PORTS, self.processes, program, self.directory))
        wanted = self.options.peers.split(",")
        self.peers = [peer for peer in made if peer.name in wanted]
        for peer in self.peers:
            peer.redirects()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False  # The chain is verified; the name is the same for all.
        context.load_verify_locations(os.path.join(self.directory, "ca.pem"))
        context.load_cert_chain(*(os.path.join(self.directory, f"client.{part}") for part in ("pem", "key")))
        self.client_context = context

    # One measurement

    def load(self, mode, host, port, connections, streams, rate, pids, warm, seconds):
        command = ["taskset", "-c", LOAD_CORE, self.tools["load"], mode, host, str(port), str(connections),
                   str(streams), str(warm), str(seconds), str(rate), ",".join(map(str, pids)) or "0"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60 + seconds)
        if done.returncode != 0:
            return {"error": done.stderr.strip()}
        return json.loads(done.stdout)

    @staticmethod
    def cpu_ns(pids):
        total = 0
        for pid in pids:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0])
        return total

    def secured(self, host, port):
        raw = socket.create_connection((host, port), 5)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        secure = self.client_context.wrap_socket(raw, server_hostname=peers.SERVER)
        secure.sendall(b"GET / HTTP/1.1\r\nhost: backend.default.svc.cluster.local\r\n\r\n")
        answer = secure.recv(4096)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise OSError(f"answered {answer[:40]}")
        return secure

    def handshakes(self, peer, seconds):
        """Full handshakes one after another, each with one request."""
        pids, times, failed, error = peer.processes("handshake"), [], 0, ""
        start, before = time.monotonic(), self.cpu_ns(peer.processes("handshake"))
        while time.monotonic() - start < seconds:
            began = time.monotonic()
            try:
                secure = self.secured(pod(peer.number), POD_HTTP1)
                # Closed at once, so that no port stays in TIME_WAIT.
                secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                secure.close()
                times.append((time.monotonic() - began) * 1e6)
            except OSError as caught:
                failed, error = failed + 1, str(caught)
        cpu, spent = (self.cpu_ns(pids) - before) / 1000, time.monotonic() - start
        if not times:
            return {"error": error}
        times.sort()
        return {"units": len(times), "rps": len(times) / spent, "cpu_us": cpu / len(times),
                "busy": cpu / 1e6 / spent, "p50_us": times[len(times) // 2],
                "p99_us": times[int(len(times) * 0.99)], "failed": failed}

    def measure(self, case, peer, warm, seconds):
        mode, port, connections, streams, rate = CASES[case]
        pids = peer.processes(case)
        if mode is None:
            result = self.handshakes(peer, seconds)
        else:
            result = self.load(
                mode, service(peer.number), port, connections, streams, rate, pids, warm, seconds)
        result["rss_mb"] = sum(rss_mb(pid) for pid in pids)
        return result

    # The whole

    def rounds(self):
        for peer in self.peers:
            for role in ("edge", "out", "in"):
                peer.launch(role)
        warm, seconds = (0.3, self.options.seconds)
        for number in range(self.options.rounds):
            for case in self.options.cases.split(","):
                for peer in self.peers:
                    if peer.name == "nginx" and case != "http1":
                        continue
                    result = self.measure(case, peer, warm, seconds)
                    self.samples.setdefault((case, peer.name), []).append(result)
                    self.tell(number, case, peer.name, result)
                if case == "mtls":
                    self.envoy_http1(number, warm, seconds)
                if case == "mtls-2k":
                    mode, _, connections, streams, rate = CASES[case]
                    direct = self.load(
                        mode, BACKENDS[0], PORTS[0], connections, streams, rate, [], warm, seconds)
                    self.samples.setdefault((case, "direct"), []).append(direct)
                    self.tell(number, case, "direct", direct)

    def envoy_http1(self, number, warm, seconds):
        """Envoy's other protocol between the hops; the better one counts."""
        for peer in self.peers:
            if peer.name == "envoy":
                result = self.load("http1", service(peer.number), MTLS + 10, 64, 1, 0, peer.processes("mtls"), warm, seconds)
                result["rss_mb"] = sum(rss_mb(pid) for pid in peer.processes("mtls"))
                self.samples.setdefault(("mtls", "envoy-http1"), []).append(result)
                self.tell(number, "mtls", "envoy-http1", result)

    def tell(self, number, case, name, result):
        if "error" in result:
            text = f"FAILED: {result['error']}"
        else:
            text = (f"{result['cpu_us']:9.2f} µs CPU {result['rps']:10.0f}/s  p50 {result['p50_us']:8.0f}"
                    f"  p99 {result['p99_us']:8.0f} µs  busy {result['busy']:.2f}")
            if result["failed"]:
                text += f"  {result['failed']} FAILED"
        print(f"{number + 1:2} {case:10} {name:12} {text}", file=sys.stderr, flush=True)

    def memory(self):
        """Resident memory of fresh processes: idle, busy with 64 connections, with many idle connections."""
        found = {}
        count = self.options.idle
        for peer in self.peers:
            if peer.name == "nginx":
                continue
            row = found[peer.name] = {}
            self.processes.stop(*(f"{self.process_name(peer, role)}" for role in ("edge", "out", "in")))
            for role in ("edge", "out", "in"):
                peer.launch(role)
            time.sleep(1)
            edge, inner = peer.pids["edge"], peer.pids["in"]
            row["idle_mb"], row["idle_in_mb"] = rss_mb(edge), rss_mb(inner)
            self.load("http1", service(peer.number), HTTP1, 64, 1, 0, [edge], 0.2, 2)
            self.load("http1", service(peer.number), MTLS, 64, 1, 0, [edge], 0.2, 2)
            row["busy64_mb"], row["busy64_in_mb"] = rss_mb(edge), rss_mb(inner)
            if peer.name == "haproxy" and count > 3500:
                continue  # Its own limit of descriptors does not allow so many here.
            row["idle_connections"] = count
            row["plain_kb"] = self.held_plain(peer, edge, count)
            row["mtls_kb"] = self.held_secure(peer, inner, count)
            print(f"   memory     {peer.name:12} {row}", file=sys.stderr, flush=True)
        return found

    @staticmethod
    def process_name(peer, role):
        names = {"edge": "edge", "out": "client", "in": "server"} if peer.name == "heddle" else {}
        return f"{peer.name}-{names.get(role, role)}"

    def held_plain(self, peer, pid, count):
        before = rss_mb(pid)
        command = [self.tools["load"], "hold", service(peer.number), str(HTTP1), str(count), "1", "0", "0", "0", "0"]
        holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        held = holder.stdout.readline().strip() == "held"
        after = rss_mb(pid)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        time.sleep(1)
        return round((after - before) * 1024 / count, 2) if held else None

    def held_secure(self, peer, pid, count):
        before, held = rss_mb(pid), []
        try:
            for _ in range(count):
                held.append(self.secured(pod(peer.number), POD_HTTP1))
            return round((rss_mb(pid) - before) * 1024 / count, 2)
        except OSError as caught:
            print(f"{peer.name}: held {len(held)} connections: {caught}", file=sys.stderr)
            return None
        finally:
            for secure in held:
                secure.close()
            time.sleep(1)

    def summary(self):
        rows = []
        for (case, name), results in self.samples.items():
            # A window without a single answer (a busy machine) says nothing of costs.
            good = [result for result in results if result.get("units")]
            if not good:
                rows.append({"case": case, "peer": name, "error": results[0].get("error", "no answer in time")})
                continue
            row = {"case": case, "peer": name}
            for key, digits in (("cpu_us", 3), ("rps", 1), ("p50_us", 1), ("p99_us", 1), ("rss_mb", 2)):
                values = [result.get(key, 0) for result in good]
                row[key] = round(statistics.median(values), digits)
                if key in ("cpu_us", "p99_us"):
                    row[f"{key}_min"], row[f"{key}_max"] = round(min(values), digits), round(max(values), digits)
            row["rounds"] = len(good)
            row["failed"] = sum(result.get("failed", 0) for result in good) + len(results) - len(good)
            rows.append(row)
        return rows


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}"


def main():
    parser = argparse.ArgumentParser(prog="hack/bench/proxy")
    parser.add_argument("--quick", action="store_true", help="three short rounds, in less than three minutes")
    parser.add_argument("--json", metavar="FILE", help="where to write the results")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--idle", type=int, help="idle connections of the memory measurement, 0 for none")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--peers", default="heddle,envoy,haproxy,nginx")
    parser.add_argument("--proxy", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--envoy", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.seconds = options.seconds or (0.7 if options.quick else 3)
    if options.idle is None:
        options.idle = 300 if options.quick else 10000
    with tempfile.TemporaryDirectory(prefix="heddle-bench-") as directory:
        os.chmod(directory, 0o755)  # Proxies run as other users.
        bench = Bench(options, directory)
        try:
            bench.prepare()
            bench.rounds()
            rows = bench.summary()
            memory = bench.memory() if options.idle else {}
        except BaseException:
            for name in bench.processes.running:
                print(f"--- {name}: {bench.processes.log(name)}", file=sys.stderr)
            raise
        finally:
            bench.processes.stop()
    result = {"rows": rows, "memory": memory, "machine": machine(), "rounds": options.rounds,
              "seconds": options.seconds}
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    report(rows)


def report(rows):
    """Ratios, smaller is better."""
    cpu = {(row["case"], row["peer"]): row.get("cpu_us") for row in rows}
    for case in CASES:
        ours = cpu.get((case, "heddle"))
        if not ours:
            continue
        against = [f"{ours / theirs:.2f} × {peer}" for (kind, peer), theirs in cpu.items()
                   if kind == case and theirs and peer not in ("heddle", "direct")]
        print(f"{case:10} {ours:9.2f} µs   " + "   ".join(against))


if __name__ == "__main__":
    main()
