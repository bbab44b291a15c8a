"""Catalog to entry shards: the versions of many entries in one file, for hosts that limit the number of files.

Each line of a shard has a name and the document that is the list of its versions elsewhere, byte for byte. Code at the
edge finds the line by its name, and the latest and the exact versions in the document. Borders depend on names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import orjson

from regpress import __version__, api, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import DECODER
from regpress.model.entry import Entry, EntryVersion
from regpress.names import KINDS, Kind
from regpress.pages import shards, token
from regpress.record import record

#: Least and most bytes of a shard, so that a request for one version reads little.
BOUNDS: Final = (64 * 1024, 192 * 1024)
#: What the first shard is called; the others are called after the name before them.
FIRST: Final = "first"

#: Returns the bytes of the document at an address, or None where there is none.
ReadAddress = Callable[[str], bytes | None]
_SALT: Final = f"entry shards {__version__}".encode()
#: What a body is besides its document.
_AROUND: Final = 420


@record(kw_only=True)
class _Shard:
    name: str
    after: str
    entries: Sequence[Entry]
    prints: bytes


def entry_shard_groups(catalog: Catalog, *, bounds: tuple[int, int] = BOUNDS) -> Iterator[ArtifactGroup]:
    """Return the shards of each kind, and the document that says after which name each begins.

    Args:
        catalog: the registry.
        bounds: least and most bytes of a shard.
    """
    for kind in KINDS:
        made = list(_shards(catalog, kind, bounds))
        for shard in made:
            address = paths.entry_shard(catalog.prefix, kind, shard.name)
            yield ArtifactGroup(
                key=f"{catalog.registry}/entries/{kind}/{shard.name}",
                recipe=recipe((_SALT, address.encode(), shard.prints)),
                stage="leaf",
                render=partial(_render, address, kind, shard.entries),
            )
        rows = (orjson.dumps({"name": shard.name, "after": shard.after}) for shard in made)
        root = b'{"kind":"%s","shards":[\n%s\n]}' % (kind.encode(), b",\n".join(rows))
        yield ArtifactGroup(
            key=f"{catalog.registry}/entries/{kind}",
            recipe=recipe((_SALT, catalog.prefix.encode(), root)),
            stage="list",
            render=partial(_render_root, paths.entry_shards(catalog.prefix, kind), root),
        )


def _shards(catalog: Catalog, kind: Kind, bounds: tuple[int, int]) -> Iterator[_Shard]:
    entries, own = catalog.of(kind), catalog.ranges[kind]
    keys, prints = catalog.columns.names[own.start : own.stop], catalog.columns.whole[own.start : own.stop]
    sizes = [sum(map(_size, entry.versions)) for entry in entries]
    for cut in shards(keys, sizes, bounds=bounds):
        start = cut.start
        yield _Shard(
            name=token(keys[start - 1]) if start else FIRST,
            after=keys[start - 1] if start else "",
            entries=entries[start : cut.stop],
            prints=b"".join(prints[start : cut.stop]),
        )


def _size(version: EntryVersion) -> int:
    return len(version.text) + len(version.other_meta) + _AROUND


def find_versions(read: ReadAddress, prefix: str, kind: Kind, name: str) -> bytes | None:
    """Return the list of the versions of an entry out of the shards, or None where nothing of it is visible.

    Raises:
        ValueError: what lies there is something else.
    """
    root = read(paths.entry_shards(prefix, kind))
    rows = orjson.loads(root)["shards"] if root else []
    shard = next((row["name"] for row in reversed(rows) if row["after"] < name), None)
    lines = (read(paths.entry_shard(prefix, kind, shard)) or b"").split(b"\n") if shard else []
    start = b'{"name":"%s","versions":' % name.encode()
    found = next((line for line in lines if line.startswith(start)), None)
    return None if found is None else found.removeprefix(start).removesuffix(b",").removesuffix(b"}")


def split_list(document: bytes) -> list[bytes]:
    """Return the entries of a list document as they stand in it."""
    text = document.decode()
    found, at = [], text.index("[") + 1
    while text[at] != "]":
        _, end = DECODER.raw_decode(text, at)
        found.append(text[at:end].encode())
        at = end + (text[end] == ",")
    return found


def _render(address: str, kind: Kind, entries: Sequence[Entry]) -> Iterator[Artifact]:
    lines = [
        b'{"name":"%s","versions":%s}'
        % (str(entry.name).encode(), api.list_body(kind, list(map(api.response, entry.versions))))
        for entry in entries
    ]
    yield Artifact(address, "document", JSON, b'{"entries":[\n%s\n]}' % b",\n".join(lines))


def _render_root(address: str, body: bytes) -> Iterator[Artifact]:
    yield Artifact(address, "document", JSON, body)
