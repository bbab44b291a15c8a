"""Catalog to the version index: every version's times and state, for the next build and for mirrors.

It lies below ``x/dev.regpress/versions``, in the order of changes: a root that says after which time each shard
begins, and shards with borders that depend on keys (`regpress.pages`). A new version touches the last shard, and the
one that has its predecessor; who asks for changes since a time reads from the shard of that time on. Deleted versions
are in it too, as an incremental walk of the official API shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
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
from regpress.pages import chunks, list_key, token
from regpress.resolve import PreviousVersion, VersionKey
from regpress.times import time_key

#: Most versions of a shard.
SHARD_SIZE: Final = 600
#: What the first shard is called; the others are called after the key before them.
FIRST: Final = "first"

_SALT: Final = f"version index {__version__}".encode()


class _Ordered:
    """All versions of a registry, the deleted ones too, in the order of changes."""

    def __init__(self, catalog: Catalog) -> None:
        columns, deleted = catalog.columns, list(catalog.deleted())
        self._catalog = catalog
        self._deleted = deleted
        self._seen = len(columns.versions)
        self._prints = [*columns.prints, *map(version_part, deleted)]
        keys = [*_keys(catalog), *map(_key, deleted)]
        if deleted:
            self._order = sorted(range(len(keys)), key=keys.__getitem__)
        else:
            # Of one time they stand in the right order already, and most of many have one time.
            alike = chain.from_iterable(map(catalog.version_range, sorted(KINDS)))
            self._order = sorted(alike, key=catalog.times.__getitem__)
        self.keys = [keys[at] for at in self._order]

    def updated_at(self, position: int) -> str:
        """Return when the version at a position last changed."""
        at = self._order[position]
        if at < self._seen:
            return self._catalog.columns.updated[at]
        return self._deleted[at - self._seen].official.updated_at

    def parts(self, positions: range) -> tuple[bytes, ...]:
        """Return what stands for some versions."""
        inside = slice(positions.start, positions.stop)
        # The parts show where they end.
        return "\n".join(self.keys[inside]).encode(), b"".join([self._prints[at] for at in self._order[inside]])

    def versions(self, positions: range) -> list[EntryVersion]:
        """Return some versions."""
        wanted = self._order[positions.start : positions.stop]
        visible = iter(self._catalog.versions_at([at for at in wanted if at < self._seen]))
        return [next(visible) if at < self._seen else self._deleted[at - self._seen] for at in wanted]


class _Shard(NamedTuple):
    name: str
    after: str
    positions: range


def version_index_groups(catalog: Catalog, *, size: int = SHARD_SIZE) -> Iterator[ArtifactGroup]:
    """Return the root of the version index and its shards.

    Args:
        catalog: the registry.
        size: most versions of a shard.
    """
    ordered = _Ordered(catalog)
    shards = list(_shards(ordered, size))
    for shard in shards:
        yield ArtifactGroup(
            key=f"{catalog.registry}/index/versions/{shard.name}",
            recipe=recipe((_SALT, catalog.prefix.encode(), *ordered.parts(shard.positions))),
            stage="leaf",
            render=partial(
                _render_shard, paths.version_index_shard(catalog.prefix, shard.name), ordered, shard.positions
            ),
        )
    rows = (orjson.dumps({"name": shard.name, "after": shard.after}) for shard in shards)
    root = b'{"shards":[\n%s\n]}' % b",\n".join(rows)
    yield ArtifactGroup(
        key=f"{catalog.registry}/index/versions",
        recipe=recipe((_SALT, catalog.prefix.encode(), root)),
        stage="list",
        render=lambda: [Artifact(paths.version_index(catalog.prefix), "document", JSON, root)],
    )


def _shards(ordered: _Ordered, size: int) -> Iterator[_Shard]:
    for cut in chunks(ordered.keys, size=size):
        start = cut.start
        name = token(ordered.keys[start - 1]) if start else FIRST
        yield _Shard(name, ordered.updated_at(start - 1) if start else "", cut)


def _keys(catalog: Catalog) -> Iterator[str]:
    """Yield what sorts each visible version."""
    times, keys = catalog.times, catalog.version_keys
    for kind in KINDS:
        own = catalog.version_range(kind)
        inside = slice(own.start, own.stop)
        yield from [f"{time}\0{kind}\0{key}" for time, key in zip(times[inside], keys[inside], strict=True)]


def _key(version: EntryVersion) -> str:
    time, name = time_key(version.official.updated_at), version.name
    return f"{time}\0{version.kind}\0{list_key(name, version.version)}"


def _render_shard(address: str, ordered: _Ordered, positions: range) -> Iterator[Artifact]:
    body = b'{"versions":[\n%s\n]}' % b",\n".join(map(_row, ordered.versions(positions)))
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
