"""Mixed load through real proxies while everything around them changes; run by hack/soak.

Asserts that no proxy ends, that no answer has a wrong byte, that nothing is admitted (or refused) against policy, and
that memory is back within 20 % of idle at the end,
where idle is at rest after a first burst of all kinds of traffic.
"""

import argparse
import asyncio
import datetime
import json
import os
import random
import sys
import tempfile
import time
import urllib.request

from controlplane import ControlPlane, Endpoint
from proxies import Heddle, Processes, identity, redirect, rss_mb, run
from soak_clients import Tally, Verdict, calls, http1, http2, tcp

SERVICE, STRANGER, PODS = "10.99.1.1", "10.99.2.1", ("10.99.1.2", "10.99.1.3")
HTTP, GATED, GRPC, TCP = 9101, 9102, 9103, 9104
INBOUND = {PODS[0]: 11343, PODS[1]: 11443}
ROTATION_SECONDS, SETTLE_SECONDS, WARM_SECONDS, REST_SECONDS = 20, 3, 10, 5
PROXIES = {"client": 11291, "stranger": 11591, "server-a": 11391, "server-b": 11491}


class Soak:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.processes = Processes(directory)
        self.tally = Tally()
        self.gate = (False, time.monotonic())
        self.changes = {"endpoints": 0, "policies": 0}
        self.control = None
        self.pids = {}

    def prepare(self):
        here = os.path.dirname(os.path.abspath(__file__))
        run("ip", "link", "set", "lo", "up")
        for address in (SERVICE, STRANGER, *PODS, "10.99.0.9"):
            run("ip", "address", "add", f"{address}/32", "dev", "lo")
        protos = os.path.join(here, "..", "..", "..", "Sources", "MeshWire", "Protos")
        self.control = ControlPlane(protos, self.directory, lifetime=datetime.timedelta(seconds=60))
        self.publish()
        core = "0,1" if (os.cpu_count() or 1) > 1 else "0"
        application = [sys.executable, os.path.join(here, "soak_app.py"), *map(str, (HTTP, GATED, GRPC, TCP))]
        self.processes.start("application", application, core=core, awaits=[HTTP, GRPC])
        heddle = Heddle(self.processes, self.options.proxy, self.control, self.directory)
        often = {"IDENTITY_MIN_REFRESH": "5s", "IDENTITY_MAX_REFRESH": f"{ROTATION_SECONDS}s"}
        for name, inbound, uid, ports, ip in (
                ("client", 11243, 2103, [], ""), ("stranger", 11543, 2103, [], ""),
                ("server-a", 11343, 2102, [HTTP, GRPC, TCP, GATED], PODS[0]),
                ("server-b", 11443, 2104, [HTTP, GRPC, TCP, GATED], PODS[1])):
            account = "server" if ip else name
            self.pids[name] = heddle.start(
                name, inbound, inbound - 3, PROXIES[name], uid, ports, ip,
                {**often, "IDENTITY_LOCAL_NAME": identity(account)}, core)
        self.separate_clients()
        redirect(SERVICE, None, 11240)
        redirect(STRANGER, None, 11540)
        for pod, inbound, uid in ((PODS[0], 11343, 2102), (PODS[1], 11443, 2104)):
            redirect(pod, None, inbound, unless_uid=uid)

    @staticmethod
    def separate_clients():
        """Clients of the pods get an address of their own, as they would have on a network.

        Otherwise they share address and ports with the proxies' own connections to the application, and a reused
        port finds the connection-tracking entry of such a connection: one that is not redirected.
        """
        run("ip", "rule", "add", "pref", "10", "lookup", "local")
        run("ip", "rule", "del", "pref", "0")
        for uid in (0, 2103):
            run("ip", "rule", "add", "pref", "5", "uidrange", f"{uid}-{uid}", "lookup", "77")
        for pod in PODS:
            run("ip", "route", "add", "local", f"{pod}/32", "dev", "lo", "src", STRANGER, "table", "77")

    # What the control plane says

    def path(self, port):
        return f"soak-{port}.default.svc.cluster.local:{port}"

    def publish(self):
        for port in (HTTP, GRPC, TCP, GATED):
            policy = self.control.outbound_policy(f"soak-{port}", [self.path(port)], opaque=port == TCP)
            for service in (SERVICE, STRANGER):
                self.control.targets.set((service, port), policy)
        self.control.targets.set((SERVICE, 9200), self.control.outbound_policy("plain", [self.path(9200)]))
        self.control.endpoints.set(self.path(9200), {("10.99.0.9", HTTP): Endpoint()})
        for name, admin in PROXIES.items():
            self.control.ports.set((name, admin), self.control.inbound_policy("admin", None))
        self.publish_endpoints(PODS)
        self.publish_gate(False)

    def publish_endpoints(self, pods, dead=False):
        for port in (HTTP, GRPC, TCP, GATED):
            endpoints = {
                (pod, port): Endpoint(identity("server"), INBOUND[pod] if port == TCP else None) for pod in pods}
            if dead:
                endpoints[("10.99.0.9", 9)] = Endpoint(identity("server"))  # Nobody listens there.
            self.control.endpoints.set(self.path(port), endpoints)
        self.changes["endpoints"] += 1

    def publish_gate(self, is_open):
        """Whether the client may use the gated port; the other ports admit it always, and the stranger never."""
        for workload in ("server-a", "server-b"):
            for port in (HTTP, GRPC, TCP, GATED):
                clients = [identity("client")] if port != GATED or is_open else [identity("nobody")]
                # A name that changes, so that each publication is a change.
                name = f"soak-{self.changes['policies'] % 8}"
                self.control.ports.set(
                    (workload, port), self.control.inbound_policy(name, clients, opaque=port == TCP))
        self.gate = (is_open, time.monotonic())
        self.changes["policies"] += 1

    def expected(self):
        """What the gated port owes a request now: nothing certain for a while after a change."""
        is_open, since = self.gate
        if time.monotonic() - since < SETTLE_SECONDS:
            return None
        return "open" if is_open else "closed"

    def memory(self):
        return {name: rss_mb(pid) for name, pid in self.pids.items()}

    @staticmethod
    def memory_text(sizes):
        return " ".join(f"{name} {size:.1f} MB" for name, size in sizes.items())

    # What happens meanwhile

    async def churn(self, stop):
        choice = random.Random()
        next_gate = 0.0
        while not stop.is_set():
            draw = choice.random()
            if draw < 0.35:
                self.publish_endpoints(PODS)
            elif draw < 0.85:
                self.publish_endpoints([choice.choice(PODS)])
            elif draw < 0.95:
                self.publish_endpoints(PODS, dead=True)
            else:
                self.publish_endpoints([])
            if time.monotonic() >= next_gate:
                self.publish_gate(not self.gate[0])
                next_gate = time.monotonic() + SETTLE_SECONDS + choice.uniform(2, 6)
            await asyncio.sleep(choice.uniform(0.1, 1))
        self.publish_endpoints(PODS)

    async def watch(self, stop):
        """Ends the run as soon as a proxy has ended; scrapes all of them."""
        while not stop.is_set():
            for name in self.pids:
                if self.processes.running[name].poll() is not None:
                    self.tally.violate(name, f"ended: {self.processes.log(name)}")
                    stop.set()
                    continue
                await asyncio.to_thread(self.scrape, name)
            await asyncio.sleep(1)

    def scrape(self, name):
        try:
            for path in ("ready", "metrics"):
                urllib.request.urlopen(f"http://127.0.0.1:{PROXIES[name]}/{path}", timeout=10).read()
        except OSError as error:
            self.tally.violate(name, f"admin port: {error}")

    async def report(self, stop, end):
        while not stop.is_set():
            await asyncio.sleep(min(30, max(0.1, end - time.monotonic())))
            total = {outcome: 0 for outcome in ("good", "refused", "VIOLATION")}
            for counts in self.tally.counts.values():
                for outcome, count in counts.items():
                    total[outcome] = total.get(outcome, 0) + count
            memory = " ".join(
                f"{name} {rss_mb(pid):.1f} ({rss_mb(pid, 'RssAnon'):.1f})" for name, pid in self.pids.items())
            print(f"{max(0, end - time.monotonic()):5.0f} s left: {total}; MB (anonymous): {memory}; {self.changes}, "
                  f"{self.control.certified} certificates", flush=True)
            if time.monotonic() >= end:
                stop.set()

    async def load(self, seconds):
        stop = asyncio.Event()
        pause = self.options.pause
        end = time.monotonic() + seconds

        def client(name, expects="open"):
            return Verdict(self.tally, name, expects)

        async with asyncio.TaskGroup() as group:
            for part in (self.churn(stop), self.watch(stop), self.report(stop, end)):
                group.create_task(part)
            for _ in range(6):
                group.create_task(http1((SERVICE, HTTP), client("http1"), pause, stop))
            for _ in range(2):
                group.create_task(http2((SERVICE, HTTP), client("http2"), pause, stop))
                group.create_task(calls((SERVICE, GRPC), client("grpc"), pause, stop))
                group.create_task(http1((SERVICE, 9200), client("plain http1"), pause, stop))
                group.create_task(http2((SERVICE, 9200), client("plain http2"), pause, stop, width=2))
            for _ in range(3):
                group.create_task(tcp((SERVICE, TCP), client("tcp"), pause, stop))
                group.create_task(http1((SERVICE, GATED), client("gated http1", self.expected), pause, stop))
            group.create_task(http2((SERVICE, GATED), client("gated http2", self.expected), pause, stop))
            # These are never admitted: a mesh identity that no policy names, and no identity at all.
            for name, address in (("stranger", STRANGER), ("unmeshed", PODS[0]), ("unmeshed", PODS[1])):
                group.create_task(http1((address, HTTP), client(f"{name} http1", "closed"), pause, stop))
                group.create_task(http2((address, HTTP), client(f"{name} http2", "closed"), pause, stop, width=1))
                group.create_task(calls((address, GRPC), client(f"{name} grpc", "closed"), pause, stop))
                group.create_task(tcp((address, TCP), client(f"{name} tcp", "closed"), pause, stop))

    async def settled(self, idle):
        """Waits until memory is back; what is still over the limit after a minute is a violation."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            over = [name for name, pid in self.pids.items() if rss_mb(pid) > idle[name] * 1.2]
            if not over:
                return
            await asyncio.sleep(1)
        for name in over:
            self.tally.violate(name, f"{rss_mb(self.pids[name]):.1f} MB after the load, {idle[name]:.1f} MB idle")

    async def run(self):
        fresh = self.memory()
        # Idle is at rest, with the pages of the program in memory that traffic of every kind takes.
        await self.load(WARM_SECONDS)
        await asyncio.sleep(REST_SECONDS)
        idle = self.memory()
        print(f"fresh: {self.memory_text(fresh)}; idle: {self.memory_text(idle)}", flush=True)
        await self.load(self.options.minutes * 60)
        await self.settled(idle)
        self.conclude(idle)

    def conclude(self, idle):
        for client, counts in sorted(self.tally.counts.items()):
            print(f"{client:16} {json.dumps(counts)}")
        for name, pid in self.pids.items():
            if self.processes.running[name].poll() is None:
                print(f"{name:16} {idle[name]:.1f} MB idle, {rss_mb(pid):.1f} MB at the end")
        for client in ("http1", "http2", "grpc", "tcp", "plain http1", "plain http2", "gated http1", "gated http2"):
            if not self.tally.counts.get(client, {}).get("good"):
                self.tally.violate(client, "nothing succeeded: the run shows nothing")
        for client in ("gated http1", "stranger http1", "stranger grpc", "unmeshed http1"):
            if not self.tally.counts.get(client, {}).get("refused"):
                self.tally.violate(client, "nothing was refused: the run shows nothing")


def main():
    parser = argparse.ArgumentParser(prog="hack/soak")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between a client's requests, at most")
    parser.add_argument("--proxy", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heddle-soak-") as directory:
        os.chmod(directory, 0o755)  # Proxies run as other users.
        soak = Soak(options, directory)
        try:
            soak.prepare()
            asyncio.run(soak.run())
        except BaseException:
            for name in soak.processes.running:
                print(f"--- {name}: {soak.processes.log(name)}", file=sys.stderr)
            raise
        finally:
            soak.processes.stop()
    for violation in soak.tally.violations:
        print(f"VIOLATION {violation}")
    print("soak: " + ("FAILED" if soak.tally.violations else "passed"))
    os._exit(1 if soak.tally.violations else 0)  # Streams of the control plane have threads that wait.


if __name__ == "__main__":
    main()
