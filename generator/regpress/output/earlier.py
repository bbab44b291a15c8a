"""What an output folder says about itself, where nothing is known about it: its own manifest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from regpress.errors import BuildRefusedError, StorageError
from regpress.model import manifest
from regpress.model.artifact import Written
from regpress.output.keeping import kept_key
from regpress.output.rows import Row, pack
from regpress.output.state import UNKNOWN, Group, Stored
from regpress.storage import contained

#: The section of the files that a manifest names.
FILES: Final = "\0"


def sections_of_manifest(root: str, *, is_ours: bool) -> dict[str, Stored]:
    """Return the files that the manifest of the output folder *root* names: known, but of unknown recipe.

    Args:
        root: the folder.
        is_ours: whether it is known to be an output of ours even without a manifest.

    Raises:
        BuildRefusedError: the folder has no manifest of ours; it would be overwritten.
    """
    try:
        rows, shards, kept = manifest.read_manifest(Path(root, manifest.MANIFEST_FILE).read_bytes())
        for file, _ in shards:
            rows.extend(manifest.read_shard(Path(contained(root, file)).read_bytes()))
            rows.append(Written(file, 0, "", file, ""))
    except (OSError, ValueError, KeyError, TypeError, StorageError) as error:
        if is_ours:
            return {}
        raise BuildRefusedError(
            f"{root}: the folder is not empty and holds no manifest.json of regpress; give another --out, or empty it"
        ) from error
    rows.append(Written(manifest.MANIFEST_FILE, 0, "", manifest.MANIFEST_FILE, ""))
    sections = {FILES: {f"\0{row.file}": _group(root, [row]) for row in rows if is_inside(root, row.file)}}
    older: dict[int, list[Written]] = {}
    for row, age in kept:
        older.setdefault(age, []).append(row)
    for age, some in older.items():
        if all(is_inside(root, row.file) for row in some):
            sections[kept_key(age)] = {kept_key(age): _group(root, some)}
    return {key: Stored.of(UNKNOWN, "", groups) for key, groups in sections.items()}


def _group(root: str, rows: Iterable[Written]) -> Group:
    return Group.of(UNKNOWN, pack(Row(*row, _mtime(f"{root}/{row.file}")) for row in rows))


def is_inside(root: str, file: str) -> bool:
    """Return whether *file* can only be a path below *root*."""
    try:
        contained(root, file)
    except StorageError:
        return False
    return True


def _mtime(path: str) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0
