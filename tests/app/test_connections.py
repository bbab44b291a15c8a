"""Callers that are many, slow or rude."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

from app_server import AppServer
from loops import completed
from regpress.asgi import protocol

LIST = "/v0.1/servers"


def test_a_thousand_open_connections_hold_up_nobody(reading: AppServer) -> None:
    address = urlsplit(reading.base)
    with ExitStack() as stack:
        for number in range(1000):
            connection = stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=60))
            if number % 2:
                connection.sendall(b"GET /v0.1/servers HTTP/1.1\r\nho")
        assert reading.get(LIST).status == 200


def test_a_head_that_does_not_arrive_is_not_waited_for() -> None:
    closed: list[bool] = []

    class Transport:
        def is_closing(self) -> bool:
            return bool(closed)

        def close(self) -> None:
            closed.append(True)

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        waiting: list[object] = []

        class Loop:
            def call_later(self, seconds: float, callback: object) -> asyncio.TimerHandle:
                assert seconds == protocol.HEAD_SECONDS
                waiting.append(callback)
                return loop.call_later(60, lambda: None)

        made = object.__new__(protocol.LimitedProtocol)
        made.loop, made.transport = Loop(), Transport()
        made._wait_for_head()
        waiting[0]()

    completed(scenario())
    assert closed == [True]
