"""What mirrors are told of versions that were removed for good, and that nobody is told of what was not everybody's."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from admin_site import AUTHOR, ROLES, World, oauth
from app_server import encoded, serving_app
from app_site import document, wait_until
from builders import server, skill
from identity_servers import issuer
from sites import config, registry_file, run, tree, write_site

ROOT = {"sub": "r", "role": "root"}
REMOVED = "v0.1/x/dev.regpress/removed"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with issuer() as provider:
        registries = [
            {"name": "default", "sources": ["own", "list"], "visibility": "public"},
            {"name": "inner", "sources": ["own"], "claims": {"org": "tides"}},
            {"name": "other", "sources": ["list", "own"], "visibility": "public"},
        ]
        made = config(
            {"name": "own", "managed": {}}, {"name": "list", "file": {"path": "list.json"}}, registries=registries
        )
        files = {
            "config.yaml": made | {"auth": oauth(provider.url, authz={"roles": ROLES})},
            "list.json": registry_file(server("com.example/shared", "9.0.0")),
        }
        site = write_site(tmp_path_factory.mktemp("removals") / "site", files)
        with serving_app(site, "--write-rate", "0") as running:
            yield World(running, provider, site)


def publish(world: World, name: str, version: str = "1.0.0", claims: Any = None) -> None:
    """Publish a version for everybody, or with claims for some."""
    body = document(name, version)
    if claims:
        assert world.publish({"server": body, "claims": claims}, **ROOT).status == 201
    else:
        assert world.ask("POST", "/v0.1/publish", body, **ROOT).status == 200


def remove(world: World, name: str, version: str = "1.0.0", kind: str = "server") -> None:
    assert world.ask("DELETE", f"/v1/entries/{kind}/{encoded(name)}/versions/{version}", **ROOT).status == 204


def set_claims(world: World, name: str, claims: Any, kind: str = "server") -> None:
    assert world.ask("PUT", f"/v1/entries/{kind}/{encoded(name)}/claims", {"claims": claims}, **ROOT).status == 204


def served(world: World, prefix: str = "") -> set[tuple[str, str, str]] | None:
    """Return what anonymous callers are told of removed versions, None where there is no such document."""
    root = world.ask("GET", f"/{prefix}{REMOVED}")
    if root.status == 404:
        return None
    shards = [world.ask("GET", f"/{prefix}{REMOVED}/{shard['name']}").json for shard in root.json["shards"]]
    return {(row["kind"], row["name"], row["version"]) for shard in shards for row in shard["removed"]}


def built(site: Path, out: Path, prefix: str = "") -> set[tuple[str, str, str]] | None:
    """Build a site into a folder and return what is told there."""
    done = run("build", site, "--out", out)
    assert done.code == 0, done.err
    root = out / f"{prefix}{REMOVED}.json"
    if not root.exists():
        return None
    shards = [out / f"{prefix}{REMOVED}/{shard['name']}.json" for shard in json.loads(root.read_bytes())["shards"]]
    rows = [row for shard in shards for row in json.loads(shard.read_bytes())["removed"]]
    return {(row["kind"], row["name"], row["version"]) for row in rows}


def test_what_everybody_saw_and_was_removed_is_told_until_it_is_published_again(world: World, tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        publish(world, "com.example/open", version)
    for name in ("com.example/secret", "com.example/opened", "com.example/shared"):
        publish(world, name, claims={"org": "tides"})
    made = {"skill": skill("com.example/knots"), "claims": {"org": "tides"}}
    assert world.publish(made, **ROOT).status == 201
    set_claims(world, "com.example/knots", {}, "skill")
    publish(world, "com.example/shared", "9.0.0", claims={"org": "tides"})  # a version that the other source has too
    for name in ("com.example/opened", "com.example/shared"):
        set_claims(world, name, {})
    wait_until((world.site / "dist/v0.1/x/dev.toolhive/skills/com.example/knots.json").exists)
    assert served(world) is None
    assert not list((world.site / "dist/schemas").glob("regpress-removed*"))
    remove(world, "com.example/open", "2.0.0")
    remove(world, "com.example/secret")
    remove(world, "com.example/shared")
    remove(world, "com.example/shared", "9.0.0")
    remove(world, "com.example/opened")
    remove(world, "com.example/knots", kind="skill")
    told = {
        ("server", "com.example/open", "2.0.0"),
        ("server", "com.example/shared", "1.0.0"),
        ("server", "com.example/opened", "1.0.0"),
        ("skill", "com.example/knots", "1.0.0"),
    }
    wait_until(lambda: served(world) == told)
    # In the other registry, another source's shadowed one of them.
    assert served(world, "registry/other/") == {one for one in told if one[1] != "com.example/shared"}
    path = "/v0.1/servers/com.example%2Fopen/versions/2.0.0?include_deleted=true"
    assert world.ask("GET", path).status == 404
    for name, registries in (("open", ["default", "other"]), ("shared", ["default"]), ("secret", None)):
        note = json.loads((world.site / f"content/admin/tombstones/servers/com.example/{name}.json").read_text())
        assert {version: one.get("registries") for version, one in note.items()} == dict.fromkeys(note, registries)
    # A private registry tells its readers nothing in files, and others not even that.
    assert world.ask("GET", f"/registry/inner/{REMOVED}").status == 401
    for caller in (AUTHOR, ROOT):
        assert world.ask("GET", f"/registry/inner/{REMOVED}", **caller).status == 404
    assert len(list((world.site / "dist/schemas").glob("regpress-removed*"))) == 2
    assert built(world.site, tmp_path / "again") == told
    assert built(world.site, tmp_path / "again", "registry/other/") == served(world, "registry/other/")
    assert not [file for file, data in tree(tmp_path / "again").items() if b"com.example/secret" in data]
    publish(world, "com.example/open", "2.0.0")
    told.remove(("server", "com.example/open", "2.0.0"))
    wait_until(lambda: served(world) == told)
    # It is some callers' from now on: nobody else hears of what became of it.
    publish(world, "com.example/opened", "2.0.0", claims={"org": "tides"})
    told.remove(("server", "com.example/opened", "1.0.0"))
    wait_until(lambda: served(world) == told)
    assert built(world.site, tmp_path / "once-more") == told
    assert not [file for file, data in tree(tmp_path / "once-more").items() if b"com.example/opened" in data]


VERSIONS = ("1.0.0", "2.0.0")


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_done_no_tree_names_what_was_not_everybodys(seed: int, world: World, tmp_path: Path) -> None:
    chance = random.Random(seed)
    names = [f"com.example/walk-{seed}-{letter}" for letter in "abcde"]
    claims: dict[str, dict[str, str]] = {}
    there: dict[str, set[str]] = {name: set() for name in names}
    notes: dict[tuple[str, str], bool] = {}  # whether it was everybody's
    seen: set[str] = set()
    for step in range(60):
        name, version = chance.choice(names), chance.choice(VERSIONS)
        if not there[name]:
            claims[name] = chance.choice([{}, {"org": "tides"}])
        if chance.random() < 0.2 and there[name]:
            claims[name] = chance.choice([{}, {"team": "a"}])
            set_claims(world, name, claims[name])
        elif version in there[name]:
            remove(world, name, version)
            there[name].remove(version)
            notes[name, version] = not claims[name]
        else:
            publish(world, name, version, claims[name])
            there[name].add(version)
        if step % 20 != 19:
            continue
        gated = {name for name in names if there[name] and claims[name]}
        gated |= {name for (name, _), was_open in notes.items() if not was_open}
        expected = {
            ("server", name, version)
            for (name, version), was_open in notes.items()
            if was_open and name not in gated and version not in there[name]
        }
        out = tmp_path / f"built-{step}"
        assert {one for one in built(world.site, out) or () if one[1] in names} == expected
        seen |= {one[1] for one in expected}
        known = {name for name in names if there[name] and not claims[name]} | {one[1] for one in expected}
        text = b"".join(tree(out).values())
        assert {name for name in names if name.encode() in text} == known
        wait_until(lambda: {one for one in served(world) or () if one[1] in names} == expected)  # noqa: B023
    assert seen, "the walk never removed what was everybody's"
