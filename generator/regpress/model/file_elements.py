"""A large file, element by element: where each stands, and which entry it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Protocol

from regpress.model.reading import Reading
from regpress.names import EntryName, Kind

#: What tells an entry from all others of a registry.
Name = tuple[Kind, EntryName]


class Sliced(Protocol):
    """Bytes that are cut: a text, or a file that the system shows as one."""

    def __getitem__(self, part: slice, /) -> bytes:
        """Return a part."""


class FileElements(NamedTuple):
    """The elements of the arrays of one file, in the order of the file.

    Attributes:
        data: the file.
        places: the arrays: where each stands (`regpress.model.registry.PLACES`) and how many elements it has.
        starts, ends: the first byte of each element, and the one behind it.
        names: the entries that they are about.
        name_at: which of *names* each is about.
        versions: the version of each.
        dated: whether each says itself when it was published and changed.
        last_updated: what the file says about its own time, empty where it is silent.
    """

    data: Sliced
    places: Sequence[tuple[str, int]]
    starts: Sequence[int]
    ends: Sequence[int]
    names: Sequence[Name]
    name_at: Sequence[int]
    versions: Sequence[str]
    dated: Sequence[bool]
    last_updated: str

    def bounds(self) -> dict[str, tuple[int, int]]:
        """Return the first element of each array, and the one behind its last."""
        found: dict[str, tuple[int, int]] = {}
        at = 0
        for place, count in self.places:
            found[place] = (at, at + count)
            at += count
        return found

    def numbers_of(self, names: Collection[Name]) -> set[int]:
        """Return the positions in `names` of some of them."""
        return {number for number, name in enumerate(self.names) if name in names}


def find_elements(
    data: bytes,
    arrays: Iterable[tuple[str, int, Sequence[bytes]]],
    readings: Sequence[Reading],
    last_updated: str,
) -> FileElements:
    """Return the elements of a file.

    Args:
        data: the file.
        arrays: the place of each array, the first byte of its first element, and the bytes of each element.
        readings: of all elements.
        last_updated: as in `FileElements`.

    Raises:
        ValueError: they do not stand there.
    """
    places, starts, ends = [], [], []
    for place, first, documents in arrays:
        places.append((place, len(documents)))
        at, gap = first, 0
        for document in documents:
            # Between two elements stands the same nearly everywhere, and nothing that could be one.
            start = at + gap
            if not data.startswith(document, start):
                start = data.index(document, at)
                gap = start - at
            starts.append(start)
            at = start + len(document)
            ends.append(at)
    if len(readings) != len(starts):
        raise ValueError
    names: dict[Name, int] = {}
    name_at = [names.setdefault((reading.kind, reading.name), len(names)) for reading in readings]
    return FileElements(
        data,
        places,
        starts,
        ends,
        names=list(names),
        name_at=name_at,
        versions=[reading.version for reading in readings],
        dated=list(map(is_dated, readings)),
        last_updated=last_updated,
    )


def is_dated(reading: Reading) -> bool:
    """Return whether a document says itself when it was published and changed."""
    return bool(reading.carried.published_at and reading.carried.updated_at)
