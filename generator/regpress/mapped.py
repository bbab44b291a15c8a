"""Bytes to files without a name, and back as memory that belongs to the file: it is read where it is looked at.

Such memory is the system's to take away and to read again; it does not count as the process's own. The file goes when
nobody looks at it any more, whatever happens to the process.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from regpress.storage import storage_error


def nameless(folder: Path) -> BinaryIO:
    """Return an empty file on the disk of a folder, which is made when needed.

    Raises:
        StorageError: the disk is full or read-only.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise storage_error(str(folder), error) from error


def fill(stream: BinaryIO, pieces: Iterable[bytes]) -> None:
    """Write bytes into a file.

    Raises:
        StorageError: the disk is full.
    """
    try:
        stream.writelines(pieces)
        stream.flush()
    except OSError as error:
        raise storage_error("nameless file", error) from error


def look_at(stream: BinaryIO) -> memoryview:
    """Return what a file holds, which is something; it may be closed then."""
    return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def hold(folder: Path, pieces: Iterable[bytes]) -> memoryview:
    """Return some bytes, which are something, as memory of a file on the disk of a folder.

    Raises:
        StorageError: the disk is full or read-only.
    """
    with nameless(folder) as stream:
        fill(stream, pieces)
        return look_at(stream)
