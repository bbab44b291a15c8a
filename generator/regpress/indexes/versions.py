"""Catalog to the version index: every version's times and state, for the next build and for mirrors.

It lies below ``x/dev.regpress/versions``, in the order of changes: a root that says after which time each shard
begins, and shards with borders that depend on keys (`regpress.pages`). A new version touches the last shard, and the
one that has its predecessor; who asks for changes since a time reads from the shard of that time on. Deleted versions
are in it too, as an incremental walk of the official API shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final, NamedTuple

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.fingerprints import version_part
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import STATUS_VALUES, EntryVersion, Official
from regpress.names import KINDS
from regpress.pages import chunks, token
from regpress.resolve import PreviousVersion, VersionKey
from regpress.times import time_key

#: Most versions of a shard.
SHARD_SIZE: Final = 600
#: What the first shard is called; the others are called after the key before them.
FIRST: Final = "first"

_SALT: Final = f"version index {__version__}".encode()


_Keyed = tuple[str, EntryVersion, bytes]


class _Shard(NamedTuple):
    name: str
    after: str
    keyed: Sequence[_Keyed]

    def parts(self) -> tuple[bytes, ...]:
        # The parts show where they end.
        return "\n".join([key for key, _, _ in self.keyed]).encode(), b"".join([part for _, _, part in self.keyed])


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
            render=partial(_render_shard, paths.version_index_shard(catalog.prefix, shard.name), shard.keyed),
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
    keyed = sorted(_keyed(catalog), key=itemgetter(0))
    keys = [key for key, _, _ in keyed]
    for cut in chunks(keys, size=size):
        start = cut.start
        name = token(keys[start - 1]) if start else FIRST
        after = keyed[start - 1][1].official.updated_at if start else ""
        yield _Shard(name, after, keyed[start : cut.stop])


def _keyed(catalog: Catalog) -> Iterator[_Keyed]:
    """Yield every version, the deleted ones too, with what sorts it and what stands for it."""
    for kind in KINDS:
        for entry, name, prints in zip(catalog.of(kind), catalog.names[kind], catalog.prints[kind], strict=True):
            middle = f"\0{kind}\0{name}\0"
            for version, part in zip(entry.versions, prints.parts, strict=True):
                yield f"{time_key(version.official.updated_at)}{middle}{version.version}", version, part
    for version in catalog.deleted():
        key = f"{time_key(version.official.updated_at)}\0{version.kind}\0{version.name}\0{version.version}"
        yield key, version, version_part(version)


def _render_shard(address: str, keyed: Sequence[_Keyed]) -> Iterator[Artifact]:
    body = b'{"versions":[\n%s\n]}' % b",\n".join([_row(version) for _, version, _ in keyed])
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
