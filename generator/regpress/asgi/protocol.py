"""HTTP/1.1 connections with limits that uvicorn leaves to a proxy, and a short way for answers that are ready.

How long and how large the head of a request may be has a limit: a caller that sends one byte of a header now and then
holds a connection, and nothing else. A GET whose answer is ready (`regpress.asgi.ready`) is answered as soon as its
head is read, without a task, a scope and messages; every other request takes uvicorn's way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from regpress.asgi.ready import Reply

#: Official registry specification 16.
HEAD_SECONDS: Final = 10.0
#: Bytes of the request line and all header fields.
MOST_HEAD: Final = 32 * 1024
MOST_FIELDS: Final = 100

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, impatient; an application may have a method ``ready``, as `regpress.asgi.app.App` has."""

    _deadline: asyncio.TimerHandle | None = None
    _head = 0
    _fields = 0
    _in_head = False
    _is_answered = False
    #: What the server adds to every head, as it lists them and as it sends them.
    _own_fields: tuple[Sequence[tuple[bytes, bytes]], bytes] = ((), b"")

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; wait for the rest of a head that they leave open."""
        super().data_received(data)
        if self._in_head and self._deadline is None and not self.transport.is_closing():
            self._wait_for_head()

    def on_message_begin(self) -> None:
        """Begin a head; what uvicorn needs of it is made where uvicorn answers."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._head = self._fields = 0
        self._in_head = True
        self._is_answered = False

    def on_url(self, url: bytes) -> None:
        """Take a part of the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header field."""
        self._fields += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop waiting: the request is there."""
        self._in_head = False
        self._stop_waiting()
        if self.transport.is_closing():
            return
        self._is_answered = self._answer_at_once()
        if not self._is_answered:
            url, headers, expects = self.url, self.headers, self.expect_100_continue
            super().on_message_begin()
            self.url, self.expect_100_continue = url, expects
            self.headers += headers
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if not self._is_answered:
            super().on_message_complete()

    def _answer_at_once(self) -> bool:
        """Return whether the request is answered, because its answer was ready and nothing is before it."""
        parser = self.parser
        cycle: Any = self.cycle
        if (
            parser.get_method() != b"GET"
            or (cycle is not None and not cycle.response_complete)
            or self.flow.write_paused
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
        ):
            return False
        ask: Callable[..., Reply | None] | None = getattr(self.app, "ready", None)
        reply = ask(self.url, self.headers, self.client) if ask is not None else None
        if reply is None:
            return False
        listed, own = self._own_fields
        if listed is not self.server_state.default_headers:
            listed = self.server_state.default_headers
            own = b"".join([b"%s: %s\r\n" % field for field in listed]) + b"\r\n"
            type(self)._own_fields = (listed, own)
        self.transport.writelines((reply.head + own, reply.body))
        self.on_response_complete()
        return True

    def _count(self, size: int) -> None:
        self._head += size
        if (self._head > MOST_HEAD or self._fields > MOST_FIELDS) and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _wait_for_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
