"""What a build knows about its output, to a file outside of it and back.

Tens of thousands of groups are known at the start of every build, and nearly all of them only to be kept at its end:
they lie in sections, which stay bytes in between. A file that is damaged or belongs to another output counts as none.
"""

from __future__ import annotations

import glob
import mmap
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from functools import cached_property
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from regpress.digest import recipe as digest_recipe
from regpress.output.rows import Rows, joined
from regpress.record import record
from regpress.storage import replace_file

_FORMAT: Final = b"regpress state 7"
_RECIPE_BYTES: Final = 16
#: The recipe of a group or section of which it is not known what its files were made from.
UNKNOWN: Final = bytes(_RECIPE_BYTES)
#: Ending of the file of sections that stay, the bytes of sections from which there is one, and the part of them that
#: must have stayed for it to be used again.
_BASE: Final = ".base"
_LARGE: Final = 2**20
_LASTING: Final = 0.75


class Group(NamedTuple):
    """The files of one group of artifacts.

    Attributes:
        recipe: of the build that made them, `UNKNOWN` where that cannot be said.
        rows: these files; views of what was read from a state.
        files: how many there are.
        total, most: the size of all, and of the largest.
    """

    recipe: bytes
    rows: Rows
    files: int
    total: int
    most: int

    @classmethod
    def of(cls, recipe: bytes, rows: Rows) -> Group:
        """Return the group of some rows."""
        sizes = rows.sizes
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
    rows: Rows

    @classmethod
    def of(cls, recipe: bytes, shard: str, groups: Mapping[str, Group]) -> Stored:
        """Return some groups, by their key, as a section."""
        some = groups.values()
        numbers = [(*map(len, group.rows), group.files, group.total, group.most) for group in some]
        contents = orjson.dumps([list(groups), [group.recipe.hex() for group in some], numbers])
        rows = joined([group.rows for group in some])
        return cls(
            recipe,
            shard,
            sum(group.files for group in some),
            sum(group.total for group in some),
            max((group.most for group in some), default=0),
            _checksum(contents, rows),
            contents,
            rows,
        )

    @property
    def is_sound(self) -> bool:
        """Return whether its bytes are what they were when it was kept."""
        return _checksum(self.contents, self.rows) == self.checksum

    def groups(self) -> dict[str, Group]:
        """Return the groups by key."""
        keys, recipes, numbers = orjson.loads(self.contents)
        cuts = [_cut(memoryview(part), [own[place] for own in numbers]) for place, part in enumerate(self.rows)]
        return {
            key: Group(bytes.fromhex(recipe), Rows(*rows), *own[len(rows) :])
            for key, recipe, own, *rows in zip(keys, recipes, numbers, *cuts, strict=True)
        }


class Base(NamedTuple):
    """Sections that lie in a file of their own, which stays as it is while most of them do.

    Attributes:
        label: what tells the file from others, empty for none.
        sections: each by key, and where in the file it begins.
    """

    label: str
    sections: Mapping[str, tuple[Stored, int]]


#: For a state of one file.
_NO_BASE: Final = Base("", {})


@record(kw_only=True, slots=False)
class State:
    """What the last finished build knew, kept outside the output.

    Attributes:
        inputs: fingerprint of all inputs of that build.
        sections: what it made, by key.
        base: those of them that need not be written again while they stay.
    """

    inputs: str = ""
    sections: Mapping[str, Stored] = field(default_factory=dict)
    base: Base = _NO_BASE
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
        table, summary, own = _cut(body, facts["lengths"])
        if facts["checksum"] != zlib.crc32(summary, zlib.crc32(table)):
            return State()
        label = facts["base"]
        base = memoryview(_mapped(_base_file(path, label))) if label else own
        sections: dict[str, Stored] = {}
        lasting: dict[str, tuple[Stored, int]] = {}
        for key, recipe, shard, files, total, most, checksum, is_lasting, start, *lengths in orjson.loads(table):
            contents, *rows = _cut((base if is_lasting else own)[start:], lengths)
            sections[key] = Stored(bytes.fromhex(recipe), shard, files, total, most, checksum, contents, Rows(*rows))
            if is_lasting:
                lasting[key] = sections[key], start
        return State(inputs=facts["inputs"], sections=sections, base=Base(label, lasting), _summary=summary)
    except (OSError, ValueError, KeyError, TypeError):
        return State()


