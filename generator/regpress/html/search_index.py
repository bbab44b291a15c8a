"""A registry to the index that its search page reads: `docs/decisions/0014-search-in-the-browser.md`.

What the first answer needs (names, titles, facets, days) lies in a few files that a browser fetches together, and the
texts (descriptions, tags, tools) in further ones that follow. All of them are cut at keys (`regpress.pages`), so that
a new version changes one of each. ``docs/search.md`` describes the format; ``templates/assets/search.js`` reads it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.html.extension import tool_names
from regpress.html.tags import MOST_TAGS, shown
from regpress.html.text import clean, words
from regpress.indexes.facts import facts_of
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import Entry
from regpress.names import KINDS
from regpress.pages import chunks, token
from regpress.times import time_key

#: Most entries of a part with names. A part is what a new version rewrites, and a request for who searches.
NAMES_SIZE: Final = 4_500
#: Most entries of a part with texts, which are cut within those with names.
TEXTS_SIZE: Final = 1_500
#: What the first part is called; the others are called after the key before them.
FIRST: Final = "first"
#: Version of the format; a script that knows another one does not read it.
FORMAT: Final = 1

_LONGEST_TITLE: Final = 200
_LONGEST_DESCRIPTION: Final = 1_000
_LONGEST_TOOL: Final = 100
_MOST_TOOLS: Final = 200
#: One character says how many a namespace shares with the one before: from ``#`` on, past what JSON escapes.
_SHARED: Final = "#$%()*+-:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"
_EPOCH: Final = date(1970, 1, 1).toordinal()
_SALT: Final = f"search index {__version__} {FORMAT}".encode()


class _Keyed(NamedTuple):
    """An entry with its place in the index and what stands for its versions, and for the latest of them."""

    key: str
    entry: Entry
    whole: bytes
    latest: bytes


class _Texts(NamedTuple):
    """A part with texts: its name and its entries."""

    name: str
    entries: Sequence[_Keyed]

    @property
    def check(self) -> int:
        """Return what tells whether names and texts belong together, though one may come from an old cache."""
        return zlib.crc32("\n".join(keyed.key for keyed in self.entries).encode())


def search_groups(
    catalog: Catalog, *, names_size: int = NAMES_SIZE, texts_size: int = TEXTS_SIZE
) -> Iterator[ArtifactGroup]:
    """Return the search index of a registry: its root, and the parts with names and with texts.

    Args:
        catalog: the registry.
        names_size: most entries of a part with names.
        texts_size: most entries of a part with texts.
    """
    entries = [
        _Keyed(f"{rank}{name}", entry, prints.all, prints.latest)
        for rank, kind in enumerate(KINDS)
        for name, entry, prints in zip(catalog.names[kind], catalog.of(kind), catalog.prints[kind], strict=True)
    ]
    names = []
    prefix = catalog.prefix
    for name, part in _cut(entries, FIRST, names_size):
        names.append(name)
        texts = [_Texts(*cut) for cut in _cut(part, name, texts_size)]
        for own in texts:
            yield ArtifactGroup(
                key=f"{catalog.registry}/search/texts/{own.name}",
                recipe=_recipe(prefix, own.name, own.entries, [keyed.latest for keyed in own.entries]),
                stage="leaf",
                render=partial(_render_texts, prefix, own),
            )
        yield ArtifactGroup(
            key=f"{catalog.registry}/search/names/{name}",
            recipe=_recipe(prefix, name, part, [keyed.whole for keyed in part]),
            stage="page",
            render=partial(_render_names, prefix, name, part, texts),
        )
    root = orjson.dumps({"format": FORMAT, "entries": len(entries), "names": names})
    yield ArtifactGroup(
        key=f"{catalog.registry}/search",
        recipe=recipe((_SALT, prefix.encode(), root)),
        stage="list",
        render=partial(_artifact, paths.search_index(prefix), root),
    )


def _cut(entries: Sequence[_Keyed], first: str, size: int) -> Iterator[tuple[str, Sequence[_Keyed]]]:
    keys = [keyed.key for keyed in entries]
    for cut in chunks(keys, size=size):
        yield token(keys[cut.start - 1]) if cut.start else first, entries[cut.start : cut.stop]


def _recipe(prefix: str, name: str, entries: Sequence[_Keyed], prints: Iterable[bytes]) -> bytes:
    keys = "\n".join(keyed.key for keyed in entries)
    return recipe((_SALT, prefix.encode(), name.encode(), keys.encode(), b"".join(prints)))


def _render_names(prefix: str, name: str, entries: Sequence[_Keyed], texts: Sequence[_Texts]) -> Iterator[Artifact]:
    alike: dict[tuple[Any, ...], int] = {}
    facets, changed, age = [], [], []
    for _, entry, *_ in entries:
        facts = facts_of(entry.latest)
        facet = (entry.kind, facts.status, facts.location, facts.packages, facts.transports, facts.tier)
        facets.append(alike.setdefault(facet, len(alike)))
        last = _last_change(entry)
        changed.append(last)
        age.append(last - _first_day(entry))
    value = {
        "names": ",".join(_shared_beginnings(entry for _, entry, *_ in entries)),
        "titles": [words(entry.latest.title).strip()[:_LONGEST_TITLE] for _, entry, *_ in entries],
        "facets": facets,
        "values": list(alike),
        "changed": changed,
        "age": age,
        "texts": [[own.name, len(own.entries), own.check] for own in texts],
    }
    yield from _artifact(paths.search_names(prefix, name), orjson.dumps(value))


def _render_texts(prefix: str, texts: _Texts) -> Iterator[Artifact]:
    latest = [entry.latest for _, entry, *_ in texts.entries]
    value = {
        "check": texts.check,
        "versions": [clean(version.version) for version in latest],
        "descriptions": [clean(version.description)[:_LONGEST_DESCRIPTION] for version in latest],
        "tags": [list(dict.fromkeys(map(shown, version.tags[:MOST_TAGS]))) for version in latest],
        "tools": [[tool[:_LONGEST_TOOL] for tool in tool_names(version)[:_MOST_TOOLS]] for version in latest],
    }
    yield from _artifact(paths.search_texts(prefix, texts.name), orjson.dumps(value))


def _shared_beginnings(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield names without what they share with the one before: a namespace's beginning, or all of it."""
    before = ""
    for entry in entries:
        namespace, name = entry.name
        if namespace == before:
            yield f"/{name}"
            continue
        shared = 0
        for one, other in zip(namespace, before[: len(_SHARED) - 1], strict=False):
            if one != other:
                break
            shared += 1
        yield f"{_SHARED[shared]}{namespace[shared:]}/{name}"
        before = namespace


def _last_change(entry: Entry) -> int:
    return max(_day(version.official.updated_at) for version in entry.versions)


def _first_day(entry: Entry) -> int:
    return min(_day(version.official.published_at) for version in entry.versions)


def _day(time: str) -> int:
    """Return the day of a time, in UTC, as a number since 1970."""
    return _day_number(time_key(time)[:10])


@lru_cache(maxsize=10_000)
def _day_number(day: str) -> int:
    return date.fromisoformat(day).toordinal() - _EPOCH


def _artifact(address: str, body: bytes) -> tuple[Artifact, ...]:
    return (Artifact(address, "file", JSON, escape_html_in_json(body)),)
