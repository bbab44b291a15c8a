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
        rows, alike = _rows(catalog.columns.names[own.start : own.stop], catalog.outlines_at(own))
        body = _body(b'{"kind":"%s",\n"entries":[\n' % kind.encode(), rows, b"\n]}")
        yield Artifact(paths.name_index(catalog.prefix, kind), "document", JSON, body)
        lines.append(b'"%s":%s' % (kind.encode(), orjson.dumps({"total": len(rows), **_numbers(alike)})))
    body = escape_html_in_json(b"{%s}" % b",\n".join(lines))
    yield Artifact(paths.facets(catalog.prefix), "document", JSON, body)


def _rows(names: Sequence[str], outlines: Sequence[EntryVersion | Outline]) -> tuple[list[bytes], Counter[Facts]]:
    """Return the lines of some entries, and how many have the same facts."""
    # In one loop, and by the objects that say what an entry is, which those that say the same mostly share: to call a
    # function for each, or to hash what such objects hold, takes as long as all that is written.
    known: dict[tuple[str, int, int], tuple[Facts, bytes]] = {}
    keys = []
    rows = []
    written = orjson.dumps
    for name, version in zip(names, outlines, strict=True):
        title, description, official = version.title, version.description, version.official
        key = (official.status, id(version.facets), id(version.tags))
        keys.append(key)
        if key not in known:
            facts = facts_of(version)
            known[key] = (facts, _end(facts))
        row = b'{"name":%s%s%s,"version":%s,"updatedAt":%s%s' % (
            written(name),
            b',"title":' + written(title) if title else b"",
            b',"description":' + written(description) if description else b"",
            written(version.version),
            written(official.updated_at),
            known[key][1],
        )
        rows.append(row)
    alike: Counter[Facts] = Counter()
    for key, number in Counter(keys).items():
        alike[known[key][0]] += number
    return rows, alike


def _body(head: bytes, rows: Sequence[bytes], tail: bytes) -> bytes:
    """Return a document with a line for each row."""
    # What few rows have is looked for in some of them at a time: to copy the whole takes longer than to make it.
    some = [escape_html_in_json(b",\n".join(rows[at : at + _SOME])) for at in range(0, len(rows) or 1, _SOME)]
    some[0] = head + some[0]
    some[-1] += tail
    return b",\n".join(some)


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
