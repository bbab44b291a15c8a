"""A built output to the objects that an object store needs: files, keys, types, caching."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from regpress.errors import NotFoundError, StorageError
from regpress.hosts.base import SiteAddress
from regpress.hosts.object_store import StoredObject, objects
from regpress.model.artifact import Written
from regpress.model.manifest import MANIFEST_FILE, read_manifest, read_shard


def list_objects(folder: Path, *, base_path: str = "") -> list[StoredObject]:
    """Return the objects of a built output, in the order in which they are uploaded.

    Args:
        folder: the output of a build.
        base_path: what stands before every key, ``/my-registry``, or empty.

    Raises:
        NotFoundError: there is no output.
        StorageError: its manifest cannot be read.
    """
    files = _read(folder, MANIFEST_FILE, _root)
    return list(objects([*files, _manifest()], SiteAddress(base_path=base_path)))


def _root(folder: Path, body: bytes) -> list[Written]:
    files, shards, kept = read_manifest(body)
    for shard, digest in shards:
        files += _read(folder, shard, lambda _, text: read_shard(text))
        files.append(Written(file=shard, size=0, sha256=digest, address=shard, media_type="application/json"))
    return [*files, *(row for row, _ in kept)]


def _manifest() -> Written:
    return Written(file=MANIFEST_FILE, size=0, sha256="", address=MANIFEST_FILE, media_type="application/json")


def _read(folder: Path, file: str, parse: Callable[[Path, bytes], list[Written]]) -> list[Written]:
    try:
        return parse(folder, (folder / file).read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(str(folder / file), "is not there (expected the output of `regpress build`)") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(str(folder / file), f"cannot be read: {error}") from error
