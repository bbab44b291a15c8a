"""What a build knows about its output, to a file outside of it and back.

Tens of thousands of groups are known at the start of every build, and nearly all of them only to be kept at its end:
they lie in sections, which stay bytes in between. A file that is damaged or belongs to another output counts as none.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from regpress.digest import recipe as digest_recipe
from regpress.output.rows import columns
from regpress.record import record
from regpress.storage import replace_file

_FORMAT: Final = b"regpress state 5"
_RECIPE_BYTES: Final = 16
#: The recipe of a group or section of which it is not known what its files were made from.
UNKNOWN: Final = bytes(_RECIPE_BYTES)


class Group(NamedTuple):
    """The files of one group of artifacts.

    Attributes:
        recipe: of the build that made them, `UNKNOWN` where that cannot be said.
        rows: as `regpress.output.rows.pack` returns them; a view of them where they were read from a state.
        files: how many there are.
        total, most: the size of all, and of the largest.
    """

    recipe: bytes
    rows: bytes | memoryview
    files: int
    total: int
    most: int

    @classmethod
    def of(cls, recipe: bytes, rows: bytes) -> Group:
        """Return the group of some rows."""
        sizes = list(map(int, columns(rows).sizes))
        return cls(recipe, rows, len(sizes), sum(sizes), max(sizes, default=0))


class Stored(NamedTuple):
    """One section: the groups of artifacts in it, as bytes.

    Attributes:
        recipe: of the section, `UNKNOWN` where its groups are to be looked at in any case.
        shard: the shard of the manifest that lists its files, empty where none does.
        files, total, most: as in `Group`, for all of its groups.
        checksum: of the other two.
        contents: keys and recipes of the groups, and which rows are whose.
        rows: those of all groups, one after the other.
    """

    recipe: bytes
    shard: str
    files: int
    total: int
    most: int
    checksum: int
    contents: bytes | memoryview
    rows: bytes | memoryview

    @classmethod
    def of(cls, recipe: bytes, shard: str, groups: Mapping[str, Group]) -> Stored:
        """Return some groups, by their key, as a section."""
        some = groups.values()
        numbers = [(len(group.rows), group.files, group.total, group.most) for group in some]
        contents = orjson.dumps([list(groups), [group.recipe.hex() for group in some], numbers])
        rows = b"".join([group.rows for group in some])
        return cls(
            recipe,
            shard,
            sum(group.files for group in some),
            sum(group.total for group in some),
            max((group.most for group in some), default=0),
            zlib.crc32(rows, zlib.crc32(contents)),
            contents,
            rows,
        )

    @property
    def is_sound(self) -> bool:
        """Return whether its bytes are what they were when it was kept."""
        return zlib.crc32(self.rows, zlib.crc32(self.contents)) == self.checksum

    def groups(self) -> dict[str, Group]:
        """Return the groups by key."""
        keys, recipes, numbers = orjson.loads(self.contents)
        cuts = _cut(memoryview(self.rows), (length for length, *_ in numbers))
        return {
            key: Group(bytes.fromhex(recipe), rows, files, total, most)
            for key, recipe, rows, (_, files, total, most) in zip(keys, recipes, cuts, numbers, strict=True)
        }


@record(kw_only=True, slots=False)
class State:
    """What the last finished build knew, kept outside the output.

    Attributes:
        inputs: fingerprint of all inputs of that build.
        sections: what it made, by key.
    """

    inputs: str = ""
    sections: Mapping[str, Stored] = field(default_factory=dict)
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
    """Return the state of the output folder *root*; an empty one where there is none that can be used.

    Whether its sections are sound is for those to see who look at them (`Stored.is_sound`).
    """
    try:
        data = _mapped(path)
        end = data.find(b"\n")
        head, body = data[:end], memoryview(data)[end + 1 :]
        if not head.startswith(_FORMAT):
            return State()
        facts = orjson.loads(head.removeprefix(_FORMAT))
        if facts["root"] != str(root.resolve()):
            return State()
        table, summary, rest = _cut(body, facts["lengths"])
        if facts["checksum"] != zlib.crc32(summary, zlib.crc32(table)):
            return State()
        rows = orjson.loads(table)
        cuts = _cut(rest, (length for *_, contents, files in rows for length in (contents, files)))
        sections = {
            key: Stored(bytes.fromhex(recipe), shard, files, total, most, checksum, cuts[at], cuts[at + 1])
            for at, (key, recipe, shard, files, total, most, checksum, _, _) in zip(
                range(0, len(cuts), 2), rows, strict=True
            )
        }
        return State(inputs=facts["inputs"], sections=sections, _summary=summary)
    except (OSError, ValueError, KeyError, TypeError):
        return State()


def save_state(
    path: Path, root: Path, sections: Mapping[str, Stored], *, inputs: str, summary: Mapping[str, Any]
) -> None:
    """Keep what a build of the output folder *root* knows.

    Raises:
        StorageError: the disk is full or read-only.
    """
    table = orjson.dumps(
        [(key, one.recipe.hex(), *one[1:6], len(one.contents), len(one.rows)) for key, one in sections.items()]
    )
    said = orjson.dumps(summary)
    pieces = [piece for one in sections.values() for piece in (one.contents, one.rows)]
    facts = {
        "root": str(root.resolve()),
        "inputs": inputs,
        "lengths": [len(table), len(said), sum(map(len, pieces))],
        "checksum": zlib.crc32(said, zlib.crc32(table)),
    }
    replace_file(path, _FORMAT + orjson.dumps(facts) + b"\n", table, said, *pieces)


def _mapped(path: Path) -> mmap.mmap:
    # A state is replaced as a whole, never changed: what is mapped stays as it is.
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _cut(data: memoryview, lengths: Iterable[int]) -> list[memoryview]:
    return [data[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]
