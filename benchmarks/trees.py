"""Output folders to what lies in them, and two moments of one to what a build did in between."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

#: ``servers/<namespace>/<name>/…``, also below the API's prefixes; for skills and plugins also ``<name>.json``.
_ENTRY_FILE: Final = re.compile(r"(?:^|/)(?:servers|skills|plugins)/([^/]+)/([^/]+?)(?:\.json|\.html|/.*)$")


class Mark(NamedTuple):
    """What changes when a file is written again."""

    inode: int
    mtime: int


#: Path below the output folder to the mark of the file.
Marks = Mapping[str, Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one build did to a tree.

    Attributes:
        written: paths of new and rewritten files.
        removed: paths of files that are gone.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]

    def of_others(self, name: str) -> list[str]:
        """Return the touched files that belong to another entry than the one of that name."""
        return [file for file in (*self.written, *self.removed) if owner(file) not in {"", name}]


class TreeSize(NamedTuple):
    """How much a tree holds."""

    files: int = 0
    folders: int = 0
    size: int = 0


def marks(root: Path) -> dict[str, Mark]:
    """Return the marks of all files below a folder."""
    found: dict[str, Mark] = {}
    for folder, _, files in os.walk(root):
        inner = os.path.relpath(folder, root)
        for name in files:
            status = os.lstat(f"{folder}/{name}")
            found[name if inner == "." else f"{inner}/{name}"] = Mark(status.st_ino, status.st_mtime_ns)
    return found


def changes(before: Marks, after: Marks) -> Changes:
    """Return what happened between two moments of one folder."""
    return Changes(
        written=tuple(sorted(file for file, mark in after.items() if before.get(file) != mark)),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def owner(file: str) -> str:
    """Return the entry that a file belongs to, ``namespace/name``; nothing for lists, pages and indexes.

    Examples:
        >>> owner("v0.1/servers/com.example/weather/versions/1.0.0.json")
        'com.example/weather'
        >>> owner("servers/_pages/aGVsbG8/index.html")
        ''
    """
    found = _ENTRY_FILE.search(file)
    # No namespace has an underscore: what lies in such a folder is a list.
    if found is None or any(part.startswith("_") for part in file.split("/")):
        return ""
    return f"{found.group(1)}/{found.group(2)}"


def tree_size(root: Path) -> TreeSize:
    """Return how many files and folders a folder holds, and the bytes of the files."""
    files = folders = size = 0
    for folder, inner, names in os.walk(root):
        files += len(names)
        folders += len(inner)
        size += sum(os.lstat(f"{folder}/{name}").st_size for name in names)
    return TreeSize(files, folders, size)
