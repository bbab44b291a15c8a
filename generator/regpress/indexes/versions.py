"""Catalog to the version index: every version's times and state, for the next build and for mirrors.

It lies below ``x/dev.regpress/versions``, in the order of changes: a root that says after which time each shard
begins, and shards with borders that depend on keys (`regpress.pages`). A new version touches the last shard, and the
one that has its predecessor; who asks for changes since a time reads from the shard of that time on. Deleted versions
are in it too, as an incremental walk of the official API shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final, NamedTuple, overload

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.fingerprints import fold, version_part
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import STATUS_VALUES, EntryVersion, Official
from regpress.model.prints import Prints
from regpress.names import KINDS, Kind
from regpress.pages import Windows, chunks, list_key, token
from regpress.resolve import PreviousVersion, VersionKey
from regpress.times import time_key

#: Most versions of a shard.
SHARD_SIZE: Final = 600
#: What the first shard is called; the others are called after the key before them.
FIRST: Final = "first"

_SALT: Final = f"version index {__version__}".encode()
#: What stands for each kind; the shortest, for there is one for every version.
_LETTERS: Final[Mapping[Kind, bytes]] = {kind: b"%c" % number for number, kind in enumerate(KINDS)}


class _Ordered:
    """All versions of a registry, the deleted ones too, in the order of changes."""

    def __init__(self, catalog: Catalog) -> None:
        columns, deleted = catalog.columns, list(catalog.deleted())
        self._catalog = catalog
        self._version_keys = catalog.version_keys
        self._deleted = deleted
        self._seen = len(columns.versions)
        own = {kind: catalog.version_range(kind) for kind in sorted(KINDS)}
        kinds = b"".join([_LETTERS[kind] * len(own[kind]) for kind in KINDS])
        kinds += b"".join([_LETTERS[version.kind] for version in deleted])
        self._order: Sequence[int]
        if deleted:
            keys = self._unordered()
            self._order = sorted(range(len(keys)), key=keys.__getitem__)
        else:
            # Of one time they stand in the right order already, and most of many have one time.
            self._order = list(chain.from_iterable(own.values()))
            if len(set(columns.updated)) > 1:
                self._order.sort(key=catalog.times.__getitem__)
        every = Prints.of((columns.prints.data, *map(fold, map(version_part, deleted))))
        self._prints, self._kinds = every.at(self._order), bytes(map(kinds.__getitem__, self._order))
        self.keys = _Keys(self) if catalog.cuts.are_known else list(_Keys(self))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._order)

    def key(self, position: int) -> str:
        """Return what sorts the version at a position."""
        at = self._order[position]
        if at >= self._seen:
            return _key(self._deleted[at - self._seen])
        kind, time = KINDS[self._kinds[position]], time_key(self._catalog.columns.updated[at])
        return f"{time}\0{kind}\0{self._version_keys[at]}"

    def all_keys(self) -> Iterator[str]:
        """Return what sorts each version."""
        return map(self._unordered().__getitem__, self._order)

    def _unordered(self) -> list[str]:
        return [*_keys(self._catalog), *map(_key, self._deleted)]

    def updated_at(self, position: int) -> str:
        """Return when the version at a position last changed."""
        at = self._order[position]
        if at < self._seen:
            return self._catalog.columns.updated[at]
        return self._deleted[at - self._seen].official.updated_at

    def parts(self, first: int, end: int) -> tuple[bytes, ...]:
        """Return what stands for the versions from one up to another: their kinds, and the rest about them."""
        return self._kinds[first:end], self._prints.between(first, end)

    def window(self, salt: bytes, first: int, end: int) -> bytes:
        """Return the same in few bytes."""
        return fold(b"".join((salt, *self.parts(first, end))))

    def versions(self, positions: range) -> list[EntryVersion]:
        """Return some versions."""
        wanted = self._order[positions.start : positions.stop]
        visible = iter(self._catalog.versions_at([at for at in wanted if at < self._seen]))
        return [next(visible) if at < self._seen else self._deleted[at - self._seen] for at in wanted]


class _Keys(Sequence[str]):
    """What sorts the versions of `_Ordered`, made when it is asked for: most shards are as they were."""

    def __init__(self, ordered: _Ordered) -> None:
        self._ordered = ordered

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._ordered)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return one, or some neighbours."""
        if isinstance(at, slice):
            return list(map(self._ordered.key, range(*at.indices(len(self)))))
        return self._ordered.key(at)

    def __iter__(self) -> Iterator[str]:
        """Return all of them."""
        return self._ordered.all_keys()


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
    windows = Windows(catalog.cuts, partial(ordered.window, f"changes/{size}\0".encode()))
    shards = list(_shards(ordered, size, windows))
    for shard in shards:
        yield ArtifactGroup(
            key=f"{catalog.registry}/index/versions/{shard.name}",
            recipe=recipe((_SALT, catalog.prefix.encode(), *ordered.parts(*_bounds(shard.positions)))),
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


def _shards(ordered: _Ordered, size: int, windows: Windows) -> Iterator[_Shard]:
    for cut in chunks(ordered.keys, size=size, windows=windows):
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


def _bounds(positions: range) -> tuple[int, int]:
    return positions.start, positions.stop


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
