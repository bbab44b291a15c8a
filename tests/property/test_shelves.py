"""What is packed and what lies over it: together they answer like one registry that was read at once."""

from __future__ import annotations

import random

import pytest

from builders import candidate, official, read, resolve, server, skill
from regpress import api, shelves
from regpress.columns import Texts, pack, put_numbers, put_texts, sections_of
from regpress.live import Candidates, LiveRegistry, LiveSite, RegistryPlan, Shelved, settle
from regpress.merge import merge
from regpress.names import EntryName, Kind
from regpress.pages import list_key, token, version_key
from regpress.query import Query, Row, select
from regpress.remote_urls import RemoteUrls
from regpress.resolve import Resolved
from regpress.stock import stand_in_row

SOURCES = ("one", "two")
NAMES = tuple(f"com.example/{letter}{number}" for letter in "abc" for number in range(9))
VERSIONS = ("1.0.0", "1.0.0-beta", "2.0.0", "10.0.0", "latest-build")
WORDS = ("Weather", "tide tables", "", "Straße \u0130 \u03a3\u03c2", "a\0b")
URLS = ("https://a.example/mcp", "https://b.example/?x=1&y=<2>", "https://c.example/\u00fc")
Key = tuple[Kind, str]
#: What each source has, by kind and name.
Held = dict[str, dict[Key, Resolved]]
PLAN = RegistryPlan("default", SOURCES, is_default=True)


def entry(chance: random.Random, source: str, kind: Kind, name: str) -> Resolved:
    """Return some versions of an entry, or none."""
    found = []
    for version in chance.sample(VERSIONS, chance.randrange(4)):
        about = {"description": chance.choice(WORDS) or "x", "title": chance.choice(WORDS)}
        if kind == "server" and chance.random() < 0.5:
            about["remotes"] = [{"type": "sse", "url": chance.choice(URLS)}]
        moment = f"2026-0{chance.randrange(1, 9)}-01T00:00:00{chance.choice(['', '.5'])}Z"
        meta = {
            "io.modelcontextprotocol.registry/official": official(
                status=chance.choice(["active", "active", "deprecated", "deleted"]),
                isLatest=chance.random() < 0.3,
                publishedAt=moment,
                updatedAt=moment,
            ),
            **({"com.example/more": {"a": 1}} if chance.random() < 0.3 else {}),
        }
        value = (server if kind == "server" else skill)(name, version, **about)
        found.append(candidate(value, kind=kind, meta=meta))
    return resolve(read(*found), source=source)


def whole(source: str, held: dict[Key, Resolved]) -> Resolved:
    versions = tuple(version for one in held.values() for version in one.versions)
    claims = {key: is_latest for one in held.values() for key, is_latest in one.latest_claims.items()}
    return Resolved(source=source, versions=versions, latest_claims=claims, issues=(), hidden=())


def site_of(held: Held) -> LiveSite:
    sources = {name: whole(name, one) for name, one in held.items()}
    return LiveSite([PLAN], [merge("default", list(sources.values()), is_default=True, readmes={}).catalog], sources)


def write(live: LiveSite, source: str, key: Key, found: Resolved) -> None:
    """Renew one entry, as `regpress.desk` and `regpress.batches` do."""
    kind, name = key[0], EntryName(*key[1].split("/"))
    live.keep(source, kind, name, Candidates(found.versions, found.latest_claims))
    candidates = {one: live.candidates(one, kind, name) for one in SOURCES}
    live.default.put(kind, name, settle(PLAN, kind, name, candidates))


def changed_site(chance: random.Random) -> tuple[LiveSite, LiveSite, Held]:
    """Return a site after some writes, the same site read at once, and what its sources have."""
    keys: list[Key] = [(kind, name) for kind in ("server", "skill") for name in NAMES]  # type: ignore[misc]
    held: Held = {
        source: {key: entry(chance, source, *key) for key in chance.sample(keys, chance.randrange(len(keys)))}
        for source in SOURCES
    }
    live = site_of(held)
    for _ in range(chance.choice([0, 1, 12, 60])):
        source, key = chance.choice(SOURCES), chance.choice(keys)
        held[source][key] = entry(chance, source, *key)
        write(live, source, key, held[source][key])
    return live, site_of(held), held


def query(chance: random.Random, kind: Kind) -> Query:
    return Query(
        kind=kind,
        limit=chance.choice([1, 3, 200]),
        after=chance.choice([("", ""), ("", ""), (chance.choice(NAMES), chance.choice(["", "1.0.0", "9"]))]),
        search=chance.choice(["", "", "tide", "a", "com.example/b1", "stra\u00dfe", "\u03c3\u03c3", "b1", "none", " "]),
        since=chance.choice(["", "", "2026-04-01T00:00:00.", "2026-04-01T00:00:00.5", "2027"]),
        version=chance.choice(["", "latest", "1.0.0", "3.0.0"]),
        deleted=chance.random() < 0.3,
        statuses=chance.choice([(), (), ("deprecated",)]),
    )


