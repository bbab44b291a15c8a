"""Resolved sources to what the app answers from: all versions of every registry in order, renewed entry by entry.

The rules are those of a build: one entry is merged by `regpress.merge` as the whole is, so that a change shows at once
as the next build will show it. What was read as a whole is packed (`regpress.stock`, `regpress.shelves`) and mapped
from a file; what changed since lies over it, in memory.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge as merge_sorted
from itertools import accumulate
from typing import Any, Final, NamedTuple

from regpress import api
from regpress.catalog import Catalog
from regpress.columns import Parts, Sections, pack, sections_of
from regpress.merge import merge, unclaimed
from regpress.model.entry import EntryVersion
from regpress.names import KINDS, EntryName, Kind
from regpress.pages import ListName, list_key, token
from regpress.query import Key, Query, Row, row_of
from regpress.resolve import Resolved
from regpress.shelves import BLOCK_SIZE, BORDER, END, Shelf, Standing, put_shelf
from regpress.stock import Candidates, EntryKey, Rows, Stock, put_stock, stand_in_row

__all__ = [
    "NOWHERE", "NO_CANDIDATES", "Block", "Candidates", "EntryKey", "Hold", "Listing", "LiveRegistry", "LiveSite",
    "RegistryPlan", "Shelved", "SourceEntries", "Standing", "claims_in", "claims_key", "packed_registries",
    "packed_stock", "rows_of",
    "settle",
]  # fmt: skip

#: Entries that may change before those who follow the changes begin anew.
MOST_TOUCHED: Final = 5000

#: Keeps the bytes of a pack, and returns them as one.
Hold = Callable[[Sequence[bytes]], memoryview]


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
            texts = [BORDER.join(row.texts) for row in self.rows]
            self._starts = [0, *accumulate(len(one) + 1 for one in texts)][:-1]
            self._text = BORDER.join(texts)
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
        low, high = (str(name), ""), (str(name), END)
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


NOWHERE: Final = Standing()


class RegistryPlan(NamedTuple):
    """What a registry is made of, by its configuration."""

    name: str
    sources: tuple[str, ...]
    is_default: bool


class Shelved:
    """The lists of one kind in one registry: a shelf, and over it what changed since."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._shelf = shelf
        self._hidden: set[int] = set()
        self._fresh = Listing()
        self._standings: dict[str, Standing] = {}
        self._cursors: dict[str, tuple[ListName, Key]] = {}

    def put(self, name: EntryName, standing: Standing) -> None:
        """Take over how an entry stands now."""
        text = str(name)
        before = self._standings.get(text)
        if before is not None:
            for cursor in _cursors_of(before):
                del self._cursors[cursor]
        elif (position := self._position(text)) >= 0:
            self._hidden.add(position)
        self._standings[text] = standing
        self._cursors |= _cursors_of(standing)
        self._fresh.replace(name, rows_of(standing.versions))

    # Lists

    def candidates(self, query: Query) -> Iterator[Row]:
        """Return rows for `regpress.query.select`: all that *query* takes, and few of the others."""
        shelved = self._shelf.candidates(query, self._hidden) if self._shelf is not None else iter(())
        return merge_sorted(shelved, self._fresh.candidates(query)) if self._standings else shelved

    def body(self, row: Row) -> bytes:
        """Return the body that answers for the version of one of the rows."""
        if row.place >= 0 and self._shelf is not None:
            return self._shelf.body(row.place)
        found = self._standings[row.name].find(row.version)
        assert found is not None
        return api.response(found)

    def cursor(self, cursor: str) -> tuple[ListName, Key] | None:
        """Return what a stored cursor continues that a tree may have handed out."""
        found = self._cursors.get(cursor)
        if found is None and self._shelf is not None:
            found = self._shelf.cursor(cursor)
            if found is not None and found[1][0] in self._standings:
                return None
        return found

    def __len__(self) -> int:
        """Return the number of versions."""
        if self._shelf is None:
            return len(self._fresh)
        return len(self._shelf) - sum(map(self._shelf.size, self._hidden)) + len(self._fresh)

    # Entries

    def standing(self, name: str) -> Standing:
        """Return how an entry stands; an unknown one stands nowhere."""
        found = self._standings.get(name)
        if found is None and self._shelf is not None and (position := self._position(name)) >= 0:
            return self._shelf.standing(position)
        return found or NOWHERE

    def version(self, name: str, version: str, *, deleted: bool) -> bytes | None:
        """Return the body that answers for a version of an entry, None where there is none; see `Standing.find`."""
        if self._shelf is not None and name not in self._standings:
            position = self._position(name)
            place = self._shelf.place(position, version, deleted=deleted) if position >= 0 else -1
            return self._shelf.body(place) if place >= 0 else None
        found = self.standing(name).find(version, deleted=deleted)
        return api.response(found) if found is not None else None

    def versions(self, name: str) -> list[bytes]:
        """Return the bodies of all versions of an entry that are not deleted, in its order."""
        if self._shelf is not None and name not in self._standings:
            position = self._position(name)
            return list(map(self._shelf.body, self._shelf.shown(position))) if position >= 0 else []
        entry = self.standing(name).entry
        return list(map(api.response, entry.versions)) if entry else []

    def users(self, url: str) -> Iterator[str]:
        """Return the names of entries that may hold an address and did not change, and hardly any other."""
        for name in self._shelf.users(url) if self._shelf is not None else ():
            if name not in self._standings:
                yield name

    def changed(self) -> Iterable[tuple[str, Standing]]:
        """Return the entries that changed."""
        return self._standings.items()

    def all(self) -> Iterator[tuple[str, Standing]]:
        """Return every entry."""
        if self._shelf is not None:
            for position, name in enumerate(self._shelf.names):
                if position not in self._hidden:
                    yield name, self._shelf.standing(position)
        yield from self._standings.items()

    def _position(self, name: str) -> int:
        """Return where an entry stands on the shelf, -1 where it does not."""
        return self._shelf.names.find(name) if self._shelf is not None else -1


