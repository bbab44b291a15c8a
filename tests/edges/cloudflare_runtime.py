"""Cloudflare's own runtime on this machine: a built folder to a server that answers as Workers or Pages do.

The programs come from npm, once, into a folder beside the environment: `wrangler` for Pages, and in it `miniflare`,
which runs Workers with their assets. Both run the runtime that Cloudflare runs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from edges.web_server import free_port

#: The last one whose miniflare (4.20250405.0) runs on Node 20, and a minifier to measure the module with.
PACKAGES = ("wrangler@4.8.0", "terser@5.39.0")
HERE = Path(__file__).parent
CACHE = Path(sys.prefix) / "npm-cloudflare"
COMPATIBLE = "2025-04-01"


@cache
def missing() -> str:
    """Return why the runtime cannot be had here, or an empty text; it is fetched where it is not there yet."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    done = subprocess.run(["node", "--version"], capture_output=True, text=True)
    if int(done.stdout.lstrip("v").partition(".")[0] or 0) < 20:
        return f"node {done.stdout.strip()} is older than 20"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = CACHE / "installed"
        if wanted.exists() and wanted.read_text() == " ".join(PACKAGES):
            return ""
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(CACHE), *PACKAGES]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return f"npm cannot install {PACKAGES[0]}: {done.stderr.strip().splitlines()[-1:]}"
        wanted.write_text(" ".join(PACKAGES))
    return ""


@contextmanager
def workers(folder: Path) -> Iterator[str]:
    """Serve a folder as a Worker with assets, by what its ``wrangler.toml`` says."""
    settings = tomllib.loads((folder / "_config" / "wrangler.toml").read_text())
    script = folder / "_config" / settings["main"]
    assets = (script.parent / settings["assets"]["directory"]).resolve()
    command = [
        "node", str(HERE / "cloudflare_worker.mjs"), str(CACHE), str(script), str(assets),
        settings["compatibility_date"], settings["assets"]["html_handling"], settings["assets"]["not_found_handling"],
    ]  # fmt: skip
    with _running(command) as url:
        yield url


@contextmanager
def pages(folder: Path) -> Iterator[str]:
    """Serve a folder as Pages do, with its ``_worker.js``, ``_routes.json`` and ``_headers``."""
    wrangler = str(CACHE / "node_modules" / ".bin" / "wrangler")
    command = [wrangler, "pages", "dev", str(folder), "--ip", "127.0.0.1", "--compatibility-date", COMPATIBLE,
               "--log-level", "error", "--inspector-port", "0", "--port"]  # fmt: skip
    with _running(command) as url:
        yield url


@contextmanager
def _running(command: list[str]) -> Iterator[str]:
    """Run *command* with a free port as its last argument until the context ends, in a process group of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # Wrangler keeps files of its own where it is started, and both leave some among those of the system.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        own = {**os.environ, "CI": "1", "WRANGLER_SEND_METRICS": "false", "TMPDIR": folder}
        process = subprocess.Popen(
            [*command, str(port)],
            cwd=folder,
            env=own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, url)
            yield url
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(300):
        if process.poll() is not None:
            assert process.stdout is not None
            raise AssertionError(f"{process.args!r} ended: {process.stdout.read().decode(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/build.json", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{process.args!r} does not answer")
