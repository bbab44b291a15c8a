"""Staged files into the live tree, in the order that keeps every link alive; stale files out of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress

from regpress.output.writer import Staged
from regpress.storage import contained


def put(root: str, files: Iterable[Staged]) -> None:
    """Move *files* to their places below *root*."""
    for file, place in files:
        target = contained(root, file)
        try:
            os.replace(place, target)  # noqa: PTH105
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            _make_way(root, file)
            os.replace(place, target)  # noqa: PTH105


def remove(root: str, files: Sequence[str]) -> None:
    """Remove *files*, and the folders that have nothing left in them."""
    for file in files:
        path = contained(root, file)
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            os.unlink(path)  # noqa: PTH108
        folder = file.rpartition("/")[0]
        while folder:
            try:
                os.rmdir(f"{root}/{folder}")  # noqa: PTH106
            except FileNotFoundError:
                pass  # a build was killed before it made all folders of a file; those around are empty perhaps
            except OSError:
                break
            folder = folder.rpartition("/")[0]


def _make_way(root: str, file: str) -> None:
    """Make the folders of *file*; what a former build left in their place goes."""
    folder = root
    *parents, _ = file.split("/")
    for part in parents:
        folder = f"{folder}/{part}"
        if not os.path.isdir(folder) or os.path.islink(folder):  # noqa: PTH112, PTH114
            with suppress(FileNotFoundError):
                os.unlink(folder)  # noqa: PTH108
            os.mkdir(folder)  # noqa: PTH102
    target = f"{root}/{file}"
    if os.path.isdir(target) and not os.path.islink(target):  # noqa: PTH112, PTH114
        shutil.rmtree(target)
