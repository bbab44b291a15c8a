"""A stretch of an array in a large file to its elements, each checked and serialised: the work of one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from regpress.model.entry import RawFile
from regpress.model.reading import Elements
from regpress.model.registry import ElementReader, inside
from regpress.model.segments import Walker
from regpress.read import Checker, read_candidates

#: Elements whose values are in memory at the same time.
_BATCH: Final = 256


class Item(NamedTuple):
    """One element, parsed, and its bytes."""

    value: Any
    document: bytes


class Stretch(NamedTuple):
    """Neighbouring elements of an array.

    Attributes:
        starts, ends: the first byte of each in the file, and the one behind it.
        elements: what they hold.
        at: the byte where the next element begins, or the one after the array's closing bracket.
        is_last: whether the array ends here.
    """

    starts: Sequence[int]
    ends: Sequence[int]
    elements: Elements
    at: int
    is_last: bool


class StretchReader:
    """Reads stretches of one array.

    Attributes:
        raw: the file.

    Args:
        raw: the file.
        source: the source's name.
        place: the array's place.
        check: validation of all tiers.
    """

    def __init__(self, raw: RawFile, source: str, place: str, check: Checker) -> None:
        self.raw = raw
        self._reader = ElementReader(raw, source, place)
        self._check = check

    def elements(self, items: Sequence[Item]) -> Elements:
        """Return what parsed elements hold."""
        found = [self._reader.read(value, document) for value, document in items]
        candidates = [candidate for candidate, _ in found if candidate is not None]
        readings = iter(read_candidates(candidates, self._check))
        return Elements(
            [next(readings) if candidate is not None else None for candidate, _ in found],
            [inside(candidate.pointer) if candidate is not None else "" for candidate, _ in found],
            [issues for _, issues in found],
        )

    def read(self, at: int, until: int) -> Stretch:
        """Return the elements from the one that begins at a byte to the first that begins at or behind *until*.

        Raises:
            One of `regpress.model.segments.FAILURES`: the text is not JSON there.
        """
        walker = Walker(self.raw.data)
        starts, ends = list[int](), list[int]()
        elements = Elements()
        items: list[Item] = []
        is_last = False
        while not is_last and at < until:
            value, end = walker.element(at)
            starts.append(at)
            ends.append(end)
            items.append(Item(value, self.raw.data[at:end]))
            at, is_last = walker.after(end)
            if len(items) == _BATCH:
                elements.add(self.elements(items))
                items.clear()
        elements.add(self.elements(items))
        return Stretch(starts, ends, elements, at, is_last)
