"""A clock that is set while `regpress serve` runs: the service goes on, and time stands in no answer wrongly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app_server import AppServer, encoded, serving_app
from app_site import document, own_site, wait_until

#: Where Debian's package keeps it.
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
SECRET = "a-secret-that-nobody-guesses"
NAME = "com.example/harbour"

pytestmark = [
    pytest.mark.hosts,
    pytest.mark.skipif(not LIBRARIES, reason="faketime, which sets the clock of one program, is not installed"),
]


@dataclass
class Clocked:
    """A server, and the file that says by how much its clock differs from ours."""

    server: AppServer
    file: Path

    def jump(self, seconds: int) -> None:
        """Set the clock of the server to ours and so much."""
        # In one step: the library reads the file at every look at the clock.
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self.file)

    def publish(self, version: str) -> dict[str, str]:
        """Publish a version and return what the registry says of its time."""
        answer = self.server.publish(document(NAME, version), Authorization=f"Bearer {SECRET}")
        assert answer.status == 200, answer.body
        meta: dict[str, str] = answer.json["_meta"]["io.modelcontextprotocol.registry/official"]
        return meta

    def login(self) -> str:
        """Return a token of the registry, good for five minutes."""
        answer = self.server.ask("POST", "/v0/auth/none")
        assert answer.status == 200, answer.body
        token: str = answer.json["registry_token"]
        return token

    def publish_as(self, token: str, version: str) -> int:
        """Return the status of a publish by a token of the registry."""
        value = document("io.modelcontextprotocol.anonymous/tides", version)
        return self.server.publish(value, Authorization=f"Bearer {token}").status


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[Clocked]:
    file = tmp_path / "offset"
    file.write_text("+0\n")
    auth = {
        "mode": ["token", "registry"],
        "token": {
            "tokens": [
                {"name": "bot", "digest": hashlib.sha256(SECRET.encode()).hexdigest(), "publish": ["com.example/*"]}
            ]
        },
        "registry": {"anonymous": True},
    }
    site = own_site(tmp_path / "site", auth=auth, registries=[
        {"name": "default", "sources": ["content", "list"], "visibility": "public"}
    ])  # fmt: skip
    variables = {
        "LD_PRELOAD": str(LIBRARIES[-1]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        # Setting a clock moves neither the one that only counts nor the times of files.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    with serving_app(site, **variables) as server:
        yield Clocked(server, file)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_clock_of_the_server_really_jumps(clocked: Clocked) -> None:
    clocked.jump(-30 * 86400)
    published = moment(clocked.publish("1.0.0")["publishedAt"])
    assert abs(published - (datetime.now(UTC) - timedelta(days=30))) < timedelta(minutes=5)


def test_a_clock_that_goes_back_gives_no_later_version_an_earlier_time(clocked: Clocked) -> None:
    first = clocked.publish("1.0.0")
    clocked.jump(-86400)
    second = clocked.publish("1.1.0")
    assert moment(second["publishedAt"]) >= moment(first["publishedAt"])
    assert second["isLatest"] is True
    changes = clocked.server.get(f"/v0.1/servers?updated_since={first['publishedAt']}&version=latest")
    assert [one["server"]["version"] for one in changes.json["servers"] if one["server"]["name"] == NAME] == ["1.1.0"]


def test_reads_writes_and_files_go_on_after_a_jump_of_years_and_back(clocked: Clocked) -> None:
    for number, seconds in enumerate((20 * 365 * 86400, -5 * 365 * 86400, 0)):
        clocked.jump(seconds)
        clocked.publish(f"1.{number}.0")
        assert clocked.server.get(f"/v0.1/servers/{encoded(NAME)}/versions/latest").json["server"]["version"] == (
            f"1.{number}.0"
        )
    assert clocked.server.get("/health").status == 200
    # The files follow as they do at any other time: what waits is counted, not read off a clock.
    out = clocked.file.parent / "site" / "dist"
    wait_until((out / f"v0.1/servers/{NAME}/versions/1.2.0.json").exists, 120)


def test_tokens_end_by_the_clock_as_it_is_set_and_new_ones_can_be_had_at_once(clocked: Clocked) -> None:
    before = clocked.login()
    assert clocked.publish_as(before, "1.0.0") == 200
    clocked.jump(3600)
    assert clocked.publish_as(before, "1.1.0") == 401
    late = clocked.login()
    assert clocked.publish_as(late, "1.1.0") == 200
    clocked.jump(0)
    # Issued an hour ahead of what is now: not yet good.
    assert clocked.publish_as(late, "1.2.0") == 401
    assert clocked.publish_as(clocked.login(), "1.2.0") == 200
