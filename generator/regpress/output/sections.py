"""The sections of a build against those of the last one: each is looked at, rendered and stored on its own.

So any process may bring any section up to date: a build from nothing need not know the groups of most of them in one
place, and what comes back is bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from regpress.errors import BuildRefusedError
from regpress.model import manifest
from regpress.model.artifact import Artifact, ArtifactGroup, Section, Stage
from regpress.output.rows import Row, Rows, joined, unpack
from regpress.output.state import UNKNOWN, Group, Stored, fixed
from regpress.output.writer import Rendered, Staged

#: What a build consists of.
Part = ArtifactGroup | Section
#: The sections of groups that belong to no other, one for each run of parts.
_LOOSE: Final = "loose"


class Write(Protocol):
    """Writes artifacts; told which files of the live tree they may find, it does not write what is there already."""

    def __call__(self, artifacts: Iterable[Artifact], live: Mapping[str, Row]) -> Rendered:
        """Return what became of them."""


class Made(NamedTuple):
    """A group that was rendered, and those of its files that wait to be put in place."""

    group: Group
    staged: list[tuple[Stage, Staged]]


class Renewed(NamedTuple):
    """A section, up to date.

    Attributes:
        stored: what it is now.
        made: the rows of what was rendered.
        staged: the files that wait to be put in place, with the stage at which they are.
        gone: the files of its former groups that do not stay as they are.
    """

    stored: Stored
    made: Rows
    staged: list[tuple[Stage, Staged]]
    gone: list[Row]


class Renewal(NamedTuple):
    """A run of parts, up to date.

    Attributes:
        same: keys of the sections that are as they were.
        sections: the others, by key.
    """

    same: list[str]
    sections: dict[str, Renewed]


class Earlier(NamedTuple):
    """What the last build left.

    Attributes:
        sections: its sections, by key.
        damaged: the groups of which a file is not as it left it, by the key of their section.
    """

    sections: Mapping[str, Stored]
    damaged: Mapping[str, Collection[str]]

    def has(self, section: Section) -> bool:
        """Return whether a section is as it was, and its files are."""
        known = self.sections.get(section.key)
        return (
            known is not None
            and section.key not in self.damaged
            and (known.recipe, known.shard) == (fixed(section.recipe), section.shard)
        )

    def groups(self, key: str) -> Mapping[str, Group]:
        """Return the groups of a section by key, none if it is new."""
        return self.sections[key].groups() if key in self.sections else {}

    def lost(self, key: str) -> list[Row]:
        """Return the files of a section that is not there any more."""
        return _Comparison(self, key).gone()


#: For a tree of which nothing is known.
NOTHING: Final = Earlier({}, {})


class _Comparison:
    """The groups of one section against its former ones.

    Attributes:
        groups: all of them by key; None for those that are to be rendered.
        todo: these.
    """

    def __init__(self, earlier: Earlier, key: str) -> None:
        self._damaged = earlier.damaged.get(key, ())
        self._former = earlier.groups(key)
        self.groups: dict[str, Group | None] = {}
        self.todo: list[ArtifactGroup] = []

    def is_new(self, group: ArtifactGroup) -> bool:
        """Take one group; return whether it is to be rendered.

        Raises:
            BuildRefusedError: there was one of its key before.
        """
        key = group.key
        if key in self.groups:
            raise BuildRefusedError(f"two artifact groups are called {key!r}")
        known = self._former.get(key) if key not in self._damaged else None
        if known is not None and known.recipe == fixed(group.recipe):
            self.groups[key] = known
            return False
        self.groups[key] = None
        self.todo.append(group)
        return True

    def gone(self) -> list[Row]:
        """Return the files of the former groups that do not stay as they are."""
        found: list[Row] = []
        for name, group in self._former.items():
            if self.groups.get(name) is None:
                rows = unpack(group.rows)
                found += [row.untrusted for row in rows] if name in self._damaged else rows
        return found

    def renewed(self, made: Iterable[Made], recipe: bytes, shard: str, gone: list[Row]) -> Renewed:
        """Return the section, given what became of `todo`."""
        done = dict(zip([group.key for group in self.todo], made, strict=True))
        groups = {key: group or done[key].group for key, group in self.groups.items()}
        stored = Stored.of(recipe, shard, groups)
        # Where everything is new, these are the same bytes, and go to another process once.
        rows = stored.rows if len(done) == len(groups) else joined([one.group.rows for one in done.values()])
        return Renewed(stored, rows, [file for one in done.values() for file in one.staged], gone)


def renewed(section: Section, earlier: Earlier, write: Write) -> Renewed:
    """Return a section with everything rendered that changed in it.

    Raises:
        BuildRefusedError: two of its groups have one key.
    """
    compared = _Comparison(earlier, section.key)
    for group in section.groups():
        compared.is_new(group)
    gone = compared.gone()
    live = {row.file: row for row in gone}
    made = [rendered(group, live, write) for group in compared.todo]
    return compared.renewed(made, fixed(section.recipe), section.shard, gone)


def rendered(group: ArtifactGroup, live: Mapping[str, Row], write: Write) -> Made:
    """Return a group with its artifacts written."""
    rows, staged, sizes = write(group.render(), live)
    known = Group(fixed(group.recipe), rows, len(sizes), sum(sizes), max(sizes, default=0))
    return Made(known, [(group.stage, file) for file in staged])


class Run:
    """A run of parts against what the last build left.

    Args:
        number: of the run among those of the build.
        earlier: what the last build left.
    """

    def __init__(self, number: int, earlier: Earlier) -> None:
        self._key = f"{_LOOSE}/{number}"
        self._earlier = earlier
        self._loose = _Comparison(earlier, self._key)
        self._same: list[str] = []
        self._todo: list[Part] = []
        self._sections: set[str] = set()
        self._gone: list[Row] = []

    def todo(self, parts: Iterable[Part]) -> Iterator[Part]:
        """Yield the parts that are to be brought up to date.

        Raises:
            BuildRefusedError: two sections, or two groups, have one key.
        """
        for part in parts:
            if isinstance(part, Section):
                if part.key in self._sections:
                    raise BuildRefusedError(f"two sections are called {part.key!r}")
                self._sections.add(part.key)
                if self._earlier.has(part):
                    self._same.append(part.key)
                    continue
            elif not self._loose.is_new(part):
                continue
            self._todo.append(part)
            yield part
        self._gone = self._loose.gone()

    def loose_files(self) -> dict[str, Row]:
        """Return the files that its groups without a section may find, by path; once all parts were looked at."""
        return {row.file: row for row in self._gone}

    def finished(self, results: Sequence[Renewed | Made]) -> Renewal:
        """Return the run, given what became of the parts that were to be brought up to date."""
        sections: dict[str, Renewed] = {}
        made: list[Made] = []
        for part, result in zip(self._todo, results, strict=True):
            if isinstance(result, Renewed):
                sections[part.key] = result
            else:
                made.append(result)
        if self._loose.groups:
            sections[self._key] = self._loose.renewed(made, UNKNOWN, manifest.SITE, self._gone)
        return Renewal(self._same, sections)
