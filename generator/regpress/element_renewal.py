"""A large file against the one that it was: which of its elements are still there, and which are new.

What stands between two changes is compared as bytes, however many elements it has.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from regpress.elements import Item, StretchReader
from regpress.model.entry import RawFile
from regpress.model.file_elements import FileElements, Name, Sliced, is_dated, standing_digest
from regpress.model.issue import Issue
from regpress.model.reading import Elements, Reading
from regpress.model.registry import read_large
from regpress.model.segments import Walker
from regpress.read import Checker
from regpress.resolve import FileReadings

#: New elements of a file beyond which it is read as one that is not known.
MOST_NEW: Final = 500
#: Elements that may be gone in one place.
_MOST_GONE: Final = 50
#: Bytes that are compared at once: first, and at most, so that a cut stays where a processor is quick.
_CHUNK: Final = 1 << 16
_LARGEST_CHUNK: Final = 1 << 20


class TooMuchError(Exception):
    """So much is new that nothing is gained by knowing the rest."""


class _Run(NamedTuple):
    """Neighbouring elements.

    Attributes:
        is_known: whether they stood in the former file.
        first, end: their numbers there, or among the new ones.
        at: the byte where the first begins now.
    """

    is_known: bool
    first: int
    end: int
    at: int


class RenewedFile:
    """A file that changed a little.

    Args:
        raw: the file.
        source: the source's name.
        former: as it was; every element could be read.
        check: validation of all tiers.

    Attributes:
        changed: the names of which an element is new, gone, or another one now.

    Raises:
        TooMuchError: it is better read as a whole.
    """

    def __init__(self, raw: RawFile, source: str, former: FileElements, check: Checker) -> None:
        self._raw = raw
        self._source = source
        self._former = former
        self._check = check
        self._walker = Walker(raw.data)
        self._bounds = former.bounds()
        self._runs: dict[str, list[_Run]] = {}
        self._items: dict[str, list[Item]] = {}
        self._found = read_large(raw, self._array, source=source)
        if self._found.candidates or self._found.elements.keys() != self._runs.keys() or not self._found.format:
            raise TooMuchError
        self._new: dict[str, Elements] = {}
        self._readings: dict[str, list[Reading]] = {}
        for place, items in self._items.items():
            self._keep(place, StretchReader(raw, source, place, check).elements(items))
        self.changed = self._changed()

    @property
    def last_updated(self) -> str:
        """Return what the file says about its own time."""
        return self._found.last_updated

    def positions(self) -> list[int]:
        """Return where each element of the former file stands in its array now; -1 for one that is gone."""
        found = [-1] * len(self._former.starts)
        for runs in self._runs.values():
            position = 0
            for run in runs:
                count = run.end - run.first
                if run.is_known:
                    found[run.first : run.end] = range(position, position + count)
                position += count
        return found

    def readings(self, names: Collection[Name]) -> FileReadings:
        """Return what the file holds of some entries, all of `changed` among them."""
        readings: list[Reading] = []
        pointers: list[str] = []
        issues = list(self._found.issues)
        wanted = self._former.numbers_of(names)
        for place in self._found.elements:
            for position, reading, inside, around in self._of_names(place, wanted):
                at = f"{place}[{position}]"
                issues += [issue._replace(pointer=at + issue.pointer) for issue in around]
                readings.append(reading)
                pointers.append(at + inside)
        return FileReadings(
            raw=self._raw, readings=readings, pointers=pointers, last_updated=self.last_updated, issues=tuple(issues)
        )

    def elements(self) -> FileElements:
        """Return where everything stands now."""
        former = self._former
        places, starts, ends, name_at = [], list[int](), list[int](), list[int]()
        versions, digests, dated = list[str](), list[bytes](), list[bool]()
        names = {name: number for number, name in enumerate(former.names)}
        for place, runs in self._runs.items():
            places.append((place, sum(run.end - run.first for run in runs)))
            for run in runs:
                if run.is_known:
                    by = run.at - former.starts[run.first]
                    starts += [at + by for at in former.starts[run.first : run.end]]
                    ends += [at + by for at in former.ends[run.first : run.end]]
                    name_at += former.name_at[run.first : run.end]
                    versions += former.versions[run.first : run.end]
                    digests.append(former.digests_of(run.first, run.end))
                    dated += former.dated[run.first : run.end]
                else:
                    reading = self._readings[place][run.first]
                    starts.append(run.at)
                    ends.append(run.at + len(self._items[place][run.first].document))
                    name_at.append(names.setdefault((reading.kind, reading.name), len(names)))
                    versions.append(reading.version)
                    digests.append(standing_digest(reading, self._new[place].standing[run.first]))
                    dated.append(is_dated(reading.carried))
        return FileElements(
            self._raw.data,
            places,
            starts,
            ends,
            list(names),
            name_at,
            versions,
            b"".join(digests),
            dated,
            self.last_updated,
        )

    def _array(self, walker: Walker, at: int, place: str) -> tuple[Elements, int]:
        """Compare an array, `regpress.model.segments.ArrayReader`; what it returns stands for as many elements."""
        self._walker = walker
        data = walker.data
        expected, last = self._bounds.get(place, (0, 0))
        runs = self._runs[place] = []
        items = self._items[place] = []
        is_last = False
        while not is_last:
            if data[at : at + 1] != b"{":
                raise TooMuchError
            known = self._known(at, expected, last)
            if known >= 0:
                end = self._last_alike(at, known, last)
                runs.append(_Run(is_known=True, first=known, end=end, at=at))
                at += self._former.ends[end - 1] - self._former.starts[known]
                expected = end
            else:
                value, stop = walker.element(at)
                runs.append(_Run(is_known=False, first=len(items), end=len(items) + 1, at=at))
                items.append(Item(value, data[at:stop]))
                at = stop
                if len(items) > MOST_NEW:
                    raise TooMuchError
            at, is_last = walker.after(at)
        count = sum(run.end - run.first for run in runs)
        return Elements([None] * count, [""] * count, [()] * count), at

    def _known(self, at: int, expected: int, last: int) -> int:
        """Return which of the elements from the expected one on stands at a byte; -1 for none."""
        data, former = self._walker.data, self._former
        for number in range(expected, min(expected + _MOST_GONE, last)):
            if data.startswith(former.data[former.starts[number] : former.ends[number]], at):
                return number
        return -1

    def _last_alike(self, at: int, number: int, last: int) -> int:
        """Return the element behind the last one up to which everything is as it was, from one at a byte on."""
        former = self._former
        start, end = former.starts[number], former.ends[last - 1]
        same = start + _common(self._walker.data, at, former.data, start, end)
        return max(bisect_right(former.ends, same, number, last), number + 1)

    def _keep(self, place: str, elements: Elements) -> None:
        readings = [reading for reading in elements if isinstance(reading, Reading)]
        if len(readings) != len(elements):
            raise TooMuchError
        self._new[place], self._readings[place] = elements, readings

    def _changed(self) -> set[Name]:
        found = {(reading.kind, reading.name) for readings in self._readings.values() for reading in readings}
        gaps = {place: bounds[0] for place, bounds in self._bounds.items()}
        for place, runs in self._runs.items():
            for run in runs:
                if run.is_known:
                    found |= self._names_between(gaps[place], run.first)
                    gaps[place] = run.end
        for place, (_, last) in self._bounds.items():
            found |= self._names_between(gaps[place], last)
        return found

    def _names_between(self, first: int, end: int) -> set[Name]:
        return {self._former.names[at] for at in self._former.name_at[first:end]}

    def _of_names(self, place: str, wanted: Collection[int]) -> Iterator[tuple[int, Reading, str, tuple[Issue, ...]]]:
        position = 0
        known: list[int] = []
        items: list[Item] = []
        new: list[tuple[int, int]] = []
        for run in self._runs[place]:
            if run.is_known:
                by = run.at - self._former.starts[run.first]
                for number, name in enumerate(self._former.name_at[run.first : run.end], run.first):
                    if name in wanted:
                        at, end = self._former.starts[number] + by, self._former.ends[number] + by
                        known.append(position + number - run.first)
                        items.append(Item(self._walker.element_between(at, end), self._walker.data[at:end]))
            else:
                new.append((position, run.first))
            position += run.end - run.first
        again = StretchReader(self._raw, self._source, place, self._check).elements(items)
        readings, elements = self._readings[place], self._new[place]
        found = [(at, readings[number], elements.insides[number], elements.issues[number]) for at, number in new]
        for at, reading, inside, around in zip(known, again, again.insides, again.issues, strict=True):
            if not isinstance(reading, Reading):
                raise TooMuchError
            found.append((at, reading, inside, around))
        return iter(sorted(found, key=lambda one: one[0]))


def _common(data: bytes, at: int, other: Sliced, start: int, end: int) -> int:
    """Return how many bytes from *at* on are those of *other* from *start* on, up to *end*."""
    # What is cut out of a view is not copied.
    view = memoryview(other)  # type: ignore[arg-type]  # all that can be cut so can be viewed
    done, size, grows = 0, _CHUNK, True
    while done < end - start:
        size = min(size, end - start - done)
        if data.startswith(view[start + done : start + done + size], at + done):
            done += size
            size = min(size * 2, _LARGEST_CHUNK) if grows else size
        elif size == 1:
            break
        else:
            size, grows = size // 2, False
    return done
