"""What the search page reads: `reader` understands the files as docs/search.md describes them."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

import hostile
from fakes_catalog import json_members, make_catalog, make_entry, make_server, make_skill, toolhive_meta
from html_site import by_address
from regpress.catalog import Catalog
from regpress.html.search_index import search_groups
from regpress.model.artifact import Artifact
from regpress.model.entry import Entry

SHARED = "#$%()*+-:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"


def index_of(catalog: Catalog, **sizes: int) -> dict[str, Artifact]:
    return by_address(artifact for group in search_groups(catalog, **sizes) for artifact in group.render())


def reader(site: dict[str, Artifact], prefix: str = "") -> Iterator[dict[str, Any]]:
    """Yield every entry that an index holds."""
    root = json.loads(site[f"{prefix}search/index.json"].body)
    assert root["format"] == 1
    count = 0
    for name in root["names"]:
        part = json.loads(site[f"{prefix}search/names-{name}.json"].body)
        texts = [json.loads(site[f"{prefix}search/texts-{text}.json"].body) for text, _, _ in part["texts"]]
        assert [(len(text["versions"]), text["check"]) for text in texts] == [tuple(own[1:]) for own in part["texts"]]
        joined = {key: [row for text in texts for row in text[key]] for key in texts[0] if key != "check"}
        for at, full in enumerate(names_of(part["names"])):
            count += 1
            kind, status, location, packages, transports, tier = part["values"][part["facets"][at]]
            facets = {"location": location, "packages": packages, "transports": transports, "tier": tier}
            own = {key: part[key][at] for key in ("titles", "changed", "age")}
            yield {
                "kind": kind,
                "name": full,
                "status": status,
                **facets,
                **own,
                **{k: v[at] for k, v in joined.items()},
            }
    assert count == root["entries"]


def names_of(text: str) -> Iterator[str]:
    namespace = ""
    for piece in text.split(",") if text else []:
        head, _, name = piece.partition("/")
        if head:
            namespace = namespace[: SHARED.index(head[0])] + head[1:]
        yield f"{namespace}/{name}"


def random_entries(count: int, seed: int = 5) -> list[Entry]:
    draw = random.Random(seed)
    letters = "abcXYZ019.-"
    names = {
        f"io.{''.join(draw.choices(letters, k=draw.randrange(1, 12)))}.x/{''.join(draw.choices(letters + '_', k=6))}"
        for _ in range(count)
    }
    return [make_entry(make_server(name)) for name in sorted(names)]


def test_the_index_says_what_an_entry_is() -> None:
    older = make_server(version="1.0.0", latest=False, published="2026-01-01T00:00:00Z", updated="2026-06-02T00:00:00Z")
    newest = make_server(
        version="2.0.0",
        title="Weather",
        status="deprecated",
        tags=("sea", "wind"),
        published="2026-05-01T06:00:00Z",
        packages=[{"registryType": "npm", "identifier": "a", "transport": {"type": "stdio"}}],
        remotes=[{"type": "sse", "url": "https://x.example/"}],
        _meta=toolhive_meta(a={"tier": "Official", "tools": ["next_tide"]}, b={"tools": ["now"]}),
    )
    (row,) = reader(index_of(make_catalog(make_entry(newest, older))))
    assert row == {
        "kind": "server",
        "name": "com.example/weather",
        "titles": "Weather",
        "status": ["deprecated"],
        "location": ["local", "remote"],
        "packages": ["npm"],
        "transports": ["sse", "stdio"],
        "tier": ["Official"],
        "changed": 20606,  # 2026-06-02, of the older version
        "age": 152,
        "versions": "2.0.0",
        "descriptions": "Weather forecasts for harbours",
        "tags": ["sea", "wind"],
        "tools": ["next_tide", "now"],
    }


def test_tools_of_skills_are_found_beside_their_documents() -> None:
    skill = make_skill(other_meta=json_members(toolhive_meta(a={"tools": ["commit"]})))
    (row,) = reader(index_of(make_catalog(skill)))
    assert (row["kind"], row["tools"]) == ("skill", ["commit"])


@pytest.mark.parametrize("sizes", [{}, {"names_size": 90, "texts_size": 20}, {"names_size": 12, "texts_size": 90}])
def test_every_entry_is_in_the_index_once_under_its_name(sizes: dict[str, int]) -> None:
    entries = [*random_entries(700), make_entry(make_skill()), make_entry(make_skill(kind="plugin"))]
    site = index_of(make_catalog(*entries), **sizes)
    found = [(row["kind"], row["name"]) for row in reader(site)]
    assert sorted(found) == sorted((entry.kind, str(entry.name)) for entry in entries)
    assert (len(site) > 3) == bool(sizes)


def test_an_empty_registry_has_an_index() -> None:
    assert list(reader(index_of(make_catalog()))) == []


def test_a_further_registry_has_an_index_of_its_own() -> None:
    site = index_of(make_catalog(make_server(), registry="team", is_default=False))
    assert len(list(reader(site, "registry/team/"))) == 1


def test_hostile_documents_are_in_the_index_and_have_no_markup_in_it() -> None:
    catalog = hostile.hostile_catalog()
    site = index_of(catalog)
    rows = list(reader(site))
    assert len(rows) == len(list(catalog))
    assert hostile.MARKUP in [row["descriptions"] for row in rows]
    for artifact in site.values():
        assert not set(artifact.body) & set(b"<>&")
        assert len(artifact.body) < 60_000


def test_a_change_of_one_entry_changes_one_part_of_names_and_one_of_texts() -> None:
    entries = random_entries(3_000)
    before = prints(entries)
    for place in (0, 700, len(entries) - 1):
        changed = make_entry(make_server(str(entries[place].name), version="2.0.0", updated="2026-09-01T00:00:00Z"))
        after = prints([*entries[:place], changed, *entries[place + 1 :]])
        assert kinds(before, after) == ["names", "texts"]


def test_a_new_entry_changes_few_parts() -> None:
    entries = random_entries(3_000)
    before = prints(entries)
    assert len(before) > 30
    for number in range(15):
        after = prints([*entries, make_entry(make_server(f"io.{number * 6}b.x/new"))])
        # The root counts entries; a border that moves concerns a neighbour too.
        assert len(kinds(before, after)) <= 7


def prints(entries: list[Entry]) -> dict[str, bytes]:
    groups = search_groups(make_catalog(*entries), names_size=300, texts_size=100)
    return {group.key: group.recipe for group in groups}


def kinds(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    return sorted(key.split("/")[2] if key.count("/") > 1 else "root" for key in changed)


def test_the_check_of_texts_is_that_of_their_keys() -> None:
    site = index_of(make_catalog(make_server("com.example/b"), make_skill("com.example/a")))
    texts = json.loads(site["search/texts-first.json"].body)
    assert texts["check"] == zlib.crc32(b"0com.example/b\n1com.example/a")


def test_parts_are_written_before_what_leads_to_them() -> None:
    stages = {group.key.split("/")[-2]: group.stage for group in search_groups(make_catalog(make_server()))}
    assert stages == {"texts": "leaf", "names": "page", "default": "list"}
