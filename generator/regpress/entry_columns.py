"""Entries to the columns that builds plan from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from regpress.fingerprints import fold, version_part
from regpress.model.document import escape_html_in_json
from regpress.model.entry import Entry, EntryVersion
from regpress.model.entry_columns import EntryColumns
from regpress.model.manifest import shard_of


def columns_of(registry: str, entries: Iterable[Entry]) -> EntryColumns:
    """Return the columns of the entries of a registry."""
    columns: tuple[list[Any], ...] = tuple([] for _ in EntryColumns._fields)
    names, shards, counts, whole, latest, titles, tags, lengths, sources, extended, *of_versions = columns
    versions, published, updated, prints = of_versions
    for entry in entries:
        name, own, newest = entry.name, entry.versions, entry.latest
        if len(own) == 1:
            stands = only = fold(version_part(newest))
            versions.append(newest.version)
            published.append(newest.official.published_at)
            updated.append(newest.official.updated_at)
            prints.append(only)
        else:
            parts = [fold(version_part(version)) for version in own]
            # In the order of the entry: documents show it.
            stands, only = fold(b"".join(parts)), parts[own.index(newest)]
            for version, part in sorted(zip(own, parts, strict=True), key=_by_text):
                versions.append(version.version)
                published.append(version.official.published_at)
                updated.append(version.official.updated_at)
                prints.append(part)
        names.append(f"{name.namespace}/{name.name}")
        shards.append(shard_of(registry, entry.kind, names[-1]))
        counts.append(len(own))
        whole.append(stands)
        latest.append(only)
        titles.append(newest.title)
        tags.append(newest.tags)
        lengths.append(own_length(newest))
        sources.append(entry.source)
        extended.append(bool(entry.deleted or entry.readme))
    return EntryColumns(*columns)


def _by_text(pair: tuple[EntryVersion, bytes]) -> str:
    return pair[0].version


def own_length(version: EntryVersion) -> int:
    """Return how many bytes of the answer for a version (`regpress.api.response`) depend on which version it is."""
    status, changed, message, published, updated, is_latest = version.official
    size = len(version.text) + len(version.other_meta) + (1 if version.other_meta else 0)
    size += len(status) + len(changed) + len(published) + len(updated) + len("true" if is_latest else "false")
    return size + len(b'"statusMessage":,' + escape_html_in_json(orjson.dumps(message))) if message else size
