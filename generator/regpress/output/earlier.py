"""What an output folder says about itself, where nothing is known about it: its own manifest."""

from __future__ import annotations

import os
from pathlib import Path

from regpress.errors import BuildRefusedError, StorageError
from regpress.model import manifest
from regpress.model.artifact import Written
from regpress.output.keeping import kept_key
from regpress.output.rows import Row, pack
from regpress.output.state import UNKNOWN, Group
from regpress.storage import contained


def groups_of_manifest(root: str, *, is_ours: bool) -> dict[str, Group]:
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
    groups = {f"\0{row.file}": [row] for row in rows}
    for row, age in kept:
        groups.setdefault(kept_key(age), []).append(row)
    return {
        key: Group.of(UNKNOWN, "", pack(Row(*row, _mtime(f"{root}/{row.file}")) for row in some))
        for key, some in groups.items()
        if all(is_inside(root, row.file) for row in some)
    }


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
