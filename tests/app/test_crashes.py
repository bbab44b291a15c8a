"""A server that is killed while many write: what it acknowledged is there, and everything agrees with everything."""

from __future__ import annotations

import json
import random
import threading
from http.client import HTTPException
from pathlib import Path

import pytest

from app_server import AppServer, encoded, serving_app
from app_site import document, git, in_repository, own_site, wait_until
from forked_app import forking
from sites import official_of, run

WRITERS = 8


class Load:
    """Clients that write as fast as they can, and what they were told.

    Attributes:
        versions: answer to the last acknowledged write of each version.
        unsure: versions whose last write was not answered: it may count or not.
    """

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], bytes] = {}
        self.unsure: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._serial = 0

    def run(self, server: AppServer, kill_after: int) -> None:
        """Write until the server is killed, which happens after some acknowledged writes."""
        done = threading.Semaphore(0)
        threads = [threading.Thread(target=self._write, args=(server, number, done)) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        for _ in range(kill_after):
            done.acquire()
        server.kill()
        for thread in threads:
            thread.join()

    def _write(self, server: AppServer, number: int, done: threading.Semaphore) -> None:
        name = f"com.example/load-{number}"
        try:
            while True:
                with self._lock:
                    self._serial += 1
                    version = f"{self._serial}.0.0"
                self._ask(server, "POST", "/v0/publish", (name, version), document(name, version))
                done.release()
                if self._serial % 3 == 0:
                    path = f"/v0/servers/{encoded(name)}/versions/{version}"
                    status = {"status": "deprecated", "statusMessage": f"Not {version}"}
                    self._ask(server, "PATCH", f"{path}/status", (name, version), status)
                    done.release()
        except (OSError, HTTPException):
            done.release()

    def _ask(self, server: AppServer, method: str, path: str, key: tuple[str, str], value: object) -> None:
        self.unsure.add(key)
        answer = server.ask(method, path, value)
        assert answer.status == 200, answer.body
        self.versions[key] = answer.body
        self.unsure.discard(key)

    def check(self, server: AppServer) -> None:
        """Hold that everything that was acknowledged is there, and nothing by halves."""
        for (name, version), body in self.versions.items():
            path = f"/v0/servers/{encoded(name)}/versions/{version}"
            found = server.get(path)
            assert found.status == 200, path
            told, shown = json.loads(body), found.json
            assert shown["server"] == told["server"]
            official_of(told).pop("isLatest")
            official_of(shown).pop("isLatest")
            if (name, version) not in self.unsure:
                assert shown == told
        for number in range(WRITERS):
            listed = server.get(f"/v0/servers/com.example%2Fload-{number}/versions")
            if listed.status == 404:
                continue
            versions = [entry["server"]["version"] for entry in listed.json["servers"]]
            assert len(set(versions)) == len(versions)
            flags = [official_of(entry)["isLatest"] for entry in listed.json["servers"]]
            assert flags.count(True) == 1


def rounds(site: Path, count: int, *, seed: int, pipes: Path) -> None:
    chance, load = random.Random(seed), Load()
    pipes.mkdir()
    with forking(pipes) as forker:
        for _ in range(count):
            with forker.serving(site, "--write-rate", "0", "--no-access-log", "--allow-anonymous-writes") as server:
                load.check(server)
                load.run(server, chance.randrange(1, 40))
    with serving_app(site, anonymous=True) as server:
        load.check(server)
        names = sorted({name for name, _ in load.versions})
        shown = {name: server.get(f"/v0/servers/{encoded(name)}/versions").body for name in names}
        wait_until(lambda: all(built(site, name) == body for name, body in shown.items()))
    left = [path for path in (site / "content").rglob("*") if path.name.startswith(".")]
    assert left == []
    assert run("check", site).code == 0
    assert run("build", site, "--full").code == 0
    assert {name: built(site, name) for name in names} == shown
    logged = {
        (event["target"]["resource_name"], event["target"]["version"])
        for event in map(json.loads, (site / "audit.jsonl").read_text().splitlines())
        if event["outcome"] in {"success", "unknown"}
    }
    assert logged >= load.versions.keys()


def built(site: Path, name: str) -> bytes:
    path = site / f"dist/v0.1/servers/{name}/versions.json"
    return path.read_bytes() if path.exists() else b""


def test_every_acknowledged_write_survives_a_kill(tmp_path: Path) -> None:
    rounds(own_site(tmp_path / "site"), 13, seed=1, pipes=tmp_path / "pipes")


def test_every_acknowledged_write_survives_a_kill_in_a_repository(tmp_path: Path) -> None:
    site = in_repository(own_site(tmp_path / "site"))
    rounds(site, 12, seed=7, pipes=tmp_path / "pipes")
    assert git(site, "status", "--porcelain") == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 106))
def test_every_acknowledged_write_survives_many_kills(seed: int, tmp_path: Path) -> None:
    site = own_site(tmp_path / "site")
    rounds(in_repository(site) if seed % 2 else site, 50, seed=seed, pipes=tmp_path / "pipes")
