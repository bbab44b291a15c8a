"""Folders of many small files to names and bytes, without following links out of the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from regpress.model.issue import Issue
from regpress.record import record
from regpress.sources.base import source_issue
from regpress.times import from_epoch

#: Files that an editor, a merge or a desktop leaves behind.
_LEFTOVERS: Final = ("~", ".bak", ".orig", ".rej", ".swp", ".swo", ".tmp", ".part")
_READ_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not hold up the build
_BLOCK: Final = 1 << 26

Refusal = Literal["link-outside", "link-to-folder", "link-broken"]
_REFUSALS: Final[dict[Refusal, tuple[str, str]]] = {
    "link-outside": ("the link leads out of the folder", "a file, or a link to one in the folder"),
    "link-to-folder": ("links to folders are not followed", "a folder"),
    "link-broken": ("the link leads nowhere", "a file, or a link to one in the folder"),
}


class FileTooLargeError(Exception):
    """A file is larger than its reader takes.

    Attributes:
        size: its bytes.
        limit: the most that is taken.
    """

    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(f"has {size} bytes, more than {limit}")


class NotAFileError(Exception):
    """A path names something else than a file: a pipe, a device."""


@record(kw_only=True)
class Tree:
    """The regular files below a folder.

    Attributes:
        root: the folder, absolute.
        files: relative paths with slashes, in the order of code points.
        refused: links that are not followed, relative path to why.
    """

    root: str
    files: tuple[str, ...]
    refused: dict[str, Refusal] = field(default_factory=dict)


def read_tree(root: Path, *, wanted: Callable[[str], bool], entered: Callable[[str], bool] | None = None) -> Tree:
    """Return the files below *root*; hidden ones and editors' leftovers never.

    Args:
        root: the folder.
        wanted: whether a file of this name counts.
        entered: whether a folder of this relative path is looked into; None for all.

    Links to files inside the folder count as files. Links to folders are not followed: what they lead to inside is
    read at its own place. Links that lead out are refused.

    Raises:
        OSError: a folder cannot be read.
    """
    top = os.path.realpath(root)
    refused: dict[str, Refusal] = {}
    walk = _Walk(top=top, wanted=wanted, entered=entered or (lambda _: True), refused=refused)
    walk.run()
    return Tree(root=top, files=tuple(sorted(walk.found)), refused=refused)


def read_bytes(path: str, limit: int) -> tuple[bytes, float]:
    """Return the bytes of a file and the time of its last change (Unix).

    Raises:
        FileTooLargeError: it has more than *limit* bytes.
        NotAFileError: it is no regular file.
        OSError: it cannot be read.
    """
    handle = os.open(path, _READ_FLAGS)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise NotAFileError(path)
        if about.st_size > limit:
            raise FileTooLargeError(about.st_size, limit)
        return _read_all(handle, about.st_size, limit), about.st_mtime
    finally:
        os.close(handle)


def refusals(tree: Tree, source: str, shown: str) -> list[Issue]:
    """Return an issue for each link that was not followed.

    Args:
        tree: what was read.
        source: the source's name.
        shown: the folder, as messages call it.
    """
    return [
        source_issue(source, below(shown, path), why, *_REFUSALS[why]) for path, why in sorted(tree.refused.items())
    ]


def shown_path(path: str, site_root: Path) -> str:
    """Return how messages call a local path: relative to the site where it lies below it, else as configured."""
    relative = os.path.relpath(site_root / path, site_root)
    return readable(path if relative == ".." or relative.startswith("../") else relative)


def below(folder: str, path: str) -> str:
    """Return how messages call a file below a folder that they call *folder*."""
    return readable(path) if folder == "." else f"{folder}/{readable(path)}"


def time_text(seconds: float) -> str:
    """Return a file's time as RFC 3339 in whole seconds; empty for one that no calendar has."""
    return _second_text(int(seconds))


@lru_cache(maxsize=1024)  # a checkout writes many files in one second
def _second_text(second: int) -> str:
    try:
        return from_epoch(second)
    except (ValueError, OverflowError, OSError):
        return ""


def readable(path: str) -> str:
    """Return a path as text that can be printed, also where its bytes are not UTF-8."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_leftover(name: str) -> bool:
    """Return whether a file's name is one that no person chose: hidden, a backup, a temporary file."""
    return name.startswith((".", "#")) or name.endswith(_LEFTOVERS)


@dataclass(slots=True)
class _Walk:
    top: str
    wanted: Callable[[str], bool]
    entered: Callable[[str], bool]
    refused: dict[str, Refusal]
    found: list[str] = field(default_factory=list)

    def run(self) -> None:
        pending = [(self.top, "")]
        while pending:
            folder, prefix = pending.pop()
            with os.scandir(folder) as entries:
                pending.extend(self._visit(entries, prefix))

    def _visit(self, entries: Iterable[os.DirEntry[str]], prefix: str) -> list[tuple[str, str]]:
        """Note the files of one folder and return the folders in it."""
        folders = []
        for entry in entries:
            if is_leftover(entry.name):
                continue
            relative = prefix + entry.name
            if entry.is_symlink():
                if self._follows(entry, relative):
                    self.found.append(relative)
            elif entry.is_dir(follow_symlinks=False):
                if self.entered(relative):
                    folders.append((entry.path, relative + "/"))
            elif self.wanted(entry.name) and entry.is_file(follow_symlinks=False):
                self.found.append(relative)
        return folders

    def _follows(self, link: os.DirEntry[str], relative: str) -> bool:
        counts = self.entered(relative) if link.is_dir() else self.wanted(link.name)
        why = _refusal(self.top, link) if counts else None
        if why:
            self.refused[relative] = why
        return counts and why is None


def _refusal(top: str, link: os.DirEntry[str]) -> Refusal | None:
    target = os.path.realpath(link.path)
    if target != top and not target.startswith(top.rstrip("/") + "/"):
        return "link-outside"
    if link.is_dir():
        return "link-to-folder"
    return None if link.is_file() else "link-broken"


def _read_all(handle: int, size: int, limit: int) -> bytes:
    data = os.read(handle, min(size + 1, _BLOCK))
    if len(data) == size:
        return data
    blocks, total = [data], len(data)
    while block := os.read(handle, _BLOCK):
        blocks.append(block)
        total += len(block)
        if total > limit:  # it grows while it is read
            raise FileTooLargeError(total, limit)
    return b"".join(blocks)
