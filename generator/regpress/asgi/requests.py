"""ASGI scopes to requests: who asks for what, with nothing decoded that a route must still tell apart."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from regpress.asgi.answers import InputError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Official registry specification 16.
MAX_BODY: Final = 1024 * 1024
BODY_SECONDS: Final = 5.0

_PROXY_FIELDS: Final = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
_LOOPBACK: Final = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_JSON_TYPE: Final = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json")
_SERIAL: Final = itertools.count(1)
#: Tells the requests of this process from those of others.
_PROCESS: Final = secrets.token_hex(6)


class Request:
    """One request.

    Attributes:
        method: in capitals.
        path: as sent, below the site's base path.
        query: as sent, without the question mark.
        client: address of the caller.
    """

    __slots__ = ("_headers", "_id", "_path", "_raw_headers", "client", "forwarded", "method", "path", "query")

    def __init__(self, scope: Scope, *, base_path: bytes, proxies: Sequence[Network]) -> None:
        self.method: str = scope["method"]
        path: bytes = scope["raw_path"]
        self._path = path
        inside = not base_path or path == base_path or path.startswith(base_path + b"/")
        self.path = path[len(base_path) :] if inside else b"//"
        self.query: bytes = scope["query_string"]
        self._raw_headers = scope["headers"]
        self._headers: dict[bytes, bytes] | None = None
        self._id = ""
        self.client: str = scope["client"][0] if scope.get("client") else ""
        self.forwarded = ""
        if proxies:
            self._forwarded_for(proxies)

    @property
    def target(self) -> bytes:
        """Return the target of the request line."""
        return self._path + b"?" + self.query if self.query else self._path

    @property
    def headers(self) -> Mapping[bytes, bytes]:
        """Return the header fields, names in small letters; repeated ones joined."""
        if self._headers is None:
            found: dict[bytes, bytes] = {}
            for name, value in self._raw_headers:
                found[name] = found[name] + b", " + value if name in found else value
            self._headers = found
        return self._headers

    def header(self, name: bytes) -> str:
        """Return a header field as text, empty where it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def id(self) -> str:
        """Return what logs call the request: the caller's word where it is one, else our own."""
        if not self._id:
            self._id = request_id(self.header(b"x-request-id"))
        return self._id

    def _forwarded_for(self, proxies: Sequence[Network]) -> None:
        self.forwarded = self.header(b"x-forwarded-for")[:512]
        hops = [self.client, *reversed([hop.strip() for hop in self.forwarded.split(",") if hop.strip()])]
        for hop in hops:
            if not _is_address(hop):
                return
            self.client = hop
            if not _is_in(hop, proxies):
                return

    async def body(self, receive: Receive, *, any_type: bool = False) -> bytes:
        """Return the whole body, which is JSON by its type.

        Args:
            receive: gives its parts.
            any_type: whether it may call itself something else.

        Raises:
            InputError: it is too large, too slow, of another type or missing.
        """
        kind = self.header(b"content-type").partition(";")[0].strip().lower()
        if kind and not any_type and not _JSON_TYPE.fullmatch(kind):
            raise InputError(415, "validation failed", f"unsupported content type: {kind[:80]}")
        length = self.headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) >= MAX_BODY:
            raise InputError(413, f"request body is too large limit={MAX_BODY} bytes")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                data = await _read(receive)
        except TimeoutError as error:
            raise InputError(408, "request body read timeout") from error
        if not data:
            raise InputError(400, "request body is required")
        return data


def request_id(given: str) -> str:
    """Return what logs call a request whose caller calls it *given*."""
    return given if given and _REQUEST_ID.fullmatch(given) else f"{_PROCESS}-{next(_SERIAL):x}"


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InputError(499, "Client closed request")
        part = message.get("body", b"")
        size += len(part)
        if size >= MAX_BODY:
            raise InputError(413, f"request body is too large limit={MAX_BODY} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def is_local(request: Request) -> bool:
    """Return whether a request comes from a program on this machine, and not from a page in its browser or a proxy."""
    if any(name in request.headers for name in _PROXY_FIELDS) or not _is_loopback(request.client):
        return False
    origin = request.header(b"origin")
    hosts = [request.header(b"host"), *([origin.partition("//")[2]] if origin else [])]
    # A name that leads here may be anybody's; only these cannot.
    return all(_LOOPBACK.fullmatch(host) for host in hosts)


def _is_loopback(text: str) -> bool:
    return _is_address(text) and ipaddress.ip_address(text).is_loopback


def decoded(segment: bytes) -> str | None:
    """Return a segment of a path as text, None where it is no UTF-8."""
    if b"%" not in segment:
        raw = segment
    else:
        raw = unquote_to_bytes(segment)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def parse_network(text: str) -> Network:
    """Return the addresses that *text* names: one, or a network.

    Raises:
        ValueError: it names none.
    """
    return ipaddress.ip_network(text, strict=False)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(text: str, networks: Sequence[Network]) -> bool:
    address = ipaddress.ip_address(text)
    return any(address.version == network.version and address in network for network in networks)
