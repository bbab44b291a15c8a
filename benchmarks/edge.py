#!/usr/bin/env python3
"""What answers of the edge module cost in Cloudflare's runtime, beside an nginx worker that serves a stored page.

    python benchmarks/edge.py                    # 25,000 servers
    python benchmarks/edge.py --tree DIST        # a site built for cloudflare-workers

Processor time of the runtime is taken from ``/proc``: wall time on a shared machine says little. The runtime's own
part is large: the row of reads is a module that reads what a search reads, and does nothing with it. Cold answers are
those of a module that keeps no copies of files. Needs Linux, Node and npm (the first run fetches the runtime), wrk and
nginx.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

FOLDER: Final = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "tests"))

from edges import cloudflare_runtime  # noqa: E402 (the path comes first)
from edges.web_server import free_port  # noqa: E402

PROGRAM: Final = (sys.executable, "-c", "from regpress.cli.main import main; main()")
TICKS: Final = os.sysconf("SC_CLK_TCK")
CONFIG: Final = """\
sources: [{name: list, file: {path: registry.json}}]
registries: [{name: default, sources: [list]}]
site: {baseUrl: "https://registry.example.org", host: cloudflare-workers, catalog: {enabled: false}}
"""
NGINX: Final = """\
worker_processes 1; daemon off; master_process off; error_log stderr crit; pid %(folder)s/nginx.pid;
events { worker_connections 512; }
http {
  access_log off; sendfile on; keepalive_requests 100000000; default_type application/json;
  server { listen 127.0.0.1:%(port)d; root %(root)s; }
}
"""
INDEX: Final = "v0.1/x/dev.regpress/query/servers.json"
READS: Final = f"""\
export default {{
  async fetch(request, env) {{
    const found = await env.ASSETS.fetch(new Request(new URL("/{INDEX}", request.url)));
    return new Response(String((await found.arrayBuffer()).byteLength));
  }},
}};
"""
KEPT: Final = "const MOST_KEPT = 16;"
SEARCHES: Final = {
    "search, frequent word": "/v0.1/servers?search=server&version=latest",
    "search, rare word": "/v0.1/servers?search=harbour&version=latest",
    "search, nothing found": "/v0.1/servers?search=e-zqx",
    "changes since a time": "/v0.1/servers?updated_since=2099-01-01T00:00:00Z",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=25_000, help="number of servers (25,000)")
    parser.add_argument("--tree", type=Path, help="a site built for cloudflare-workers, instead of one of our own")
    parser.add_argument("--seconds", type=int, default=5, help="length of each measurement (5)")
    parser.add_argument("--json", type=Path, default=FOLDER / "results" / "edge.json", help="where all values go")
    options = parser.parse_args()
    if reason := cloudflare_runtime.missing() or missing_programs():
        raise SystemExit(reason)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        tree = options.tree.resolve() if options.tree else build(folder, options.servers)
        rows = measure(folder, tree, options.seconds)
    for name, (rate, cost) in rows.items():
        print(f"{name:<40}{rate:>10,.0f} a second{cost:>10.2f} ms of processor each")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(rows, indent=1) + "\n")


def missing_programs() -> str:
    return "".join(f"{name} is not installed\n" for name in ("wrk", "nginx") if shutil.which(name) is None)


def build(folder: Path, servers: int) -> Path:
    (folder / "config.yaml").write_text(CONFIG)
    generate = (sys.executable, FOLDER / "generate.py", "--servers", str(servers), "--versions-mean", "3.08")
    subprocess.run([*generate, "--out", folder / "registry.json"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*PROGRAM, "build", folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "dist"


def measure(folder: Path, tree: Path, seconds: int) -> dict[str, tuple[float, float]]:
    worker = tree / "_config" / "worker.js"
    source = worker.read_text()
    assert KEPT in source
    rows: dict[str, tuple[float, float]] = {}
    page = next(tree.glob("v0.1/_pages/servers/latest.json"))
    with nginx(folder, tree) as (base, pid):
        rows["nginx, a stored page"] = asked(pid, f"{base}/{page.relative_to(tree)}", seconds)
    with runtime(folder, tree, source) as (base, pid):
        entry = json.loads(page.read_bytes())["servers"][7]["server"]
        detail = f"/v0.1/servers/{quote(entry['name'], safe='')}/versions/{quote(entry['version'], safe='')}"
        plain = {"a small file": "/build.json", "page": "/v0.1/servers?version=latest", "version": detail}
        for name, path in {**plain, **{f"{name}, warm": path for name, path in SEARCHES.items()}}.items():
            rows[name] = asked(pid, base + path, seconds)
    with runtime(folder, tree, READS) as (base, pid):
        rows["reading the index, and nothing else"] = asked(pid, f"{base}/v0.1/servers", seconds)
    with runtime(folder, tree, source.replace(KEPT, "const MOST_KEPT = 0;")) as (base, pid):
        for name, path in SEARCHES.items():
            rows[f"{name}, cold"] = asked(pid, base + path, seconds)
    return rows


@contextmanager
def nginx(folder: Path, root: Path) -> Iterator[tuple[str, int]]:
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX % {"folder": folder, "port": port, "root": root})
    with subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL) as process:
        try:
            time.sleep(0.5)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


@contextmanager
def runtime(folder: Path, tree: Path, source: str) -> Iterator[tuple[str, int]]:
    """Run a module before the files of a tree; give its address and the process of the runtime."""
    settings = (tree / "_config" / "wrangler.toml").read_text()
    site = folder / "site" / "_config"
    site.mkdir(parents=True, exist_ok=True)
    (site / "worker.js").write_text(source)
    (site / "wrangler.toml").write_text(settings.replace('directory = ".."', f"directory = {json.dumps(str(tree))}"))
    with cloudflare_runtime.workers(site.parent) as base:
        yield base, runtime_process()


def runtime_process() -> int:
    """Return the ``workerd`` that a child of this process has started."""
    parents = {int(entry.name): parent(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    ours = {pid for pid, above in parents.items() if above == os.getpid()}
    return max(pid for pid, above in parents.items() if above in ours and "workerd" in name_of(pid))


def parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""


def asked(pid: int, url: str, seconds: int) -> tuple[float, float]:
    """Return how many requests a second are answered, and how many milliseconds of processor time one costs."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        answer.read()
    before = processor(pid)
    command = ["wrk", "-t1", "-c4", f"-d{seconds}s", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in done:
        raise SystemExit(f"{url}: {done}")
    requests = next(int(line.split()[0]) for line in done.splitlines() if "requests in" in line)
    return requests / seconds, (processor(pid) - before) / requests * 1000


def processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
