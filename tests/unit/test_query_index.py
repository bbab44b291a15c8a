"""The indexes that code at the edge answers from: what they say, that schemas describe them, how little changes."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema_rs
import pytest

import edge_site
from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from fakes_tree import render
from regpress import api
from regpress.catalog import Catalog
from regpress.indexes.entries import entry_shard_groups, find_versions, split_list
from regpress.indexes.queries import compact_time, query_index_groups, read_time
from regpress.pages import shards
from regpress.times import time_key
from regpress.validate.schema import schema_bytes

SEEDS = range(4)
QUERY = "v0.1/x/dev.regpress/query"
ENTRIES = "v0.1/x/dev.regpress/entries"


def documents(catalog: Catalog) -> dict[str, bytes]:
    groups = (*query_index_groups(catalog, bounds=edge_site.SHARD_BYTES),
              *entry_shard_groups(catalog, bounds=edge_site.SHARD_BYTES))  # fmt: skip
    return render(groups)


def schema_of(address: str) -> str:
    kind, *below = address.removeprefix("v0.1/x/dev.regpress/").split("/")
    if kind == "entries":
        return "regpress-entries-shard" if len(below) > 1 else "regpress-entries"
    return "regpress-bodies" if len(below) > 1 else "regpress-query"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_document_is_as_its_schema_says(seed: int) -> None:
    made = documents(edge_site.random_catalog(seed, size=(40, 3, 0, 40)[seed]))
    assert {schema_of(address) for address in made} >= {"regpress-entries", "regpress-query"}
    for address, body in made.items():
        validator = jsonschema_rs.validator_for(
            json.loads(schema_bytes(f"{schema_of(address)}.schema.json")),
            retriever=lambda name: json.loads(schema_bytes(name.rpartition("/")[2])),
        )
        assert [error.message for error in validator.iter_errors(json.loads(body))] == [], address


@pytest.mark.parametrize("seed", SEEDS)
def test_the_index_leads_to_the_body_of_every_version(seed: int) -> None:
    catalog = edge_site.random_catalog(seed)
    made = documents(catalog)
    for kind in ("server", "skill"):
        index = json.loads(made[f"{QUERY}/{kind}s"])
        lines = iter(index["entries"])
        found = []
        for text, row in zip(lines, lines, strict=True):
            latest_shard, latest_place, shard, place, latest, versions = row[2:]
            bodies = made[f"{QUERY}/{kind}s/all/{index['all'][shard]}"][place:].split(b"\n")
            for number, version in enumerate(versions):
                body = bodies[number].removesuffix(b",")
                found.append(body)
                if number == latest:
                    there = made[f"{QUERY}/{kind}s/latest/{index['latest'][latest_shard]}"][latest_place:]
                    assert there.split(b"\n")[0].removesuffix(b",") == body
                value = json.loads(body)
                number_of = value["server"]["version"] if kind == "server" else value["version"]
                assert (version[0] if isinstance(version, list) else version) == number_of
            assert text.lower() == text or "\u0130" in text
        assert found == [body for _, body in edge_site.rows(catalog, kind)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_list_of_versions_is_found_in_its_shard_and_taken_apart_again(seed: int) -> None:
    catalog = edge_site.random_catalog(seed)
    made = documents(catalog)
    for entry in catalog:
        versions = find_versions(made.get, "", entry.kind, str(entry.name))
        bodies = [api.response(version) for version in entry.versions]
        assert versions == api.list_body(entry.kind, bodies)
        assert split_list(versions) == bodies
    assert find_versions(made.get, "", "server", "zzz/none") is None
    assert find_versions(made.get, "", "server", "a/none") is None


def test_the_size_of_a_body_is_known_without_making_it() -> None:
    versions = [
        *(make_server("a.b/c", status=status, message=message, latest=latest, updated="2026-05-01T06:00:00.123Z")
          for status in ("active", "deprecated") for message in ("", 'é "x" <b>') for latest in (True, False)),
        make_skill(), make_skill(latest=False), make_skill(other_meta=b'"x":1'),
        make_server("a.b/c", other_meta=b'"x":{}'),
    ]  # fmt: skip
    assert [api.response_size(version) for version in versions] == [len(api.response(version)) for version in versions]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1970-01-01T00:00:00Z", "0000000"),
        ("1960-01-01T00:00:00.5Z", "0000000"),
        ("2026-05-01T08:00:00.250+02:00", "0tecgo025"),
    ],
)
def test_times_are_short_and_sort_as_the_instants_do(text: str, code: str) -> None:
    assert compact_time(text) == code
    if not text.startswith("19"):
        assert read_time(code) == time_key(text)
    assert compact_time("2026-05-01T06:00:00Z") < compact_time("2026-05-01T06:00:00.1Z")
    assert compact_time("2026-05-01T06:00:00.9Z") < compact_time("2026-05-01T06:00:01Z")


def many(count: int = 400) -> list:
    return [make_entry(make_server(f"com.example/s{number:04}")) for number in range(count)]


def test_one_new_version_changes_few_files() -> None:
    entries = many()
    before = documents(make_catalog(*entries))
    name = str(entries[200].name)
    newer = make_entry(make_server(name, version="2.0.0"), make_server(name, latest=False))
    after = documents(make_catalog(*entries[:200], newer, *entries[201:]))
    changed = {address for address in before.keys() | after.keys() if before.get(address) != after.get(address)}
    assert len(before) > 200
    # The index, and a shard of each of the three kinds; where the entry is the last one of a shard, its neighbour too.
    assert f"{QUERY}/servers" in changed
    assert len(changed) <= 8


def test_shards_keep_to_their_size_and_lose_nothing() -> None:
    keys = [f"k{number:05}" for number in range(5000)]
    sizes = [(number * 7919) % 900 + 100 for number in range(5000)]
    cuts = shards(keys, sizes, bounds=(10_000, 30_000))
    assert [position for cut in cuts for position in cut] == list(range(5000))
    amounts = [sum(sizes[cut.start : cut.stop]) for cut in cuts]
    assert max(amounts) <= 30_000
    assert min(amounts[:-1]) >= 10_000
    assert shards([], [], bounds=(1, 2)) == []
    assert shards(["a", "b"], [99, 99], bounds=(10, 20)) == [range(1), range(1, 2)]


def test_what_is_deleted_is_in_the_query_index_and_in_no_list_of_versions() -> None:
    entry = make_entry(make_server("a.b/c"))._replace(deleted=(make_server("a.b/c", version="2", status="deleted"),))
    gone = make_server("a.b/d", status="deleted", latest=False)
    made = documents(replace(make_catalog(entry), gone=(gone,)))
    everything = b"".join(made.values())
    lists = b"".join(body for address, body in made.items() if address.startswith(ENTRIES))
    assert everything.count(b'"status":"deleted"') == 2
    assert b'"status":"deleted"' not in lists
