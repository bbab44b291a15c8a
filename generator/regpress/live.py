"""Resolved sources to what the app answers from: all versions of every registry in order, renewed entry by entry.

The rules are those of a build: one entry is merged by `regpress.merge` as the whole is, so that a change shows at once
as the next build will show it.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, NamedTuple

from regpress.catalog import Catalog
from regpress.merge import merge, unclaimed
from regpress.model.entry import Entry, EntryVersion
from regpress.names import KINDS, EntryName, Kind
from regpress.query import Query, Row, row_of
from regpress.resolve import Resolved, VersionKey

#: Rows of a block; a write renews the blocks of one entry.
BLOCK_SIZE: Final = 256
#: Entries that may change before those who follow the changes begin anew.
MOST_TOUCHED: Final = 5000
#: Between two texts; folded ones never hold it.
_BORDER: Final = "\0"
#: Above every version.
_END: Final = "\U0010ffff"

EntryKey = tuple[Kind, str]


class Block:
    """Some rows in order, and the texts of all of them as one, made when a search first looks."""

    __slots__ = ("_starts", "_text", "keys", "newest", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.keys = [(row.name, row.version) for row in rows]
        self.newest = max((row.updated for row in rows), default="")
        self._text = ""
        self._starts: list[int] = []

    def rows_with(self, text: str, start: int) -> Iterator[Row]:
        """Return the rows from position *start* on whose texts may hold the folded *text*."""
        if not self._starts:
            texts = [_BORDER.join(row.texts) for row in self.rows]
            self._starts = [0, *accumulate(len(one) + 1 for one in texts)][:-1]
            self._text = _BORDER.join(texts)
        position = start
        while position < len(self.rows) and (found := self._text.find(text, self._starts[position])) >= 0:
            position = bisect_right(self._starts, found) - 1
            yield self.rows[position]
            position += 1


class Listing:
    """All versions of one kind in one registry, in the order of lists; deleted ones too."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        cuts = range(0, len(rows), BLOCK_SIZE)
        self._blocks = [Block(rows[start : start + BLOCK_SIZE]) for start in cuts]
        self._firsts = [block.keys[0] for block in self._blocks]

    def candidates(self, query: Query) -> Iterator[Row]:
        """Return rows for `regpress.query.select`: all that *query* takes, and few of the others."""
        first = max(bisect_right(self._firsts, query.after) - 1, 0)
        for number in range(first, len(self._blocks)):
            block = self._blocks[number]
            if query.since and block.newest <= query.since:
                continue
            start = bisect_right(block.keys, query.after) if number == first else 0
            yield from block.rows_with(query.search, start) if query.search else block.rows[start:]

    def replace(self, name: EntryName, rows: Sequence[Row]) -> None:
        """Put *rows* in the place of all rows of an entry."""
        low, high = (str(name), ""), (str(name), _END)
        first = max(bisect_right(self._firsts, low) - 1, 0)
        last = max(bisect_right(self._firsts, high), first + 1)
        old = [row for block in self._blocks[first:last] for row in block.rows]
        keys = [(row.name, row.version) for row in old]
        kept = [*old[: bisect_left(keys, low)], *rows, *old[bisect_right(keys, high) :]]
        size = BLOCK_SIZE if len(kept) > 2 * BLOCK_SIZE else max(len(kept), 1)
        blocks = [Block(kept[start : start + size]) for start in range(0, len(kept), size)]
        self._blocks[first:last] = blocks
        self._firsts[first:last] = [block.keys[0] for block in blocks]

    def __len__(self) -> int:
        """Return the number of versions."""
        return sum(len(block.rows) for block in self._blocks)


class Standing(NamedTuple):
    """How an entry stands in one registry.

    Attributes:
        entry: it, or None where every version is deleted or there is none.
        gone: the deleted versions where there is no entry.
        supplier: the source that supplies it, empty where there is none.
    """

    entry: Entry | None = None
    gone: tuple[EntryVersion, ...] = ()

    @property
    def versions(self) -> tuple[EntryVersion, ...]:
        """Return all versions, deleted ones last."""
        return (*self.entry.versions, *self.entry.deleted) if self.entry else self.gone

    @property
    def supplier(self) -> str:
        """Return the source that supplies the entry; empty where there is none."""
        return self.versions[0].source if self.versions else ""

    def find(self, version: str, *, deleted: bool = True) -> EntryVersion | None:
        """Return one version, or ``latest``.

        Args:
            version: exact, or ``latest``.
            deleted: whether a deleted version is looked for too; it never is the latest of an entry that has others.
        """
        if version == "latest":
            return self.entry.latest if self.entry else (self.gone[0] if self.gone and deleted else None)
        if self.entry:
            found = next((one for one in self.entry.versions if one.version == version), None)
            if found or not deleted:
                return found
        return next((one for one in self.versions if one.version == version), None) if deleted else None


NOWHERE: Final = Standing()


class Candidates(NamedTuple):
    """The versions of one entry in one source, and what the source says about its latest."""

    versions: tuple[EntryVersion, ...] = ()
    latest_claims: Mapping[VersionKey, bool] = {}  # never written


class RegistryPlan(NamedTuple):
    """What a registry is made of, by its configuration."""

    name: str
    sources: tuple[str, ...]
    is_default: bool


