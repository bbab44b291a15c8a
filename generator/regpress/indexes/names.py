"""Catalog to the name index and the numbers by facet: what search at the edge, catalogs and mirrors start from.

One entry a line, so that a program may look for a text in the document as it stands and parse only the lines that
have it. A registry's index of one kind is one document: a search reads it and nothing else before the pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.indexes.facts import Facts, facts_of
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import EntryVersion, Outline
from regpress.names import KINDS

#: Facets of which an entry has a list of values.
_LISTED: Final = ("location", "packages", "transports", "tags")

#: Rows that are escaped together.
_SOME: Final = 100
_SALT: Final = f"name index {__version__}".encode()


def name_index_groups(catalog: Catalog) -> Iterator[ArtifactGroup]:
    """Return the name index of each kind and the facets, as one group: both need the facts of every entry."""
    prints = catalog.latest_prints.values()
    yield ArtifactGroup(
        key=f"{catalog.registry}/index/names",
        recipe=recipe((_SALT, catalog.prefix.encode(), *prints)),
        stage="list",
        render=partial(_render, catalog),
    )


def _render(catalog: Catalog) -> Iterator[Artifact]:
    lines = []
    for kind in KINDS:
        own = catalog.ranges[kind]
        outlines = catalog.outlines_at(own)
        facts = _Alike()
        rows = list(map(_row, catalog.columns.names[own.start : own.stop], outlines, map(facts.end_of, outlines)))
        body = _body(b'{"kind":"%s",\n"entries":[\n' % kind.encode(), rows, b"\n]}")
        yield Artifact(paths.name_index(catalog.prefix, kind), "document", JSON, body)
        lines.append(b'"%s":%s' % (kind.encode(), orjson.dumps({"total": len(outlines), **_numbers(facts.counted())})))
    body = escape_html_in_json(b"{%s}" % b",\n".join(lines))
    yield Artifact(paths.facets(catalog.prefix), "document", JSON, body)


class _Alike:
    """The facts of many entries, most of which have the same as others."""

    def __init__(self) -> None:
        # By objects, which versions that say the same mostly share, and which their versions hold: to hash what is in
        # them takes longer than all else.
        self._known: dict[tuple[str, int, int], tuple[Facts, bytes]] = {}
        self._numbers: Counter[tuple[str, int, int]] = Counter()

    def end_of(self, version: EntryVersion | Outline) -> bytes:
        """Count one; return what ends its line of the index (`_end`)."""
        key = (version.official.status, id(version.facets), id(version.tags))
        self._numbers[key] += 1
        known = self._known.get(key)
        if known is None:
            facts = facts_of(version)
            known = self._known[key] = (facts, _end(facts))
        return known[1]

    def counted(self) -> Counter[Facts]:
        """Return how many entries have the same facts."""
        found: Counter[Facts] = Counter()
        for key, number in self._numbers.items():
            found[self._known[key][0]] += number
        return found


def _body(head: bytes, rows: Sequence[bytes], tail: bytes) -> bytes:
    """Return a document with a line for each row."""
    # What few rows have is looked for in some of them at a time: to copy the whole takes longer than to make it.
    some = [escape_html_in_json(b",\n".join(rows[at : at + _SOME])) for at in range(0, len(rows) or 1, _SOME)]
    some[0] = head + some[0]
    some[-1] += tail
    return b",\n".join(some)


def _row(name: str, version: EntryVersion | Outline, end: bytes) -> bytes:
    """Return the line of an entry."""
    written = orjson.dumps
    title, description = version.title, version.description
    return b'{"name":%s%s%s,"version":%s,"updatedAt":%s%s' % (
        written(name),
        b',"title":' + written(title) if title else b"",
        b',"description":' + written(description) if description else b"",
        written(version.version),
        written(version.official.updated_at),
        end,
    )


def _end(facts: Facts) -> bytes:
    """Return the members of an entry that tell its facts, with the brace behind them."""
    (status,) = facts.status
    members: dict[str, Any] = {"status": status} if status != "active" else {}
    if facts.tier:
        members["tier"] = facts.tier[0]
    members |= {facet: values for facet in _LISTED if (values := getattr(facts, facet))}
    return b"," + orjson.dumps(members)[1:] if members else b"}"


def _numbers(alike: Counter[Facts]) -> dict[str, dict[str, int]]:
    """Return how many entries have each value of each facet, the commonest first."""
    counted: dict[str, Counter[str]] = {facet: Counter() for facet in Facts._fields}
    for facts, number in alike.items():
        for facet, values in zip(Facts._fields, facts, strict=True):
            for value in values:
                counted[facet][value] += number
    return {
        facet: dict(sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))) for facet, values in counted.items()
    }
