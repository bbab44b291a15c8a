"""Our own documents below ``x/dev.regpress``: what they say, that their schemas describe them, how little changes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import jsonschema_rs
import pytest

from fakes_catalog import json_members, make_catalog, make_entry, make_server, make_skill, toolhive_meta
from fakes_tree import render
from regpress import api, paths
from regpress.index import index_groups
from regpress.indexes.facts import facts_of
from regpress.indexes.removed import removal_index_groups
from regpress.indexes.versions import FIRST, read_rows, read_shard_names, version_index_groups
from regpress.model import manifest
from regpress.model.artifact import Written
from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META, Removal
from regpress.stored_pages import page_groups
from regpress.validate.schema import schema_bytes, schema_names

NPM = {"registryType": "npm", "identifier": "weather", "version": "1.0.0", "transport": {"type": "stdio"}}
OCI = {
    "registryType": "oci",
    "identifier": "ghcr.io/x/y:1",
    "transport": {"type": "streamable-http", "url": "http://x"},
}
REMOTE = {"type": "sse", "url": "https://example.com/sse"}


def schema_errors(name, document):
    validator = jsonschema_rs.validator_for(
        json.loads(schema_bytes(name)),
        validate_formats=True,
        retriever=lambda address: json.loads(schema_bytes(address.rpartition("/")[2])),
    )
    return [str(error) for error in validator.iter_errors(json.loads(document))]


def varied_catalog():
    many = [
        make_entry(
            make_server(
                f"com.example/s{number:03}", version="1.1.0", updated=f"2026-05-{number % 28 + 1:02}T08:00:00Z"
            ),
            make_server(f"com.example/s{number:03}", version="1.0.0", latest=False),
        )
        for number in range(120)
    ]
    full = make_server(
        "com.example/weather",
        title="Weather & <b>more</b>",
        packages=[NPM, OCI],
        remotes=[REMOTE],
        status="deprecated",
        message="Use another",
        tags=("forecast", "maps"),
        _meta=toolhive_meta(**{"ghcr.io/x/y:1": {"tier": "Official", "tags": ["forecast", "maps"]}}),
    )
    half = make_entry(make_server("com.example/zulu", version="2.0.0"))._replace(
        deleted=(make_server("com.example/zulu", version="1.0.0", status="deleted", message="Leaked", latest=False),),
    )
    skill = make_skill(packages=[{"registryType": "git", "url": "https://git.example.com/x"}])
    gone = (make_server("com.example/gone", status="deleted"), make_skill("com.example/gone", status="deleted"))
    return replace(make_catalog(*many, full, half, skill), gone=gone)


def documents(catalog):
    return render(index_groups(catalog))


OWN_SCHEMAS = {
    "v0.1/_pages/{}": "regpress-pages",
    "v0.1/_pages/{}/": "regpress-list",
    "v0.1/x/dev.regpress/deleted/{}": "regpress-pages",
    "v0.1/x/dev.regpress/deleted/{}/": "regpress-list",
    "v0.1/x/dev.regpress/facets": "regpress-facets",
    "v0.1/x/dev.regpress/names/{}": "regpress-names",
    "v0.1/x/dev.regpress/removed": "regpress-removed",
    "v0.1/x/dev.regpress/removed/": "regpress-removed-shard",
    "v0.1/x/dev.regpress/versions": "regpress-versions",
    "v0.1/x/dev.regpress/versions/": "regpress-versions-shard",
}


def schema_of(address):
    for plural in paths.ENTRY_PLURAL.values():
        for pattern, name in OWN_SCHEMAS.items():
            made = pattern.format(plural)
            if address == made or (made.endswith("/") and address.startswith(made)):
                return f"{name}.schema.json"
    raise AssertionError(f"{address} has no schema")


@pytest.mark.parametrize("catalog", [varied_catalog(), make_catalog()], ids=["varied", "empty"])
def test_every_document_of_ours_is_as_its_schema_says(catalog):
    made = {**documents(catalog), **render(page_groups(catalog, size=20))}
    assert {schema_of(address): schema_errors(schema_of(address), body) for address, body in made.items()} == {
        schema_of(address): [] for address in made
    }


def test_build_json_and_the_manifest_are_as_their_schemas_say():
    catalog = varied_catalog()
    for list_file in ("", "v0.1/servers.json"):
        made = api.build_file([catalog], host="nginx", revisions={"team": "r1"}, list_file=list_file)
        assert schema_errors("regpress-build.schema.json", made.body) == []
    row = Written("v0.1/servers.json", 12, "0" * 64, "v0.1/servers", "application/json")
    shard = manifest.shard_artifact(
        "site", [(row.file.encode(), *manifest.file_lines(*([str(fact).encode()] for fact in row)))]
    )
    assert schema_errors("regpress-manifest-shard.schema.json", shard.body) == []
    for root in (
        manifest.root_artifact([row]),
        manifest.root_artifact([], [(row._replace(file="manifest/site.json"), 1)], kept=[(row, 2)]),
    ):
        assert schema_errors("regpress-manifest.schema.json", root.body) == []


def test_the_schemas_notice_what_does_not_belong():
    assert schema_errors("regpress-facets.schema.json", b'{"server":{},"skill":{},"plugin":{}}')
    assert schema_errors("regpress-names.schema.json", b'{"kind":"server","entries":[{"name":"x"}]}')
    assert schema_errors("regpress-list.schema.json", b'{"servers":[],"metadata":{"count":0,"nextCursor":""}}')
    assert schema_errors("regpress-pages.schema.json", b'{"kind":"server","all":[{"cursor":"all"},{"cursor":"all"}]}')
    assert schema_errors("regpress-versions.schema.json", b'{"shards":[]}')
    assert schema_errors("regpress-versions-shard.schema.json", b'{"versions":[{}]}')
    assert schema_errors("regpress-removed.schema.json", b'{"shards":[]}')
    assert schema_errors("regpress-removed-shard.schema.json", b'{"removed":[]}')
    assert schema_errors("regpress-build.schema.json", b"{}")
    assert schema_errors("regpress-manifest.schema.json", b'{"generation":"x","generator":"y","files":[],"shards":[]}')
    assert schema_errors("regpress-manifest-shard.schema.json", b'{"files":[{}]}')


def test_removed_versions_lie_in_the_order_of_time_in_shards_that_say_after_which():
    removals = [
        Removal("skill" if number % 7 == 0 else "server", f"com.example/s{number:02}", "1.0.0", time)
        for number in range(60)
        for time in (f"2026-05-{number % 28 + 1:02}T08:00:00Z",)
    ]
    made = render(removal_index_groups(make_catalog(), removals, size=10))
    assert {schema_of(address): schema_errors(schema_of(address), body) for address, body in made.items()} == {
        "regpress-removed.schema.json": [],
        "regpress-removed-shard.schema.json": [],
    }
    shards = json.loads(made["v0.1/x/dev.regpress/removed"])["shards"]
    assert len(shards) == len(made) - 1 > 3
    rows = [json.loads(made[f"v0.1/x/dev.regpress/removed/{shard['name']}"])["removed"] for shard in shards]
    assert [shard["after"] for shard in shards[1:]] == [some[-1]["removedAt"] for some in rows[:-1]]
    found = [(row["removedAt"], row["kind"], row["name"], row["version"]) for some in rows for row in some]
    assert found == sorted((one.removed_at, one.kind, one.name, one.version) for one in removals)
    assert render(removal_index_groups(make_catalog(), ())) == {}


def test_every_schema_of_ours_describes_something():
    used = {f"{name}.schema.json" for name in OWN_SCHEMAS.values()}
    used |= {f"regpress-{name}.schema.json" for name in ("build", "manifest", "manifest-shard")}
    # Those that only hosts that run code have: tests/unit/test_query_index.py.
    used |= {f"regpress-{name}.schema.json" for name in ("bodies", "entries", "entries-shard", "query")}
    assert {name for name in schema_names() if name.startswith("regpress-")} == used


def test_every_schema_of_ours_is_in_the_documentation():
    text = (Path(__file__).parents[2] / "docs" / "x-dev-regpress.md").read_text()
    named = set(re.findall(r"\]\(\.\./generator/regpress/schemas/([\w.-]+)\)", text))
    assert named == {name for name in schema_names() if name.startswith("regpress-")}


@pytest.mark.parametrize("body", [*documents(varied_catalog()).values()])
def test_no_document_holds_markup(body):
    assert not set(body) & set(b"<>&")


# The name index and the facets


def rows_of(catalog, plural="servers"):
    return json.loads(documents(catalog)[f"v0.1/x/dev.regpress/names/{plural}"])["entries"]


def test_the_name_index_has_every_entry_by_its_latest_version():
    catalog = varied_catalog()
    rows = {row["name"]: row for row in rows_of(catalog)}
    assert list(rows) == [str(entry.name) for entry in catalog.of("server")]
    assert rows["com.example/weather"] == {
        "name": "com.example/weather",
        "title": "Weather & <b>more</b>",
        "description": "Weather forecasts for harbours",
        "version": "1.0.0",
        "updatedAt": "2026-05-01T06:00:00Z",
        "status": "deprecated",
        "location": ["local", "remote"],
        "packages": ["npm", "oci"],
        "transports": ["sse", "stdio", "streamable-http"],
        "tier": "Official",
        "tags": ["forecast", "maps"],
    }
    assert rows["com.example/zulu"]["version"] == "2.0.0"
    assert "com.example/gone" not in rows
    assert rows_of(catalog, "skills")[0]["packages"] == ["git"]


def test_an_entry_is_one_line_of_the_name_index():
    body = documents(varied_catalog())["v0.1/x/dev.regpress/names/servers"]
    line = next(line for line in body.split(b"\n") if b"com.example/weather" in line)
    assert json.loads(line.rstrip(b","))["name"] == "com.example/weather"
    assert len(body.split(b"\n")) == 122 + 3


def test_facets_count_every_value_once_for_each_entry():
    facets = json.loads(documents(varied_catalog())["v0.1/x/dev.regpress/facets"])
    assert facets["server"] == {
        "total": 122,
        "status": {"active": 121, "deprecated": 1},
        "location": {"local": 1, "remote": 1},
        "packages": {"npm": 1, "oci": 1},
        "transports": {"sse": 1, "stdio": 1, "streamable-http": 1},
        "tier": {"Official": 1},
        "tags": {"forecast": 1, "maps": 1},
    }
    assert facets["skill"]["location"] == {"local": 1}
    assert facets["plugin"]["total"] == 0


def test_the_commonest_value_of_a_facet_comes_first():
    servers = [make_server(f"com.example/s{number}", tags=("b",) if number else ("a", "b", "c")) for number in range(3)]
    facets = json.loads(documents(make_catalog(*servers))["v0.1/x/dev.regpress/facets"])
    assert list(facets["server"]["tags"].items()) == [("b", 3), ("a", 1), ("c", 1)]


@pytest.mark.parametrize(
    "members",
    [
        {"packages": None},
        {"packages": "npm", "remotes": 3},
        {"packages": [None, 1, [], {"registryType": 4, "transport": "stdio"}]},
        {"remotes": [{"type": ["sse"]}, {"type": ""}, {"type": "x" * 101}]},
        {"_meta": []},
        {"_meta": {PUBLISHER_META: []}},
        {"_meta": {PUBLISHER_META: {TOOLHIVE_META: {"a": 1, "b": {"tier": {"x": 1}}}}}},
    ],
)
def test_facts_of_malformed_documents_are_left_out(members):
    facts = facts_of(make_server(**members))
    assert (facts.packages, facts.transports, facts.tier, facts.tags) == ((), (), (), ())


def test_the_extension_of_a_skill_is_read_from_beside_it():
    meta = json_members(toolhive_meta(x={"tier": "Community"}))
    assert facts_of(make_skill(other_meta=meta)).tier == ("Community",)


# The version index


def shards_of(catalog, **options):
    made = render(version_index_groups(catalog, **options))
    root = made.pop("v0.1/x/dev.regpress/versions")
    return json.loads(root)["shards"], {
        address.rpartition("/")[2]: json.loads(body)["versions"] for address, body in made.items()
    }


def test_the_version_index_has_every_version_and_the_deleted_ones_in_the_order_of_changes():
    catalog = varied_catalog()
    names, shards = shards_of(catalog, size=20)
    rows = [row for shard in names for row in shards[shard["name"]]]
    assert set(shards) == {shard["name"] for shard in names}
    assert len(rows) == 120 * 2 + 1 + 2 + 1 + 2
    times = [row["updatedAt"] for row in rows]
    assert times == sorted(times)
    deleted = {(row["kind"], row["name"], row["version"]) for row in rows if row["status"] == "deleted"}
    assert deleted == {
        ("server", "com.example/gone", "1.0.0"),
        ("server", "com.example/zulu", "1.0.0"),
        ("skill", "com.example/gone", "1.0.0"),
    }


def test_a_shard_says_after_which_time_it_begins():
    names, shards = shards_of(varied_catalog(), size=20)
    assert len(names) > 5
    assert names[0] == {"name": FIRST, "after": ""}
    for before, shard in pairwise(names):
        assert shard["after"] == shards[before["name"]][-1]["updatedAt"]


def test_who_asks_for_changes_since_a_time_finds_all_from_one_shard_on():
    names, shards = shards_of(varied_catalog(), size=20)
    every = [row for shard in names for row in shards[shard["name"]]]
    for since in ("2026-01-01T00:00:00Z", "2026-05-01T06:00:00Z", "2026-05-20T00:00:00Z", "2026-05-28T08:00:00Z"):
        start = max(position for position, shard in enumerate(names) if not shard["after"] or shard["after"] < since)
        found = [row for shard in names[start:] for row in shards[shard["name"]] if row["updatedAt"] >= since]
        assert found == [row for row in every if row["updatedAt"] >= since]


def test_times_count_as_instants_whatever_their_spelling():
    spelt = {"com.example/b": "2026-05-01T08:00:00.5+02:00", "com.example/a": "2026-05-01T06:00:00.75Z"}
    _, shards = shards_of(make_catalog(*(make_server(name, updated=time) for name, time in spelt.items())))
    assert [row["name"] for row in shards[FIRST]] == ["com.example/b", "com.example/a"]


def test_what_the_version_index_says_is_read_back():
    catalog = varied_catalog()
    made = render(version_index_groups(catalog, size=20))
    names = read_shard_names(made[paths.version_index("")])
    read = {key: row for name in names for key, row in read_rows(made[paths.version_index_shard("", name)])}
    every = [version for entry in catalog for version in entry.versions]
    every += catalog.deleted()
    assert len(read) == len(every)
    for version in every:
        known = read[version.kind, str(version.name), version.version]
        assert (known.official, known.digest) == (version.official, version.digest)


@pytest.mark.parametrize("body", [b"{}", b'{"shards":[1]}', b'{"shards":"x"}', b"[]", b"1"])
def test_another_document_is_no_version_index(body):
    with pytest.raises(ValueError, match="not a version index"):
        read_shard_names(body)


@pytest.mark.parametrize("body", [b"{}", b'{"versions":[{}]}', b'{"versions":[{"status":"gone"}]}', b"[]", b"nonsense"])
def test_another_document_is_no_shard(body):
    with pytest.raises(ValueError, match=r"not a shard|not a status|invalid literal"):
        list(read_rows(body))


# What a change costs


def changed(before, after):
    """Return the documents that differ; each of them must have another recipe."""
    old = {group.key: group.recipe for group in index_groups(before)}
    again = render(group for group in index_groups(after) if old.get(group.key) != group.recipe)
    earlier, later = documents(before), documents(after)
    differ = {address for address in later if earlier.get(address) != later[address]}
    assert differ <= set(again), "a document changed and its recipe did not"
    return differ


def many(count=900):
    times = (f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T08:00:00Z" for number in range(count))
    return [make_entry(make_server(f"com.example/s{number:03}", updated=time)) for number, time in enumerate(times)]


def test_a_new_version_changes_at_most_five_documents():
    entries = many()
    for position in (0, 450, 899):
        old = make_server(
            f"com.example/s{position:03}", updated=entries[position].latest.official.updated_at, latest=False
        )
        new = make_server(f"com.example/s{position:03}", version="2.0.0", updated="2026-12-31T00:00:00Z")
        differ = changed(
            make_catalog(*entries), make_catalog(*entries[:position], make_entry(new, old), *entries[position + 1 :])
        )
        assert 2 <= len(differ) <= 5


def test_a_deleted_version_is_noticed():
    entries = many(50)
    before = make_catalog(*entries)
    after = replace(make_catalog(*entries), gone=(make_server("com.example/gone", status="deleted"),))
    assert changed(before, after) == {"v0.1/x/dev.regpress/versions/first"}


def test_the_same_registry_changes_nothing():
    assert changed(make_catalog(*many(50)), make_catalog(*many(50))) == set()
