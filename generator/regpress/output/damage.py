"""Files as the last build left them against the files that are there now."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping

from regpress.output.rows import Row, split, unpack
from regpress.output.state import Group


def damaged_groups(root: str, groups: Mapping[str, Group], *, hashed: bool) -> set[str]:
    """Return the keys of the groups of which a file is missing or changed.

    Args:
        root: the output folder.
        groups: what should be there.
        hashed: read every file instead of trusting its size and time.
    """
    is_whole = _has_bytes if hashed else _has_times
    return {key for key, group in groups.items() if not is_whole(root, group.rows)}


def _has_times(root: str, rows: bytes | memoryview) -> bool:
    for file, size, mtime, _ in split(rows):
        try:
            found = os.lstat(f"{root}/{file.decode()}")
        except OSError:
            return False
        if found.st_size != int(size) or found.st_mtime_ns != int(mtime):
            return False
    return True


def _has_bytes(root: str, rows: bytes | memoryview) -> bool:
    for row in unpack(rows):
        path = f"{root}/{row.file}"
        try:
            found = os.lstat(path)
            if found.st_size != row.size or not stat.S_ISREG(found.st_mode):
                return False
            with open(path, "rb") as stream:  # noqa: PTH123 - in the hot path
                if hashlib.file_digest(stream, "sha256").hexdigest() != row.sha256:
                    return False
        except OSError:
            return False
    return True


def present(root: str, row: Row) -> Row | None:
    """Return the row of a file as it is now; None where there is none."""
    path = f"{root}/{row.file}"
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return None
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
    return row._replace(size=found.st_size, sha256=digest, mtime=found.st_mtime_ns)
