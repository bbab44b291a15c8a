"""Measures ``regpress serve``: reads beside an nginx worker that serves the same bytes, searches, publishes, start.

Rates of reads are compared by processor time for each request, taken from ``/proc``: wall time on a shared machine says
little. Needs Linux, and for the rates ``wrk`` and ``nginx``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

FOLDER = Path(__file__).parent
PROGRAM = (sys.executable, "-c", "from regpress.cli.main import main; main()")
TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = """\
sources:
  - {name: content, managed: {}}
  - {name: registry, file: {path: registry.json}}
registries:
  - {name: default, sources: [content, registry]}
site: {host: nginx, catalog: {enabled: false}}
"""
GIT_CONFIG = """\
sources:
  - {name: content, managed: {}}
registries:
  - {name: default, sources: [content]}
site: {host: nginx, catalog: {enabled: false}}
"""
NOBODY = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
#: Half of the searches find nothing, the others something, and no two are the same.
SEARCHES = """\
local n = 0
request = function()
  n = n + 1
  local text = n % 2 == 0 and "zq" .. n .. "x" or "a&limit=" .. (n % 100 + 1) .. "&n=" .. n
  return wrk.format("GET", "/v0.1/servers?search=" .. text)
end
"""
NGINX = """\
worker_processes 1; daemon off; error_log stderr crit; pid %(folder)s/nginx.pid;
events { worker_connections 512; }
http {
  access_log off; sendfile on; keepalive_requests 100000000; default_type application/json;
  server { listen 127.0.0.1:%(port)d; root %(folder)s/bodies; }
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=10_000, help="number of servers (10,000)")
    parser.add_argument("--seconds", type=int, default=3, help="length of each measurement of a rate (3)")
    parser.add_argument("--publishes", type=int, default=100, help="number of publishes (100)")
    parser.add_argument(
        "--git", type=int, nargs="*", default=[1000, 10_000], help="servers in a repository, for publishes"
    )
    parser.add_argument("--large", action="store_true", help="also publishes at 100,000 servers")
    parser.add_argument("--folder", type=Path, help="where the site lies; on the disk that is to be measured")
    parser.add_argument("--json", type=Path, default=FOLDER / "results" / "app.json", help="where all values go")
    options, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rows = measure(Path(folder), options)
    for name, value in rows.items():
        print(f"{name:<48}{value:>12.3f}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(rows, indent=1) + "\n")


def measure(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    rows: dict[str, float] = {}
    with built(folder, options.servers) as site:
        rows |= measure_site(folder, site, options)
    with built(folder, 0) as empty, serving(empty) as (_, pid):
        more = rows["memory after start, MiB"] - memory(pid)
        rows["memory for each version, KiB"] = more * 1024 / rows.pop("versions")
    for servers in (1000, *([100_000] if options.large else [])):
        with built(folder, servers) as other, serving(other) as (port, _):
            rows |= latencies(f"publish, {servers:,} servers", lambda n, port=port: publish(port, n), options.publishes)
    for servers in options.git:
        rows |= publishes_with_git(folder / f"git-{servers}", servers, options.publishes)
    return rows


def measure_site(folder: Path, site: Path, options: argparse.Namespace) -> dict[str, float]:
    rows: dict[str, float] = {"versions": count_versions(site)}
    started = time.perf_counter()
    with serving(site) as (port, pid):
        rows["start, seconds until it answers"] = time.perf_counter() - started
        rows["start, processor seconds"] = processor(pid, children=True)
        rows["memory after start, MiB"] = memory(pid)
        paths = targets(port)
        if shutil.which("wrk") and shutil.which("nginx"):
            rows |= rates(folder, (port, pid), paths, seconds=options.seconds)
            rows |= searches(folder, (port, pid), seconds=options.seconds)
        rows |= latencies("search without a hit", lambda n: ask(port, f"/v0.1/servers?search=zq{n}x"), 200)
        rows |= latencies("search with hits", lambda n: ask(port, f"/v0.1/servers?search=a&limit={n % 100 + 1}"), 200)
        rows |= latencies("publish", lambda n: publish(port, n), options.publishes)
        rows["memory at the end, MiB"] = memory(pid)
    return rows


@contextmanager
def built(folder: Path, servers: int) -> Iterator[Path]:
    """Write a site with its tree."""
    site = folder / f"site-{servers}"
    write_site(site, servers)
    try:
        subprocess.run([*PROGRAM, "build", site], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield site
    finally:
        shutil.rmtree(site)


def write_site(site: Path, servers: int) -> None:
    (site / "content").mkdir(parents=True)
    (site / "config.yaml").write_text(CONFIG)
    generate = (sys.executable, FOLDER / "generate.py", "--servers", str(max(servers, 1)), "--versions-mean", "3")
    subprocess.run([*generate, "--out", site / "registry.json"], check=True, stdout=subprocess.DEVNULL)
    if not servers:
        empty = {"version": "1.0.0", "data": {"servers": []}}
        (site / "registry.json").write_text(json.dumps(empty | {"meta": {"last_updated": "2026-01-01T00:00:00Z"}}))


def count_versions(site: Path) -> int:
    return len(json.loads((site / "registry.json").read_text())["data"]["servers"])


def publishes_with_git(site: Path, servers: int, count: int) -> dict[str, float]:
    """Measure publishes into a repository that holds a file for each server."""
    for number in range(servers):
        path = site / f"content/servers/org.bench-{number % 200}/server-{number}/1.0.0.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(document(f"org.bench-{number % 200}/server-{number}")))
    (site / "config.yaml").write_text(GIT_CONFIG)
    (site / ".gitignore").write_text("/dist/\n/.regpress/\n/audit.jsonl\n")
    for command in (["init", "-q"], ["add", "--all"], [*NOBODY, "commit", "-qm", "Begin"]):
        subprocess.run(["git", "-C", site, *command], check=True)
    with serving(site) as (port, _):
        return latencies(f"publish with git, {servers:,} servers", lambda n: publish(port, n), count)


@contextmanager
def serving(site: Path) -> Iterator[tuple[int, int]]:
    command = [
        *PROGRAM,
        "serve",
        site,
        "--port",
        "0",
        "--no-access-log",
        "--write-rate",
        "0",
        "--allow-anonymous-writes",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Serving"):
                break
        port = int(line.rstrip("/\n").rpartition(":")[2])
        ask(port, "/ping")
        try:
            yield port, process.pid
        finally:
            process.terminate()
            process.stderr.read()


def targets(port: int) -> dict[str, str]:
    _, body = ask(port, "/v0.1/servers?limit=100")
    entry = json.loads(body)["servers"][50]["server"]
    name, version = quote(entry["name"], safe=""), quote(entry["version"], safe="")
    return {"version": f"/v0.1/servers/{name}/versions/{version}", "page": "/v0.1/servers?limit=30"}


def rates(folder: Path, server: tuple[int, int], paths: dict[str, str], *, seconds: int) -> dict[str, float]:
    port, pid = server
    bodies = {name: ask(port, path)[1] for name, path in paths.items()}
    (folder / "bodies").mkdir()
    for name, body in bodies.items():
        (folder / "bodies" / name).write_bytes(body)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        other = free.getsockname()[1]
    (folder / "nginx.conf").write_text(NGINX % {"folder": folder, "port": other})
    rows: dict[str, float] = {}
    with subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL) as nginx:
        try:
            worker = wait_for_child(nginx.pid)
            for name, path in paths.items():
                ours = cost(pid, f"http://127.0.0.1:{port}{path}", seconds)
                theirs = cost(worker, f"http://127.0.0.1:{other}/{name}", seconds)
                rows[f"{name}: microseconds of processor a request"] = ours * 1e6
                rows[f"{name}: the same, nginx"] = theirs * 1e6
                rows[f"{name}: rate, of nginx"] = theirs / ours
        finally:
            nginx.terminate()
    return rows


def searches(folder: Path, server: tuple[int, int], *, seconds: int) -> dict[str, float]:
    """Measure searches of fifty clients at once."""
    port, pid = server
    (folder / "searches.lua").write_text(SEARCHES)
    before = processor(pid)
    command = ["wrk", "-t1", "-c50", f"-d{seconds}s", "-s", folder / "searches.lua", f"http://127.0.0.1:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    line = next(line for line in done.splitlines() if "requests in" in line)
    count = int(line.split()[0])
    rate = float(next(line.split()[1] for line in done.splitlines() if line.startswith("Requests/sec")))
    return {
        "search, 50 clients: a second": rate,
        "search, 50 clients: microseconds of processor each": (processor(pid) - before) / count * 1e6,
    }


def cost(pid: int, url: str, seconds: int) -> float:
    """Return the processor seconds that one request costs the process that answers it."""
    before = processor(pid)
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    requests = next(int(line.split()[0]) for line in done.splitlines() if "requests in" in line)
    return (processor(pid) - before) / requests


def wait_for_child(pid: int) -> int:
    while True:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.01)


def processor(pid: int, *, children: bool = False) -> float:
    """Return the processor seconds that a process has used, on request with its processes that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if children else 13])) / TICKS


def memory(pid: int) -> float:
    """Return the MiB of memory that are the process's own, what is mapped from files left out."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon"))) / 1024


def latencies(name: str, once: Callable[[int], Any], count: int) -> dict[str, float]:
    taken = []
    for number in range(count):
        started = time.perf_counter()
        once(number)
        taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    return {f"{name}: median, ms": statistics.median(taken), f"{name}: p99, ms": taken[int(count * 0.99) - 1]}


def document(name: str) -> dict[str, Any]:
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": name,
        "description": "Published by a benchmark",
        "version": "1.0.0",
        "remotes": [{"type": "streamable-http", "url": f"https://bench.example.com/{name}"}],
    }


def publish(port: int, number: int) -> None:
    value = document(f"com.example.bench/server-{number}")
    status, body = ask(port, "/v0.1/publish", json.dumps(value).encode())
    if status != 200:
        raise SystemExit(f"publish: {status} {body!r}")


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST" if body else "GET", path, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
