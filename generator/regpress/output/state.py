"""What a build knows about its output, to a file outside of it and back.

Tens of thousands of groups are read at the start of every build, and nearly all of them only to be written again at
its end: they stay bytes in between. A file that is damaged or belongs to another output counts as none.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from regpress.digest import recipe as digest_recipe
from regpress.storage import replace_file

_FORMAT: Final = b"regpress state 2"
_RECIPE_BYTES: Final = 16
#: The recipe of a group of which it is not known what its files were made from.
UNKNOWN: Final = bytes(_RECIPE_BYTES)


class Group(NamedTuple):
    """The files of one group of artifacts.

    Attributes:
        recipe: of the build that made them, `UNKNOWN` where that cannot be said.
        shard: the shard of the manifest that lists them, empty where none does.
        rows: as `regpress.output.rows.pack` returns them.
    """

    recipe: bytes
    shard: str
    rows: bytes


@dataclass(frozen=True, kw_only=True)
class State:
    """What the last finished build knew, kept outside the output.

    Attributes:
        inputs: fingerprint of all inputs of that build.
        groups: recipe and files by group key.
    """

    inputs: str = ""
    groups: Mapping[str, Group] = field(default_factory=dict)
    _summary: bytes = b"{}"

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
        head, _, body = path.read_bytes().partition(b"\n")
        if not head.startswith(_FORMAT):
            return State()
        facts = orjson.loads(head.removeprefix(_FORMAT))
        if facts["root"] != str(root.resolve()) or facts["checksum"] != zlib.crc32(body):
            return State()
        keys, shards, summary, recipes, lengths, rows = _cut(body, facts["lengths"])
        groups = map(
            Group, _cut(recipes, [_RECIPE_BYTES] * (len(recipes) // _RECIPE_BYTES)), orjson.loads(shards),
            _cut(rows, orjson.loads(lengths)),
        )  # fmt: skip
        found = dict(zip(orjson.loads(keys), groups, strict=True))
        return State(inputs=facts["inputs"], groups=found, _summary=summary)
    except (OSError, ValueError, KeyError, TypeError):
        return State()


def save_state(path: Path, root: Path, groups: Mapping[str, Group], *, inputs: str, summary: Mapping[str, Any]) -> None:
    """Keep what a build of the output folder *root* knows.

    Raises:
        StorageError: the disk is full or read-only.
    """
    sections = (
        orjson.dumps(list(groups)),
        orjson.dumps([group.shard for group in groups.values()]),
        orjson.dumps(summary),
        b"".join([group.recipe for group in groups.values()]),
        orjson.dumps([len(group.rows) for group in groups.values()]),
        b"".join([group.rows for group in groups.values()]),
    )
    body = b"".join(sections)
    facts = {
        "root": str(root.resolve()),
        "inputs": inputs,
        "lengths": list(map(len, sections)),
        "checksum": zlib.crc32(body),
    }
    replace_file(path, b"%s%s\n%s" % (_FORMAT, orjson.dumps(facts), body))


def _cut(data: bytes, lengths: Iterable[int]) -> list[bytes]:
    return [data[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]
