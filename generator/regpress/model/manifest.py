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
#: The shard of all files that are not those of one entry.
SITE: Final = "site"
MANIFEST_FILE: Final = "manifest.json"
_SHARDS: Final = 256
_FOLDER: Final = "manifest"
#: What JSON does not have as it is.
_ESCAPED: Final = bytes([*range(0x20), *b'"\\'])


def shard_of(registry: str, kind: str, name: str) -> str:
    """Return which of 256 shards lists the files of an entry, ``namespace/name`` in a registry."""
    return hashlib.blake2b(f"{registry}/{kind}/{name}".encode(), digest_size=1).hexdigest()


def file_lines(
    files: Sequence[bytes],
    sizes: Sequence[bytes],
    digests: Sequence[bytes],
    addresses: Sequence[bytes],
    media_types: Sequence[bytes],
) -> list[bytes]:
    """Return the lines of a shard that list files, given what `regpress.model.artifact.Written` has as columns."""
    # As `_public` has it, in a fraction of the time: there is a line for every file of a site.
    texts = b"".join([*files, *addresses, *media_types])
    if len(texts.translate(None, _ESCAPED)) < len(texts):
        files, addresses, media_types = (list(map(_inside, some)) for some in (files, addresses, media_types))
    return [
        b'{"address":"%s","file":"%s","sha256":"%s","size":%s,"type":"%s"}' % parts
        for parts in zip(addresses, files, digests, sizes, media_types, strict=True)
    ]


def _inside(text: bytes) -> bytes:
    """Return a text as it stands between the quotes of JSON."""
    return orjson.dumps(text.decode())[1:-1]


def shard_artifact(name: str, lines: Iterable[tuple[bytes, bytes]]) -> Artifact:
    """Return one shard of the manifest: the files of some groups, sorted.

    Args:
        name: as `shard_of` returns it.
        lines: the path of each file, and its line (`file_lines`).
    """
    body = b'{"files":[\n%s\n]}\n' % b",\n".join([line for _, line in sorted(lines)])
    return Artifact(f"{_FOLDER}/{name}.json", "file", JSON, body)


def root_artifact(
    rows: Iterable[Written],
    shards: Iterable[tuple[Written, int]] = (),
    *,
    kept: Iterable[tuple[Written, int]] = (),
) -> Artifact:
    """Return the manifest's root.

    Args:
        rows: the files that it lists itself.
        shards: the shards, and how many files each lists.
        kept: files of earlier builds that are still readable, and for how many builds they have been kept.
    """
    files = sorted(rows)
    listed = sorted(shards)
    generation = hashlib.sha256()
    for row in (*files, *(row for row, _ in listed)):
        generation.update(f"{row.file}\0{row.sha256}\n".encode())
    content: dict[str, Any] = {
        "generation": f"sha256:{generation.hexdigest()}",
        "generator": f"regpress {__version__}",
    }
    if listed:
        content["shards"] = [{"count": count, "file": row.file, "sha256": row.sha256} for row, count in listed]
    else:
        content["files"] = [_public(row) for row in files]
    if older := sorted(kept):
        content["kept"] = [{**_public(row), "age": age} for row, age in older]
    return Artifact(MANIFEST_FILE, "file", JSON, _dump(content))


def read_manifest(root: bytes) -> tuple[list[Written], list[tuple[str, str]], list[tuple[Written, int]]]:
    """Return the files of a manifest's root, the shards to read besides (file and SHA-256), and kept files by age.

    Raises:
        ValueError: it is not a manifest.
    """
    value = orjson.loads(root)
    if not isinstance(value, dict) or not str(value.get("generator", "")).startswith("regpress "):
        raise ValueError("not a manifest of regpress")
    older = value.get("kept", [])
    ages = [int(row["age"]) for row in older]
    return (
        list(_rows(value)),
        [(str(shard["file"]), str(shard["sha256"])) for shard in value.get("shards", ())],
        list(zip(_rows({"files": older}), ages, strict=True)),
    )


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
        found = Written(
            file=str(row["file"]),
            size=int(row["size"]),
            sha256=str(row["sha256"]),
            address=str(row["address"]),
            media_type=str(row["type"]),
        )
        # What is kept about files has it between their facts.
        if any("\0" in text for text in (found.file, found.sha256, found.address, found.media_type)):
            raise ValueError("a manifest has no NUL")
        yield found


def _public(row: Written) -> dict[str, Any]:
    return {
        "address": row.address,
        "file": row.file,
        "sha256": row.sha256,
        "size": row.size,
        "type": row.media_type,
    }


def _dump(value: dict[str, Any]) -> bytes:
    # A line for each file, so that two manifests can be compared with ordinary tools.
    head = {key: item for key, item in value.items() if not isinstance(item, list)}
    lines = [b'"%s":%s' % (key.encode(), orjson.dumps(item)) for key, item in head.items()]
    for key, item in value.items():
        if isinstance(item, list):
            lines.append(b'"%s":[\n%s\n]' % (key.encode(), b",\n".join(map(orjson.dumps, item))))
    return b"{%s}\n" % b",\n".join(lines)