def _unshelved() -> dict[Kind, Shelved]:
    return {kind: Shelved() for kind in KINDS}


@dataclass(slots=True)
class LiveRegistry:
    """One registry, ready to answer.

    Attributes:
        plan: its sources.
        listings: by kind.
        changes: number of changes since the start; what was kept of answers counts only while it is the same.
    """

    plan: RegistryPlan
    listings: dict[Kind, Shelved] = field(default_factory=_unshelved)
    changes: int = 0

    def put(self, kind: Kind, name: EntryName, standing: Standing) -> None:
        """Take over how an entry stands now."""
        self.listings[kind].put(name, standing)
        self.changes += 1

    def standing(self, kind: Kind, name: str) -> Standing:
        """Return how an entry stands; an unknown one stands nowhere."""
        return self.listings[kind].standing(name)

    @property
    def standings(self) -> dict[EntryKey, Standing]:
        """Return how every entry stands; all of it is read for that."""
        return {(kind, name): standing for kind in KINDS for name, standing in self.listings[kind].all()}

    def load(self, catalog: Catalog, site: LiveSite) -> None:
        """Take over the whole registry as it was merged of what a site shows without documents."""
        parts: Parts = {}
        found: dict[Kind, list[tuple[str, Standing]]] = {kind: [] for kind in KINDS}
        changed: list[tuple[EntryKey, Standing]] = []
        for key, standing in _standings(catalog):
            if site.has_changed(standing.supplier, key):
                changed.append((key, standing))
            else:
                found[key[0]].append((key[1], standing))
        for kind in KINDS:
            put_shelf(parts, f"{catalog.registry}/{kind}", found[kind], stand_in_row)
        sections = sections_of(memoryview(b"".join(pack(parts))))
        self.listings = shelved(catalog.registry, site.stock, sections)
        for (kind, name), standing in changed:
            self.listings[kind].put(EntryName(*name.split("/")), standing)
        self.changes += 1


