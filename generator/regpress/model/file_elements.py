"""A large file, element by element: where each stands, and which entry it is about."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Final, NamedTuple, Protocol

from regpress.digest import FINGERPRINT, fingerprints_at
from regpress.model.numbered import numbered_runs
from regpress.model.reading import NOTHING_CARRIED, Carried, Reading
from regpress.names import EntryName, Kind

_NONE: Final = bytes(FINGERPRINT)

#: Which of some files a document stands in, and which of its elements it is, by the digest of its bytes.
Places = Mapping[bytes, tuple[int, int]]

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
        digests: of each as it stands, where that is how it is served, one behind the other; else zeros.
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
    digests: bytes
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

    def digests_of(self, first: int, end: int) -> bytes:
        """Return the digests of some of the elements, from one up to another."""
        return self.digests[first * FINGERPRINT : end * FINGERPRINT]

    def numbers_of(self, names: Collection[Name]) -> set[int]:
        """Return the positions in `names` of some of them."""
        return {number for number, name in enumerate(self.names) if name in names}


def find_elements(
    data: bytes,
    arrays: Iterable[tuple[str, Sequence[int], Sequence[int]]],
    readings: Sequence[Reading],
    standing: Iterable[bool],
    last_updated: str,
) -> FileElements:
    """Return the elements of a file.

    Args:
        data: the file.
        arrays: the place of each array, the first byte of each of its elements, and the one behind it.
        readings: of all elements.
        standing: whether the text of each is the element, byte for byte.
        last_updated: as in `FileElements`.
    """
    places, starts, ends = [], list[int](), list[int]()
    for place, firsts, lasts in arrays:
        places.append((place, len(firsts)))
        starts += firsts
        ends += lasts
    # Elements of one name mostly follow one another.
    runs, owners = numbered_runs([(reading.kind, reading.name) for reading in readings])
    names = {name: number for number, name in enumerate(dict.fromkeys(owners))}
    number_of = list(map(names.__getitem__, owners))
    return FileElements(
        data,
        places,
        starts,
        ends,
        names=list(names),
        name_at=list(map(number_of.__getitem__, runs)),
        versions=[reading.version for reading in readings],
        # Texts are not looked at: a process that came of another one has what it looks at twice.
        digests=b"".join(map(standing_digest, readings, standing)),
        dated=[is_dated(reading.carried) for reading in readings],
        last_updated=last_updated,
    )


def pack_elements(elements: FileElements) -> bytes:
    """Return where everything stands as bytes, for another process that has the file."""
    # Texts alone: records of a class take three times as long.
    names = [(kind, *name) for kind, name in elements.names]
    return pickle.dumps((*elements._replace(names=())[1:], names), pickle.HIGHEST_PROTOCOL)


def unpack_elements(data: bytes, packed: bytes) -> FileElements:
    """Return what `pack_elements` was given.

    Args:
        data: the file.
        packed: from a process of our own.
    """
    *members, names = pickle.loads(packed)  # noqa: S301
    known = FileElements(data, *members)
    return known._replace(names=[(kind, EntryName(namespace, name)) for kind, namespace, name in names])


def places_in(files: Iterable[FileElements]) -> Places:
    """Return where documents stand that are served as they are there."""
    found: dict[bytes, tuple[int, int]] = {}
    for file, elements in enumerate(files):
        count = len(elements.starts)
        digests = fingerprints_at(elements.digests, 0, count)
        found.update(zip(digests, zip(repeat(file), range(count)), strict=False))
    found.pop(_NONE, None)
    return found


def standing_digest(reading: Reading, stands: bool) -> bytes:
    """Return the digest of an element that *stands* in the file as it is served, with nothing beside it; else zeros."""
    return reading.digest if stands and not reading.other_meta else _NONE


def is_dated(carried: Carried) -> bool:
    """Return whether a document says itself when it was published and changed."""
    return carried is not NOTHING_CARRIED and bool(carried.published_at and carried.updated_at)
