"""Catalog to the name index and the numbers by facet: what search at the edge, catalogs and mirrors start from.

One entry a line, so that a program may look for a text in the document as it stands and parse only the lines that
have it. A registry's index of one kind is one document: a search reads it and nothing else before the pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.indexes.facts import Facts, facts_of
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import EntryVersion
from regpress.model.lazy_entries import Line
from regpress.names import KINDS

#: Facets of which an entry has a list of values.
_LISTED: Final = ("location", "packages", "transports", "tags")

#: Rows that are escaped together.
_SOME: Final = 100
_FACTS: Final = itemgetter(1)
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
        made = catalog.lines(kind, _lines)
        head = b'{"kind":"%s",\n"entries":[\n' % kind.encode()
        body = b"".join((head, b",\n".join([line for line, _ in made]), b"\n]}"))
        yield Artifact(paths.name_index(catalog.prefix, kind), "document", JSON, body)
        # By the objects, which most lines share that tell the same: to hash what they hold takes longest.
        objects = {id(facts): facts for _, facts in made}
        told = _numbers([(objects[key], number) for key, number in Counter(map(id, map(_FACTS, made))).items()])
        lines.append(b'"%s":%s' % (kind.encode(), orjson.dumps({"total": len(made), **told})))
    body = escape_html_in_json(b"{%s}" % b",\n".join(lines))
    yield Artifact(paths.facets(catalog.prefix), "document", JSON, body)


def name_lines(catalog: Catalog) -> list[Line]:
    """Return the line about each entry of a registry."""
    return [line for kind in KINDS for line in catalog.lines(kind, _lines)]


def _lines(versions: Sequence[EntryVersion]) -> list[Line]:
    """Return the lines about some entries, given the latest version of each, with the facts that they tell."""
    # In one loop, and by the objects that say what an entry is, which those that say the same mostly share: to call a
    # function for each, or to hash what such objects hold, takes as long as all that is written.
    known: dict[tuple[str, int, int], tuple[Facts, bytes]] = {}
    told = []
    rows = []
    written = orjson.dumps
    for version in versions:
        title, description, official = version.title, version.description, version.official
        key = (official.status, id(version.facets), id(version.tags))
        if key not in known:
            facts = facts_of(version)
            known[key] = (facts, _end(facts))
        facts, end = known[key]
        told.append(facts)
        row = b'{"name":%s%s%s,"version":%s,"updatedAt":%s%s' % (
            written("/".join(version.name)),
            b',"title":' + written(title) if title else b"",
            b',"description":' + written(description) if description else b"",
            written(version.version),
            written(official.updated_at),
            end,
        )
        rows.append(row)
    return list(zip(_escaped(rows), told, strict=True))


def _escaped(rows: Sequence[bytes]) -> Iterator[bytes]:
    # What few rows have is looked for in some of them at a time: a call for each takes as long as to make it.
    for at in range(0, len(rows), _SOME):
        yield from escape_html_in_json(b"\n".join(rows[at : at + _SOME])).split(b"\n")


def _end(facts: Facts) -> bytes:
    """Return the members of an entry that tell its facts, with the brace behind them."""
    (status,) = facts.status
    members: dict[str, Any] = {"status": status} if status != "active" else {}
    if facts.tier:
        members["tier"] = facts.tier[0]
    members |= {facet: values for facet in _LISTED if (values := getattr(facts, facet))}
    return b"," + orjson.dumps(members)[1:] if members else b"}"


def _numbers(alike: Iterable[tuple[tuple[tuple[str, ...], ...], int]]) -> dict[str, dict[str, int]]:
    """Return how many entries have each value of each facet, the commonest first."""
    counted: dict[str, Counter[str]] = {facet: Counter() for facet in Facts._fields}
    for facts, number in alike:
        for facet, values in zip(Facts._fields, facts, strict=True):
            for value in values:
                counted[facet][value] += number
    return {
        facet: dict(sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))) for facet, values in counted.items()
    }
