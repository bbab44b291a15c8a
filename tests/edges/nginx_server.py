"""The real nginx, as a fixture: one process of it, on a loopback port, with everything it writes in a folder."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

NGINX = shutil.which("nginx") or shutil.which(
    "nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin"
)
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed here (Debian package nginx-light)")


class Answer(NamedTuple):
    """What came back: status, header fields with lower-case names, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Nginx:
    """A running nginx.

    Attributes:
        port: where it listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(self, target: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
        """Return the answer to a request whose target is sent exactly as it stands."""
        connection = self._connection
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        pairs = [(name.lower(), value) for name, value in response.getheaders()]
        assert len({name for name, _ in pairs}) == len(pairs), f"a header came twice: {pairs}"
        return Answer(response.status, dict(pairs), response.read())

    def close(self) -> None:
        self._connection.close()


def configuration(folder: Path, port: int, *, root: Path, rules: Path) -> Path:
    """Write the main configuration file: no root rights, no paths outside *folder*, the rules in one server."""
    made = folder / "nginx.conf"
    temporary = [f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    lines = [
        "daemon off;",
        "worker_processes 1;",
        # Started by root, workers would become somebody who may not read a folder of tests.
        *(["user root root;"] if os.geteuid() == 0 else []),
        f"pid {folder}/nginx.pid;",
        f"error_log {folder}/error.log notice;",
        "events { }",
        "http {",
        *temporary,
        "access_log off;",
        "server {",
        f"listen 127.0.0.1:{port};",
        f"root {root};",
        f"include {rules};",
        "}",
        "}",
    ]
    made.write_text("\n".join(lines) + "\n")
    return made


def check(folder: Path, port: int, *, root: Path, rules: Path) -> subprocess.CompletedProcess[str]:
    """Return what ``nginx -t`` says about the rules."""
    assert NGINX is not None
    made = configuration(folder, port, root=root, rules=rules)
    return subprocess.run([NGINX, "-t", "-e", f"{folder}/error.log", "-c", str(made)], capture_output=True, text=True)


@contextmanager
def serving(folder: Path, *, root: Path, rules: Path) -> Iterator[Nginx]:
    """Serve *root* by *rules* as long as the context lasts.

    The listening socket is ours and is handed over as nginx hands it to its own successor in an upgrade: no other
    program can take the port in between, and requests may come before nginx is ready.
    """
    assert NGINX is not None
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        port = listener.getsockname()[1]
        made = configuration(folder, port, root=root, rules=rules)
        process = subprocess.Popen(
            [NGINX, "-e", f"{folder}/error.log", "-c", str(made)],
            env={**os.environ, "NGINX": f"{listener.fileno()};"},
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    server = Nginx(port)
    try:
        yield server
    finally:
        server.close()
        process.terminate()
        process.wait(timeout=20)
