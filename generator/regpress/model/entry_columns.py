"""Facts about the entries of a registry as columns: what builds plan from, which look at all entries every time.

A column is looked at in one go, where tens of thousands of records would have to be made first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import Any, Final, NamedTuple

from regpress.model.prints import Prints


class EntryColumns(NamedTuple):
    """Facts about entries in an order of theirs, and about the visible versions of one after the other, by their texts.

    Attributes:
        names: ``namespace/name`` of each entry.
        shards: the shard of the manifest that lists the files of each.
        counts: how many visible versions each has.
        whole: what stands for all that is served of them, `regpress.entry_columns.columns_of`.
        latest: what stands for the latest one.
        titles, tags: of the latest one.
        lengths: the bytes of the answer for it that are its own, `regpress.entry_columns.own_length`.
        sources: the source that supplied each.
        extended: whether there is more to each, deleted versions or a long text.
        versions: each version.
        published, updated: when it came and last changed, RFC 3339.
        prints: what stands for it.
    """

    names: Sequence[str]
    shards: Sequence[str]
    counts: Sequence[int]
    whole: Prints
    latest: Prints
    titles: Sequence[str]
    tags: Sequence[tuple[str, ...]]
    lengths: Sequence[int]
    sources: Sequence[str]
    extended: Sequence[bool]
    versions: Sequence[str]
    published: Sequence[str]
    updated: Sequence[str]
    prints: Prints

    def starts(self) -> list[int]:
        """Return the position of the first version of each entry, and the one behind the last of all."""
        return list(accumulate(self.counts, initial=0))


#: How many columns are about entries; the others are about versions.
_OF_ENTRIES: Final = EntryColumns._fields.index("versions")
_PRINTS: Final = frozenset(map(EntryColumns._fields.index, ("whole", "latest", "prints")))


class Run(NamedTuple):
    """Neighbouring entries of some columns: those from the first to the one before the end."""

    columns: EntryColumns
    first: int
    end: int


def joined(runs: Sequence[Run]) -> EntryColumns:
    """Return the columns that runs of others make."""
    starts = {id(run.columns): run.columns.starts() for run in runs}
    of_versions = [Run(columns, starts[id(columns)][first], starts[id(columns)][end]) for columns, first, end in runs]
    return EntryColumns(
        *(_column(runs, number) for number in range(_OF_ENTRIES)),
        *(_column(of_versions, number) for number in range(_OF_ENTRIES, len(EntryColumns._fields))),
    )


def _column(runs: Iterable[Run], number: int) -> Any:
    parts: list[Any] = [run.columns[number][run.first : run.end] for run in runs]
    if number in _PRINTS:
        return Prints.of([part.data for part in parts])
    return list(chain.from_iterable(parts))
