"""Pages of lists that nothing makes any more, and that stay readable for a while: a client may be on its way there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from regpress.model.artifact import Artifact, Written
from regpress.output.rows import Row, pack, unpack
from regpress.output.state import UNKNOWN, Group
from regpress.output.writer import Staged, Writer

#: Generations for which such a file is kept.
GENERATIONS: Final = 2
_KEPT: Final = "kept/"

#: Whether a file stays readable for a while after the build that no longer makes it: an old page of a list.
Keeps = Callable[[Row], bool]


class Inherited(NamedTuple):
    """A file that an earlier output elsewhere had, or kept.

    Attributes:
        row: what its manifest says.
        age: 0 for one that it made, else the number of builds for which it was kept.
        read: returns its bytes, or None where they cannot be had.
    """

    row: Written
    age: int
    read: Callable[[], bytes | None]


def kept_key(age: int) -> str:
    """Return the key of the group of the files that are kept for the *age*-th build."""
    return f"{_KEPT}{age}"


def age_of(key: str) -> int:
    """Return the age of the files of a group; 0 for those that a build makes."""
    return int(key.removeprefix(_KEPT)) if key.startswith(_KEPT) else 0


def kept_rows(groups: Mapping[str, Group]) -> list[tuple[Written, int]]:
    """Return the kept files among *groups* with their ages, for the manifest."""
    return [(row.public, age) for key, group in groups.items() if (age := age_of(key)) for row in unpack(group.rows)]


def still_kept(groups: Mapping[str, Group], keeps: Keeps) -> dict[str, Group]:
    """Return the groups of kept files without those that stay no longer, after a build that repeats the last one."""
    found = {}
    for key, group in groups.items():
        rows = unpack(group.rows)
        left = [row for row in rows if keeps(row)]
        if left:
            found[key] = group if len(left) == len(rows) else Group.of(UNKNOWN, pack(left))
    return found


def names_any(names: Iterable[str]) -> Callable[[bytes], bool]:
    """Return what tells whether a page of a list, JSON or HTML, mentions one of the entries *names*."""
    words = b"|".join(re.escape(name.encode()) for name in names)
    return lambda body: re.search(rb"(?<![A-Za-z0-9._-])(?:%s)(?![A-Za-z0-9._-])" % words, body) is not None


def next_generation(
    gone: Mapping[str, Iterable[Row]],
    made: Collection[str],
    keeps: Keeps,
    inherited: Iterable[tuple[int, Row]],
    *,
    read_again: Callable[[Row], Row | None],
) -> dict[str, Group]:
    """Return the groups of kept files after a build.

    Args:
        gone: files of the former groups that this build does not take over as they are, by key.
        made: the files of the groups that it renders.
        keeps: which files are kept.
        inherited: files from elsewhere, with the age that they now have.
        read_again: returns what there is now of a file that may hold anything; None where that is not to be kept.
    """
    kept: dict[int, list[Row]] = {age: [] for age in range(1, GENERATIONS + 1)}
    for key, rows in gone.items():
        age = age_of(key) + 1
        if age <= GENERATIONS:
            found = (row for row in rows if row.file not in made and keeps(row))
            kept[age] += [row for one in found if (row := one if one.sha256 else read_again(one))]
    for age, row in inherited:
        kept[age].append(row)
    return {kept_key(age): Group.of(UNKNOWN, pack(sorted(rows))) for age, rows in kept.items() if rows}


def inherit(
    files: Iterable[Inherited], made: Collection[str], keeps: Keeps, writer: Writer
) -> list[tuple[int, Row, list[Staged]]]:
    """Fetch the files of an output elsewhere that this one continues; return their ages, rows and places."""
    found = []
    for file in files:
        row = Row(*file.row, mtime=0)
        if file.age >= GENERATIONS or row.file in made or not keeps(row):
            continue
        body = file.read()
        if body is not None and hashlib.sha256(body).hexdigest() == row.sha256:
            done = writer.write([Artifact(row.file, "file", row.media_type, body)])
            found.append((file.age + 1, row._replace(mtime=unpack(done.rows)[0].mtime), done.staged))
    return found
