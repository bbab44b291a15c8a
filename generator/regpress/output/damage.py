"""Files as the last build left them against the files that are there now."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping

from regpress.errors import RegistryError
from regpress.output.rows import Row, Rows, joined, unpack
from regpress.output.state import Stored


class UnsoundStateError(RegistryError):
    """What is known about the output is damaged itself."""


def damaged_groups(root: str, sections: Mapping[str, Stored], *, hashed: bool) -> dict[str, set[str]]:
    """Return the keys of the groups of which a file is missing or changed, by the key of their section.

    Args:
        root: the output folder.
        sections: what should be there.
        hashed: read every file instead of trusting its size and time.

    Raises:
        UnsoundStateError: the sections are not what was kept.
    """
    if not all(section.is_sound for section in sections.values()):
        raise UnsoundStateError
    try:
        # Names are looked up from there: the system need not walk down to it tens of thousands of times.
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return {key: set(section.groups()) for key, section in sections.items()}
    try:
        # Nearly always everything is as it was, which is seen fastest of all rows at once.
        if not hashed and _have_times(folder, joined([section.rows for section in sections.values()])):
            return {}
        are_whole = _have_bytes if hashed else _have_times
        return {
            key: {name for name, group in section.groups().items() if not are_whole(folder, group.rows)}
            for key, section in sections.items()
            if not are_whole(folder, section.rows)
        }
    finally:
        os.close(folder)


def _have_times(folder: int, rows: Rows) -> bool:
    look = os.lstat
    try:
        for file, size, mtime in zip(rows.files, rows.sizes, rows.mtimes, strict=True):
            found = look(file, dir_fd=folder)
            if found.st_mtime_ns != mtime or found.st_size != size:
                return False
    except OSError:
        return False
    return True


def _have_bytes(folder: int, rows: Rows) -> bool:
    try:
        for row in unpack(rows):
            found = os.lstat(row.file, dir_fd=folder)
            if found.st_size != row.size or not stat.S_ISREG(found.st_mode):
                return False
            if _sha256(row.file, folder) != row.sha256:
                return False
    except OSError:
        return False
    return True


def _sha256(file: str, folder: int | None = None) -> str:
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(handle, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def present(root: str, row: Row) -> Row | None:
    """Return the row of a file as it is now; None where there is none."""
    path = f"{root}/{row.file}"
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return None
        digest = _sha256(path)
    except OSError:
        return None
    return row._replace(size=found.st_size, sha256=digest, mtime=found.st_mtime_ns)
