"""Entries to the columns that builds plan from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from regpress.fingerprints import fold, version_part
from regpress.model.document import escape_html_in_json
from regpress.model.entry import Entry, EntryVersion
from regpress.model.entry_columns import EntryColumns
from regpress.model.manifest import shard_of
from regpress.model.prints import Prints


def columns_of(registry: str, entries: Iterable[Entry]) -> EntryColumns:
    """Return the columns of the entries of a registry."""
    entries = list(entries)
    newest = [entry.latest for entry in entries]
    names = list(map("/".join, [entry.name for entry in entries]))
    whole, only, versions, prints = _prints(entries)
    # Column by column: a loop over the entries takes half as long again.
    officials = [version.official for version in versions]
    return EntryColumns(
        names=names,
        shards=[shard_of(registry, entry.kind, name) for entry, name in zip(entries, names, strict=True)],
        counts=[len(entry.versions) for entry in entries],
        whole=Prints.of(whole),
        latest=Prints.of(only),
        titles=[version.title for version in newest],
        tags=[version.tags for version in newest],
        lengths=list(map(own_length, newest)),
        sources=[entry.source for entry in entries],
        extended=[bool(entry.deleted or entry.readme) for entry in entries],
        versions=[version.version for version in versions],
        published=[official.published_at for official in officials],
        updated=[official.updated_at for official in officials],
        prints=Prints.of(prints),
    )


def _prints(entries: Sequence[Entry]) -> tuple[list[bytes], list[bytes], list[EntryVersion], list[bytes]]:
    """Return what stands for each entry and for its latest version, all versions by their texts, and what they are."""
    whole, latest = list[bytes](), list[bytes]()
    versions = [version for entry in entries for version in entry.versions]
    prints = list(map(fold, map(version_part, versions)))
    end = 0
    for entry in entries:
        first, own = end, entry.versions
        end += len(own)
        if len(own) == 1:
            whole.append(prints[first])
            latest.append(prints[first])
            continue
        parts = prints[first:end]
        # In the order of the entry: documents show it.
        whole.append(fold(b"".join(parts)))
        latest.append(parts[own.index(entry.latest)])
        order = _by_text(own)
        versions[first:end] = [own[at] for at in order]
        prints[first:end] = [parts[at] for at in order]
    return whole, latest, versions, prints


def _by_text(versions: Sequence[EntryVersion]) -> list[int]:
    texts = [version.version for version in versions]
    return sorted(range(len(texts)), key=texts.__getitem__)


def own_length(version: EntryVersion) -> int:
    """Return how many bytes of the answer for a version (`regpress.api.response`) depend on which version it is."""
    status, changed, message, published, updated, is_latest = version.official
    size = len(version.text) + len(version.other_meta) + (1 if version.other_meta else 0)
    size += len(status) + len(changed) + len(published) + len(updated) + len("true" if is_latest else "false")
    return size + len(b'"statusMessage":,' + escape_html_in_json(orjson.dumps(message))) if message else size
