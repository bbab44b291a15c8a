"""The immutable read model of one registry: what is published, in order, ready to be rendered."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import accumulate, chain, compress, islice, pairwise, repeat
from typing import TypeVar, overload

from regpress import paths
from regpress.entry_columns import columns_of
from regpress.model.cuts import Cuts
from regpress.model.entry import Entry, EntryVersion, Outline
from regpress.model.entry_columns import EntryColumns
from regpress.model.lazy_entries import LazyEntries, Line, Texts
from regpress.names import KINDS, Kind
from regpress.record import record
from regpress.times import time_key

T = TypeVar("T")


@record(kw_only=True, slots=False)
class Catalog:
    """One registry's entries.

    All entries, those of one kind after those of another, have positions; so have their visible versions, those of
    each entry by their texts.

    Attributes:
        registry: its name in the configuration.
        is_default: whether it is the one at the root of the site.
        entries: per kind, in the order of names (code points).
        last_updated: the latest ``updatedAt`` of any version, RFC 3339; the file's ``meta.last_updated``.
        gone: the versions of names of which every version is deleted, by kind and name.
        known_columns: `columns`, where they are known already.
        cuts: where lists of them were cut.
    """

    registry: str
    is_default: bool
    entries: Mapping[Kind, Sequence[Entry]] = field(default_factory=dict)
    last_updated: str = ""
    gone: tuple[EntryVersion, ...] = ()
    known_columns: EntryColumns | None = field(default=None, repr=False, compare=False)
    cuts: Cuts = field(default_factory=Cuts, repr=False, compare=False)

    @property
    def prefix(self) -> str:
        """Return what stands before all addresses of this registry."""
        return paths.registry_prefix(self.registry, default=self.is_default)

    def of(self, kind: Kind) -> Sequence[Entry]:
        """Return the entries of a kind in the order of names."""
        return self.entries.get(kind, ())

    def __iter__(self) -> Iterator[Entry]:
        """Return all entries, servers first."""
        for kind in KINDS:
            yield from self.of(kind)

    @cached_property
    def by_name(self) -> Mapping[tuple[Kind, str], Entry]:
        """Return the entries by kind and ``namespace/name``."""
        return {(entry.kind, str(entry.name)): entry for entry in self}

    @cached_property
    def columns(self) -> EntryColumns:
        """Return what all plans are made of, in the order of positions."""
        return columns_of(self.registry, self) if self.known_columns is None else self.known_columns

    @cached_property
    def ranges(self) -> Mapping[Kind, range]:
        """Return the positions of the entries of each kind."""
        ends = accumulate((len(self.of(kind)) for kind in KINDS), initial=0)
        return {kind: range(*bounds) for kind, bounds in zip(KINDS, pairwise(ends), strict=True)}

    @cached_property
    def starts(self) -> Sequence[int]:
        """Return the position of the first version of each entry, and the one behind the last of all."""
        return self.columns.starts()

    def version_range(self, kind: Kind) -> range:
        """Return the positions of the versions of a kind."""
        own = self.ranges[kind]
        return range(self.starts[own.start], self.starts[own.stop])

    @cached_property
    def labels(self) -> Sequence[str]:
        """Return ``kind/namespace/name`` of each entry."""
        names = self.columns.names
        return [f"{kind}/{name}" for kind, own in self.ranges.items() for name in names[own.start : own.stop]]

    @cached_property
    def version_keys(self) -> Sequence[str]:
        """Return the place of each version in lists, `regpress.pages.list_key`."""
        return VersionKeys(self.columns, self.starts)

    @cached_property
    def times(self) -> Sequence[str]:
        """Return when each version last changed, as `regpress.times.time_key` has it."""
        return list(map(time_key, self.columns.updated))

    @cached_property
    def changed(self) -> Sequence[str]:
        """Return when a visible version of each entry last changed, as `times`."""
        times = self.times
        return [times[first] if end - first == 1 else max(times[first:end]) for first, end in pairwise(self.starts)]

    @cached_property
    def extended(self) -> Mapping[int, Entry]:
        """Return the entries that have deleted versions or a long text."""
        positions = list(compress(range(len(self.columns.names)), self.columns.extended))
        return dict(zip(positions, self.entries_at(positions), strict=True))

    @cached_property
    def latest_prints(self) -> Mapping[Kind, bytes]:
        """Return what stands for the latest versions of all entries of a kind."""
        latest = self.columns.latest
        return {kind: latest[own.start : own.stop].recipe() for kind, own in self.ranges.items()}

    @cached_property
    def shards(self) -> Mapping[str, Sequence[int]]:
        """Return the entries whose files each shard of the manifest lists."""
        found: dict[str, list[int]] = {}
        for position, shard in enumerate(self.columns.shards):
            found.setdefault(shard, []).append(position)
        return found

    def entry_at(self, position: int) -> Entry:
        """Return the entry at a position.

        Raises:
            IndexError: there is none.
        """
        for kind, own in self.ranges.items():
            if position < own.stop:
                return self.of(kind)[position - own.start]
        raise IndexError(position)

    def entries_at(self, positions: Sequence[int]) -> list[Entry]:
        """Return the entries at some positions, in ascending order."""
        return self._at(positions, LazyEntries.some, lambda entry: entry)

    def _at(
        self,
        positions: Sequence[int],
        lazily: Callable[[LazyEntries, Sequence[int]], Iterable[T]],
        own: Callable[[Entry], T],
    ) -> list[T]:
        """Return something of the entries at some positions, which ascend: *lazily* where not all of them are made."""
        found: list[T] = []
        for entries, inside in self._by_kind(positions):
            if isinstance(entries, LazyEntries):
                found += lazily(entries, inside)
            else:
                found += [own(entries[at]) for at in inside]
        return found

    def _by_kind(self, positions: Sequence[int]) -> Iterator[tuple[Sequence[Entry], Sequence[int]]]:
        """Yield the entries of each kind, and which of them are at some positions, which ascend."""
        for kind, own in self.ranges.items():
            first, end = bisect_left(positions, own.start), bisect_left(positions, own.stop)
            inside = positions[first:end]
            if isinstance(inside, range):
                yield self.of(kind), range(inside.start - own.start, inside.stop - own.start)
            else:
                yield self.of(kind), [at - own.start for at in inside]

    def latest_at(self, positions: Sequence[int]) -> list[EntryVersion]:
        """Return the latest version of the entries at some positions, in ascending order."""
        return self._at(positions, LazyEntries.latest_of, _latest)

    def versions_at(self, positions: Sequence[int]) -> list[EntryVersion]:
        """Return the visible versions at some positions, in any order."""
        starts = self.starts
        owners = [bisect_right(starts, position) - 1 for position in positions]
        wanted = sorted(set(owners))
        entries = dict(zip(wanted, self.entries_at(wanted), strict=True))
        ordered = {at: sorted(entry.versions, key=_text) for at, entry in entries.items()}
        return [ordered[owner][position - starts[owner]] for owner, position in zip(owners, positions, strict=True)]

    def deleted(self) -> Iterator[EntryVersion]:
        """Return every deleted version, those of names that have nothing else included."""
        for entry in self.extended.values():
            yield from entry.deleted
        yield from self.gone

    def latest(self, kind: Kind) -> Sequence[EntryVersion]:
        """Return the latest version of each entry of a kind, in the order of names."""
        entries = self.of(kind)
        return entries.latest() if isinstance(entries, LazyEntries) else [entry.latest for entry in entries]

    def outlines_at(self, positions: Sequence[int]) -> list[Outline | EntryVersion]:
        """Return what lists say about the latest version of the entries at some positions, in ascending order."""
        return self._at(positions, LazyEntries.outlines_of, _latest)

    def lines(self, kind: Kind, make: Callable[[Sequence[EntryVersion]], list[Line]]) -> list[Line]:
        """Return the line of the name index about each entry of a kind.

        Args:
            kind: which.
            make: returns lines, given the latest version of each entry.
        """
        entries = self.of(kind)
        if isinstance(entries, LazyEntries):
            return entries.lines_of(range(len(entries)), make)
        return make([entry.latest for entry in entries])

    def texts(self, kind: Kind) -> Sequence[Texts]:
        """Return the document of the latest version of each entry of a kind, in the order of names."""
        return self._at(
            self.ranges[kind], LazyEntries.texts_of, lambda entry: (entry.latest.text, entry.latest.other_meta)
        )

    def counts(self) -> dict[str, int]:
        """Return ``servers``, ``serverVersions``, ``skills`` … as they appear in ``build.json``."""
        counted: dict[str, int] = {}
        for kind in KINDS:
            counted[paths.ENTRY_PLURAL[kind]] = len(self.ranges[kind])
            counted[f"{kind}Versions"] = len(self.version_range(kind))
        return counted


class VersionKeys(Sequence[str]):
    """The places of versions in lists, made when they are asked for: most are the same as in the last build.

    Args:
        columns: of the entries.
        starts: the position of the first version of each.
        inside: which of the versions.
    """

    def __init__(self, columns: EntryColumns, starts: Sequence[int], inside: range | None = None) -> None:
        self._columns = columns
        self._starts = starts
        self._inside = range(starts[-1]) if inside is None else inside

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._inside)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> VersionKeys: ...

    def __getitem__(self, at: int | slice) -> str | VersionKeys:
        """Return one of them, or some neighbours."""
        if isinstance(at, slice):
            return VersionKeys(self._columns, self._starts, self._inside[at])
        position = self._inside[at]
        owner = bisect_right(self._starts, position) - 1
        return f"{self._columns.names[owner]}\0{self._columns.versions[position]}"

    def __iter__(self) -> Iterator[str]:
        """Return all of them."""
        columns, first, end = self._columns, self._inside.start, self._inside.stop
        if first >= end:
            return iter(())
        owner, last = bisect_right(self._starts, first) - 1, bisect_left(self._starts, end)
        # From the first version of an entry on; those before the first one that was asked for are left out.
        names = map(repeat, columns.names[owner:last], columns.counts[owner:last])
        spread = islice(chain.from_iterable(names), first - self._starts[owner], end - self._starts[owner])
        return map("\0".join, zip(spread, columns.versions[first:end], strict=True))


def _latest(entry: Entry) -> EntryVersion:
    return entry.latest


def _text(version: EntryVersion) -> str:
    return version.version