class LiveSite:
    """All registries of a site that are served, and what each source has.

    Attributes:
        registries: by name; what has claims is in none of them (`regpress.views`).
        default: the one at the root of the site.
        claims: every map of claims that stands at a version, by its key.
        stock: what the sources had when everything was loaded.
        epoch: how often everything was loaded anew.
        touched: the entries that changed in this epoch, in order.
    """

    def __init__(
        self,
        plans: Sequence[RegistryPlan],
        catalogs: Iterable[Catalog],
        resolved: Mapping[str, Resolved],
        *,
        hold: Hold = lambda pieces: memoryview(b"".join(pieces)),
    ) -> None:
        """Pack what was read; *hold* keeps the pack."""
        self._load(plans, hold(packed_stock(resolved)), hold(packed_registries(catalogs, resolved)))

    @classmethod
    def of_packs(cls, plans: Sequence[RegistryPlan], stock: memoryview, registries: memoryview) -> LiveSite:
        """Return what `packed_stock` and `packed_registries` made bytes of."""
        made = cls.__new__(cls)
        made._load(plans, stock, registries)
        return made

    def _load(self, plans: Sequence[RegistryPlan], stock: memoryview, registries: memoryview) -> None:
        self.stock = Stock(sections_of(stock))
        sections = sections_of(registries)
        self._changed: dict[str, dict[EntryKey, Candidates]] = {}
        self.claims = {claims_key(claims): claims for claims in self.stock.claims}
        self.epoch = 0
        self.touched: list[EntryKey] = []
        self.registries = {
            plan.name: LiveRegistry(plan, shelved(plan.name, self.stock, sections), changes=1) for plan in plans
        }
        self.default = next(registry for registry in self.registries.values() if registry.plan.is_default)

    def take_over(self, other: LiveSite) -> None:
        """Answer from now on what *other* holds, which has the same registries."""
        self.stock, self._changed, self.claims = other.stock, other._changed, other.claims
        self._begin()
        for name, registry in self.registries.items():
            registry.listings = other.registries[name].listings
            registry.changes += 1

    def candidates(self, source: str, kind: Kind, name: EntryName) -> Candidates:
        """Return what a source has of an entry."""
        return self.entries(source).get((kind, str(name))) or NO_CANDIDATES

    def keep(self, source: str, kind: Kind, name: EntryName, candidates: Candidates) -> None:
        """Take over what a source has of an entry now."""
        self._changed.setdefault(source, {})[kind, str(name)] = candidates
        self.claims |= claims_in(candidates.versions)
        if len(self.touched) == MOST_TOUCHED:
            self._begin()
        self.touched.append((kind, str(name)))

    def has_changed(self, source: str, key: EntryKey) -> bool:
        """Return whether what a source has of an entry is no longer what the stock has."""
        return key in self._changed.get(source, {})

    def entries(self, source: str) -> SourceEntries:
        """Return all that a source has, by kind and name."""
        return SourceEntries(self.stock, source, self._changed.get(source, {}))

    def _begin(self) -> None:
        self.epoch += 1
        self.touched = []


class SourceEntries:
    """All that a source has, by kind and name."""

    def __init__(self, stock: Stock, source: str, changed: Mapping[EntryKey, Candidates]) -> None:
        self._stock = stock
        self._source = source
        self._changed = changed

    def get(self, key: EntryKey) -> Candidates | None:
        """Return what it has of one entry."""
        return self._changed.get(key) or self._stock.candidates(self._source, *key)

    def items(self, *, with_text: bool = True) -> Iterator[tuple[EntryKey, Candidates]]:
        """Return everything; on request with stand-ins for the documents of what did not change (`regpress.stock`)."""
        for key, candidates in self._stock.entries(self._source, with_text=with_text):
            if key not in self._changed:
                yield key, candidates
        yield from self._changed.items()

    def values(self, *, with_text: bool = True) -> Iterator[Candidates]:
        """Return everything, without the keys."""
        return (candidates for _, candidates in self.items(with_text=with_text))


def packed_stock(resolved: Mapping[str, Resolved]) -> list[bytes]:
    """Return the pack of what each source has."""
    parts: Parts = {}
    put_stock(parts, resolved)
    return pack(parts)


def packed_registries(catalogs: Iterable[Catalog], resolved: Mapping[str, Resolved]) -> list[bytes]:
    """Return the pack of registries that were merged of what each source has."""
    parts: Parts = {}
    rows = Rows(resolved)
    for catalog in catalogs:
        found: dict[Kind, list[tuple[str, Standing]]] = {kind: [] for kind in KINDS}
        for (kind, name), standing in _standings(catalog):
            found[kind].append((name, standing))
        for kind in KINDS:
            put_shelf(parts, f"{catalog.registry}/{kind}", found[kind], rows.__getitem__)
    return pack(parts)


def shelved(registry: str, stock: Stock, sections: Sections) -> dict[Kind, Shelved]:
    """Return the lists of a registry that are in a pack."""
    return {kind: Shelved(Shelf(kind, stock, sections, f"{registry}/{kind}")) for kind in KINDS}


def _cursors_of(standing: Standing) -> dict[str, tuple[ListName, Key]]:
    """Return every cursor that a tree may have handed out behind an entry or a version of it."""
    if standing.entry is None:
        return {}
    name = standing.entry.name
    found: dict[str, tuple[ListName, Key]] = {f"l{token(list_key(name))}": ("latest", (str(name), END))}
    for version in standing.entry.versions:
        found[f"a{token(list_key(name, version.version))}"] = ("all", (str(name), version.version))
    return found


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
