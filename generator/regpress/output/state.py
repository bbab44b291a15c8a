"""What a build knows about its output, to a file outside of it and back.

Tens of thousands of groups are read at the start of every build, and nearly all of them only to be written again at
its end: they stay bytes in between. A file that is damaged or belongs to another output counts as none.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from regpress.digest import recipe as digest_recipe
from regpress.output.rows import split
from regpress.storage import replace_file

_FORMAT: Final = b"regpress state 3"
_RECIPE_BYTES: Final = 16
#: The recipe of a group of which it is not known what its files were made from.
UNKNOWN: Final = bytes(_RECIPE_BYTES)


class Group(NamedTuple):
    """The files of one group of artifacts.

    Attributes:
        recipe: of the build that made them, `UNKNOWN` where that cannot be said.
        shard: the shard of the manifest that lists them, empty where none does.
        rows: as `regpress.output.rows.pack` returns them; a view of them where they were read from a state.
        files: how many there are.
        total, most: the size of all, and of the largest.
    """

    recipe: bytes
    shard: str
    rows: bytes | memoryview
    files: int
    total: int
    most: int

    @classmethod
    def of(cls, recipe: bytes, shard: str, rows: bytes) -> Group:
        """Return the group of some rows."""
        sizes = [int(size) for _, size, _, _ in split(rows)]
        return cls(recipe, shard, rows, len(sizes), sum(sizes), max(sizes, default=0))


@dataclass(frozen=True, kw_only=True)
class State:
    """What the last finished build knew, kept outside the output.

    Attributes:
        inputs: fingerprint of all inputs of that build.
        groups: recipe and files by group key.
    """

    inputs: str = ""
    groups: Mapping[str, Group] = field(default_factory=dict)
    _summary: bytes | memoryview = b"{}"

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """Return what that build said, for one that has nothing to do."""
        summary: dict[str, Any] = orjson.loads(self._summary)
        return summary


def fixed(recipe: bytes) -> bytes:
    """Return a recipe as it is kept: of one length."""
    return recipe if len(recipe) == _RECIPE_BYTES else digest_recipe((recipe,))


def load_state(path: Path, root: Path) -> State:
    """Return the state of the output folder *root*; an empty one where there is none that can be used."""
    try:
        data = _mapped(path)
        end = data.find(b"\n")
        head, body = data[:end], memoryview(data)[end + 1 :]
        if not head.startswith(_FORMAT):
            return State()
        facts = orjson.loads(head.removeprefix(_FORMAT))
        if facts["root"] != str(root.resolve()) or facts["checksum"] != zlib.crc32(body):
            return State()
        keys, shards, summary, recipes, numbers, rows = _cut(body, facts["lengths"])
        lengths, files, totals, most = orjson.loads(numbers)
        packed = bytes(recipes)
        groups = map(
            Group,
            [packed[start : start + _RECIPE_BYTES] for start in range(0, len(packed), _RECIPE_BYTES)],
            orjson.loads(shards),
            _cut(rows, lengths),
            files,
            totals,
            most,
        )
        found = dict(zip(orjson.loads(keys), groups, strict=True))
        return State(inputs=facts["inputs"], groups=found, _summary=summary)
    except (OSError, ValueError, KeyError, TypeError):
        return State()


def save_state(path: Path, root: Path, groups: Mapping[str, Group], *, inputs: str, summary: Mapping[str, Any]) -> None:
    """Keep what a build of the output folder *root* knows.

    Raises:
        StorageError: the disk is full or read-only.
    """
    recipes, shards, rows, files, totals, most = zip(*groups.values(), strict=True)
    lengths = list(map(len, rows))
    sections = [
        orjson.dumps(list(groups)),
        orjson.dumps(shards),
        orjson.dumps(summary),
        b"".join(recipes),
        orjson.dumps([lengths, files, totals, most]),
    ]
    checksum = 0
    for section in chain(sections, rows):
        checksum = zlib.crc32(section, checksum)
    facts = {
        "root": str(root.resolve()),
        "inputs": inputs,
        "lengths": [*map(len, sections), sum(lengths)],
        "checksum": checksum,
    }
    replace_file(path, _FORMAT + orjson.dumps(facts) + b"\n", *sections, *rows)


def _mapped(path: Path) -> mmap.mmap:
    # A state is replaced as a whole, never changed: what is mapped stays as it is.
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _cut(data: memoryview, lengths: Iterable[int]) -> list[memoryview]:
    return [data[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]
