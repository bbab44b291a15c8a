"""A stretch of an array in a large file to its elements, each checked and serialised: the work of one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from regpress.model.entry import RawFile
from regpress.model.reading import Elements, Reading, Unreadable
from regpress.model.registry import ElementReader, inside
from regpress.model.segments import Walker
from regpress.read import Checker, read_candidates
from regpress.twins import Pattern, Twin, pattern_of, twin_reader

#: Elements whose values are in memory at the same time.
_BATCH: Final = 256


class Item(NamedTuple):
    """One element, parsed, and its bytes.

    Attributes:
        value: the element.
        document: its bytes.
        is_compact: whether it is written as compactly as can be.
    """

    value: Any
    document: bytes
    is_compact: bool = False


class _Row(NamedTuple):
    """An element, and those after it that are its twins.

    Attributes:
        item: the element.
        pattern: what its twins are told by.
        twins: those that follow it.
    """

    item: Item
    pattern: Pattern | None
    twins: list[Twin]


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
        found = [self._reader.read(value, document, is_compact=compact) for value, document, compact in items]
        candidates = [candidate for candidate, _ in found if candidate is not None]
        readings = iter(read_candidates(candidates, self._check))
        made = [next(readings) if candidate is not None else None for candidate, _ in found]
        return Elements(
            made,
            [inside(candidate.pointer) if candidate is not None else "" for candidate, _ in found],
            [issues for _, issues in found],
            # Where they are the same, they are one object.
            [
                isinstance(reading, Reading) and reading.text is item.document
                for reading, item in zip(made, items, strict=True)
            ],
        )

    def read(self, at: int, until: int) -> Stretch:
        """Return the elements from the one that begins at a byte to the first that begins at or behind *until*.

        Raises:
            One of `regpress.model.segments.FAILURES`: the text is not JSON there.
        """
        walker = Walker(self.raw.data)
        starts, ends = list[int](), list[int]()
        elements = Elements()
        rows: list[_Row] = []
        pattern: Pattern | None = None
        is_last = False
        while not is_last and at < until:
            starts.append(at)
            if pattern is not None and (twin := pattern.find(self.raw.data, at)) and len(rows[-1].twins) < _BATCH:
                rows[-1].twins.append(twin)
                end = twin.at + len(twin.document)
            else:
                if len(rows) == _BATCH:
                    elements.add(self._of_rows(walker, rows))
                    rows.clear()
                value, end = walker.element(at)
                document = self.raw.data[at:end]
                pattern = pattern_of(value, document)
                rows.append(_Row(Item(value, document, walker.is_compact), pattern, []))
            ends.append(end)
            at, is_last = walker.after(end)
        elements.add(self._of_rows(walker, rows))
        return Stretch(starts, ends, elements, at, is_last)

    def _of_rows(self, walker: Walker, rows: Sequence[_Row]) -> Elements:
        read = self.elements([row.item for row in rows])
        found = Elements()
        done = 0
        for at, row in enumerate(rows):
            if row.twins:
                found.add(read, done, at + 1)
                done = at + 1
                is_bare = not read.insides[at] and not read.issues[at]
                found.add(self._of_twins(walker, row, read[at] if is_bare else None))
        found.add(read, done)
        return found

    def _of_twins(self, walker: Walker, row: _Row, reading: Reading | Unreadable | None) -> Elements:
        reader = twin_reader(row.pattern, row.item.document, reading) if row.pattern else None
        if reader is None:
            bounds = [(twin.at, twin.at + len(twin.document)) for twin in row.twins]
            return self.elements([Item(walker.element_between(*own), self.raw.data[slice(*own)]) for own in bounds])
        count = len(row.twins)
        return Elements(list(map(reader.read, row.twins)), [""] * count, [()] * count, [reader.is_standing] * count)
