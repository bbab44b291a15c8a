"""Entries to the namespaces that publish them, and which of those have a page of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from regpress.html import paging
from regpress.html.listing import Item
from regpress.names import EntryName


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
        found.setdefault(item.entry.name.namespace.lower(), []).append(item)
    made = (Namespace(_key(name), own[0].entry.name.namespace, own) for name, own in found.items())
    return sorted(made, key=lambda namespace: namespace.key)


def listed_namespaces(names: Iterable[EntryName], least: int) -> frozenset[str]:
    """Return the namespaces, in lower case, that have a page: those with enough entries."""
    counted = Counter([name.namespace.lower() for name in names])
    return frozenset(namespace for namespace, count in counted.items() if count >= least)


def _key(name: str) -> str:
    return paging.sort_key(".".join(reversed(name.split("."))), name)
