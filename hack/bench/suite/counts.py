"""Counts instructions and allocations of heddle-proxy per request, under callgrind; run by hack/bench/counts.

Times move with the machine; counts do not. They are compared with hack/bench/Thresholds/6.3.json: more is a failure.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from bench import CASES, SERVER_UID, Bench
from peers import service

ALLOCATORS = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign")
# name: case and the process whose work is counted
COUNTED = {
    "http1": ("http1", "edge"), "http2": ("http2", "edge"), "tcp": ("tcp", "edge"),
    "mtls-outbound": ("mtls", "out"), "grpc-mtls-outbound": ("grpc-mtls", "out"),
    "mtls-inbound": ("mtls", "in"), "grpc-mtls-inbound": ("grpc-mtls", "in"),
}
UIDS = {"edge": 2103, "out": 2103, "in": SERVER_UID}


def parse(path):
    """Instructions of all functions, and how often allocators were called, from a callgrind profile."""
    names, total, calls = {}, 0, collections.Counter()
    called, is_inclusive = None, False

    def name_of(text):
        match = re.match(r"\((\d+)\)(?: (.*))?$", text)
        if match[2]:
            names[match[1]] = match[2]
        return match[1]

    with open(path) as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("fn="):
                name_of(line[3:])
            elif line.startswith("cfn="):
                called = name_of(line[4:])
            elif line.startswith("calls="):
                calls[called] += int(line[6:].split()[0])
                is_inclusive = True  # The next line's cost belongs to what was called.
            elif re.match(r"[+*\-\d]", line):
                if not is_inclusive:
                    total += int(line.split()[1])
                is_inclusive = False
    return total, sum(count for key, count in calls.items() if names[key] in ALLOCATORS)


class Counts:
    def __init__(self, bench, directory):
        self.bench, self.peer, self.directory = bench, bench.peers[0], directory
        # Connections outlast the pause in which callgrind is told what to do.
        self.peer.heddle.settings["OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT"] = "60s"
        self.peer.heddle.settings["INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT"] = "60s"

    def launch(self, counted, program, native):
        """All three proxies anew, the counted one under callgrind."""
        self.bench.processes.stop("heddle-edge", "heddle-client", "heddle-server")
        for role in ("edge", "out", "in"):
            self.peer.heddle.program = program if role == counted else native
            self.peer.launch(role)

    def control(self, action, role):
        uid = UIDS[role]
        subprocess.run(
            ["callgrind_control", action, str(self.peer.pids[role])], check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, user=uid, group=uid, extra_groups=[], env={**os.environ, "TMPDIR": self.directory})

    def dumps(self, role):
        prefix = f"profile.{self.peer.pids[role]}."
        return {name for name in os.listdir(self.directory) if name.startswith(prefix)}

    def count(self, case, role):
        mode, port, connections, streams, _ = CASES[case]
        connections = min(connections, 8)
        arguments = (mode, service(self.peer.number), port, connections, streams, 0, [self.peer.pids[role]])
        self.bench.load(*arguments, 2, 1)  # Connections are made, pools filled.
        self.control("-z", role)
        result = self.bench.load(*arguments, 0, 4)
        known = self.dumps(role)
        self.control("-d", role)
        deadline = time.monotonic() + 10
        while not (made := self.dumps(role) - known) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not made or result.get("failed") or not result.get("units"):
            raise RuntimeError(f"{case}: no profile of a good run: {result}")
        instructions, allocations = parse(os.path.join(self.directory, made.pop()))
        return {"instructions": round(instructions / result["units"]),
                "allocations": round(allocations / result["units"], 3)}


def main():
    parser = argparse.ArgumentParser(prog="hack/bench/counts")
    parser.add_argument("--proxy", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--thresholds", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--update", action="store_true", help="write the thresholds: 30 %% above what was counted, for what "
                        "depends on how many requests meet in a batch")
    parser.add_argument("--json", metavar="FILE", help="where to write what was counted")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heddle-counts-") as directory:
        os.chmod(directory, 0o777)  # The proxies run as other users and write their profiles here.
        program = os.path.join(directory, "proxy")
        with open(program, "w") as file:
            file.write(f"#!/bin/sh\nexport TMPDIR={directory}\nexec valgrind --tool=callgrind "
                       f"--callgrind-out-file={directory}/profile.%p {options.proxy}\n")
        os.chmod(program, 0o755)
        native = options.proxy
        options.envoy, options.peers = "", "heddle"
        bench = Bench(options, directory)
        try:
            bench.prepare()
            counts, found, under = Counts(bench, directory), {}, None
            for name, (case, role) in COUNTED.items():
                if role != under:
                    counts.launch(role, program, native)
                    under = role
                found[name] = counts.count(case, role)
                print(f"{name:20} {found[name]['instructions']:9,} instructions, {found[name]['allocations']:.3f} "
                      f"allocations per {'MB' if case == 'tcp' else 'request'}", flush=True)
        finally:
            bench.processes.stop()
    sys.stdout.flush()
    os._exit(judge(found, options))


def judge(found, options):
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=2)
            file.write("\n")
    if options.update:
        limits = {name: {"instructions": round(count["instructions"] * 1.3, -2),
                         "allocations": round(count["allocations"] + 0.5, 1)} for name, count in found.items()}
        with open(options.thresholds, "w") as file:
            json.dump(limits, file, indent=2)
            file.write("\n")
        return 0
    with open(options.thresholds) as file:
        limits = json.load(file)
    status = 0
    for name, count in found.items():
        for kind, value in count.items():
            if value > limits[name][kind]:
                print(f"{name}: {value:,} {kind}; the threshold is {limits[name][kind]:,}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    main()
