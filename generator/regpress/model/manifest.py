"""Written files to ``manifest.json`` and back: what the output consists of, for deploys, checks and the next build.

The root names its shards with their digests. An entry's files lie in one shard, so that one new version rewrites
one shard of many. Nothing in it depends on when or where the build ran.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from regpress import __version__
from regpress.model.artifact import JSON, Artifact, Written

#: Files up to which the manifest is one document.
SHARD_FROM: Final = 2_000
MANIFEST_FILE: Final = "manifest.json"
_SHARDS: Final = 256
_FOLDER: Final = "manifest"


def shard_of(key: str) -> str:
    """Return the shard that the files of a group belong to: ``site``, or one of 256 for entries.

    Args:
        key: the group's key; those of entries end in ``<kind>/<namespace>/<name>``.
    """
    registry, _, rest = key.partition("/")
    part, _, identity = rest.partition("/")
    if part in {"api", "html"} and identity.count("/") == 2:
        return f"{hashlib.blake2b(f'{registry}/{identity}'.encode(), digest_size=1).digest()[0]:02x}"
    return "site"


def manifest_artifacts(rows: Mapping[str, Sequence[Written]]) -> tuple[list[Artifact], Artifact]:
    """Return the shards, and the root that names them.

    Args:
        rows: the written files by group key.
    """
    total = sum(map(len, rows.values()))
    if total <= SHARD_FROM:
        files = sorted(row for group in rows.values() for row in group)
        return [], _root({"files": [_public(row) for row in files]}, files)
    shards: dict[str, list[Written]] = {}
    for key, group in rows.items():
        shards.setdefault(shard_of(key), []).extend(group)
    leaves: list[Artifact] = []
    index: list[dict[str, Any]] = []
    for name in sorted(shards):
        body = _dump({"files": [_public(row) for row in sorted(shards[name])]})
        leaves.append(Artifact(f"{_FOLDER}/{name}.json", "file", JSON, body))
        index.append(
            {
                "count": len(shards[name]),
                "file": f"{_FOLDER}/{name}.json",
                "sha256": hashlib.sha256(body).hexdigest(),
            }
        )
    return leaves, _root({"shards": index}, [row for group in rows.values() for row in group])


def read_manifest(root: bytes) -> tuple[list[Written], list[tuple[str, str]]]:
    """Return the files of a manifest's root, and the shards to read besides: file and SHA-256.

    Raises:
        ValueError: it is not a manifest.
    """
    value = orjson.loads(root)
    if not isinstance(value, dict) or not str(value.get("generator", "")).startswith("regpress "):
        raise ValueError("not a manifest of regpress")
    return list(_rows(value)), [(str(shard["file"]), str(shard["sha256"])) for shard in value.get("shards", ())]


def read_shard(shard: bytes) -> list[Written]:
    """Return the files of one shard.

    Raises:
        ValueError: it is not a shard.
    """
    value = orjson.loads(shard)
    if not isinstance(value, dict):
        raise ValueError("not a shard of a manifest")
    return list(_rows(value))


def _rows(value: Mapping[str, Any]) -> Iterator[Written]:
    for row in value.get("files", ()):
        yield Written(
            file=str(row["file"]),
            size=int(row["size"]),
            sha256=str(row["sha256"]),
            address=str(row["address"]),
            media_type=str(row["type"]),
        )


def _public(row: Written) -> dict[str, Any]:
    return {
        "address": row.address,
        "file": row.file,
        "sha256": row.sha256,
        "size": row.size,
        "type": row.media_type,
    }


def _root(content: dict[str, Any], rows: Iterable[Written]) -> Artifact:
    generation = hashlib.sha256()
    for line in sorted(f"{row.file}\0{row.sha256}\n" for row in rows):
        generation.update(line.encode())
    body = _dump({"generation": f"sha256:{generation.hexdigest()}", "generator": f"regpress {__version__}", **content})
    return Artifact(MANIFEST_FILE, "file", JSON, body)


def _dump(value: dict[str, Any]) -> bytes:
    # A line for each file, so that two manifests can be compared with ordinary tools.
    head = {key: item for key, item in value.items() if not isinstance(item, list)}
    lines = [b'"%s":%s' % (key.encode(), orjson.dumps(item)) for key, item in head.items()]
    for key, item in value.items():
        if isinstance(item, list):
            lines.append(b'"%s":[\n%s\n]' % (key.encode(), b",\n".join(map(orjson.dumps, item))))
    return b"{%s}\n" % b",\n".join(lines)
