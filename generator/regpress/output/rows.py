"""Files of the tree as bytes that are cheap to make, to keep, to compare and to send between processes.

What every build looks at, names and numbers, lies apart from what only the manifest says.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from regpress.model import manifest
from regpress.model.artifact import Written

#: Size and time of a file, in the order of this machine's bytes: no other one reads them.
_NUMBERS: Final = struct.Struct("=qq")
_MOST: Final = 2**63 - 1
#: How many texts there are of each file beside its name.
_FACTS: Final = 4


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


class Rows(NamedTuple):
    """Some files of the tree.

    No text in it has a NUL: paths have none (`regpress.storage.contained`), and no manifest has that is read.

    Attributes:
        names: each file, with a NUL behind it.
        numbers: the size and the modification time of each.
        facts: four texts for each, with a NUL behind every one: its SHA-256, what the path has behind the address, the
            address where the path does not begin with it, and the media type.
    """

    names: bytes | memoryview
    numbers: bytes | memoryview
    facts: bytes | memoryview

    @property
    def files(self) -> list[bytes]:
        """Return the name of each."""
        # All in one go: a look at each takes three times as long.
        return bytes(self.names).split(b"\0")[:-1]

    @property
    def sizes(self) -> list[int]:
        """Return the size of each in bytes."""
        return self._numbers_from(0)

    @property
    def mtimes(self) -> list[int]:
        """Return the modification time of each in nanoseconds."""
        return self._numbers_from(1)

    def _numbers_from(self, first: int) -> list[int]:
        # Only those of one kind become objects.
        return memoryview(self.numbers).cast("q")[first::2].tolist()


class RowsMaker:
    """Makes `Rows`, one file after the other.

    Attributes:
        sizes: of all files so far.
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._names: list[str] = []
        self._numbers: list[bytes] = []
        self._facts: list[str] = []

    def add(self, file: str, size: int, sha256: str, address: str, media_type: str, mtime: int) -> None:  # noqa: PLR0917 - by position, for speed
        """Add a file, as in `Row`."""
        # Nearly every address is how its file begins.
        ending, address = (file[len(address) :], "") if file.startswith(address) else ("", address)
        self.sizes.append(size)
        self._names.append(f"{file}\0")
        try:
            self._numbers.append(_NUMBERS.pack(size, mtime))
        except struct.error:
            # A time after 2262, or the size that a manifest from elsewhere says: such a file is looked at.
            self._numbers.append(_NUMBERS.pack(min(size, _MOST), 0))
        self._facts.append(f"{sha256}\0{ending}\0{address}\0{media_type}\0")

    def made(self) -> Rows:
        """Return them."""
        return Rows("".join(self._names).encode(), b"".join(self._numbers), "".join(self._facts).encode())


def pack(rows: Iterable[Row]) -> Rows:
    """Return *rows* as bytes."""
    maker = RowsMaker()
    for row in rows:
        maker.add(*row)
    return maker.made()


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the files of several, one after the other."""
    return Rows(*(b"".join([part[place] for part in parts]) for place in range(len(Rows._fields))))


def unpack(rows: Rows) -> list[Row]:
    """Return the rows that `pack` was given."""
    files, facts = rows.files, _facts(rows)
    return [
        Row(file.decode(), size, sha256.decode(), address.decode(), media_type.decode(), mtime)
        for file, size, mtime, sha256, address, media_type in zip(
            files, rows.sizes, rows.mtimes, facts[0], _addresses(files, facts), facts[-1], strict=True
        )
    ]


def lines(rows: Rows) -> list[tuple[bytes, bytes]]:
    """Return each file and the line that the manifest has for it."""
    files, facts = rows.files, _facts(rows)
    sizes = [b"%d" % size for size in rows.sizes]
    listed = manifest.file_lines(files, sizes, facts[0], _addresses(files, facts), facts[-1])
    return list(zip(files, listed, strict=True))


def _facts(rows: Rows) -> list[list[bytes]]:
    texts = bytes(rows.facts).split(b"\0")[:-1]
    return [texts[place::_FACTS] for place in range(_FACTS)]


def _addresses(files: Sequence[bytes], facts: Sequence[Sequence[bytes]]) -> list[bytes]:
    return [
        address or (file[: -len(ending)] if ending else file)
        for file, ending, address in zip(files, facts[1], facts[2], strict=True)
    ]
