"""What a registry tells of versions that were removed for good, for mirrors, which may have them.

It lies below ``x/dev.regpress/removed``, like the version index (`regpress.indexes.versions`): a root that says after
which time each shard begins, and shards in the order of time with borders that depend on keys. Where nothing was
removed, there is neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.indexes.versions import FIRST, SHARD_SIZE
from regpress.model.artifact import JSON, Artifact, ArtifactGroup, Stage
from regpress.model.document import escape_html_in_json
from regpress.model.entry import Removal
from regpress.pages import chunks, token
from regpress.times import time_key

#: The schemas of the documents here; a tree without these has no need of those.
SCHEMAS: Final = frozenset({"regpress-removed.schema.json", "regpress-removed-shard.schema.json"})

_SALT: Final = f"removal index {__version__}".encode()


def removal_index_groups(
    catalog: Catalog, removals: Sequence[Removal], *, size: int = SHARD_SIZE
) -> Iterator[ArtifactGroup]:
    """Return the root of the index and its shards; nothing where there is nothing to tell.

    Args:
        catalog: the registry.
        removals: what it tells of.
        size: most versions of a shard.
    """
    if not removals:
        return
    ordered = sorted(removals, key=_key)
    keys = list(map(_key, ordered))
    roots = []
    for cut in chunks(keys, size=size):
        start = cut.start
        name = token(keys[start - 1]) if start else FIRST
        body = _shard(ordered[start : cut.stop])
        roots.append(orjson.dumps({"name": name, "after": ordered[start - 1].removed_at if start else ""}))
        yield _group(
            f"{catalog.registry}/index/removed/{name}", paths.removal_index_shard(catalog.prefix, name), body, "leaf"
        )
    root = b'{"shards":[\n%s\n]}' % b",\n".join(roots)
    yield _group(f"{catalog.registry}/index/removed", paths.removal_index(catalog.prefix), root, "list")


def _key(removal: Removal) -> str:
    return f"{time_key(removal.removed_at)}\0{removal.kind}\0{removal.name}\0{removal.version}"


def _shard(removals: Sequence[Removal]) -> bytes:
    rows = (
        orjson.dumps({"kind": one.kind, "name": one.name, "version": one.version, "removedAt": one.removed_at})
        for one in removals
    )
    return escape_html_in_json(b'{"removed":[\n%s\n]}' % b",\n".join(rows))


def _group(key: str, address: str, body: bytes, stage: Stage) -> ArtifactGroup:
    stands = recipe((_SALT, address.encode(), body))
    return ArtifactGroup(key=key, recipe=stands, stage=stage, render=partial(_render, address, body))


def _render(address: str, body: bytes) -> Iterator[Artifact]:
    yield Artifact(address, "document", JSON, body)
