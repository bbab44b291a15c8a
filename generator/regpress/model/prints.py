"""Fingerprints one behind the other: what stands for tens of thousands of things, as one run of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from operator import eq
from typing import overload

from regpress.digest import FINGERPRINT, fingerprints_at, fingerprints_recipe


class Prints(Sequence[bytes]):
    """Fingerprints (`regpress.digest.recipe`) in an order of theirs.

    To hold each as an object, only to put many together again, takes longer than all that is done with them.

    Args:
        data: them, one behind the other.
    """

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    @classmethod
    def of(cls, parts: Iterable[bytes]) -> Prints:
        """Return some of them, each of the length of a fingerprint, or runs of such."""
        return cls(b"".join(parts))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.data) // FINGERPRINT

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> Prints: ...

    def __getitem__(self, at: int | slice) -> bytes | Prints:
        """Return one of them, or some neighbours."""
        if isinstance(at, slice):
            first, end, step = at.indices(len(self))
            if step != 1:
                return Prints.of(list(self)[at])
            return Prints(self.data[first * FINGERPRINT : end * FINGERPRINT])
        number = at + len(self) if at < 0 else at
        if not 0 <= number < len(self):
            raise IndexError(at)
        return self.data[number * FINGERPRINT : (number + 1) * FINGERPRINT]

    def __iter__(self) -> Iterator[bytes]:
        """Return each of them."""
        return iter(fingerprints_at(self.data, 0, len(self)))

    def __eq__(self, other: object) -> bool:
        """Return whether others are the same."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def at(self, positions: Sequence[int]) -> Prints:
        """Return some of them."""
        if len(positions) == len(self) and all(map(eq, positions, count())):
            return self
        return Prints.of(map(list(self).__getitem__, positions))

    def recipe(self) -> bytes:
        """Return what `regpress.digest.recipe` makes of them."""
        return fingerprints_recipe(self.data)

    def between(self, first: int, end: int) -> bytes:
        """Return those from one up to another, or up to the last, as one run of bytes."""
        return self.data[first * FINGERPRINT : end * FINGERPRINT]
