"""A large file, element by element: where each stands, and which entry it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from regpress.model.reading import Reading
from regpress.names import EntryName, Kind


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
        keys: kind, name and version of each.
        dated: whether each says itself when it was published and changed.
        last_updated: what the file says about its own time, empty where it is silent.
    """

    data: Sliced
    places: Sequence[tuple[str, int]]
    starts: Sequence[int]
    ends: Sequence[int]
    keys: Sequence[tuple[Kind, EntryName, str]]
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
        at = first
        for document in documents:
            # Between two elements stands nothing that could be one.
            at = data.index(document, at)
            starts.append(at)
            at += len(document)
            ends.append(at)
    if len(readings) != len(starts):
        raise ValueError
    keys = [reading[:3] for reading in readings]
    return FileElements(data, places, starts, ends, keys, list(map(is_dated, readings)), last_updated)


def is_dated(reading: Reading) -> bool:
    """Return whether a document says itself when it was published and changed."""
    return bool(reading.carried.published_at and reading.carried.updated_at)
