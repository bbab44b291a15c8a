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


class _Part(NamedTuple):
    """A part of the index: its name, the positions of its entries, and their places in the index."""

    name: str
    positions: range
    keys: Sequence[str]

    @property
    def check(self) -> int:
        """Return what tells whether names and texts belong together, though one may come from an old cache."""
        return zlib.crc32("\n".join(self.keys).encode())


def search_groups(
    catalog: Catalog, *, names_size: int = NAMES_SIZE, texts_size: int = TEXTS_SIZE
) -> Iterator[ArtifactGroup]:
    """Return the search index of a registry: its root, and the parts with names and with texts.

    Args:
        catalog: the registry.
        names_size: most entries of a part with names.
        texts_size: most entries of a part with texts.
    """
    columns, prefix = catalog.columns, catalog.prefix
    keys: list[str] = []
    for rank, positions in enumerate(catalog.ranges.values()):
        keys += map(str(rank).__add__, columns.names[positions.start : positions.stop])
    names = []
    for part in _cut(_Part(FIRST, range(len(keys)), keys), names_size):
        names.append(part.name)
        texts = list(_cut(part, texts_size))
        for own in texts:
            yield ArtifactGroup(
                key=f"{catalog.registry}/search/texts/{own.name}",
                recipe=_recipe(catalog, own, columns.latest),
                stage="leaf",
                render=partial(_render_texts, catalog, own),
            )
        yield ArtifactGroup(
            key=f"{catalog.registry}/search/names/{part.name}",
            recipe=_recipe(catalog, part, columns.whole),
            stage="page",
            render=partial(_render_names, catalog, part, texts),
        )
    root = orjson.dumps({"format": FORMAT, "entries": len(keys), "names": names})
    yield ArtifactGroup(
        key=f"{catalog.registry}/search",
        recipe=recipe((_SALT, prefix.encode(), root)),
        stage="list",
        render=partial(_artifact, paths.search_index(prefix), root),
    )


def _cut(part: _Part, size: int) -> Iterator[_Part]:
    """Yield the parts of a part; the first is called as it is."""
    keys = part.keys
    for cut in chunks(keys, size=size):
        name = token(keys[cut.start - 1]) if cut.start else part.name
        yield _Part(name, part.positions[cut.start : cut.stop], keys[cut.start : cut.stop])


def _recipe(catalog: Catalog, part: _Part, prints: Sequence[bytes]) -> bytes:
    first, end = part.positions.start, part.positions.stop
    # Names are in the documents; it is left to say how many entries are of each kind.
    kinds = [len(range(max(own.start, first), min(own.stop, end))) for own in catalog.ranges.values()]
    facts = (catalog.prefix, part.name, kinds)
    return recipe((_SALT, repr(facts).encode(), b"".join(prints[first:end])))


def _render_names(catalog: Catalog, part: _Part, texts: Sequence[_Part]) -> Iterator[Artifact]:
    versions = catalog.outlines_at(part.positions)
    names = catalog.columns.names[part.positions.start : part.positions.stop]
    kinds = [kind for kind, own in catalog.ranges.items() for at in part.positions if at in own]
    alike: dict[tuple[Any, ...], int] = {}
    facets = []
    for kind, version in zip(kinds, versions, strict=True):
        facts = facts_of(version)
        facet = (kind, facts.status, facts.location, facts.packages, facts.transports, facts.tier)
        facets.append(alike.setdefault(facet, len(alike)))
    changed = [_day(catalog.changed[at]) for at in part.positions]
    value = {
        "names": ",".join(_shared_beginnings(names)),
        "titles": [words(version.title).strip()[:_LONGEST_TITLE] for version in versions],
        "facets": facets,
        "values": list(alike),
        "changed": changed,
        "age": [last - _first_day(catalog, at) for last, at in zip(changed, part.positions, strict=True)],
        "texts": [[own.name, len(own.keys), own.check] for own in texts],
    }
    yield from _artifact(paths.search_names(catalog.prefix, part.name), orjson.dumps(value))


def _render_texts(catalog: Catalog, texts: _Part) -> Iterator[Artifact]:
    latest = catalog.latest_at(texts.positions)
    value = {
        "check": texts.check,
        "versions": [clean(version.version) for version in latest],
        "descriptions": [clean(version.description)[:_LONGEST_DESCRIPTION] for version in latest],
        "tags": [list(dict.fromkeys(map(shown, version.tags[:MOST_TAGS]))) for version in latest],
        "tools": [[tool[:_LONGEST_TOOL] for tool in tool_names(version)[:_MOST_TOOLS]] for version in latest],
    }
    yield from _artifact(paths.search_texts(catalog.prefix, texts.name), orjson.dumps(value))


def _shared_beginnings(names: Iterable[str]) -> Iterator[str]:
    """Yield names without what they share with the one before: a namespace's beginning, or all of it."""
    before = ""
    for whole in names:
        namespace, _, name = whole.partition("/")
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


def _first_day(catalog: Catalog, position: int) -> int:
    first, end = catalog.starts[position : position + 2]
    return min([_day(time_key(time)) for time in catalog.columns.published[first:end]])


def _day(time: str) -> int:
    """Return the day of a `time_key`, in UTC, as a number since 1970."""
    return _day_number(time[:10])


@lru_cache(maxsize=10_000)
def _day_number(day: str) -> int:
    return date.fromisoformat(day).toordinal() - _EPOCH


def _artifact(address: str, body: bytes) -> tuple[Artifact, ...]:
    return (Artifact(address, "file", JSON, escape_html_in_json(body)),)
