#!/usr/bin/env python3
"""Writes the tables and plots of docs/performance.md from result files.

    document.py [RESULTS [COUNTS]]  takes RESULTS of hack/bench/proxy (and COUNTS of hack/bench/counts) over into
                                    docs/performance, then writes tables and plots
    document.py --check             fails when the page or a plot is not what the checked-in results say
"""

import json
import os
import re
import shutil
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
PAGE = os.path.join(ROOT, "docs", "performance.md")
FOLDER = os.path.join(ROOT, "docs", "performance")
PEERS = ("heddle", "envoy", "envoy-http1", "haproxy", "nginx", "direct")
NAMES = {"heddle": "Heddle", "envoy": "Envoy", "envoy-http1": "Envoy, HTTP/1 between", "haproxy": "HAProxy",
         "nginx": "nginx", "direct": "no proxy"}
UNITS = {"tcp": "µs per MB", "handshake": "µs per handshake"}
# goal: case, what is compared, with which peer, at most
GOALS = (
    ("HTTP/1.1, one hop", "http1", "cpu_us", "envoy", 0.33),
    ("HTTP/1.1, one hop", "http1", "cpu_us", "haproxy", 0.9),
    ("mTLS, two hops", "mtls", "cpu_us", "better envoy", 0.30),
    ("HTTP/2, one hop", "http2", "cpu_us", "envoy", 0.25),
    ("HTTP/2, one hop", "http2", "cpu_us", "haproxy", 1.0),
    ("gRPC over mTLS, two hops", "grpc-mtls", "cpu_us", "envoy", 0.35),
    ("added p99 at 2,000 req/s, mTLS, two hops", "mtls-2k", "p99_us", "envoy", 0.5),
    ("full handshakes", "handshake", "cpu_us", "envoy", 0.8),
    ("opaque TCP", "tcp", "cpu_us", "envoy", 0.5),
)
MEMORY_GOALS = (
    ("idle, MB", ("idle_mb",), 12), ("with 64 connections, MB", ("busy64_mb", "busy64_in_mb"), 15),
    ("each idle connection, plain text, kB", ("plain_kb",), 10),
    ("each idle connection, mTLS, kB", ("mtls_kb",), 35),
)


def number(value, digits=None):
    if value is None:
        return "–"
    if digits is None:
        digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


