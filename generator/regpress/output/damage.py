"""Files as the last build left them against the files that are there now."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping

from regpress.errors import RegistryError
from regpress.output.rows import split, unpack
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
    is_whole = _has_bytes if hashed else _has_times
    return {
        key: {name for name, group in section.groups().items() if not is_whole(root, group.rows)}
        for key, section in sections.items()
        if not is_whole(root, section.rows)
    }


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
