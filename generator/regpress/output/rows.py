"""Files of the tree as records: one line of bytes for each, cheap to keep, to compare and to send between processes.

A record is ``file NUL size NUL mtime NUL line``, where the line is the one that the manifest has for the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from regpress.model import manifest
from regpress.model.artifact import Written


class Row(NamedTuple):
    """One file of the tree as a build left it.

    Attributes:
        file, size, sha256, address, media_type: as in `regpress.model.artifact.Written`; no *sha256* where it is not
            known what the file holds.
        mtime: modification time in nanoseconds; 0 where it is not known, so that the file is looked at.
    """

    file: str
    size: int
    sha256: str
    address: str
    media_type: str
    mtime: int

    @property
    def public(self) -> Written:
        """Return what the manifest says about the file."""
        return Written(self.file, self.size, self.sha256, self.address, self.media_type)

    @property
    def untrusted(self) -> Row:
        """Return the row of a file that is there, but may hold anything."""
        return self._replace(sha256="", mtime=0)


def pack(rows: Iterable[Row]) -> bytes:
    """Return *rows* as records."""
    return b"".join(record(*row) for row in rows)


def record(file: str, size: int, sha256: str, address: str, media_type: str, mtime: int) -> bytes:  # noqa: PLR0917 - by position, for speed
    """Return the record of one row; no path of the tree has a NUL or a line's end (`regpress.storage.contained`)."""
    line = manifest.line(file, size, sha256, address, media_type)
    return b"%s\0%d\0%d\0%s\n" % (file.encode(), size, mtime, line)


def unpack(records: bytes | memoryview) -> list[Row]:
    """Return the rows that `pack` was given."""
    rows = []
    for file, size, mtime, line in split(records):
        value = orjson.loads(line)
        rows.append(Row(file.decode(), int(size), value["sha256"], value["address"], value["type"], int(mtime)))
    return rows


def split(records: bytes | memoryview) -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    """Yield the parts of each record: file, size, modification time and the manifest's line."""
    for one in bytes(records).split(b"\n"):
        if one:
            file, size, mtime, line = one.split(b"\0", 3)
            yield file, size, mtime, line
