"""Catalog to the version index: every version's times and state, for the next build and for mirrors.

It lies below ``x/dev.regpress/versions``, in the order of changes: a root that says after which time each shard
begins, and shards with borders that depend on keys (`regpress.pages`). A new version touches the last shard, and the
one that has its predecessor; who asks for changes since a time reads from the shard of that time on. Deleted versions
are in it too, as an incremental walk of the official API shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.fingerprints import version_part
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import STATUS_VALUES, EntryVersion, Official
from regpress.pages import chunks, token
from regpress.resolve import PreviousVersion, VersionKey
from regpress.times import time_key

#: Most versions of a shard.
SHARD_SIZE: Final = 600
#: What the first shard is called; the others are called after the key before them.
FIRST: Final = "first"

_SALT: Final = f"version index {__version__}".encode()


class _Shard(NamedTuple):
    name: str
    after: str
    keys: Sequence[str]
    versions: Sequence[EntryVersion]

    def parts(self) -> Iterator[bytes]:
        yield "\n".join(self.keys).encode()
        yield from map(version_part, self.versions)


def version_index_groups(catalog: Catalog, *, size: int = SHARD_SIZE) -> Iterator[ArtifactGroup]:
    """Return the root of the version index and its shards.

    Args:
        catalog: the registry.
        size: most versions of a shard.
    """
    shards = list(_shards(catalog, size))
    for shard in shards:
        yield ArtifactGroup(
            key=f"{catalog.registry}/index/versions/{shard.name}",
            recipe=recipe((_SALT, catalog.prefix.encode(), *shard.parts())),
            stage="leaf",
            render=partial(_render_shard, paths.version_index_shard(catalog.prefix, shard.name), shard.versions),
        )
    rows = (orjson.dumps({"name": shard.name, "after": shard.after}) for shard in shards)
    root = b'{"shards":[\n%s\n]}' % b",\n".join(rows)
    yield ArtifactGroup(
        key=f"{catalog.registry}/index/versions",
        recipe=recipe((_SALT, catalog.prefix.encode(), root)),
        stage="list",
        render=lambda: [Artifact(paths.version_index(catalog.prefix), "document", JSON, root)],
    )


def _shards(catalog: Catalog, size: int) -> Iterator[_Shard]:
    versions = [version for entry in catalog for version in entry.versions]
    versions.extend(catalog.deleted())
    unsorted = list(map(_key, versions))
    order = sorted(range(len(versions)), key=unsorted.__getitem__)
    keys = [unsorted[position] for position in order]
    for cut in chunks(keys, size=size):
        start = cut.start
        name = token(keys[start - 1]) if start else FIRST
        after = versions[order[start - 1]].official.updated_at if start else ""
        yield _Shard(name, after, keys[start : cut.stop], [versions[position] for position in order[start : cut.stop]])


def _key(version: EntryVersion) -> str:
    name = version.name
    return f"{time_key(version.official.updated_at)}\0{version.kind}\0{name.namespace}/{name.name}\0{version.version}"


def _render_shard(address: str, versions: Sequence[EntryVersion]) -> Iterator[Artifact]:
    body = b'{"versions":[\n%s\n]}' % b",\n".join(map(_row, versions))
    yield Artifact(address, "document", JSON, escape_html_in_json(body))


def _row(version: EntryVersion) -> bytes:
    official = version.official
    row: dict[str, Any] = {
        "kind": version.kind,
        "name": f"{version.name.namespace}/{version.name.name}",
        "version": version.version,
        "status": official.status,
    }
    if official.status_message:
        row["statusMessage"] = official.status_message
    row["statusChangedAt"] = official.status_changed_at
    row["publishedAt"] = official.published_at
    row["updatedAt"] = official.updated_at
    row["isLatest"] = official.is_latest
    row["digest"] = version.digest.hex()
    return orjson.dumps(row)


def read_rows(shard: bytes) -> Iterator[tuple[VersionKey, PreviousVersion]]:
    """Return what one shard says about versions.

    Raises:
        ValueError: it is not a shard of the version index.
    """
    value = orjson.loads(shard)
    try:
        for row in value["versions"]:
            status = row["status"]
            if status not in STATUS_VALUES:
                raise ValueError(f"{status!r} is not a status")
            official = Official(
                status=status,
                status_message=str(row.get("statusMessage", "")),
                status_changed_at=str(row["statusChangedAt"]),
                published_at=str(row["publishedAt"]),
                updated_at=str(row["updatedAt"]),
                is_latest=bool(row["isLatest"]),
            )
            key = (str(row["kind"]), str(row["name"]), str(row["version"]))
            yield key, PreviousVersion(official=official, digest=bytes.fromhex(row["digest"]))
    except (KeyError, TypeError) as error:
        raise ValueError("not a shard of the version index") from error


def read_shard_names(root: bytes) -> list[str]:
    """Return the names of the shards that the root of a version index lists.

    Raises:
        ValueError: it is not one.
    """
    try:
        return [str(shard["name"]) for shard in orjson.loads(root)["shards"]]
    except (KeyError, TypeError) as error:
        raise ValueError("not a version index") from error
