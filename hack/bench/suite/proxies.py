"""Starts proxies and what stands around them, each pinned to a core; all of it ends with the script."""

import os
import signal
import socket
import subprocess
import sys
import time

# The proxy has a core of its own; clients and servers share the other one.
PROXY_CORE = "1" if (os.cpu_count() or 1) > 1 else "0"
LOAD_CORE = "0"
TRUST = "cluster.local"


def identity(account):
    return f"{account}.default.serviceaccount.identity.linkerd.{TRUST}"


class Processes:
    """What was started, by name."""

    def __init__(self, directory):
        self.directory = directory
        self.running = {}
        # So that they end with a script that is told to end.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def start(self, name, command, core=PROXY_CORE, environment=None, uid=None, awaits=()):
        log = open(os.path.join(self.directory, f"{name}.log"), "wb")
        # By setpriv and not by Popen, which would fork for it: gRPC's threads do not survive that.
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        process = subprocess.Popen(
            ["taskset", "-c", core, *become, *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})})
        self.running[name] = process
        for port in awaits:
            self._await(name, process, port)
        return process.pid

    def _await(self, name, process, port):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{name} does not listen on {port}:\n{self.log(name)}")

    def log(self, name):
        with open(os.path.join(self.directory, f"{name}.log"), errors="replace") as file:
            return file.read()[-2000:]

    def stop(self, *names):
        for name in names or list(self.running):
            process = self.running.pop(name, None)
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGKILL)
            process.wait()


def rss_mb(pid, kind="VmRSS"):
    """Resident megabytes; kind may be RssAnon: without the program's own file."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(kind):
                return int(line.split()[1]) / 1024
    return 0.0


def run(*command):
    subprocess.run(command, check=True)


def redirect(address, port, to, unless_uid=None):
    """Connections to `address` (and `port`, unless None) end at the local port `to`, as in a pod."""
    rule = ["iptables", "-w", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-d", address]
    if port is not None:
        rule += ["--dport", str(port)]
    if unless_uid is not None:
        rule += ["-m", "owner", "!", "--uid-owner", str(unless_uid)]
    run(*rule, "-j", "REDIRECT", "--to-ports", str(to))


class Heddle:
    """Launches heddle-proxy as the injector would, with a control plane on loopback."""

    def __init__(self, processes, program, control, directory):
        self.processes, self.program, self.control, self.directory = processes, program, control, directory
        self.settings = {}  # More, for all proxies.
        self.token = os.path.join(directory, "token")
        with open(self.token, "w") as file:
            file.write("bench")

    def start(self, name, inbound, outbound, admin, uid, inbound_ports=(), inbound_ips="", extra=None, core=PROXY_CORE):
        service = f"127.0.0.1:{self.control.port}"
        settings = {
            "LOG": "warn,linkerd=info", "INBOUND_LISTEN_ADDR": f"0.0.0.0:{inbound}",
            "OUTBOUND_LISTEN_ADDR": f"127.0.0.1:{outbound}", "ADMIN_LISTEN_ADDR": f"127.0.0.1:{admin}",
            "DESTINATION_SVC_ADDR": service, "POLICY_SVC_ADDR": service, "IDENTITY_SVC_ADDR": service,
            "POLICY_WORKLOAD": name, "INBOUND_PORTS": ",".join(map(str, inbound_ports)),
            "INBOUND_DEFAULT_POLICY": "deny", "INBOUND_IPS": inbound_ips,
            "IDENTITY_LOCAL_NAME": identity(name.split("-")[-1]), "IDENTITY_TOKEN_FILE": self.token,
            "IDENTITY_TRUST_ANCHORS": self.control.authority.pem, "INBOUND_CONNECT_TIMEOUT": "5s",
            "OUTBOUND_CONNECT_TIMEOUT": "5s", **self.settings, **(extra or {}),
        }
        environment = {f"LINKERD2_PROXY_{key}": value for key, value in settings.items() if value}
        return self.processes.start(
            name, [self.program], core=core, environment=environment, uid=uid, awaits=(admin, inbound))
