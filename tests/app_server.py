"""``regpress serve`` as a process of its own on loopback, and a client that shows everything of an answer."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

from sites import PROGRAM, environment


@dataclass(frozen=True)
class Reply:
    """One answer; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """Return the first single finding of a problem document."""
        return self.json["errors"][0]["message"]


@dataclass
class AppServer:
    """A running server.

    Attributes:
        base: its address, without a final slash.
        process: the process.
        lines: what it wrote to standard error.
    """

    base: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    token: str = ""

    def ask(
        self,
        method: str,
        path: str,
        value: Any = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Reply:
        """Return the answer to a request; *value* becomes a JSON body, *path* is sent as it stands."""
        parts = urlsplit(self.base)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=timeout)
        try:
            data = json.dumps(value).encode() if value is not None else body
            has_host = "Host" in (headers or {})
            connection.putrequest(method, parts.path + path, skip_accept_encoding=True, skip_host=has_host)
            fields = {**({"Content-Type": "application/json"} if data is not None else {})}
            if self.token:
                fields["Authorization"] = f"Bearer {self.token}"
            fields |= headers or {}
            if data is not None and "Content-Length" not in fields:
                fields["Content-Length"] = str(len(data))
            for name, text in fields.items():
                connection.putheader(name, text)
            connection.endheaders(data)
            response = connection.getresponse()
            answer = response.read()
            return Reply(response.status, {name.lower(): text for name, text in response.getheaders()}, answer)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, headers=headers)

    def publish(self, document: Any, **headers: str) -> Reply:
        return self.ask("POST", "/v0/publish", document, headers=headers)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait_for_line(self, pattern: str) -> None:
        """Wait until it has written a line, or ended."""
        while not any(re.search(pattern, line) for line in list(self.lines)):
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n" + "".join(self.lines))


def encoded(name: str) -> str:
    """Return a name as clients send it."""
    return quote(name, safe="")


@contextmanager
def serving_app(site: Path, *arguments: str | Path, anonymous: bool = False, **variables: str) -> Iterator[AppServer]:
    """Serve a site on a free port of loopback until the block ends."""
    flags = ["--allow-anonymous-writes"] if anonymous else []
    command = [*PROGRAM, "serve", str(site), "--port", "0", *flags, *map(str, arguments)]
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=environment(**variables),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        server = AppServer("", process)
        reader = threading.Thread(target=reading_from, args=(server, process.stderr))
        reader.start()
        try:
            while not server.base:
                if process.poll() is not None:
                    reader.join()
                    raise AssertionError(f"ended with {process.returncode}:\n" + "".join(server.lines))
                reader.join(0.005)
            yield server
        finally:
            if process.poll() is None:
                process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()
            process.wait()
            reader.join()
            assert process.stderr is not None
            process.stderr.close()


def reading_from(server: AppServer, messages: IO[str]) -> None:
    """Note what a server writes, and find its address there."""
    for line in messages:
        server.lines.append(line)
        if found := re.match(r"Serving .* at (http://\S+)/$", line):
            server.base = found[1]
