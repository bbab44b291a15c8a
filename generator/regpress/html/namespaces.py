"""Entries to the namespaces that publish them, and which of those have a page of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from regpress.html import paging
from regpress.html.listing import Item


class Namespace(NamedTuple):
    """A publisher's namespace and its entries.

    Attributes:
        key: its place in the list of all.
        label: as the first of its entries spells it.
        items: in the order of lists.
    """

    key: str
    label: str
    items: Sequence[Item]


def namespaces_of(items: Iterable[Item]) -> list[Namespace]:
    """Return the namespaces of entries, in the order of their parts from the last: ``com.example`` under E.

    Spellings that differ in case are one.

    Args:
        items: in the order of lists.
    """
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.namespace.lower(), []).append(item)
    keys = paging.sort_keys([".".join(reversed(name.split("."))) for name in found], found)
    made = [Namespace(key, own[0].namespace, own) for key, own in zip(keys, found.values(), strict=True)]
    return sorted(made, key=itemgetter(0))


def listed_namespaces(namespaces: Iterable[str], least: int) -> frozenset[str]:
    """Return the namespaces that have a page: those with enough entries.

    Args:
        namespaces: of all entries, in lower case.
        least: number of entries that is enough.
    """
    return frozenset(namespace for namespace, count in Counter(namespaces).items() if count >= least)
