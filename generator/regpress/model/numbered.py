"""Values to numbers and a table: how what many records share is written once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, compress
from operator import ne
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def numbered(values: Sequence[T]) -> tuple[list[int], list[T | Any]]:
    """Return for each value its number, and the values in the order of their numbers; records as plain tuples.

    Examples:
        >>> numbered(["npm", "oci", "npm"])
        ([0, 1, 0], ['npm', 'oci'])
    """
    # Objects first: most records are shared, and to hash one takes longer than everything else here.
    objects = dict(zip(map(id, values), values, strict=True))
    table = list(dict.fromkeys(objects.values()))
    numbers = dict(zip(table, range(len(table)), strict=True))
    number_of = {key: numbers[value] for key, value in objects.items()}
    plain = [tuple(value) if isinstance(value, tuple) else value for value in table]
    return list(map(number_of.__getitem__, map(id, values))), plain


def numbered_runs(values: Sequence[T]) -> tuple[list[int], list[T]]:
    """Return for each value the number of the run of equal neighbours that it stands in, and the values of the runs.

    Where versions of an entry follow one another, these are nearly as few as the values, and nothing is hashed.

    Examples:
        >>> numbered_runs(["Tides", "Tides", "Weather"])
        ([0, 0, 1], ['Tides', 'Weather'])
    """
    begins = list(map(ne, values, chain((None,), values)))
    return list(accumulate(begins, initial=-1))[1:], list(compress(values, begins))


def shared(column: tuple[Sequence[int], Sequence[T]], make: Callable[[T], R]) -> Iterator[R]:
    """Return the values of `numbered` or `numbered_runs`; each of the table is made once."""
    numbers, table = column
    return map(list(map(make, table)).__getitem__, numbers)
