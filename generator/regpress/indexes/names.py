"""Catalog to the name index and the numbers by facet: what search at the edge, catalogs and mirrors start from.

One entry a line, so that a program may look for a text in the document as it stands and parse only the lines that
have it. A registry's index of one kind is one document: a search reads it and nothing else before the pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.indexes.facts import FACETS, facts_of
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import EntryVersion
from regpress.names import KINDS, Kind

_SALT: Final = f"name index {__version__}".encode()


def name_index_groups(catalog: Catalog) -> Iterator[ArtifactGroup]:
    """Return the name index of each kind and the facets, as one group: both need the facts of every entry."""
    prints = (recipe(catalog.latest_fingerprints[kind]) for kind in KINDS)
    yield ArtifactGroup(
        key=f"{catalog.registry}/index/names",
        recipe=recipe((_SALT, catalog.prefix.encode(), *prints)),
        stage="list",
        render=partial(_render, catalog),
    )


def _render(catalog: Catalog) -> Iterator[Artifact]:
    counts = {}
    for kind in KINDS:
        counted: Mapping[str, Counter[str]] = {facet: Counter() for facet in FACETS}
        rows = []
        for version in catalog.latest(kind):
            facts = facts_of(version)
            for facet, values in facts.items():
                counted[facet].update(values)
            rows.append(_row(version, facts))
        body = b'{"kind":"%s",\n"entries":[\n%s\n]}' % (kind.encode(), b",\n".join(rows))
        yield Artifact(paths.name_index(catalog.prefix, kind), "document", JSON, body)
        counts[kind] = {"total": len(rows), **{facet: _by_number(counted[facet]) for facet in FACETS}}
    yield Artifact(paths.facets(catalog.prefix), "document", JSON, _facets(counts))


def _row(version: EntryVersion, facts: Mapping[str, list[str]]) -> bytes:
    official = version.official
    row: dict[str, Any] = {
        "name": str(version.name),
        "title": version.title,
        "description": version.description,
        "version": version.version,
        "updatedAt": official.updated_at,
        **facts,
        # One value each, so texts.
        "status": official.status if official.status != "active" else "",
        "tier": facts["tier"][0] if "tier" in facts else "",
    }
    return escape_html_in_json(orjson.dumps({key: item for key, item in row.items() if item != ""}))


def _by_number(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _facets(counts: Mapping[Kind, Mapping[str, Any]]) -> bytes:
    lines = (b'"%s":%s' % (kind.encode(), orjson.dumps(counted)) for kind, counted in counts.items())
    return escape_html_in_json(b"{%s}" % b",\n".join(lines))
