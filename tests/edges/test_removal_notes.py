"""Notes of removed versions, as they lie in a site's folder, to what a build tells of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import official, server
from sites import config, registry_file, run, write_file, write_site

NAME = "com.example/tide"
PLACE = f"content/admin/tombstones/servers/{NAME}.json"
NOTE = {"deletedAt": "2026-05-01T06:00:00Z", "registries": ["default"]}
REMOVED = "v0.1/x/dev.regpress/removed"


def site_with(folder: Path, note: Any, files: Any = None, **own: Any) -> Path:
    """Write a site of a managed source, with settings of its own, and of a file."""
    listed = (files or {}).pop("list", {"path": "list.json"})
    claims = {"claims": listed.pop("claims")} if "claims" in listed else {}
    sources = [{"name": "own", "managed": {}, **own}, {"name": "list", "file": listed, **claims}]
    made = {"config.yaml": config(*sources), "list.json": registry_file(server("com.example/other"))}
    return write_site(folder, {**made, PLACE: note, **(files or {})})


def told(site: Path, *options: str) -> list[tuple[str, str]]:
    done = run("build", site, *options)
    assert done.code == 0, done.err
    if not (site / f"dist/{REMOVED}.json").exists():
        assert not (site / f"dist/{REMOVED}").exists()
        return []
    rows = json.loads((site / f"dist/{REMOVED}/first.json").read_bytes())["removed"]
    return [(row["name"], row["version"]) for row in rows]


def entry(version: str, **more: Any) -> dict[str, Any]:
    return {"server": server(NAME, version), **more}


CLAIMED = {"claims": {"org": "tides"}}


@pytest.mark.parametrize(
    ("note", "files", "own"),
    [
        ({"1.0.0": NOTE}, {}, {}),
        ({"1.0.0": {**NOTE, "claims": {}}}, {}, {}),
        ({"1.0.0": NOTE}, {f"content/servers/{NAME}/2.0.0.json": entry("2.0.0")}, {}),
        ({"1.0.0": NOTE}, {"list.json": registry_file(server(NAME, "2.0.0"))}, {}),
        ({"1.0.0": NOTE}, {}, {"filter": {"names": {"exclude": ["com.example/other"]}}}),
    ],
    ids=["alone", "without claims", "of others", "of another source's", "beside a filter"],
)
def test_a_version_that_everybody_saw_is_told(note: Any, files: Any, own: Any, tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", note, dict(files), **own)
    assert told(site) == [(NAME, "1.0.0")]


@pytest.mark.parametrize(
    ("note", "files", "own"),
    [
        ({"1.0.0": {"deletedAt": NOTE["deletedAt"]}}, {}, {}),
        ({"1.0.0": {**NOTE, "registries": ["inner"]}}, {}, {}),
        ({"1.0.0": {**NOTE, **CLAIMED}}, {}, {}),
        ({"1.0.0": NOTE, "2.0.0": {"deletedAt": NOTE["deletedAt"], **CLAIMED}}, {}, {}),
        ({"1.0.0": NOTE}, {f"content/servers/{NAME}/1.0.0.json": entry("1.0.0")}, {}),
        (
            {"1.0.0": NOTE},
            {"list.json": registry_file({"server": server(NAME, "1.0.0"), "_meta": official(status="deleted")})},
            {},
        ),
        (
            {"1.0.0": NOTE},
            {
                "list.json": registry_file(
                    {"server": server(NAME, "1.0.0"), "_meta": official(status="deleted")}, server(NAME, "2.0.0")
                )
            },
            {},
        ),
        ({"1.0.0": NOTE}, {"list.json": registry_file(server(NAME, "1.0.0"))}, {}),
        ({"1.0.0": NOTE}, {f"content/servers/{NAME}/2.0.0.json": entry("2.0.0", **CLAIMED)}, {}),
        (
            {"1.0.0": NOTE},
            {"list.json": registry_file(server(NAME, "2.0.0")), "list": {"path": "list.json", **CLAIMED}},
            {},
        ),
        ({"1.0.0": NOTE}, {}, CLAIMED),
        ({"1.0.0": NOTE}, {}, {"filter": {"names": {"exclude": ["*tide"]}}}),
        ({"1.0.0": NOTE}, {}, {"filter": {"names": {"include": ["org.*"]}}}),
        (
            {"1.0.0": NOTE},
            {f"content/servers/{NAME}/2.0.0.json": entry("2.0.0")},
            {"filter": {"tags": {"include": ["public"]}}},
        ),
    ],
    ids=[
        "nobody saw it", "seen elsewhere", "had claims", "another had claims", "is there", "is there, deleted",
        "is there, deleted, with others", "is there from elsewhere", "name has claims", "name has claims elsewhere",
        "source has claims", "left out", "not let in", "others are left out",
    ],
)  # fmt: skip
def test_a_version_of_which_not_everybody_may_know_is_not_told(note: Any, files: Any, own: Any, tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", note, dict(files), **own)
    assert told(site) == []


def test_a_registry_without_the_source_tells_nothing(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", {"1.0.0": NOTE})
    assert told(site) == [(NAME, "1.0.0")]
    sources = ({"name": "own", "managed": {}}, {"name": "list", "file": {"path": "list.json"}})
    registries = [{"name": "default", "sources": ["list"]}, {"name": "mine", "sources": ["own"]}]
    write_file(site / "config.yaml", config(*sources, registries=registries))
    assert told(site) == []


def test_a_note_that_changes_is_another_build_and_without_it_nothing_is_left(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", {"1.0.0": NOTE})
    assert told(site) == [(NAME, "1.0.0")]
    write_file(site / PLACE, {"1.0.0": NOTE, "1.1.0": {**NOTE, "deletedAt": "2026-05-01T08:00:00+02:00"}})
    assert told(site) == [(NAME, "1.0.0"), (NAME, "1.1.0")]
    (site / PLACE).unlink()
    assert told(site) == []
    assert not list((site / "dist/schemas").glob("regpress-removed*"))


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("{", "not JSON"),
        ([], "the note holds an array"),
        ({"1.0.0": 5}, "the record is a number"),
        ({"latest": NOTE}, "'latest'"),
        ({"1.0.0": {}}, "the record has no time"),
        ({"1.0.0": {"deletedAt": 5}}, "the record has no time"),
        ({"1.0.0": {"deletedAt": "0001-01-01T00:00:00+14:00"}}, "the record has no time"),
        ({"1.0.0": {**NOTE, "registries": "default"}}, "the registries are no list of names"),
    ],
)
def test_a_note_that_makes_no_sense_is_said_and_left_out(note: Any, message: str, tmp_path: Path) -> None:
    other = "content/admin/tombstones/servers/com.example/wave.json"
    site = site_with(tmp_path / "site", note, {other: {"1.0.0": NOTE}})
    assert told(site) == [("com.example/wave", "1.0.0")]
    found = [one for one in run("check", site, "--format", "json").json["issues"] if one["file"] == PLACE]
    assert [one["severity"] for one in found] == ["warning"]
    assert message in found[0]["message"]


@pytest.mark.parametrize("linked", ["admin", "admin/tombstones", "admin/tombstones/servers"])
def test_notes_behind_a_link_to_a_folder_are_not_read(linked: str, tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", {"1.0.0": NOTE})
    (site / "content" / linked).rename(tmp_path / "elsewhere")
    (site / "content" / linked).symlink_to(tmp_path / "elsewhere")
    assert told(site) == []


def test_a_note_in_a_place_of_no_entry_is_said_and_left_out(tmp_path: Path) -> None:
    place = "content/admin/tombstones/servers/one/two/three.json"
    site = site_with(tmp_path / "site", {"1.0.0": NOTE}, {place: {"1.0.0": NOTE}})
    assert told(site) == [(NAME, "1.0.0")]
    found = [one for one in run("check", site, "--format", "json").json["issues"] if one["file"] == place]
    assert [one["reference"] for one in found] == ["removal-note"]
