"""Entries to the namespaces that publish them, and which of those have a page of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from regpress.html import paging
from regpress.html.listing import Items


class Namespaces:
    """The namespaces of a registry; spellings that differ in case are one, called by its lower case.

    Args:
        spelled: the namespace of each entry.
        least: number of entries that makes a page.

    Attributes:
        of: the namespace of each entry.
        counts: the number of entries of each namespace.
        listed: the namespaces that have a page.
    """

    def __init__(self, spelled: Sequence[str], least: int) -> None:
        # Half of the entries of a registry share theirs with others.
        lower = {namespace: namespace.lower() for namespace in set(spelled)}
        self.of = list(map(lower.__getitem__, spelled))
        self.counts = Counter(self.of)
        self.listed = frozenset([namespace for namespace, count in self.counts.items() if count >= least])


class Namespace(NamedTuple):
    """A publisher's namespace and its entries.

    Attributes:
        key: its place in the list of all.
        label: as the first of its entries spells it.
        positions: of these, in the order of lists.
    """

    key: str
    label: str
    positions: Sequence[int]


def namespaces_of(positions: Iterable[int], items: Items, namespaces: Namespaces) -> list[Namespace]:
    """Return the namespaces of entries, in the order of their parts from the last: ``com.example`` under E.

    Args:
        positions: of the entries.
        items: all entries of the registry.
        namespaces: theirs.
    """
    found: dict[str, list[int]] = {}
    for at in items.ordered(positions):
        found.setdefault(namespaces.of[at], []).append(at)
    keys = paging.sort_keys([".".join(reversed(name.split("."))) for name in found], found)
    made = [Namespace(key, items.namespaces[own[0]], own) for key, own in zip(keys, found.values(), strict=True)]
    return sorted(made, key=itemgetter(0))
