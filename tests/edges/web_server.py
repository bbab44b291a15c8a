"""A real web server on a loopback port, as tests speak to it, whichever it is."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple


class Answer(NamedTuple):
    """What came back: status, header fields with lower-case names, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """A running web server.

    Attributes:
        port: where it listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(self, target: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
        """Return the answer to a request whose target is sent exactly as it stands."""
        return self.send(method, target, None, headers or {})

    def send(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Return the answer to a request with a body."""
        connection = self._connection
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        pairs = [(name.lower(), value) for name, value in response.getheaders()]
        names = [name for name, _ in pairs if name not in {"date", "server"}]
        assert len(set(names)) == len(names), f"a header came twice: {pairs}"
        return Answer(response.status, dict(pairs), response.read())

    def close(self) -> None:
        self._connection.close()


def free_port() -> int:
    """Return a port that nobody listened on a moment ago, for a server that opens its port itself.

    It lies below those that a system hands out by itself (from 32768 on Linux): a client that connects somewhere in
    between, of another test, must not be given this one.
    """
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@contextmanager
def running(start: Callable[[int], list[str]], folder: Path, **variables: str) -> Iterator[Server]:
    """Run a server that opens its port itself, as long as the context lasts.

    Args:
        start: writes the configuration for a port and returns the command.
        folder: gets the server's output.
        variables: its environment besides PATH.
    """
    for _ in range(5):
        port = free_port()
        with (folder / "output.log").open("wb") as log:
            process = subprocess.Popen(
                start(port),
                env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", **variables},
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
            )
        if _listens(process, port):
            break
    else:
        raise AssertionError((folder / "output.log").read_text(errors="replace"))
    server = Server(port)
    try:
        yield server
    finally:
        server.close()
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server, and the processes that it started: some leave theirs behind."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until a server answers on its port; return whether it lives to do so."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False