class Results:
    def __init__(self, content, counts):
        self.content, self.counted = content, counts
        self.rows = {(row["case"], row["peer"]): row for row in content["rows"]}

    def value(self, case, peer, key):
        row = self.rows.get((case, peer))
        if row is None or key not in row:
            return None
        if key == "p99_us" and case == "mtls-2k":
            # What the proxies add: less what the client and the server alone need.
            return row[key] - self.rows[(case, "direct")][key]
        return row[key]

    def ratio(self, case, key, peer):
        ours = self.value(case, "heddle", key)
        theirs = [self.value(case, name, key) for name in
                  (("envoy", "envoy-http1") if peer == "better envoy" else (peer,))]
        theirs = [value for value in theirs if value]
        return ours / min(theirs) if ours is not None and theirs else None

    # Tables

    def goals(self):
        yield "| | goal | measured | |"
        yield "|---|---|---|---|"
        for title, case, key, peer, limit in GOALS:
            ratio = self.ratio(case, key, peer)
            name = "Envoy's better protocol" if peer == "better envoy" else NAMES[peer]
            yield f"| {title} | ≤ {limit:.2f} × {name} | {number(ratio, 2)} × | {self.verdict(ratio, limit)} |"
        memory = self.content.get("memory", {}).get("heddle", {})
        for title, keys, limit in MEMORY_GOALS:
            values = [memory[key] for key in keys if memory.get(key) is not None]
            value = max(values) if values else None
            yield f"| memory {title} | ≤ {limit} | {number(value, 1)} | {self.verdict(value, limit)} |"

        for title, case, limit in (("allocations per request", "http1", 2), ("allocations per MB forwarded", "tcp", 0)):
            value = max(count["allocations"] for name, count in self.counted.items()
                        if (name == "tcp") == (case == "tcp"))
            yield f"| {title} | ≤ {limit} | {number(value, 1)} | {self.verdict(round(value, 1), limit)} |"

    def counts(self):
        yield "| | instructions | allocations |"
        yield "|---|---|---|"
        for name, count in self.counted.items():
            yield f"| {name} | {count['instructions']:,} | {count['allocations']:.1f} |"

    @staticmethod
    def verdict(value, limit):
        if value is None:
            return "not measured"
        return "met" if value <= limit else f"**missed by {(value / limit - 1) * 100:.0f} %**"

    def case(self, case):
        unit = UNITS.get(case, "µs per request")
        rate = "MB/s" if case == "tcp" else "per second"
        yield f"| | CPU {unit} [min–max] | × Heddle | {rate} | p50 µs | p99 µs | resident MB |"
        yield "|---|---|---|---|---|---|---|"
        for peer in PEERS:
            row = self.rows.get((case, peer))
            if row is None:
                continue
            if "error" in row:
                yield f"| {NAMES[peer]} | failed: {row['error']} | – | – | – | – | – |"
                continue
            ours = self.value(case, "heddle", "cpu_us")
            is_direct = peer == "direct"
            spread = f"{number(row['cpu_us'])} [{number(row['cpu_us_min'])}–{number(row['cpu_us_max'])}]"
            times = number(row["cpu_us"] / ours, 2) if ours and not is_direct else "–"
            p50, p99 = (number(row[key]) if case != "tcp" else "–" for key in ("p50_us", "p99_us"))
            yield (f"| {NAMES[peer]} | {'–' if is_direct else spread} | {times} | {number(row['rps'], 0)} | {p50} | "
                   f"{p99} | {'–' if is_direct else number(row['rss_mb'])} |")

    def memory(self):
        count = next((row["idle_connections"] for row in self.content["memory"].values()
                      if "idle_connections" in row), 0)
        yield ("| | idle, outbound MB | idle, inbound MB | 64 connections, outbound MB | 64 connections, inbound MB | "
               f"each of {count:,} idle, plain kB | each of {count:,} idle, mTLS kB |")
        yield "|---|---|---|---|---|---|---|"
        for peer, row in self.content["memory"].items():
            keys = ("idle_mb", "idle_in_mb", "busy64_mb", "busy64_in_mb", "plain_kb", "mtls_kb")
            yield f"| {NAMES[peer]} | " + " | ".join(number(row.get(key), 1) for key in keys) + " |"

    def machine(self):
        yield f"{self.content['machine']}; {self.content['rounds']} rounds of {self.content['seconds']:g} s."

    def block(self, name):
        return "\n".join(getattr(self, name)() if name in ("goals", "memory", "machine", "counts") else self.case(name))

    # Plots

    def plots(self):
        for case in dict.fromkeys(row["case"] for row in self.content["rows"]):
            key, title = ("p99_us", "added p99, µs") if case == "mtls-2k" else (
                "cpu_us", f"CPU {UNITS.get(case, 'µs per request')}")
            bars = [(NAMES[peer], self.value(case, peer, key)) for peer in PEERS
                    if (case, peer) in self.rows and peer != "direct"]
            yield f"{case}.svg", plot(f"{case}: {title}", [bar for bar in bars if bar[1] is not None])
        memory = self.content.get("memory", {})
        if memory:
            yield "memory.svg", plot(
                "resident MB with 64 connections", [(NAMES[peer], row["busy64_mb"]) for peer, row in memory.items()])


def plot(title, bars):
    """Horizontal bars, less is better."""
    width, left, height = 640, 170, 26
    top = max((value for _, value in bars), default=1) or 1
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{40 + height * len(bars)}" '
             'font-family="sans-serif" font-size="13">', '<rect width="100%" height="100%" fill="white"/>',
             f'<text x="8" y="20" font-weight="bold">{title} (less is better)</text>']
    for index, (name, value) in enumerate(bars):
        y, length = 34 + height * index, max(1, (width - left - 90) * value / top)
        color = "#2b6cb0" if name == "Heddle" else "#a0aec0"
        lines += [f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{name}</text>',
                  f'<rect x="{left}" y="{y}" width="{length:.1f}" height="18" fill="{color}"/>',
                  f'<text x="{left + length + 6:.1f}" y="{y + 14}">{number(value)}</text>']
    return "\n".join(lines) + "\n</svg>\n"


def main():
    check = sys.argv[1:] == ["--check"]
    path = os.path.join(FOLDER, "results.json")
    counts = os.path.join(FOLDER, "counts.json")
    if sys.argv[1:] and not check:
        os.makedirs(FOLDER, exist_ok=True)
        for given, kept in zip(sys.argv[1:], (path, counts)):
            shutil.copyfile(given, kept)
    with open(path) as measured, open(counts) as counted:
        results = Results(json.load(measured), json.load(counted))
    with open(PAGE) as file:
        page = file.read()
    wanted = {PAGE: re.sub(
        r"<!-- results: ([\w-]+) -->\n.*?<!-- end -->",
        lambda found: f"<!-- results: {found[1]} -->\n{results.block(found[1])}\n<!-- end -->", page, flags=re.S)}
    wanted.update({os.path.join(FOLDER, name): content for name, content in results.plots()})
    stale = []
    for name, content in wanted.items():
        known = open(name).read() if os.path.exists(name) else None
        if known != content:
            stale.append(os.path.relpath(name, ROOT))
            if not check:
                with open(name, "w") as file:
                    file.write(content)
    if check and stale:
        sys.exit(f"not what docs/performance/results.json says: {', '.join(stale)}; run hack/bench/suite/document.py")


if __name__ == "__main__":
    main()
