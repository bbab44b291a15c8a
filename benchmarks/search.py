"""Measure the search of a large registry in a real browser: the first answer, and the bytes that it takes.

    python3 benchmarks/search.py                   a registry of 25,000 servers, three minutes
    python3 benchmarks/search.py --tree dist       a built site that is there already

It needs Chromium and the test requirements. Bytes are counted by the server, which compresses as hosts do.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parent
BASE = "/my-registry/"
ARGUMENTS = ("--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run")
OFFICIAL = "io.modelcontextprotocol.registry/official"
TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}

#: Notes when a key reaches the page and when the first result stands in it.
WATCH = """
() => {
  window.typed = window.shown = 0;
  document.querySelector("#q").addEventListener("input", () => { window.typed ||= performance.now(); }, true);
  new MutationObserver(() => { window.shown ||= performance.now(); })
    .observe(document.querySelector("#hits"), { childList: true });
}
"""


class _Server(ThreadingHTTPServer):
    """A file server below a folder of its host that compresses at the level given, and counts what it sends."""

    def __init__(self, root: Path, level: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.level = level
        self.sent: dict[str, int] = {}
        self.cache: dict[str, bytes] = {}

    def body(self, path: str) -> bytes:
        """Return a file as it is sent."""
        if path not in self.cache:
            data = (self.root / path).read_bytes()
            self.cache[path] = gzip.compress(data, self.level, mtime=0) if self.level else data
        return self.cache[path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        path = self.path.partition("?")[0].removeprefix(BASE)
        if not path or path.endswith("/"):
            path += "index.html"
        try:
            body = self.server.body(path)
        except OSError:
            self.send_error(404)
            return
        self.server.sent[path] = len(body)
        self.send_response(200)
        self.send_header("content-type", TYPES.get(path.rpartition(".")[2], "application/json"))
        if self.server.level:
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # the page was left meanwhile
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


def dated(registry: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return a registry as the official one serves it, its versions published over a year: real days compress badly."""
    draw, start = random.Random(seed), datetime(2025, 9, 1, tzinfo=UTC)
    servers = []
    moment: dict[str, datetime] = {}
    for server in registry["data"]["servers"]:
        name = server["name"]
        after = moment.get(name, start + timedelta(minutes=draw.randrange(340 * 24 * 60)))
        moment[name] = after + timedelta(minutes=draw.randrange(20 * 24 * 60))
        time = after.strftime("%Y-%m-%dT%H:%M:%SZ")
        official = {"status": "active", "publishedAt": time, "updatedAt": time, "isLatest": False}
        servers.append({"server": server, "_meta": {OFFICIAL: official}})
    for server, later in zip(servers, [*servers[1:], None], strict=True):
        last = later is None or later["server"]["name"] != server["server"]["name"]
        server["_meta"][OFFICIAL]["isLatest"] = last
    return {"servers": servers, "metadata": {"count": len(servers)}}


def built(folder: Path, servers: int) -> Path:
    """Return a built site of a generated registry."""
    file = folder / "registry.json"
    generate = [sys.executable, FOLDER / "generate.py", "--servers", str(servers), "--seed", "7", "--out", file]
    subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
    file.write_text(json.dumps(dated(json.loads(file.read_bytes()), 7)))
    (folder / "config.yaml").write_text(
        "sources: [{name: r, file: {path: registry.json}}]\nregistries: [{name: default, sources: [r]}]\n"
    )
    command = [Path(sys.executable).with_name("regpress"), "build", folder, "--host", "nginx"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / "dist"


def first_answer(browser: Browser, address: str, word: str, *, wait: bool) -> float:
    """Return the milliseconds from the first key to the first result.

    Args:
        browser: Chromium.
        address: of the site.
        word: what is typed; the first key counts.
        wait: whether the reader looks at the box for a while before, during which the index is loaded.
    """
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.evaluate(WATCH)
    if wait:
        page.focus("#q")
        page.wait_for_timeout(2_000)
    page.keyboard.press("/")
    page.keyboard.type(word[0])
    page.wait_for_selector("#hits li")
    taken: float = page.evaluate("window.shown - window.typed")
    context.close()
    return taken


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=25_000)
    parser.add_argument("--tree", type=Path, help="a built site; none is made then")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--level", type=int, default=6, help="of compression; 0 for none")
    parser.add_argument("--word", default="weather")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regpress-search-") as folder, sync_playwright() as playwright:
        tree = given.tree or built(Path(folder), given.servers)
        server = _Server(tree, given.level)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        system = Path("/usr/bin/chromium")
        browser = playwright.chromium.launch(
            executable_path=str(system) if system.exists() else None, args=list(ARGUMENTS)
        )
        address = f"http://127.0.0.1:{server.server_port}{BASE}"
        first_answer(browser, address, given.word, wait=False)
        cold = [first_answer(browser, address, given.word, wait=False) for _ in range(given.runs)]
        warm = [first_answer(browser, address, given.word, wait=True) for _ in range(given.runs)]
        browser.close()
        server.shutdown()
        for path in sorted(tree.glob("search/*.json")):
            server.body(f"search/{path.name}")
        report(server, cold, warm)


def report(server: _Server, cold: list[float], warm: list[float]) -> None:
    """Print what was measured."""
    sizes = {path: len(body) for path, body in server.cache.items()}
    names = [size for path, size in sizes.items() if path.startswith(("search/index", "search/names"))]
    texts = [size for path, size in sizes.items() if path.startswith("search/texts")]
    page = [size for path, size in sizes.items() if not path.startswith("search/")]
    print(
        f"first key to first result, index not loaded yet: {statistics.median(cold):.0f} ms  {list(map(round, cold))}"
    )
    print(
        f"first key to first result, index loaded:         {statistics.median(warm):.0f} ms  {list(map(round, warm))}"
    )
    print(f"first answer, over the wire: {sum(names):,} bytes in {len(names)} files (target 350 KB)")
    print(f"texts, which follow:         {sum(texts):,} bytes in {len(texts)} files")
    print(f"the page itself:             {sum(page):,} bytes in {len(page)} files")


if __name__ == "__main__":
    main()
