"""A browser and a file server for the tests that need real pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

SYSTEM_CHROMIUM = Path("/usr/bin/chromium")
#: What keeps the browser to itself: no sandbox in containers, no requests of its own.
ARGUMENTS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

Serve = Callable[[Path], str]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield Chromium: the system's, else the one that Playwright installed."""
    with sync_playwright() as playwright:
        program = str(SYSTEM_CHROMIUM) if SYSTEM_CHROMIUM.exists() else None
        try:
            started = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        except Error as error:
            pytest.skip(f"no Chromium: {error.message.splitlines()[0]}")
        yield started
        started.close()


class _Files(SimpleHTTPRequestHandler):
    """A plain file server with the one rule that the generic profile asks for: ``P`` is answered from ``P.json``."""

    def translate_path(self, path: str) -> str:
        """Return the file of an address."""
        file = super().translate_path(path)
        return f"{file}.json" if Path(f"{file}.json").is_file() else file

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Yield a function that serves a folder on loopback and returns its address without a final slash."""
    servers: list[ThreadingHTTPServer] = []

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(folder)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
