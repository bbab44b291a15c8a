"""Histories of sources and registries that are created, changed and deleted: against a model, and through kills."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from app_server import AppServer, Reply, serving_app
from app_site import git, in_repository, wait_until
from builders import server
from forked_app import forking
from sites import config, registry_file, run, tree, write_site

#: ``sources`` or ``registries``, and a name.
Key = tuple[str, str]

CLIENTS = 4
NAMES = tuple("abcdef")
SERVERS = tuple(f"com.example/{letter}" for letter in "uvwxyz")


def open_site(folder: Path) -> Path:
    """Write a site that everybody may read, and whoever sits at the machine may change."""
    files = {"config.yaml": config({"name": "list", "file": {"path": "list.json"}})}
    return write_site(folder, {**files, "list.json": registry_file(server(SERVERS[0], description="From list"))})


CLAIMS = {"org": "tides"}


def settings(source: str, names: list[str], *, claimed: bool = False) -> dict[str, Any]:
    """Return a source whose servers say where they come from."""
    documents = [server(name, description=f"From {source}") for name in names]
    return {"file": {"data": json.dumps(registry_file(*documents))}, "claims": CLAIMS if claimed else {}}


def listed(running: AppServer, registry: str) -> dict[str, str] | None:
    """Return what a registry shows: names to descriptions."""
    answer = running.get(f"/registry/{registry}/v0.1/servers")
    if answer.status == 404:
        return None
    return shown_by(answer.json)


def shown_by(document: Any) -> dict[str, str]:
    return {one["server"]["name"]: one["server"]["description"] for one in document["servers"]}


@dataclass
class Model:
    """What should stand.

    Attributes:
        sources: names of servers, by source.
        registries: names of sources, by registry.
        claimed: sources and registries that have claims, which nobody has here.
    """

    sources: dict[str, list[str]] = field(default_factory=lambda: {"list": [SERVERS[0]]})
    registries: dict[str, list[str]] = field(default_factory=lambda: {"default": ["list"]})
    claimed: set[Key] = field(default_factory=set)

    def shown(self, registry: str) -> dict[str, str] | None:
        """Return what a registry shows: what nobody may see shadows nothing, and a private registry is not there."""
        if registry not in self.registries or ("registries", registry) in self.claimed:
            return None
        found: dict[str, str] = {}
        for source in self.registries[registry]:
            if ("sources", source) in self.claimed:
                continue
            found = dict.fromkeys(self.sources[source], f"From {source}") | found
        return dict(sorted(found.items()))

    def step(self, chance: random.Random, running: AppServer) -> tuple[Reply, int]:
        """Ask for something, and return the answer with the status that it should have."""
        name = chance.choice((*NAMES, "list", "default"))
        kind = chance.choice(("put source", "put registry", "delete source", "delete registry"))
        section = kind.rpartition(" ")[2]
        held: Mapping[str, Any] = self.sources if section == "source" else self.registries
        path = f"/v1/{'sources' if section == 'source' else 'registries'}/{name}"
        is_fixed = (section, name) in {("source", "list"), ("registry", "default")}
        if kind == "put source":
            names, claimed = chance.sample(SERVERS, chance.randrange(len(SERVERS))), chance.random() < 0.25
            answer = running.ask("PUT", path, settings(name, names, claimed=claimed))
            if is_fixed:
                return answer, 403
            status = 200 if name in held else 201
            self.sources[name] = names
            self._claim("sources", name, claimed=claimed)
            return answer, status
        if kind == "put registry":
            sources, claimed = chance.sample((*NAMES, "list"), chance.randrange(4)), chance.random() < 0.25
            answer = running.ask("PUT", path, {"sources": sources, "claims": CLAIMS if claimed else {}})
            if not sources or (not is_fixed and not set(sources) <= self.sources.keys()):
                return answer, 400
            if is_fixed:
                return answer, 403
            status = 200 if name in held else 201
            self.registries[name] = sources
            self._claim("registries", name, claimed=claimed)
            return answer, status
        answer = running.ask("DELETE", path)
        if name not in held:
            return answer, 404
        if is_fixed:
            return answer, 403
        if section == "source" and any(name in sources for sources in self.registries.values()):
            return answer, 409
        (self.sources if section == "source" else self.registries).pop(name)
        self._claim("sources" if section == "source" else "registries", name, claimed=False)
        return answer, 204

    def _claim(self, section: str, name: str, *, claimed: bool) -> None:
        if claimed:
            self.claimed.add((section, name))
        else:
            self.claimed.discard((section, name))

    def check(self, running: AppServer) -> None:
        """Hold that a server shows what should stand, everywhere."""
        for section, held in (("sources", self.sources), ("registries", self.registries)):
            shown = running.get(f"/v1/{section}").json[section]
            assert {one["name"] for one in shown} == held.keys()
        for name, names in self.sources.items():
            entries = running.get(f"/v1/sources/{name}/entries").json["entries"]
            assert [entry["name"] for entry in entries] == sorted(names)
        for name in (*NAMES, "default"):
            assert listed(running, name) == self.shown(name)


@pytest.mark.parametrize("seed", range(2))
def test_any_history_of_changes_shows_what_a_small_model_says(seed: int, tmp_path: Path) -> None:
    chance, model = random.Random(seed), Model()
    site = open_site(tmp_path / "site")
    with serving_app(site, "--write-rate", "0", "--no-access-log", anonymous=True) as running:
        seen = set()
        for count in range(120):
            answer, status = model.step(chance, running)
            assert answer.status == status, answer.body
            seen.add(status)
            name = chance.choice(NAMES)
            assert listed(running, name) == model.shown(name)
            if count % 20 == 19:
                model.check(running)
        assert seen == {200, 201, 204, 400, 403, 404, 409}
    with serving_app(site, anonymous=True) as running:
        model.check(running)
        wait_until(lambda: all(in_tree(site, name) == (model.shown(name) or {}) for name in NAMES))
    assert run("build", site, "--full", "--out", tmp_path / "other").code == 0
    assert tree(tmp_path / "other") == tree(site / "dist")
    hidden = [name for section, name in model.claimed if section == "sources"]
    for path, data in tree(site / "dist").items():
        assert not any(f"From {name}".encode() in data for name in hidden), path
        assert not any(path.startswith(f"registry/{name}/") for section, name in model.claimed if section != "sources")


class Load:
    """Clients that change things as fast as they can, each its own, and what they were told.

    Attributes:
        stands: what was acknowledged last: the servers of each source, the sources of each registry.
        unsure: what was asked for and not answered: it counts or not.
        done: how much was acknowledged.
    """

    def __init__(self) -> None:
        self.stands: dict[Key, list[str]] = {}
        self.unsure: dict[Key, list[str] | None] = {}
        self.done = 0

    def run(self, running: AppServer, chance: random.Random, kill_after: int) -> None:
        """Change until the server is killed, which happens after some acknowledged changes."""
        done = threading.Semaphore(0)
        seeds = [chance.random() for _ in range(CLIENTS)]
        threads = [
            threading.Thread(target=self._work, args=(running, f"load-{number}", random.Random(seed), done))
            for number, seed in enumerate(seeds)
        ]
        for thread in threads:
            thread.start()
        for _ in range(kill_after):
            done.acquire()
        running.kill()
        for thread in threads:
            thread.join()
        self.done += kill_after

    def _work(self, running: AppServer, name: str, chance: random.Random, done: threading.Semaphore) -> None:
        source, registry = ("sources", name), ("registries", name)
        try:
            while True:
                if source not in self.stands or chance.random() < 0.4:
                    self._ask(running, source, chance.sample(SERVERS, 3))
                elif registry not in self.stands:
                    key, value = (registry, ["list", name]) if chance.random() < 0.7 else (source, None)
                    self._ask(running, key, value)
                else:
                    self._ask(running, registry, chance.choice([None, [name], [name, "list"]]))
                done.release()
        except (OSError, HTTPException):
            done.release()

    def _ask(self, running: AppServer, key: Key, value: list[str] | None) -> None:
        self.unsure[key] = value
        path = f"/v1/{key[0]}/{key[1]}"
        if value is None:
            answer, status = running.ask("DELETE", path), 204
        else:
            body = settings(key[1], value) if key[0] == "sources" else {"sources": value}
            answer, status = running.ask("PUT", path, body), 200 if key in self.stands else 201
        assert answer.status == status, answer.body
        self._take(key, value)
        del self.unsure[key]

    def _take(self, key: Key, value: list[str] | None) -> None:
        if value is None:
            self.stands.pop(key, None)
        else:
            self.stands[key] = value

    def check(self, running: AppServer) -> None:
        """Hold that what was acknowledged stands, and nothing by halves."""
        found: dict[Key, list[str]] = {}
        for section in ("sources", "registries"):
            for one in running.get(f"/v1/{section}").json[section]:
                if one["creationType"] == "API":
                    key = (section, one["name"])
                    found[key] = one["sources"] if section == "registries" else entries_of(running, one["name"])
        for key in self.unsure:
            expected = [sorted_of(key, self.stands.get(key)), sorted_of(key, self.unsure[key])]
            assert sorted_of(key, found.get(key)) in expected, key
            self._take(key, found.get(key))
        self.unsure.clear()
        assert {key: sorted_of(key, one) for key, one in self.stands.items()} == found
        for (section, name), sources in self.stands.items():
            if section == "registries":
                model = {one: entries for (kind, one), entries in self.stands.items() if kind == "sources"}
                shown = Model({"list": [SERVERS[0]], **model}, {name: sources}).shown(name)
                assert listed(running, name) == shown


def sorted_of(key: Key, value: list[str] | None) -> list[str] | None:
    """Return servers in the order of lists, and sources as they are."""
    return sorted(value) if value is not None and key[0] == "sources" else value


def entries_of(running: AppServer, source: str) -> list[str]:
    return [entry["name"] for entry in running.get(f"/v1/sources/{source}/entries").json["entries"]]


def rounds(site: Path, count: int, *, seed: int, pipes: Path) -> None:
    chance, load = random.Random(seed), Load()
    pipes.mkdir()
    with forking(pipes) as forker:
        for _ in range(count):
            with forker.serving(site, "--write-rate", "0", "--no-access-log", "--allow-anonymous-writes") as running:
                load.check(running)
                load.run(running, chance, chance.randrange(1, 25))
    with serving_app(site, anonymous=True) as running:
        load.check(running)
        registries = {name: value for (section, name), value in load.stands.items() if section == "registries"}
        shown = {name: listed(running, name) for name in registries}
        wait_until(lambda: all(in_tree(site, name) == one for name, one in shown.items()))
    assert [path for path in (site / "content").rglob("*") if path.name.startswith(".")] == []
    assert run("check", site).code == 0
    assert run("build", site, "--full", "--out", site.parent / "other").code == 0
    assert tree(site.parent / "other") == tree(site / "dist")
    logged = [json.loads(line) for line in (site / "audit.jsonl").read_text().splitlines()]
    changes = [one for one in logged if one["target"]["method"] in {"PUT", "DELETE"}]
    assert sum(one["outcome"] in {"success", "unknown"} for one in changes) >= load.done


def in_tree(site: Path, registry: str) -> dict[str, str]:
    file = site / f"dist/registry/{registry}/v0.1/servers.json"
    return shown_by(json.loads(file.read_bytes())) if file.exists() else {}


def test_every_acknowledged_change_survives_a_kill(tmp_path: Path) -> None:
    rounds(open_site(tmp_path / "site"), 8, seed=1, pipes=tmp_path / "pipes")


def test_every_acknowledged_change_survives_a_kill_in_a_repository(tmp_path: Path) -> None:
    site = in_repository(open_site(tmp_path / "site"))
    rounds(site, 6, seed=7, pipes=tmp_path / "pipes")
    assert git(site, "status", "--porcelain") == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_every_acknowledged_change_survives_many_kills(seed: int, tmp_path: Path) -> None:
    site = open_site(tmp_path / "site")
    rounds(in_repository(site) if seed % 2 else site, 40, seed=seed, pipes=tmp_path / "pipes")
