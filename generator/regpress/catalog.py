"""The immutable read model of one registry: what is published, in order, ready to be rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import overload

from regpress import paths
from regpress.digest import recipe
from regpress.fingerprints import EntryPrints, entry_prints
from regpress.model.entry import Entry, EntryVersion
from regpress.model.manifest import shard_of
from regpress.names import KINDS, Kind


class _Prints(Sequence[EntryPrints]):
    """What stands for each of some entries, found when it is asked for: the first are rendered meanwhile."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._found: list[EntryPrints | None] = [None] * len(entries)

    @overload
    def __getitem__(self, at: int) -> EntryPrints: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[EntryPrints]: ...

    def __getitem__(self, at: int | slice) -> EntryPrints | Sequence[EntryPrints]:
        """Return what stands for one entry, or for several."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        found = self._found[at]
        if found is None:
            found = self._found[at] = entry_prints(self._entries[at])
        return found

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __iter__(self) -> Iterator[EntryPrints]:
        """Return what stands for each."""
        return (found or self[at] for at, found in enumerate(self._found))


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """One registry's entries.

    Attributes:
        registry: its name in the configuration.
        is_default: whether it is the one at the root of the site.
        entries: per kind, in the order of names (code points).
        last_updated: the latest ``updatedAt`` of any version, RFC 3339; the file's ``meta.last_updated``.
        gone: the versions of names of which every version is deleted, by kind and name.
    """

    registry: str
    is_default: bool
    entries: Mapping[Kind, tuple[Entry, ...]] = field(default_factory=dict)
    last_updated: str = ""
    gone: tuple[EntryVersion, ...] = ()

    @property
    def prefix(self) -> str:
        """Return what stands before all addresses of this registry."""
        return paths.registry_prefix(self.registry, default=self.is_default)

    def of(self, kind: Kind) -> tuple[Entry, ...]:
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
    def prints(self) -> Mapping[Kind, Sequence[EntryPrints]]:
        """Return what stands for each entry, in the order of `of`; all recipes are made of these."""
        return {kind: _Prints(self.of(kind)) for kind in KINDS}

    @cached_property
    def latest_prints(self) -> Mapping[Kind, bytes]:
        """Return what stands for the latest versions of all entries of a kind."""
        return {kind: recipe([prints.latest for prints in self.prints[kind]]) for kind in KINDS}

    @cached_property
    def names(self) -> Mapping[Kind, tuple[str, ...]]:
        """Return ``namespace/name`` of each entry, in the order of `of`."""
        return {kind: tuple([f"{e.name.namespace}/{e.name.name}" for e in self.of(kind)]) for kind in KINDS}

    @cached_property
    def shards(self) -> Mapping[str, Sequence[tuple[Kind, int]]]:
        """Return kind and position in `of` of the entries whose files each shard of the manifest lists."""
        found: dict[str, list[tuple[Kind, int]]] = {}
        for kind, names in self.names.items():
            for position, name in enumerate(names):
                found.setdefault(shard_of(self.registry, kind, name), []).append((kind, position))
        return found

    def deleted(self) -> Iterator[EntryVersion]:
        """Return every deleted version, those of names that have nothing else included."""
        for entry in self:
            yield from entry.deleted
        yield from self.gone

    def latest(self, kind: Kind) -> Iterable[EntryVersion]:
        """Return the latest version of each entry of a kind, in the order of names."""
        return (entry.latest for entry in self.of(kind))

    def counts(self) -> dict[str, int]:
        """Return ``servers``, ``serverVersions``, ``skills`` … as they appear in ``build.json``."""
        counted: dict[str, int] = {}
        for kind in KINDS:
            entries = self.of(kind)
            counted[paths.ENTRY_PLURAL[kind]] = len(entries)
            counted[f"{kind}Versions"] = sum(len(entry.versions) for entry in entries)
        return counted