@dataclass(slots=True)
class LiveRegistry:
    """One registry, ready to answer.

    Attributes:
        plan: its sources.
        listings: by kind.
        standings: every entry, by kind and name.
        changes: number of changes since the start; what was kept of answers counts only while it is the same.
    """

    plan: RegistryPlan
    listings: dict[Kind, Listing] = field(default_factory=dict)
    standings: dict[EntryKey, Standing] = field(default_factory=dict)
    changes: int = 0

    def put(self, kind: Kind, name: EntryName, standing: Standing) -> None:
        """Take over how an entry stands now."""
        self.standings[kind, str(name)] = standing
        self.listings[kind].replace(name, rows_of(standing.versions))
        self.changes += 1

    def standing(self, kind: Kind, name: str) -> Standing:
        """Return how an entry stands; an unknown one stands nowhere."""
        return self.standings.get((kind, name), NOWHERE)

    def load(self, catalog: Catalog) -> None:
        """Take over the whole registry as a build merged it."""
        self.standings = dict(_standings(catalog))
        found: dict[Kind, list[EntryVersion]] = {kind: [] for kind in KINDS}
        for (kind, _), standing in self.standings.items():
            found[kind].extend(standing.versions)
        self.listings = {kind: Listing(rows_of(versions)) for kind, versions in found.items()}
        self.changes += 1


class LiveSite:
    """All registries of a site that are served, and what each source has.

    Attributes:
        registries: by name; what has claims is in none of them (`regpress.views`).
        default: the one at the root of the site.
        claims: every map of claims that stands at a version, by its key.
        epoch: how often everything was loaded anew.
        touched: the entries that changed in this epoch, in order.
    """

    def __init__(
        self, plans: Sequence[RegistryPlan], catalogs: Iterable[Catalog], resolved: Mapping[str, Resolved]
    ) -> None:
        self._sources = {name: _by_entry(source) for name, source in resolved.items()}
        self.claims = claims_in(version for source in resolved.values() for version in source.versions)
        self.epoch = 0
        self.touched: list[EntryKey] = []
        self.registries = {plan.name: LiveRegistry(plan) for plan in plans}
        self.default = next(registry for registry in self.registries.values() if registry.plan.is_default)
        for catalog in catalogs:
            self.registries[catalog.registry].load(catalog)

    def take_over(self, other: LiveSite) -> None:
        """Answer from now on what *other* holds, which has the same registries."""
        self._sources, self.claims = other._sources, other.claims
        self._begin()
        for name, registry in self.registries.items():
            found = other.registries[name]
            registry.standings, registry.listings = found.standings, found.listings
            registry.changes += 1

    def candidates(self, source: str, kind: Kind, name: EntryName) -> Candidates:
        """Return what a source has of an entry."""
        return self._sources.get(source, {}).get((kind, str(name)), NO_CANDIDATES)

    def keep(self, source: str, kind: Kind, name: EntryName, candidates: Candidates) -> None:
        """Take over what a source has of an entry now."""
        self._sources.setdefault(source, {})[kind, str(name)] = candidates
        self.claims |= claims_in(candidates.versions)
        if len(self.touched) == MOST_TOUCHED:
            self._begin()
        self.touched.append((kind, str(name)))

    def entries(self, source: str) -> Mapping[EntryKey, Candidates]:
        """Return all that a source has, by kind and name."""
        return self._sources.get(source, {})

    def _begin(self) -> None:
        self.epoch += 1
        self.touched = []


def claims_key(claims: Mapping[str, Any]) -> str:
    """Return a text that stands for a map of claims; empty where there are none."""
    return json.dumps(claims, sort_keys=True) if claims else ""


def claims_in(versions: Iterable[EntryVersion]) -> dict[str, Mapping[str, Any]]:
    """Return the maps of claims of *versions*, each once, by their key."""
    # Nearly all versions share the map of their source.
    known = {id(version.claims): version.claims for version in versions}
    return {claims_key(claims): claims for claims in known.values()}


NO_CANDIDATES: Final = Candidates()


def settle(
    plan: RegistryPlan,
    kind: Kind,
    name: EntryName,
    candidates: Mapping[str, Candidates],
    *,
    shows: Callable[[EntryVersion], bool] = unclaimed,
) -> Standing:
    """Return how an entry stands in a registry, given what each source has of it.

    Args:
        plan: the registry.
        kind: kind of the entry.
        name: its name.
        candidates: by source.
        shows: tells which versions there are at all.
    """
    sources = [_resolved(source, candidates[source]) for source in plan.sources if source in candidates]
    catalog = merge(plan.name, sources, is_default=plan.is_default, readmes={}, shows=shows).catalog
    entry = catalog.by_name.get((kind, str(name)))
    return Standing(entry=entry, gone=() if entry else catalog.gone)


def rows_of(versions: Iterable[EntryVersion]) -> list[Row]:
    """Return the rows of versions, in the order of lists."""
    return sorted(map(row_of, versions))


def _by_entry(source: Resolved) -> dict[EntryKey, Candidates]:
    groups: dict[EntryKey, list[EntryVersion]] = {}
    for version in source.versions:
        groups.setdefault((version.kind, str(version.name)), []).append(version)
    claims: dict[tuple[str, str], dict[VersionKey, bool]] = {}
    for key, is_latest in source.latest_claims.items():
        claims.setdefault((key[0], key[1]), {})[key] = is_latest
    return {key: Candidates(tuple(group), claims.get(key, {})) for key, group in groups.items()}


def _resolved(source: str, candidates: Candidates) -> Resolved:
    return Resolved(
        source=source,
        versions=candidates.versions,
        latest_claims=candidates.latest_claims,
        issues=(),
        hidden=(),
    )


def _standings(catalog: Catalog) -> Iterator[tuple[EntryKey, Standing]]:
    for entry in catalog:
        yield (entry.kind, str(entry.name)), Standing(entry)
    gone: dict[EntryKey, list[EntryVersion]] = {}
    for version in catalog.gone:
        gone.setdefault((version.kind, str(version.name)), []).append(version)
    for key, versions in gone.items():
        yield key, Standing(None, tuple(versions))
