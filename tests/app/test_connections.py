"""Callers that are many, slow or rude."""

from __future__ import annotations

import asyncio
import resource
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from app_server import AppServer, encoded, serving_app
from app_site import document, git, in_repository, own_site
from loops import completed
from regpress.asgi import protocol
from regpress.audit_log import AuditLog

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


def test_a_full_disk_refuses_writes_and_nothing_else(tmp_path: Path) -> None:
    names = [f"com.example/full-{number}" for number in range(12)]
    with serving_app(in_repository(own_site(tmp_path / "site")), anonymous=True) as running:
        assert running.publish(document("com.example/before")).status == 200
        _, hard = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
        answers = {}
        for number, name in enumerate(names):
            # No file may grow beyond this: the note, the version, the log or an object of the commit is what fails.
            resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (number * 150, hard))
            answers[name] = running.publish(document(name, description="x" * (90 - number)))
            assert running.get(LIST).status == 200
            assert running.get("/readiness").status == 200
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert {answer.status for answer in answers.values()} <= {200, 503}
        assert answers[names[0]].status == 503
        assert answers[names[0]].json["detail"] == "The registry cannot write now"
        for name, answer in answers.items():
            files = list((tmp_path / "site/content/servers" / name).glob("*"))
            assert bool(files) == (answer.status == 200), name
            assert running.get(f"{LIST}/{encoded(name)}/versions").status == (200 if files else 404)
        assert running.publish(document("com.example/after")).status == 200
        assert running.publish(document(names[0])).status == 200
    assert git(tmp_path / "site", "status", "--porcelain") == ""
    events = [event for event in AuditLog(tmp_path / "site/audit.jsonl").events() if event["outcome"] == "success"]
    noted = {event["target"]["resource_name"] for event in events}
    assert noted >= {name for name, answer in answers.items() if answer.status == 200}


def test_a_folder_that_cannot_be_written_refuses_writes_and_nothing_else(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    (site / "content/servers").write_text("no folder")
    with serving_app(site, anonymous=True) as running:
        answer = running.publish(document("com.example/nowhere"))
        assert (answer.status, answer.json["detail"]) == (503, "The registry cannot write now")
        assert running.get(f"{LIST}?search=nowhere").json["metadata"]["count"] == 0
        (site / "content/servers").unlink()
        assert running.publish(document("com.example/nowhere")).status == 200


def test_a_body_that_does_not_arrive_is_not_waited_for(reading: AppServer) -> None:
    address = urlsplit(reading.base)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(b"POST /v0.1/validate HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
        assert reading.get(LIST).status == 200
        assert connection.recv(100).split()[1] in {b"408", b"400"}
