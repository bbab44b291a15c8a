"""Answers that a connection sends by itself, because they were given before: nobody can tell them from the first."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import pytest

from app_server import AppServer, Reply, encoded, serving_app
from app_site import document, own_site, wait_until
from regpress.asgi.answers import tagged
from regpress.asgi.ready import Ready, ReadyAnswers
from regpress.live import LiveRegistry, RegistryPlan
from varied import PLUS

LIST = "/v0.1/servers"
#: What makes a request one that the application is asked about.
ASKS = "Content-Length: 0"
FIELDS = (
    (),
    ("Accept-Encoding: gzip",),
    ("Accept-Encoding: gzip;q=0",),
    ("Accept-Encoding: identity", "Accept-Encoding: gzip"),
    ("If-None-Match: *",),
    ('If-None-Match: "another"',),
    ("If-None-Match: *", "Accept-Encoding: br, gzip"),
    ("X-Request-Id: mine",),
    ("X-Request-Id: <not mine>",),
    ("Origin: https://example.com", "User-Agent: a", "Connection: keep-alive"),
    ("Authorization: Bearer nothing",),
    ("Connection: close",),
    ("Upgrade: websocket", "Connection: Upgrade"),
)


@contextmanager
def connected(server: AppServer) -> Iterator[tuple[socket.socket, BinaryIO]]:
    address = urlsplit(server.base)
    with (
        socket.create_connection((address.hostname, address.port), timeout=60) as connection,
        connection.makefile("rb") as stream,
    ):
        yield connection, stream


def head(path: str, fields: Sequence[str] = (), *, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/{version}", "Host: a", *fields, "", "")).encode()


def answers(stream: BinaryIO, methods: Sequence[str]) -> list[Reply]:
    """Return the answers that come over a connection, one for each method."""
    found = []
    for method in methods:
        status = int(stream.readline().split()[1])
        lines = iter(stream.readline, b"\r\n")
        listed = [line.decode().rstrip("\r\n").split(": ", 1) for line in lines]
        fields = dict(listed)
        assert len(fields) == len(listed)
        body = b"" if method == "HEAD" or status == 304 else stream.read(int(fields["content-length"]))
        found.append(Reply(status, fields, body))
    return found


def ask(server: AppServer, *requests: bytes) -> list[Reply]:
    """Send requests at once over one connection."""
    with connected(server) as (connection, stream):
        connection.sendall(b"".join(requests))
        return answers(stream, [request.split()[0].decode() for request in requests])


def told(reply: Reply) -> tuple[int, dict[str, str], bytes]:
    """Return what must be the same in two answers to one request, and whose name the request has."""
    fields = {name: text for name, text in reply.headers.items() if name != "date"}
    if fields["x-request-id"] != "mine":
        fields["x-request-id"] = ""
    return reply.status, fields, reply.body


@pytest.mark.parametrize("fields", FIELDS, ids=" ".join)
@pytest.mark.parametrize(
    "path",
    [
        f"{LIST}?limit=3",
        f"{LIST}/{encoded('com.example/versions')}/versions/latest",
        f"{LIST}/{encoded(PLUS)}/versions",
        "/registry/team/v0.1/servers",
    ],
)
def test_an_answer_that_is_ready_is_the_one_that_the_application_gives(
    path: str, fields: Sequence[str], reading: AppServer
) -> None:
    (first,) = ask(reading, head(path))
    (again,) = ask(reading, head(path, fields))
    (asked,) = ask(reading, head(path, (*fields, ASKS)))
    assert told(again) == told(asked)
    assert first.status == 200
    assert "date" in again.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


def test_other_methods_and_versions_of_the_protocol_get_answers_of_their_own(reading: AppServer) -> None:
    (plain,) = ask(reading, head(LIST))
    (only_head,) = ask(reading, head(LIST, method="HEAD"))
    assert (only_head.body, only_head.headers["content-length"]) == (b"", str(len(plain.body)))
    (old,) = ask(reading, head(LIST, version="1.0"))
    assert (old.headers["connection"], old.body) == ("close", plain.body)
    (refused,) = ask(reading, head(LIST, method="POST"))
    assert refused.status == 404


def test_requests_that_come_together_are_answered_in_their_order(reading: AppServer) -> None:
    paths = [f"{LIST}?limit={limit}" for limit in (1, 2, 3)]
    for path in paths:
        ask(reading, head(path))
    fresh = [f"{LIST}?limit={limit}&version=latest" for limit in (4, 5)]
    mixed = [paths[0], paths[1], fresh[0], paths[2], fresh[1], paths[0]]
    counts = [reply.json["metadata"]["count"] for reply in ask(reading, *map(head, mixed))]
    assert counts == [1, 2, 4, 3, 5, 1]


def test_a_head_in_pieces_is_answered_like_one_that_comes_at_once(reading: AppServer) -> None:
    (expected,) = ask(reading, head(LIST))
    with connected(reading) as (connection, stream):
        for _ in range(2):
            for byte in head(LIST):
                connection.sendall(bytes([byte]))
            (found,) = answers(stream, ["GET"])
            assert told(found) == told(expected)


def test_a_write_is_seen_by_the_next_request_of_every_connection(tmp_path: Path) -> None:
    with serving_app(own_site(tmp_path), anonymous=True) as running, connected(running) as (connection, stream):
        for number in range(3):
            for _ in range(2):
                connection.sendall(head(LIST))
                (found,) = answers(stream, ["GET"])
                assert json.loads(found.body)["metadata"]["count"] == 2 + number
            assert running.publish(document(f"com.example/ready-{number}")).status == 200
        wait_until(lambda: sum('"HTTP request"' in line for line in list(running.lines)) == 9)
        logged = [json.loads(line) for line in running.lines if '"HTTP request"' in line]
    assert [line["path"] for line in logged if line["method"] == "GET"] == [LIST] * 6
    assert len({line["request_id"] for line in logged}) == len(logged) == 9
    assert all(line["remote_addr"] == "127.0.0.1" and line["response_bytes"] for line in logged)


def test_every_request_counts_in_the_figures(tmp_path: Path) -> None:
    with serving_app(own_site(tmp_path), "--no-access-log") as running:
        for _ in range(5):
            running.get(LIST)
        text = running.get("/metrics").body.decode()
    labels = '{method="GET",path="/v0.1/servers",status_code="200"}'
    assert f"mcp_registry_http_requests_total{labels} 5.0" in text
    assert f"mcp_registry_http_request_duration_count{labels} 5.0" in text


def test_an_answer_is_ready_until_its_registry_changes_and_only_for_plain_requests() -> None:
    registry = LiveRegistry(RegistryPlan("default", (), is_default=True))
    ready = ReadyAnswers()
    ready.keep(b"/a", Ready(registry, tagged(b"{}"), "route"))
    assert ready.find(b"/a", [(b"host", b"a"), (b"accept-encoding", b"gzip")]) is not None
    assert ready.find(b"/b", []) is None
    for other in (b"authorization", b"content-length", b"transfer-encoding", b"expect", b"upgrade"):
        assert ready.find(b"/a", [(other, b"x")]) is None, other
    registry.changes += 1
    assert ready.find(b"/a", []) is None


def test_few_answers_are_ready_at_a_time() -> None:
    registry = LiveRegistry(RegistryPlan("default", (), is_default=True))
    ready = ReadyAnswers()
    large = Ready(registry, tagged(bytes(9 * 1024 * 1024)), "route")
    for target in (b"/1", b"/1", b"/1", b"/2", b"/3"):
        ready.keep(target, large)
    assert [ready.find(b"/%d" % number, []) is not None for number in (1, 2, 3)] == [True, True, True]
    ready.keep(b"/4", large)
    assert [ready.find(b"/%d" % number, []) is not None for number in (1, 2, 3, 4)] == [False, False, False, True]
