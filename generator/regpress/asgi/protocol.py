"""HTTP/1.1 connections with limits that uvicorn leaves to a proxy: how long and how large the head of a request may be.

A caller that sends one byte of a header now and then holds a connection, and nothing else.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Official registry specification 16.
HEAD_SECONDS: Final = 10.0
#: Bytes of the request line and all header fields.
MOST_HEAD: Final = 32 * 1024
MOST_FIELDS: Final = 100

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, impatient."""

    _deadline: asyncio.TimerHandle | None = None
    _head = 0
    _fields = 0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of the head."""
        super().on_message_begin()
        self._head = self._fields = 0
        if self._deadline is None:
            self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        """Take a part of the request line."""
        self._count(url, b"")
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header field."""
        self._fields += 1
        self._count(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop waiting: the request is there."""
        self._stop_waiting()
        if not self.transport.is_closing():
            super().on_headers_complete()

    def _count(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
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
