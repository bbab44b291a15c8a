"""Version texts to an order: the only place that orders versions or decides which is latest.

Follows sections 11 and 12 of the two registry specifications as DESIGN.md section 6 joins them: semantic versions (a
leading ``v`` and missing parts allowed) by precedence; any semantic version above any other; two others by publication
time, then PEP 440 where both parse, then as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key, lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from packaging.version import Version as Pep440

T = TypeVar("T")

_NUMBER = r"(?:0|[1-9][0-9]*)"
_SEMANTIC = re.compile(
    rf"v?({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)

#: Release numbers, then whether it is a release (1) or a pre-release (0), then the pre-release identifiers.
Precedence = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]


@lru_cache(maxsize=100_000)
def precedence(version: str) -> Precedence | None:
    """Return a key that orders semantic versions by SemVer 2.0.0 section 11, or None for any other text.

    Build metadata does not count. Numeric identifiers are below alphanumeric ones and compared as numbers.
    """
    found = _SEMANTIC.fullmatch(version)
    if not found:
        return None
    major, minor, patch, suffix = found.groups()
    if suffix is None:
        return (int(major), int(minor or 0), int(patch or 0), 1, ())
    identifiers = tuple(
        (0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in suffix.split(".")
    )
    return (int(major), int(minor or 0), int(patch or 0), 0, identifiers)


def compare(left: str, right: str, *, left_time: str = "", right_time: str = "") -> int:
    """Return a negative number, zero or a positive number as *left* is below, level with or above *right*.

    Args:
        left: a version text.
        right: another.
        left_time: sortable publication time (`regpress.times.time_key`); counts only where neither is semantic.
        right_time: the same for *right*.
    """
    left_key, right_key = precedence(left), precedence(right)
    if left_key is not None and right_key is not None:
        return (left_key > right_key) - (left_key < right_key)
    if left_key is not None or right_key is not None:
        return 1 if left_key is not None else -1
    if left_time != right_time:
        return 1 if left_time > right_time else -1
    left_pep, right_pep = _pep440(left), _pep440(right)
    if left_pep is not None and right_pep is not None and left_pep != right_pep:
        return 1 if left_pep > right_pep else -1
    return (left > right) - (left < right)


def is_newer(version: str, than: str, *, time: str = "", than_time: str = "") -> bool:
    """Return whether *version* is strictly above *than*: equal precedence is not newer."""
    return compare(version, than, left_time=time, right_time=than_time) > 0


def pick_latest(items: Iterable[T], *, version: Callable[[T], str], time: Callable[[T], str]) -> T:
    """Return the highest of *items*; among equals the one published first keeps the flag, then the smaller text.

    Raises:
        ValueError: there are no items.
    """
    unordered = list(items)
    if not unordered:
        raise ValueError("no versions")
    keys = list(map(precedence, map(version, unordered)))
    semantic = [key for key in keys if key is not None]
    if len(semantic) == len(keys):
        highest = max(semantic)
        level = [item for item, key in zip(unordered, keys, strict=True) if key == highest]
        return level[0] if len(level) == 1 else min(level, key=lambda item: (time(item), version(item)))
    best, *others = sorted(unordered, key=lambda item: (time(item), version(item)))
    for item in others:
        if is_newer(version(item), version(best), time=time(item), than_time=time(best)):
            best = item
    return best


def newest_first(items: Sequence[T], *, version: Callable[[T], str], time: Callable[[T], str]) -> list[T]:
    """Return *items* by publication time, newest first; ties by version, highest first."""
    if len(items) < 2:
        return list(items)
    texts = list(map(version, items))
    keys = list(map(precedence, texts))
    if None not in keys:
        places = zip(map(time, items), keys, texts, range(len(keys)), strict=True)
        return [items[at] for _, _, _, at in sorted(places, reverse=True)]

    def order(left: T, right: T) -> int:
        left_time, right_time = time(left), time(right)
        if left_time != right_time:
            return -1 if left_time > right_time else 1
        by_version = compare(version(left), version(right))
        if by_version:
            return -by_version
        return (version(left) < version(right)) - (version(left) > version(right))

    # Sorted by text first: PEP 440 and text order together need not be transitive, yet input order must not show.
    return sorted(sorted(items, key=version), key=cmp_to_key(order))


def ranked(items: Sequence[T], versions: Sequence[str], times: Sequence[str]) -> tuple[list[T], T]:
    """Return *items* as `newest_first` has them, and the one that `pick_latest` picks.

    Args:
        items: at least one.
        versions: the version of each.
        times: the publication time of each.
    """
    if len(items) < 2:
        return list(items), items[0]
    keys = list(map(precedence, versions))
    if None in keys:
        every = range(len(items))
        version, time = versions.__getitem__, times.__getitem__
        ordered = newest_first(every, version=version, time=time)
        return [items[at] for at in ordered], items[pick_latest(every, version=version, time=time)]
    rows = sorted(zip(times, keys, versions, range(len(keys)), strict=True), reverse=True)
    newest = [items[row[3]] for row in rows]
    if rows[0][0] == rows[-1][0] and rows[0][1] != rows[1][1]:
        return newest, newest[0]
    highest = max(keys)  # type: ignore[type-var]  # none is None
    level = [row for row in rows if row[1] == highest]
    latest = level[0] if len(level) == 1 else min(level, key=lambda row: (row[0], row[2]))
    return newest, items[latest[3]]


def _pep440(text: str) -> Pep440 | None:
    # Hardly any version is not semantic.
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        return Version(text)
    except InvalidVersion:
        return None
