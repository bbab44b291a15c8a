"""Entries that become records when they are asked for: most builds render a few of many thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar, overload

from regpress.model.entry import Entry, EntryVersion, Outline

T = TypeVar("T")

#: The document of a version, and its further members (`regpress.model.entry.EntryVersion`).
Texts = tuple[bytes | memoryview, bytes]
#: The line of the name index about an entry, and the facts that it tells (`regpress.indexes.facts.Facts`).
Line = tuple[bytes | memoryview, tuple[tuple[str, ...], ...]]


class Maker(Protocol):
    """What makes entries by their numbers, which ascend."""

    def entries(self, numbers: Sequence[int]) -> Sequence[Entry]:
        """Return some entries."""

    def latest(self, numbers: Sequence[int]) -> Sequence[EntryVersion]:
        """Return their latest versions."""

    def outlines(self, numbers: Sequence[int]) -> Iterable[Outline]:
        """Return what lists say about these."""

    def texts(self, numbers: Sequence[int]) -> Iterable[Texts]:
        """Return their documents."""

    def lines(self, numbers: Sequence[int]) -> Iterable[Line]:
        """Return their lines of the name index."""


class LazyEntries(Sequence[Entry]):
    """Some entries, of which those that are numbers are made of them when they are asked for.

    Args:
        entries: the entries or their numbers.
        maker: makes them.
    """

    def __init__(self, entries: Iterable[Entry | int], maker: Maker) -> None:
        self._entries = list(entries)
        self._maker = maker
        self._latest: Sequence[EntryVersion] | None = None

    @overload
    def __getitem__(self, at: int) -> Entry: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...

    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        """Return one entry, or several."""
        if isinstance(at, slice):
            return self.some(range(*at.indices(len(self))))
        return self.some((at,))[0]

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """Return all of them."""
        return iter(self.some(range(len(self))))

    def __eq__(self, other: object) -> bool:
        """Return whether others are the same."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def some(self, positions: Sequence[int]) -> tuple[Entry, ...]:
        """Return the entries at some positions, which ascend; all of them are made at once."""
        known = self._entries
        missing = [at for at in positions if isinstance(known[at], int)]
        numbers = [known[at] for at in missing]
        for at, entry in zip(missing, self._maker.entries(numbers) if numbers else (), strict=True):  # type: ignore[arg-type]
            known[at] = entry
        return tuple([known[at] for at in positions])  # type: ignore[misc]

    def latest(self) -> Sequence[EntryVersion]:
        """Return the latest version of each, without making the others."""
        if self._latest is None:
            self._latest = self.latest_of(range(len(self)))
        return self._latest

    def latest_of(self, positions: Sequence[int]) -> Sequence[EntryVersion]:
        """Return the latest version of the entries at some positions, which ascend, without making the others."""
        if self._latest is not None:
            return [self._latest[at] for at in positions]
        return self._of_latest(positions, self._maker.latest, lambda version: version)

    def outlines_of(self, positions: Sequence[int]) -> list[Outline | EntryVersion]:
        """Return what lists say about the latest version of the entries at some positions, without making them."""
        return self._of_latest(positions, self._maker.outlines, lambda version: version)

    def texts_of(self, positions: Sequence[int]) -> list[Texts]:
        """Return the document of the latest version of the entries at some positions, without making them."""
        return self._of_latest(positions, self._maker.texts, lambda version: (version.text, version.other_meta))

    def lines_of(self, positions: range, make: Callable[[Sequence[EntryVersion]], Iterable[Line]]) -> list[Line]:
        """Return the line of the name index about each entry at some positions.

        Args:
            positions: which ascend.
            make: returns the lines about entries, given the latest version of each; most are known without it.
        """
        some = self._entries[positions.start : positions.stop]
        kept = iter(self._maker.lines([one for one in some if isinstance(one, int)]))
        made = iter(make([one.latest for one in some if not isinstance(one, int)]))
        return [next(kept) if isinstance(one, int) else next(made) for one in some]

    def _of_latest(
        self,
        positions: Sequence[int],
        kept: Callable[[Sequence[int]], Iterable[T]],
        own: Callable[[EntryVersion], T],
    ) -> list[T]:
        """Return something of the latest version of some entries: *own* of those that were made, else *kept*."""
        known = self._entries
        some = (
            known[positions.start : positions.stop] if isinstance(positions, range) else [known[at] for at in positions]
        )
        made = iter(kept([one for one in some if isinstance(one, int)]))
        return [next(made) if isinstance(one, int) else own(one.latest) for one in some]
