"""Catalog to the version index: every version's times and state, for the next build and for mirrors.

It lies below ``x/dev.regpress/versions``: a root that names its shards, and shards by a hash of the name, so that a
change touches one of them. Deleted versions are in it too, as an incremental walk of the official API would show them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import STATUS_VALUES, Entry, EntryVersion, Official
from regpress.resolve import PreviousVersion, VersionKey

#: Entries up to which there is one shard, and then sixteen; above, 256.
_ONE_SHARD: Final = 200
_SIXTEEN_SHARDS: Final = 4_000

INDEX: Final = f"{paths.OURS}/versions"


def shard_count(entries: int) -> int:
    """Return the number of shards for a registry of that many entries."""
    if entries <= _ONE_SHARD:
        return 1
    return 16 if entries <= _SIXTEEN_SHARDS else 256


def shard_name(kind: str, name: str, shards: int) -> str:
    """Return the shard that holds the versions of a name: two hexadecimal digits."""
    return f"{hashlib.blake2b(f'{kind}/{name}'.encode(), digest_size=1).digest()[0] % shards:02x}"


def index_groups(catalog: Catalog) -> Iterator[ArtifactGroup]:
    """Return the root of the version index and its shards."""
    entries = list(catalog)
    shards = shard_count(len(entries))
    members: dict[str, list[Entry]] = {f"{number:02x}": [] for number in range(shards)}
    for entry in entries:
        members[shard_name(entry.kind, str(entry.name), shards)].append(entry)
    for name, inside in members.items():
        rows = [_row(version) for entry in inside for version in (*entry.versions, *entry.deleted)]
        yield ArtifactGroup(
            key=f"{catalog.registry}/index/{name}",
            recipe=recipe((b"index", __version__.encode(), catalog.prefix.encode(), *rows)),
            stage="leaf",
            render=partial(_render_shard, f"{catalog.prefix}{INDEX}/{name}", rows),
        )
    root = orjson.dumps({"entries": len(entries), "shards": list(members)})
    yield ArtifactGroup(
        key=f"{catalog.registry}/index",
        recipe=recipe((b"index root", catalog.prefix.encode(), root)),
        stage="list",
        render=lambda: [Artifact(f"{catalog.prefix}{INDEX}", "document", JSON, root)],
    )


def _render_shard(address: str, rows: list[bytes]) -> Iterator[Artifact]:
    yield Artifact(address, "document", JSON, b'{"versions":[\n%s\n]}' % b",\n".join(rows))


def _row(version: EntryVersion) -> bytes:
    official = version.official
    row: dict[str, Any] = {
        "kind": version.kind,
        "name": str(version.name),
        "version": version.version,
        "status": official.status,
        "statusMessage": official.status_message,
        "statusChangedAt": official.status_changed_at,
        "publishedAt": official.published_at,
        "updatedAt": official.updated_at,
        "isLatest": official.is_latest,
        "digest": version.digest.hex(),
    }
    return escape_html_in_json(orjson.dumps({key: item for key, item in row.items() if item != ""}))


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
        return [str(name) for name in orjson.loads(root)["shards"]]
    except (KeyError, TypeError) as error:
        raise ValueError("not a version index") from error
