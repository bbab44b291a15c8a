"""Registries for the edge module: made up at random, laid out as its hosts have them, and what must be answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from regpress import api
from regpress.catalog import Catalog
from regpress.hosts import cloudflare
from regpress.indexes.entries import entry_shard_groups
from regpress.indexes.queries import query_index_groups
from regpress.model.entry import Entry, EntryVersion
from regpress.names import KINDS, Kind
from regpress.query import Query, Row, row_of
from regpress.stored_pages import page_groups

#: Small, so that a small registry has many pages and shards.
PAGE_SIZE = 5
SHARD_BYTES = (1500, 4000)
VERSIONS = ("1.0.0", "1.1.0", "1.10.0", "1.2.0+linux", "v2", "2.0.0-é", "2.0.0-\U0001f600", "2.0.0-\uff5e")
NAMES = [
    f"{namespace}/{name}"
    for namespace in ("a.b", "a.b-c", "a.b.c", "com.example")
    for name in ("x", "x-y", "x.y", *(f"s{number:02}" for number in range(9)))
]
TITLES = (
    "",
    "",
    "Weather",
    "WETTER für Häfen",
    "a/b",
    "\u0130stanbul \u039f\u0394\u039f\u03a3",
    'say "hi", <b>&amp;</b>',
)
DESCRIPTIONS = (
    "Forecasts for harbours",
    "100% of _all_ tides",
    'back\\slash ["1.0.0","x',
    "t\tn\nu003c",
    "Ünï 😀 cödé",
)
TIMES = [
    f"2026-0{month}-{day:02}T06:00:00{fraction}Z"
    for month in (1, 5)
    for day in (1, 2, 28)
    for fraction in ("", ".5", ".25")
]


def random_catalog(seed: int, *, size: int = len(NAMES), registry: str = "default", is_default: bool = True) -> Catalog:
    """Return a registry of servers and skills, some of them deprecated, some deleted, some deleted altogether."""
    random = Random(seed)
    entries: list[Entry] = []
    gone: list[EntryVersion] = []
    for kind, names in (("server", NAMES), ("skill", [name for name in NAMES if name[-2] == "s" or name[-2:] == "/x"])):
        for name in random.sample(names, min(size, len(names))):
            made = [_version(random, kind, name, number) for number in random.sample(VERSIONS, random.randint(1, 4))]
            visible = [version for version in made if version.official.status != "deleted"]
            deleted = tuple(version for version in made if version.official.status == "deleted")
            if not visible:
                gone += deleted
                continue
            latest = random.choice(visible)
            flagged = [
                version._replace(official=version.official._replace(is_latest=version is latest)) for version in visible
            ]
            entries.append(make_entry(*flagged)._replace(deleted=deleted))
    return replace(make_catalog(*entries, registry=registry, is_default=is_default), gone=tuple(gone))


def _version(random: Random, kind: Kind, name: str, number: str) -> EntryVersion:
    make = make_server if kind == "server" else make_skill
    return make(
        name,
        version=number,
        description=random.choice(DESCRIPTIONS),
        title=random.choice(TITLES),
        status=random.choices(["active", "deprecated", "deleted"], [6, 1, 1])[0],
        updated=random.choice(TIMES),
        published=random.choice(TIMES),
        latest=False,
    )


def tree(
    catalogs: Iterable[Catalog], *, page_size: int = PAGE_SIZE, shard: tuple[int, int] = SHARD_BYTES
) -> dict[str, bytes]:
    """Return the documents of registries by file, as the profiles of code hosts lay them out."""
    files: dict[str, bytes] = {}
    for catalog in catalogs:
        complete = dict.fromkeys(KINDS, True)
        for groups in (
            entry_shard_groups(catalog, bounds=SHARD_BYTES),
            api.list_groups(catalog, api.Aliases(), complete),
            page_groups(catalog, size=page_size),
            query_index_groups(catalog, bounds=shard),
        ):
            for group in groups:
                for made in group.render():
                    for file in cloudflare.WORKERS.files(made.address, made.form):
                        assert file not in files, file
                        files[file] = made.body
    return files


def tag(body: bytes) -> str:
    """Return an entity tag for a file."""
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def rows(catalog: Catalog, kind: Kind) -> Iterator[tuple[Row, bytes]]:
    """Return every version of a kind, deleted ones too, with its body, in the order of lists."""
    every = [version for entry in catalog.of(kind) for version in (*entry.versions, *entry.deleted)]
    every += [version for version in catalog.gone if version.kind == kind]
    every.sort(key=lambda version: (str(version.name), version.version))
    return ((row_of(version), api.response(version)) for version in every)


def answer(catalog: Catalog, query: Query) -> list[bytes]:
    """Return the bodies of the whole answer to a query, whatever its limit: the model that pages are held against."""
    return [
        body for row, body in rows(catalog, query.kind) if (row.name, row.version) > query.after and query.takes(row)
    ]