def save_state(
    path: Path,
    root: Path,
    sections: Mapping[str, Stored],
    *,
    inputs: str,
    summary: Mapping[str, Any],
    base: Base = _NO_BASE,
) -> None:
    """Keep what a build of the output folder *root* knows.

    Most builds change little of much: what stays lies in a file of its own, which need not be written each time.

    Args:
        path: the file.
        root: the output folder.
        sections: all sections.
        inputs: fingerprint of all inputs.
        summary: what the build says.
        base: of the state that this one follows.

    Raises:
        StorageError: the disk is full or read-only.
    """
    starts = {key: start for key, (one, start) in base.sections.items() if sections.get(key) is one}
    size = sum(map(_size, sections.values()))
    if sum(_size(sections[key]) for key in starts) < _LASTING * size:
        base = _write_base(path, sections) if size >= _LARGE else _NO_BASE
        starts = {key: start for key, (_, start) in base.sections.items()}
    own = {key: one for key, one in sections.items() if key not in starts}
    places = starts | dict(zip(own, accumulate(map(_size, own.values()), initial=0), strict=False))
    table = orjson.dumps(
        [
            (key, one.recipe.hex(), *one[1:6], key in starts, places[key], len(one.contents), *map(len, one.rows))
            for key, one in sections.items()
        ]
    )
    said = orjson.dumps(summary)
    facts = {
        "root": str(root.resolve()),
        "inputs": inputs,
        "base": base.label,
        "lengths": [len(table), len(said), sum(map(_size, own.values()))],
        "checksum": zlib.crc32(said, zlib.crc32(table)),
    }
    replace_file(path, _FORMAT + orjson.dumps(facts) + b"\n", table, said, *_pieces(own.values()))
    _remove_others(path, base)


def _write_base(path: Path, sections: Mapping[str, Stored]) -> Base:
    """Write sections to a file of a new name: until the state names it, the former one counts."""
    label = digest_recipe(one.checksum.to_bytes(4, "big") + one.recipe for one in sections.values()).hex()
    starts = accumulate(map(_size, sections.values()), initial=0)
    replace_file(_base_file(path, label), *_pieces(sections.values()))
    return Base(label, {key: (one, start) for (key, one), start in zip(sections.items(), starts, strict=False)})


def _remove_others(path: Path, base: Base) -> None:
    """Remove files of sections that no state names, and what is left of some by a build that was killed."""
    name = glob.escape(path.name)
    for pattern in (f"{name}.*{_BASE}", f".{name}.*{_BASE}.*.tmp"):
        for other in path.parent.glob(pattern):
            if other != _base_file(path, base.label):
                with suppress(OSError):
                    other.unlink()


def _base_file(path: Path, label: str) -> Path:
    return path.with_name(f"{path.name}.{label}{_BASE}")


def _pieces(sections: Iterable[Stored]) -> Iterator[bytes | memoryview]:
    return chain.from_iterable((one.contents, *one.rows) for one in sections)


def _size(section: Stored) -> int:
    return len(section.contents) + sum(map(len, section.rows))


def _checksum(contents: bytes | memoryview, rows: Rows) -> int:
    checksum = zlib.crc32(contents)
    for part in rows:
        checksum = zlib.crc32(part, checksum)
    return checksum


def _mapped(path: Path) -> mmap.mmap:
    # A state is replaced as a whole, never changed: what is mapped stays as it is.
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _cut(data: memoryview, lengths: Iterable[int]) -> list[memoryview]:
    return [data[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]
