"""The files of a snapshot to their readings: from what was kept, and by several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from regpress.elements import Item, StretchReader
from regpress.kept import FEW, ReadingCache
from regpress.model.entry import RawFile, Snapshot
from regpress.model.file_elements import FileElements, find_elements, pack_elements, unpack_elements
from regpress.model.issue import Issue
from regpress.model.packed import Former, Packed, pack
from regpress.model.reading import Elements, Reading, Unreadable, digest_of
from regpress.model.registry import LARGE_FILE_BYTES, ReadResult, read_candidates, read_large
from regpress.model.segments import FAILURES, UnexpectedError, Walker
from regpress.read import Checker
from regpress.read import read_candidates as read_documents
from regpress.resolve import FileReadings
from regpress.workers import Pending, share, spread

#: Fewest bytes of an array that are worth a process.
LEAST_RUN_BYTES: Final = 1 << 20
#: Elements of a file that was read before of which so many are new is read as one that was not.
_MOST_NEW: Final = 2_000


class SnapshotReader:
    """Reads the files of one source.

    What is kept for the next build is written meanwhile by a process of its own; `close` waits for it.

    Args:
        cache: what former builds read.
        check: validation of all tiers.
        jobs: number of processes.
        finds: whether anybody wants to know where elements stand.
    """

    def __init__(self, cache: ReadingCache, check: Checker, *, jobs: int, finds: bool = False) -> None:
        self._finds = finds
        self._cache = cache
        self._check = check
        self._jobs = jobs
        self._saving: list[_Keeping] = []
        #: What finds the elements of each large file, by source and path, after `close`; not of those that hold
        #: something unreadable.
        self.large: dict[tuple[str, str], Callable[[], FileElements]] = {}

    def read(self, snapshot: Snapshot) -> Iterator[FileReadings]:
        """Yield what each file holds."""
        for raw in snapshot.files:
            yield self.read_file(snapshot.source, raw)

    def read_file(self, source: str, raw: RawFile) -> FileReadings:
        """Return what one file holds."""
        return self._large(source, raw) if len(raw.data) >= LARGE_FILE_BYTES else self._small(source, raw)

    def close(self) -> None:
        """Wait until everything is kept."""
        while self._saving:
            self._saving.pop().wait()

    def _small(self, source: str, raw: RawFile) -> FileReadings:
        return self._readings(raw, read_candidates(raw, source=source))

    def _large(self, source: str, raw: RawFile) -> FileReadings:
        arrays = _Arrays(raw, source, self._cache.load(source, raw.path), self._check, jobs=self._jobs)
        found = read_large(raw, arrays, source=source)
        is_whole = not found.candidates and all(
            isinstance(reading, Reading) for some in found.elements.values() for reading in some
        )
        find = partial(arrays.elements, found)
        is_wanted = is_whole and self._finds
        if is_wanted:
            self.large[source, raw.path] = find
        if found.elements and arrays.is_worth_keeping:

            def keep() -> bytes:
                self._cache.save(source, raw.path, arrays.packed())
                return pack_elements(find()) if is_wanted else b""

            self._saving.append(keeping := _Keeping(raw.data, keep, jobs=self._jobs))
            if is_wanted:
                self.large[source, raw.path] = keeping.elements
        return self._readings(raw, found)

    def _readings(self, raw: RawFile, found: ReadResult) -> FileReadings:
        def check(documents: Sequence[Any]) -> list[tuple[Issue, ...]]:
            return share(documents, lambda some: list(self._check(some)), jobs=self._jobs, least=2_000)

        readings: list[Reading | Unreadable] = []
        pointers: list[str] = []
        issues = list(found.issues)
        for place, elements in found.elements.items():
            for position, (reading, inside, around) in enumerate(
                zip(elements, elements.insides, elements.issues, strict=True)
            ):
                if around:
                    at = f"{place}[{position}]"
                    issues += [issue._replace(pointer=at + issue.pointer) for issue in around]
                if reading is not None:
                    readings.append(reading)
                    pointers.append(f"{place}[{position}]{inside}")
        if found.candidates:
            readings += read_documents(found.candidates, check)
            pointers += [candidate.pointer for candidate in found.candidates]
        return FileReadings(
            raw=raw, readings=readings, pointers=pointers, last_updated=found.last_updated, issues=tuple(issues)
        )


class _Keeping:
    """A file of which another process keeps the elements, and finds out meanwhile where they stand.

    Args:
        data: the file.
        keep: does it, and returns what `pack_elements` made.
        jobs: number of processes.
    """

    def __init__(self, data: bytes, keep: Callable[[], bytes], *, jobs: int) -> None:
        self._data = data
        self._pending = Pending(keep, jobs=jobs)
        self._packed = b""

    def wait(self) -> None:
        """Wait until it is done."""
        self._packed = self._pending.result()

    def elements(self) -> FileElements:
        """Return where everything stands; after `wait`."""
        return unpack_elements(self._data, self._packed)


class _Part(NamedTuple):
    """A stretch of an array.

    Attributes:
        starts, ends: the first byte of each element, and the one behind it.
        found: what they hold, as it was read here or came from another process.
    """

    starts: Sequence[int]
    ends: Sequence[int]
    found: Elements | Packed


class _Arrays:
    """Reads the arrays of one large file, `regpress.model.segments.ArrayReader`."""

    def __init__(self, raw: RawFile, source: str, kept: Mapping[str, Former], check: Checker, *, jobs: int) -> None:
        self._raw = raw
        self._source = source
        self._kept = kept
        self._check = check
        self._jobs = jobs
        self._parts: dict[str, list[_Part]] = {}
        self._new = 0

    @property
    def is_worth_keeping(self) -> bool:
        """Return whether enough is new."""
        return self._new > (FEW if self._kept else 0)

    def packed(self) -> dict[str, list[Packed]]:
        """Return everything that was read."""
        data = self._raw.data
        return {
            place: [
                part.found if isinstance(part.found, Packed) else pack(data, part.starts, part.ends, part.found)
                for part in parts
            ]
            for place, parts in self._parts.items()
        }

    def elements(self, found: ReadResult) -> FileElements:
        """Return where everything stands.

        Args:
            found: what was read, all of it documents that could be read.
        """
        flat = chain.from_iterable
        readings: list[Any] = list(flat(found.elements[place] for place in self._parts))
        standing = flat(found.elements[place].standing for place in self._parts)
        arrays = [
            (place, list(flat(part.starts for part in parts)), list(flat(part.ends for part in parts)))
            for place, parts in self._parts.items()
        ]
        return find_elements(self._raw.data, arrays, readings, standing, found.last_updated)

    def __call__(self, walker: Walker, at: int, place: str) -> tuple[Elements, int]:
        """Return the elements of an array that begins at a byte, and the byte after it."""
        reader = StretchReader(self._raw, self._source, place, self._check)
        elements = Elements()
        parts = self._parts[place] = []
        is_last = False
        if (kept := self._kept.get(place)) and kept.sizes:
            known = _Recogniser(walker, kept)
            at, is_last = known.run(at)
            taken = known.elements(reader)
            self._new += known.new
            elements.add(taken)
            parts.append(_Part(known.starts, known.ends, taken))
        jobs = self._jobs
        while not is_last:
            bounds = [at, *_likely_starts(walker, at, jobs), len(self._raw.data)]
            runs = [partial(_stretch, reader, start, until, packs=start != at) for start, until in pairwise(bounds)]
            for start, run in zip(bounds, spread(runs), strict=False):
                if start != at or is_last:
                    break
                if run is None:
                    raise UnexpectedError
                part, at, is_last = run
                elements.add(self._unpacked(part, part.found) if isinstance(part.found, Packed) else part.found)
                parts.append(part)
                self._new += len(part.starts)
            jobs = 1  # once more only where a start was not one
        return elements, at

    def _unpacked(self, part: _Part, packed: Packed) -> Elements:
        data = self._raw.data
        return Former((packed,)).elements([data[at:end] for at, end in zip(part.starts, part.ends, strict=True)])


def _stretch(reader: StretchReader, start: int, until: int, *, packs: bool) -> tuple[_Part, int, bool] | None:
    """Return a stretch, what follows it and whether that is the end of the array; None where the text is not JSON."""
    try:
        starts, ends, elements, at, is_last = reader.read(start, until)
    except FAILURES:
        return None
    found = pack(reader.raw.data, starts, ends, elements) if packs else elements
    return _Part(starts, ends, found), at, is_last


def _likely_starts(walker: Walker, at: int, jobs: int) -> list[int]:
    """Return bytes behind *at* where elements probably begin, so that as many processes have about as much to read."""
    size = len(walker.data) - at
    count = min(jobs, size // LEAST_RUN_BYTES)
    if count < 2 or walker.after(walker.element(at)[1]).is_last:
        return []
    starts: list[int] = []
    for number in range(1, count):
        start = walker.likely_start(at + size * number // count)
        if start > (starts[-1] if starts else at):
            starts.append(start)
    return starts


class _Recogniser:
    """Tells which elements of an array were read before, by their bytes, mostly in their former order.

    Attributes:
        starts, ends: the first byte of each element, and the one behind it.
    """

    def __init__(self, walker: Walker, kept: Former) -> None:
        self._walker = walker
        self._kept = kept
        self.starts: list[int] = []
        self.ends: list[int] = []
        #: The bytes of the kept elements that are still there.
        self._documents = [b""] * len(kept.sizes)
        #: Runs of elements: position of the first and the one behind the last, in the kept ones or among the new.
        self._runs: list[tuple[bool, int, int]] = []
        self._items: list[Item] = []
        self._positions: dict[bytes, int] = {}
        self._next = 0

    @property
    def new(self) -> int:
        """Return how many elements are new."""
        return len(self._items)

    def run(self, at: int) -> tuple[int, bool]:
        """Walk to the end of the array, or as far as is worth it; return the byte there and whether that is the end."""
        while True:
            at, is_last = self._known(at)
            if is_last or len(self._items) > _MOST_NEW:
                return at, is_last
            at, is_last = self._other(at)
            if is_last:
                return at, True

    def elements(self, reader: StretchReader) -> Elements:
        """Return what the elements up to there hold."""
        new, kept = reader.elements(self._items), self._kept.elements(self._documents)
        found = Elements()
        for is_known, first, end in self._runs:
            found.add(kept if is_known else new, first, end)
        return found

    def _known(self, at: int) -> tuple[int, bool]:
        """Pass over elements that follow one another as they did before."""
        data, sizes = self._walker.data, self._kept.sizes
        first = index = self._next
        # Between two elements stands the same nearly everywhere; with the bracket, so that nothing more follows it.
        gap, is_last = b"", False
        # An object ends where its bytes end; of a number, more digits could follow.
        if data[at : at + 1] != b"{":
            return at, False
        while index < len(sizes) and self._stands(index, at):
            end = at + sizes[index]
            self.starts.append(at)
            self.ends.append(end)
            index += 1
            if gap and data.startswith(gap, end):
                at = end + len(gap) - 1
                continue
            at, is_last = self._walker.after(end)
            gap = data[end : at + 1]
            if is_last or gap[-1:] != b"{":
                break
        if index > first:
            self._runs.append((True, first, index))
            self._next = index
        return at, is_last

    def _other(self, at: int) -> tuple[int, bool]:
        """Take one element that is not the expected one: moved, the one after an element that is gone, or new."""
        data, after = self._walker.data, self._next + 1
        if data[at : at + 1] == b"{" and self._stands(after, at):
            self._next = after
            return at, False
        value, end = self._walker.element(at)
        piece = data[at:end]
        following = self._walker.after(end)
        self.starts.append(at)
        self.ends.append(end)
        index = self._expected_at(following.at)
        if index >= 0 and not following.is_last:
            # New, or from elsewhere in the file, which one element more to read is not worth finding out.
            self._next, index = index, -1
        else:
            self._positions = self._positions or {known: index for index, known in enumerate(self._kept.digests)}
            index = self._positions.get(digest_of(piece), -1)
        if index >= 0:
            self._documents[index] = piece
            self._runs.append((True, index, index + 1))
            self._next = index + 1
        else:
            self._runs.append((False, len(self._items), len(self._items) + 1))
            self._items.append(Item(value, piece))
        return following

    def _expected_at(self, at: int) -> int:
        """Return which of the next two elements stands at a byte; -1 for neither."""
        return next((index for index in (self._next, self._next + 1) if self._stands(index, at)), -1)

    def _stands(self, index: int, at: int) -> bool:
        """Return whether one of the kept elements, an object, stands at a byte."""
        kept = self._kept
        if index >= len(kept.sizes):
            return False
        document = self._walker.data[at : at + kept.sizes[index]]
        # What does not end like an object is told without its digest.
        if document[-1:] != b"}" or digest_of(document) != kept.digests[index]:
            return False
        self._documents[index] = document
        return True
