"""Ordered keys to pages and cursors: the only place that cuts lists or makes a cursor.

A page border depends on the key before it, not on a position: it falls where a hash of the key says so, so that
a new entry changes the page it lands on (and, where it falls on a border, the next one), not every page after it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Final

#: Most entries of a page.
PAGE_SIZE: Final = 100
#: Characters of the digest in a cursor: 96 bits.
TOKEN_CHARACTERS: Final = 16


def token(key: str) -> str:
    """Return 16 characters of ``A-Z a-z 0-9 - _`` that stand for *key*: its SHA-256 as base64url, cut."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())[:TOKEN_CHARACTERS].decode()


def chunks(keys: Sequence[str], *, size: int = PAGE_SIZE) -> list[range]:
    """Return the ranges of positions in *keys* that make the pages, always at least one (which may be empty).

    After each key whose hash says so the page may end, once it has a third of *size*; at *size* it ends at the
    key with the smallest hash of its second half. Both depend on keys alone.

    Args:
        keys: different texts, sorted.
        size: most keys of a page, at least 3.
    """
    weights = [_weight(key) for key in keys]
    least = max(size // 3, 1)
    share = 2**32 // max(size - least, 1) * 2
    pages: list[range] = []
    start = 0
    while len(keys) - start > least:
        end = _page_end(weights, start, least=least, size=size, share=share)
        if end >= len(keys):
            break
        pages.append(range(start, end))
        start = end
    if start < len(keys) or not pages:
        pages.append(range(start, len(keys)))
    return pages


def _page_end(weights: Sequence[int], start: int, *, least: int, size: int, share: int) -> int:
    last = min(start + size, len(weights))
    for position in range(start + least - 1, last):
        if weights[position] < share:
            return position + 1
    if last == len(weights) and last - start < size:
        return last
    lowest = min(range(start + size // 2, last), key=lambda position: weights[position])
    return lowest + 1


def _weight(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big")
