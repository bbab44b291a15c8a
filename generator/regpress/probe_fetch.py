"""A URL to one HTTP answer: no redirect is followed, nothing can take longer or be larger than agreed.

A host's name is resolved once and every later request goes to the same addresses, so that a hostile name server
cannot lead the probe elsewhere half-way. Proxies of the environment are not used.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Protocol, Self
from urllib.parse import SplitResult, urlsplit

from regpress import __version__
from regpress.errors import SourceUnavailableError
from regpress.record import record

#: More than any client reads (10 MiB), so that a list that is too large can still be told from one without end.
MAX_BODY: Final = 16 * 1024 * 1024
#: All answers of one probe together.
MAX_TOTAL: Final = 16 * MAX_BODY
_PORTS: Final = {"http": 80, "https": 443}


@record(kw_only=True)
class Response:
    """One HTTP answer.

    Attributes:
        url: what was asked.
        status: HTTP status.
        headers: fields with names in lower case; repeated ones joined by a comma.
        body: decoded bytes, at most `MAX_BODY`.
        cut: whether there was more.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    cut: bool = False


class Fetcher(Protocol):
    """What the probe needs from the network."""

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Response:
        """Return the answer to one request.

        Raises:
            SourceUnavailableError: there is none, or not in time.
        """


class HttpFetcher:
    """The network itself.

    Args:
        timeout: seconds that one request may take, from the first packet to the last byte.
        total: seconds for all requests together.
    """

    def __init__(self, *, timeout: float, total: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout = timeout
        self._clock = clock
        self._end = clock() + total
        self._bytes_left = MAX_TOTAL
        self._addresses: dict[str, list[str]] = {}

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Response:
        """Return the answer to one request, over a connection of its own.

        Raises:
            SourceUnavailableError: there is none, or not in time.
        """
        seconds = min(self._timeout, self._end - self._clock())
        if seconds <= 0:
            raise SourceUnavailableError(url, "not asked: the time for the whole probe is over")
        if self._bytes_left <= 0:
            raise SourceUnavailableError(url, f"not asked: the answers so far have {MAX_TOTAL:,} bytes")
        with _Watchdog(seconds) as watchdog:
            try:
                response = self._exchange(url, method, headers or {}, watchdog)
            except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
                slow = watchdog.fired or isinstance(error, TimeoutError)
                reason = _too_slow(seconds) if slow else _reason(error)
                raise SourceUnavailableError(url, reason) from error
        if watchdog.fired:
            # What was read before the cut can look like an answer that ended.
            raise SourceUnavailableError(url, _too_slow(seconds))
        self._bytes_left -= len(response.body)
        return response

    def _exchange(self, url: str, method: str, headers: Mapping[str, str], watchdog: _Watchdog) -> Response:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        connection = http.client.HTTPConnection(host, port)
        connection.default_port = _PORTS[parts.scheme]
        try:
            connection.sock = self._connect(host, port, parts.scheme == "https", watchdog)
            connection.request(method, _target(parts), headers={**_OWN_HEADERS, **headers})
            with connection.getresponse() as answer:
                return _read(answer, url)
        finally:
            connection.close()
            watchdog.close()

    def _connect(self, host: str, port: int, secure: bool, watchdog: _Watchdog) -> socket.socket:
        failure: OSError = OSError("the name has no address")
        for address in self._resolve(host):
            try:
                plain = socket.create_connection((address, port), timeout=watchdog.seconds)
            except OSError as error:
                failure = error
                continue
            watchdog.guard(plain)
            return _secure(plain, host, watchdog) if secure else plain
        raise failure

    def _resolve(self, host: str) -> list[str]:
        if host not in self._addresses:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            self._addresses[host] = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        return self._addresses[host]


_OWN_HEADERS: Final = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "Connection": "close",
    "User-Agent": f"regpress-probe/{__version__}",
}


class _Watchdog:
    """Cuts a socket off when the time is up: a timeout of the socket starts anew with every byte that drips in."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.fired = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._bite)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()

    def guard(self, guarded: socket.socket) -> None:
        self._socket = guarded
        if self.fired:
            self._bite()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _bite(self) -> None:
        self.fired = True
        if self._socket is not None:
            with suppress(OSError):
                # The method of the plain socket: that of a TLS socket would pull its state from under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _secure(plain: socket.socket, host: str, watchdog: _Watchdog) -> socket.socket:
    context = ssl.create_default_context()
    secured = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    watchdog.guard(secured)
    secured.do_handshake()
    return secured


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _read(answer: http.client.HTTPResponse, url: str) -> Response:
    headers: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    body = answer.read(MAX_BODY + 1)
    if answer.length and len(body) <= MAX_BODY:
        raise http.client.IncompleteRead(body, answer.length)
    if headers.get("content-encoding", "").lower() in {"gzip", "x-gzip"} and body:
        body = zlib.decompressobj(wbits=31).decompress(body, MAX_BODY + 1)
    return Response(url=url, status=answer.status, headers=headers, body=body[:MAX_BODY], cut=len(body) > MAX_BODY)


def _too_slow(seconds: float) -> str:
    return f"no complete answer within {seconds:g} seconds"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {error.verify_message}"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer broke off"
    if isinstance(error, OSError) and error.strerror:
        return f"no answer: {error.strerror}"
    return f"no usable answer: {str(error) or type(error).__name__}"
