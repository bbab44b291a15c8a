"""The real nginx, as a fixture: one process of it, on a loopback port, with everything it writes in a folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edges.web_server import Server

NGINX = shutil.which("nginx") or shutil.which(
    "nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin"
)
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed here (Debian package nginx-light)")


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
def serving(folder: Path, *, root: Path, rules: Path) -> Iterator[Server]:
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
    server = Server(port)
    try:
        yield server
    finally:
        server.close()
        process.terminate()
        process.wait(timeout=20)
