"""A folder and a host's manners to a local web server.

The manners are passed in: this module knows HTTP and the disk, the host profile knows what its host would answer.
"""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import re
import socket
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Protocol

from regpress.errors import ConfigError, NotFoundError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
#: Seconds after which a silent connection is closed.
_IDLE_SECONDS = 30


class Reply(Protocol):
    """What a host answers; `regpress.hosts.base.Reply` is one."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def file(self) -> str | None:
        """The served file below the folder, or None."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Header fields."""

    @property
    def body(self) -> bytes | None:
        """The bytes of an answer that is no file."""


#: Method, target and a test for files to a reply.
Manners = Callable[[str, str, Callable[[str], bool]], Reply]
Log = Callable[[str], None]


class FileTree:
    """The folder as the manners see it: called, it says whether there is a file."""

    def __init__(self, server: PreviewServer) -> None:
        self._server = server

    def __call__(self, file: str) -> bool:
        """Return whether the folder has a file of that path."""
        return self._server.has(file)

    def read(self, file: str) -> bytes | None:
        """Return the bytes of a file, or None where there is none."""
        return self._server.read(file)


class PreviewServer(ThreadingHTTPServer):
    """A web server for one folder; a context manager that closes its socket.

    Attributes:
        url: where it listens, ``http://127.0.0.1:8000``.
    """

    daemon_threads = True

    def __init__(self, folder: Path, manners: Manners, address: tuple[str, int], *, log: Log) -> None:
        self.folder = folder.resolve()
        self.manners = manners
        self.tree = FileTree(self)
        self.log = log
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """Return where it listens, without a final slash."""
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}" if self.address_family == socket.AF_INET6 else f"http://{host!s}:{port}"

    def server_bind(self) -> None:
        """Bind without the reverse look-up of a name that the base class makes."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (signature of the base)
        """Log what went wrong with one connection; a browser that hangs up is nothing to report."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            self.log(f"{client_address[0]}: {type(error).__name__}: {error}")

    def has(self, file: str) -> bool:
        """Return whether the folder has a file of that path, inside it by its real path."""
        return self.path_of(file) is not None

    def read(self, file: str) -> bytes | None:
        """Return the bytes of a served file, or None where there is none."""
        path = self.path_of(file)
        return path.read_bytes() if path is not None else None

    def path_of(self, file: str) -> Path | None:
        """Return the real path of a served file, or None where there is none or it lies outside the folder."""
        try:
            real = (self.folder / file).resolve(strict=True)
            inside = real.is_relative_to(self.folder) and real.is_file()
        except (OSError, ValueError, RuntimeError):
            return None
        return real if inside else None


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"
    server_version = "regpress-preview"
    sys_version = ""
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        # A body that nobody reads would be taken for the next request.
        if self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers:
            self.close_connection = True
        reply = self.server.manners(self.command, self.path, self.server.tree)
        body = self._body(reply)
        made = reply.file is not None or reply.body is not None
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"' if made and reply.status == 200 else ""
        if tag and tag in _tags(self.headers.get("if-none-match", "")):
            self._send(304, {**reply.headers, "etag": tag}, None)
        else:
            self._send(reply.status, {**reply.headers, **({"etag": tag} if tag else {})}, body)

    do_HEAD = do_OPTIONS = do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 (names of the base)

    def _body(self, reply: Reply) -> bytes:
        if reply.body is not None:
            return reply.body
        path = self.server.path_of(reply.file) if reply.file is not None else None
        if path is not None:
            return path.read_bytes()
        if reply.status < 400:
            return b""
        return f"{reply.status} {HTTPStatus(reply.status).phrase}\n".encode()

    def _send(self, status: int, headers: Mapping[str, str], body: bytes | None) -> None:
        self.log_request(status)
        self.send_response_only(status)
        for name, value in {"server": self.server_version, "date": self.date_time_string(), **headers}.items():
            self.send_header(name, value)
        if body is not None and status != 204:
            if "content-type" not in headers and body:
                self.send_header("content-type", "text/plain; charset=utf-8")
            self.send_header("content-length", str(len(body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if body is not None and status != 204 and self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 (signature of the base)
        status = code.value if isinstance(code, HTTPStatus) else code
        line = _CONTROL.sub("?", f"{self.command} {getattr(self, 'path', '')}")
        self.server.log(f"{status} {line[:500]}")

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 (signature of the base)
        """Say nothing: what matters is in the line of the request."""


def listen(folder: Path, manners: Manners, *, host: str, port: int, public: bool, log: Log) -> PreviewServer:
    """Return a server that listens; its ``serve_forever`` answers until it is shut down.

    Args:
        folder: what it serves.
        manners: how the host would answer.
        host: the address to listen on.
        port: the port; 0 takes any free one.
        public: whether other machines may reach it.
        log: gets one line for each request.

    Raises:
        ConfigError: the address is not of this machine, not loopback without *public*, or in use.
        NotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise NotFoundError(str(folder), "is not a folder (expected the output of `regpress build`)")
    try:
        numeric = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError, OverflowError) as error:
        raise ConfigError(f"{host!r} is not an address of this machine (expected e.g. 127.0.0.1)") from error
    if not public and not ipaddress.ip_address(numeric.partition("%")[0]).is_loopback:
        raise ConfigError(f"{host} is not a loopback address: others could read the preview (allow it with --public)")
    try:
        return PreviewServer(folder, manners, (numeric, port), log=log)
    except OSError as error:
        raise ConfigError(_bind_problem(error, host, port)) from error


def _bind_problem(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use (choose another with --port, or --port 0 for any free one)"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has (choose one above 1023 with --port)"
    return f"cannot listen on {host} port {port}: {error.strerror or error}"


def _tags(field: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in field.split(",")}
