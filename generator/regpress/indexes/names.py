"""Catalog to the name index and the numbers by facet: what search at the edge, catalogs and mirrors start from.

One entry a line, so that a program may look for a text in the document as it stands and parse only the lines that
have it. A registry's index of one kind is one document: a search reads it and nothing else before the pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.indexes.facts import Facts, facts_of
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import EntryVersion
from regpress.names import KINDS

#: Facets of which an entry has a list of values.
_LISTED: Final = ("location", "packages", "transports", "tags")

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
        alike: Counter[Facts] = Counter()
        ends: dict[Facts, bytes] = {}
        rows = []
        for version in catalog.latest(kind):
            facts = facts_of(version)
            alike[facts] += 1
            # Many entries have the same facts, and a line of the index ends with these.
            end = ends.get(facts)
            if end is None:
                end = ends[facts] = _end(facts)
            rows.append(_start(version) + end)
        body = b'{"kind":"%s",\n"entries":[\n%s\n]}' % (kind.encode(), b",\n".join(rows))
        yield Artifact(paths.name_index(catalog.prefix, kind), "document", JSON, escape_html_in_json(body))
        lines.append(b'"%s":%s' % (kind.encode(), orjson.dumps({"total": len(rows), **_numbers(alike)})))
    body = escape_html_in_json(b"{%s}" % b",\n".join(lines))
    yield Artifact(paths.facets(catalog.prefix), "document", JSON, body)


def _start(version: EntryVersion) -> bytes:
    """Return the members of an entry that are its own, with the brace before them."""
    written, (namespace, name) = orjson.dumps, version.name
    title, description = version.title, version.description
    return b'{"name":%s%s%s,"version":%s,"updatedAt":%s' % (
        written(f"{namespace}/{name}"),
        b',"title":' + written(title) if title else b"",
        b',"description":' + written(description) if description else b"",
        written(version.version),
        written(version.official.updated_at),
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
