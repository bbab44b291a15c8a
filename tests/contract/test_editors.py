"""Editors against every target: the gallery fills, searches, resolves; allow lists allow what they list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract.asking import Answer, Client
from contract.editors import Gallery, allow_list_verdict
from varied import DELETED, MARKUP, PLUS, SERVERS, UPPER, VERSIONS


def names(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["server"]["name"] for entry in entries]


def test_the_gallery_of_the_editor_shows_every_server_once(client: Client) -> None:
    gallery = Gallery(client).open()
    assert gallery.version == "v0.1"
    assert names(gallery.shown()) == sorted(SERVERS)
    assert gallery.voided == 0


def test_a_search_in_the_gallery_finds_the_server_and_ends(client: Client) -> None:
    gallery = Gallery(client).open()
    assert PLUS in names(gallery.shown(PLUS))
    assert max(SERVERS) in names(gallery.shown(max(SERVERS)))


@pytest.mark.parametrize("name", [VERSIONS, UPPER, PLUS, MARKUP])
def test_a_configured_server_of_the_registry_is_allowed(name: str, client: Client) -> None:
    assert Gallery(client).open().resolve(name) == "allowed"
    listed = next(entry for entry in Gallery(client).open().shown() if entry["server"]["name"] == name)
    assert allow_list_verdict(client, name, listed["server"]) == "allowed"


@pytest.mark.parametrize("name", ["com.example/none", DELETED, UPPER.lower(), "com.example"])
def test_a_server_that_is_not_in_the_registry_is_said_to_be_missing_and_nothing_worse(
    name: str, client: Client
) -> None:
    assert Gallery(client).open().resolve(name) == "not in the registry"
    assert allow_list_verdict(client, name, {}) == "not in the registry"


def test_a_server_configured_otherwise_than_listed_is_blocked(client: Client) -> None:
    other = {"remotes": [{"type": "streamable-http", "url": "https://elsewhere.example/mcp"}]}
    assert allow_list_verdict(client, VERSIONS, other) == "blocked"


# The replay itself


class Fixed:
    """A registry with one page, or one answer to everything."""

    def __init__(self, body: Any = None, status: int = 200) -> None:
        self.body, self.status = body, status

    def ask(self, path: str, *, method: str = "GET", headers: Any = None) -> Answer:
        fields = (("access-control-allow-origin", "*"), ("content-type", "application/json"))
        return Answer(self.status, fields, json.dumps(self.body).encode())


def entry(name: str, **members: Any) -> dict[str, Any]:
    return {"server": {"name": name, "description": "x", "version": "1.0.0", **members}, "_meta": {}}


def page(*entries: Any, **metadata: Any) -> Any:
    return {"servers": list(entries), "metadata": {"count": len(entries), **metadata}}


def test_one_broken_first_entry_voids_a_page_and_a_later_one_only_itself() -> None:
    good, bad = entry("a/a"), entry("a/b", description="")
    voided = Gallery(Fixed(page(bad, good))).open()
    assert (names(voided.shown()), voided.voided) == ([], 1)
    kept = Gallery(Fixed(page(good, bad))).open()
    assert (names(kept.shown()), kept.voided) == (["a/a"], 0)


@pytest.mark.parametrize("missing", ["name", "description", "version"])
def test_an_entry_without_what_the_gallery_reads_is_broken(missing: str) -> None:
    broken = entry("a/a")
    del broken["server"][missing]
    assert Gallery(Fixed(page(broken))).open().shown() == []


def test_a_page_without_metadata_is_thrown_away() -> None:
    assert Gallery(Fixed({"servers": [entry("a/a")]})).open().shown() == []


def test_a_cursor_that_a_host_does_not_follow_is_noticed() -> None:
    with pytest.raises(AssertionError, match="for ever"):
        Gallery(Fixed(page(entry("a/a"), nextCursor="x"))).open().shown()


@pytest.mark.parametrize("status", [401, 403, 500])
def test_what_is_neither_found_nor_missing_blocks(status: int) -> None:
    gallery = Gallery(Fixed({}, status)).open()
    assert gallery.resolve("a/a") == "blocked"
    assert allow_list_verdict(Fixed({}, status), "a/a", {}) == "blocked"


def test_another_name_or_no_json_blocks() -> None:
    assert Gallery(Fixed(entry("a/b"))).open().resolve("a/a") == "blocked"
    assert allow_list_verdict(Fixed(entry("a/b")), "a/a", {}) == "blocked"
    assert allow_list_verdict(Fixed([]), "a/a", {}) == "blocked"
