"""Files of the tree as records: bytes that are cheap to make, to keep, to compare and to send between processes.

A record is seven texts, each with a NUL behind it: the file, its size, modification time and SHA-256, what the file's
path has behind the address, the address where the path does not begin with it, and the media type.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

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


class Columns(NamedTuple):
    """The texts of many records, those of one place in all of them together."""

    files: list[bytes]
    sizes: list[bytes]
    mtimes: list[bytes]
    digests: list[bytes]
    endings: list[bytes]
    addresses: list[bytes]
    media_types: list[bytes]


def pack(rows: Iterable[Row]) -> bytes:
    """Return *rows* as records."""
    return "".join([record(*row) for row in rows]).encode()


def record(file: str, size: int, sha256: str, address: str, media_type: str, mtime: int) -> str:  # noqa: PLR0917 - by position, for speed
    """Return the record of one row, not yet encoded; no path of the tree has a NUL (`regpress.storage.contained`)."""
    # Nearly every address is how its file begins.
    ending, address = (file[len(address) :], "") if file.startswith(address) else ("", address)
    return f"{file}\0{size}\0{mtime}\0{sha256}\0{ending}\0{address}\0{media_type}\0"


def columns(records: bytes | memoryview) -> Columns:
    """Return the texts of some records."""
    # All in one go: a look at each record takes three times as long.
    texts = bytes(records).split(b"\0")
    texts.pop()
    step = len(Columns._fields)
    return Columns(*[texts[place::step] for place in range(step)])


def unpack(records: bytes | memoryview) -> list[Row]:
    """Return the rows that `pack` was given."""
    parts = columns(records)
    return [
        Row(file.decode(), int(size), sha256.decode(), address.decode(), media_type.decode(), int(mtime))
        for file, size, mtime, sha256, address, media_type in zip(
            parts.files, parts.sizes, parts.mtimes, parts.digests, _addresses(parts), parts.media_types, strict=True
        )
    ]


def lines(records: bytes | memoryview) -> list[tuple[bytes, bytes]]:
    """Return each file and the line that the manifest has for it."""
    parts = columns(records)
    listed = manifest.file_lines(parts.files, parts.sizes, parts.digests, _addresses(parts), parts.media_types)
    return list(zip(parts.files, listed, strict=True))


def _addresses(parts: Columns) -> list[bytes]:
    return [
        address or (file[: -len(ending)] if ending else file)
        for file, ending, address in zip(parts.files, parts.endings, parts.addresses, strict=True)
    ]
