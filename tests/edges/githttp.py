"""A smart HTTP git server on loopback: git's own http-backend behind a small Python server that checks passwords."""

from __future__ import annotations

import base64
import gzip
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from edges.gitrepos import clean_environment


@dataclass
class GitServer:
    """What the server does, and what came.

    Attributes:
        root: folder whose repositories are served.
        users: passwords by user name; empty where nobody is asked.
        redirects: first part of a path to the address that takes its place.
        redirects_strangers: whether it redirects before it asks for a password.
        status: an HTTP status for everything, 0 for none.
        authorizations: the header of each request, None where it had none.
        command_lines: of every git process on this machine, at each request.
    """

    root: Path
    url: str = ""
    users: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    redirects_strangers: bool = True
    status: int = 0
    authorizations: list[str | None] = field(default_factory=list)
    command_lines: list[bytes] = field(default_factory=list, repr=False)

    def accepts(self, header: str | None) -> bool:
        if not self.users:
            return True
        try:
            user, _, password = base64.b64decode((header or "").removeprefix("Basic ")).decode().partition(":")
        except ValueError:
            return False
        return self.users.get(user) == password


@contextmanager
def git_server(root: Path) -> Iterator[GitServer]:
    """Serve the repositories below *root*."""
    server = GitServer(root=root)

    class Handler(_Handler):
        git = server

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{listening.server_port}"
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


class _Handler(BaseHTTPRequestHandler):
    git: GitServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(iter(self._chunk, b""))
        self.answer(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)

    def _chunk(self) -> bytes:
        data = self.rfile.read(int(self.rfile.readline(), 16))
        self.rfile.readline()
        return data

    def answer(self, body: bytes) -> None:
        header = self.headers.get("Authorization")
        self.git.authorizations.append(header)
        self.git.command_lines.extend(_command_lines())
        first = urlsplit(self.path).path.split("/")[1]
        if self.git.status:
            self.send(self.git.status, [], b"")
        elif first in self.git.redirects and (self.git.redirects_strangers or self.git.accepts(header)):
            self.send(302, [("Location", self.git.redirects[first] + self.path.removeprefix(f"/{first}"))], b"")
        elif not self.git.accepts(header):
            self.send(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
        else:
            self.backend(body)

    def backend(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        environment = clean_environment(
            GIT_PROJECT_ROOT=str(self.git.root),
            GIT_HTTP_EXPORT_ALL="1",
            PATH_INFO=parts.path,
            QUERY_STRING=parts.query,
            REQUEST_METHOD=self.command,
            CONTENT_TYPE=self.headers.get("Content-Type", ""),
            CONTENT_LENGTH=str(len(body)),
            GIT_PROTOCOL=self.headers.get("Git-Protocol", ""),
        )
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if line]
        status = next((int(text.split()[0]) for name, text in headers if name == "Status"), 200)
        self.send(status, [(name, text) for name, text in headers if name != "Status"], content)

    def send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _command_lines() -> Iterator[bytes]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes()
        except OSError:
            continue
        if b"git" in line.partition(b"\0")[0]:
            yield line
