"""Many values to a few long runs of bytes, and back to single values: what is mapped from a file takes no memory.

A *pack* is a file of named sections. Numbers lie in sections of one width; texts as their bytes, one after the other,
with the place where each begins.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, Literal, overload

#: Sections while they are made: each a list of what follows one another.
Parts = dict[str, Sequence[bytes]]
#: Sections of a pack.
Sections = Mapping[str, memoryview]

#: Bytes that say how long the table of sections is.
_PREFIX: Final = 8
#: Titles may hold halves of surrogate pairs, which documents can spell.
_ERRORS: Final = "surrogatepass"


def encoded(text: str) -> bytes:
    """Return a text as it lies in a pack."""
    return text.encode("utf-8", _ERRORS)


def decoded(data: bytes | memoryview) -> str:
    """Return the text that `encoded` made *data* of."""
    return str(data, "utf-8", _ERRORS)


class Texts(Sequence[str]):
    """Texts of two sections; as a sequence it can be bisected where they are sorted."""

    __slots__ = ("_data", "_starts")

    def __init__(self, sections: Sections, name: str) -> None:
        self._starts = numbers(sections, f"{name}/starts", "Q")
        self._data = sections[f"{name}/texts"]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Return one of them, or some."""
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if index >= len(self):
            raise IndexError(index)
        return decoded(self._data[self._starts[index] : self._starts[index + 1]])

    def find(self, text: str) -> int:
        """Return where a text stands in sorted texts, -1 where it does not."""
        position = bisect_left(self, text)
        return position if position < len(self) and self[position] == text else -1


def numbers(sections: Sections, name: str, code: Literal["B", "I", "Q"]) -> memoryview:
    """Return the numbers of a section; *code* is that of `array`."""
    return sections[name].cast(code)


def put_numbers(parts: Parts, name: str, code: str, values: Iterable[int]) -> None:
    """Add a section of numbers."""
    parts[name] = [array(code, values).tobytes()]


def put_texts(parts: Parts, name: str, texts: Iterable[str]) -> None:
    """Add two sections for texts."""
    data = list(map(encoded, texts))
    put_numbers(parts, f"{name}/starts", "Q", accumulate(map(len, data), initial=0))
    parts[f"{name}/texts"] = data


def pack(parts: Parts) -> list[bytes]:
    """Return the bytes of a pack, one after the other."""
    table: dict[str, tuple[int, int]] = {}
    at = 0
    for name, data in parts.items():
        size = sum(map(len, data))
        table[name] = (at, size)
        at += size
    head = json.dumps(table).encode()
    return [len(head).to_bytes(_PREFIX, "big"), head, *(piece for data in parts.values() for piece in data)]


def sections_of(data: memoryview) -> Sections:
    """Return the sections of a pack."""
    start = _PREFIX + int.from_bytes(data[:_PREFIX], "big")
    table: dict[str, tuple[int, int]] = json.loads(bytes(data[_PREFIX:start]))
    return {name: data[start + at : start + at + size] for name, (at, size) in table.items()}