def same(rows: list[Row]) -> list[tuple[object, ...]]:
    return [row[:7] for row in rows]


@pytest.fixture(autouse=True)
def _many_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "BLOCK_SIZE", 8)
    monkeypatch.setattr(shelves, "BLOCK_TEXTS", 4)


@pytest.mark.parametrize("seed", range(25))
def test_a_site_after_writes_answers_like_one_that_is_read_at_once(seed: int) -> None:
    chance = random.Random(seed)
    live, anew, held = changed_site(chance)
    registry: LiveRegistry = live.default
    assert {key: one for key, one in registry.standings.items() if one.versions} == anew.default.standings
    for kind in ("server", "skill", "plugin"):
        listing, expected = registry.listings[kind], anew.default.listings[kind]
        assert len(listing) == len(expected)
        for _ in range(60):
            asked = query(chance, kind)  # type: ignore[arg-type]
            found, right = select(asked, listing.candidates(asked)), select(asked, expected.candidates(asked))
            assert same(found.rows) == same(right.rows)
            assert found.cursor == right.cursor
            assert list(map(listing.body, found.rows)) == list(map(expected.body, right.rows))
            assert listing.cursor(f"l{token(asked.after[0])}") == expected.cursor(f"l{token(asked.after[0])}")
        check_entries(listing, expected, kind)  # type: ignore[arg-type]
    for source in SOURCES:
        for kind, name in held[source]:
            assert live.candidates(source, kind, EntryName(*name.split("/"))) == Candidates(
                held[source][kind, name].versions, held[source][kind, name].latest_claims
            )
        shown = {key: one for key, one in live.entries(source).items() if one.versions}
        assert shown == {
            key: Candidates(one.versions, one.latest_claims) for key, one in held[source].items() if one.versions
        }


def check_entries(listing: Shelved, expected: Shelved, kind: Kind) -> None:
    """Hold that two listings answer alike, and as what stands in them says."""
    for name in NAMES:
        standing = expected.standing(name)
        assert listing.standing(name) == (standing if standing.versions else listing.standing(name))
        bodies = [api.response(version) for version in standing.entry.versions] if standing.entry else []
        assert listing.versions(name) == expected.versions(name) == bodies
        for version in (*VERSIONS, "latest", "0"):
            for deleted in (False, True):
                found = standing.find(version, deleted=deleted)
                body = api.response(found) if found else None
                assert listing.version(name, version, deleted=deleted) == body, (name, version)
                assert expected.version(name, version, deleted=deleted) == body, (name, version)
            key = version_key(name, version)
            is_shown = bool(standing.entry) and version in {one.version for one in standing.entry.versions}
            cursor = f"a{token(key)}"
            assert listing.cursor(cursor) == expected.cursor(cursor) == (("all", (name, version)) if is_shown else None)
        if standing.entry:
            assert listing.cursor(f"l{token(list_key(standing.entry.name))}") is not None


@pytest.mark.parametrize("seed", range(25))
def test_a_remote_url_has_the_holder_that_reading_every_document_finds(seed: int) -> None:
    chance = random.Random(seed)
    live, anew, _ = changed_site(chance)
    every = RemoteUrls()
    for (kind, name), standing in anew.default.standings.items():
        if kind == "server" and standing.entry:
            every.put(name, standing.entry.versions)
    urls = RemoteUrls(live.default)
    for _ in range(4):
        name = chance.choice(NAMES)
        for url in (*URLS, "https://nobody.example"):
            document = {"remotes": [{"url": url}]}
            assert urls.holder(document, name) == every.holder(document, name)
        # What is about to be written counts before it shows.
        found = entry(chance, "one", "server", name)
        for known in (urls, every):
            known.put(name, [one for one in found.versions if one.official.status != "deleted"])


def test_a_version_is_read_without_its_document() -> None:
    live = site_of({"one": {("server", NAMES[0]): entry(random.Random(3), "one", "server", NAMES[0])}, "two": {}})
    full = next(iter(live.entries("one").values())).versions
    light = next(iter(live.entries("one").values(with_text=False))).versions
    assert len(full) == len(light) > 0
    for one, other in zip(full, light, strict=True):
        assert live.stock.version(stand_in_row(other)) == one
        assert other == one._replace(text=other.text)


def test_a_pack_gives_back_what_was_put_into_it() -> None:
    texts = sorted(["", "b", "\ud800 half", "\U0010ffff", "a\0b", "\u00fc"])
    parts: dict[str, list[bytes]] = {}
    put_texts(parts, "texts", texts)
    put_numbers(parts, "large", "Q", [0, 2**64 - 1])
    put_texts(parts, "none", [])
    sections = sections_of(memoryview(b"".join(pack(parts))))
    found = Texts(sections, "texts")
    assert list(found) == texts
    assert found[1:3] == texts[1:3]
    assert [found.find(text) for text in texts] == list(range(len(texts)))
    assert found.find("missing") == found.find("zz") == -1
    assert list(sections["large"].cast("Q")) == [0, 2**64 - 1]
    assert list(Texts(sections, "none")) == []
