"""One build's groups and sections of artifacts to a tree of files that reads consistently at every moment.

Only groups whose recipe changed, or whose files were damaged, are rendered, into a staging folder; nothing of the
live tree is touched before everything is rendered and accepted. Then files move into place, leaves first, what links
to them later, the manifest last; files that are no longer wanted go at the very end. A build that is killed leaves
either the old tree or one that mixes old and new without a dead link, and a journal by which the next build cleans up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path
from typing import Final

from regpress.errors import BuildRefusedError
from regpress.model import manifest
from regpress.model.artifact import STAGES, ArtifactGroup, Section, TreeSize
from regpress.output import moving
from regpress.output.damage import damaged_groups, present
from regpress.output.earlier import sections_of_manifest
from regpress.output.keeping import Inherited, Keeps, age_of, inherit, next_generation, still_kept
from regpress.output.listing import Listed, Made, is_manifest, list_tree
from regpress.output.names import disputed, files_in, size_of
from regpress.output.rows import Row, unpack
from regpress.output.sharing import MOST, Sharing
from regpress.output.staging import Staging
from regpress.output.state import UNKNOWN, Group, Stored, fixed
from regpress.output.writer import FilesOf, Rendered, Staged, Writer
from regpress.storage import sync_filesystem

#: Called with the size of the new tree and the paths among which any conflict is, before anything is touched; refuses
#: by raising.
Accept = Callable[[TreeSize, Iterable[str]], None]
#: Returns the sections of the last build, and which groups of them have files that are not as it left them.
Known = Callable[[], tuple[Mapping[str, Stored], Mapping[str, Collection[str]]]]
#: Keeps what a finished build knows.
Save = Callable[[Mapping[str, Stored]], None]

#: Groups that a process renders before it asks for more, where there are many.
_PIECE: Final = 50
#: Pieces that a few groups are cut into: after a small change, most of what is left are indexes, which take long.
_FEW_PIECES: Final = 32
#: Groups of a new tree after which it is seen whether other processes wait for more.
_STEP: Final = 500
#: Fewest shards of a manifest that are worth several processes.
_MANY_SHARDS: Final = 64
#: The section of the groups that belong to no other.
_LOOSE: Final = "loose"
_Piece = Sequence[ArtifactGroup]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeResult:
    """What a build did to the tree.

    Attributes:
        written: number of files put in place.
        removed: number of files taken away.
        outdated: files that were there and hold something else now, or are gone.
        rest: what else came into being; a program that ends now need not take the time to free it.
    """

    written: int
    removed: int
    outdated: tuple[Row, ...] = ()
    rest: object = field(default=None, repr=False, compare=False)


@dataclass(slots=True, kw_only=True)
class _Open:
    """A section that was looked into.

    Attributes:
        recipe, shard: of the section.
        former: its sound groups in the last build, by key.
        groups: its groups now; None for those that are to be rendered.
    """

    recipe: bytes
    shard: str
    former: Mapping[str, Group]
    groups: dict[str, Group | None] = field(default_factory=dict)


class _Difference:
    """A build's groups against those of the last one.

    Args:
        old: the sections of the last build.
        damaged: the groups of which a file is not as it left it, by the key of their section.

    Attributes:
        todo: what is to be rendered.
    """

    def __init__(self, old: Mapping[str, Stored], damaged: Mapping[str, Collection[str]]) -> None:
        self.todo: list[ArtifactGroup] = []
        self._old = old
        self._damaged = damaged
        self._same: dict[str, Stored] = {}
        self._open: dict[str, _Open] = {}
        self._keys: set[str] = set()

    def compare(self, parts: Iterable[ArtifactGroup | Section]) -> Iterator[ArtifactGroup]:
        """Yield the groups that are to be rendered; everything else here is known once that came to its end.

        Raises:
            BuildRefusedError: two groups, or two sections, have one key.
        """
        for part in parts:
            if isinstance(part, Section):
                if part.key in self._same or part.key in self._open:
                    raise BuildRefusedError(f"two sections are called {part.key!r}")
                if self._is_same(part):
                    self._same[part.key] = self._old[part.key]
                else:
                    yield from self._compare(part.groups(), self._opened(part.key, fixed(part.recipe), part.shard))
            else:
                opened = self._open.get(_LOOSE) or self._opened(_LOOSE, UNKNOWN, manifest.SITE)
                yield from self._compare((part,), opened)

    def _is_same(self, section: Section) -> bool:
        known = self._old.get(section.key)
        return (
            known is not None
            and section.key not in self._damaged
            and (known.recipe, known.shard) == (fixed(section.recipe), section.shard)
        )

    def _opened(self, key: str, recipe: bytes, shard: str) -> _Open:
        known = self._old[key].groups() if key in self._old else {}
        damaged = self._damaged.get(key, ())
        former = {name: group for name, group in known.items() if name not in damaged} if damaged else known
        opened = self._open[key] = _Open(recipe=recipe, shard=shard, former=former)
        return opened

    def _compare(self, groups: Iterable[ArtifactGroup], opened: _Open) -> Iterator[ArtifactGroup]:
        for group in groups:
            key = group.key
            if key in self._keys:
                raise BuildRefusedError(f"two artifact groups are called {key!r}")
            self._keys.add(key)
            known = opened.former.get(key)
            if known is not None and known.recipe == fixed(group.recipe):
                opened.groups[key] = known
            else:
                opened.groups[key] = None
                self.todo.append(group)
                yield group

    @cached_property
    def gone(self) -> dict[str, list[Row]]:
        """Return the files of the former groups that do not stay as they are, by their key.

        They are whatever may be in the way, or is to be removed.
        """
        found: dict[str, list[Row]] = {}
        for key, section in self._old.items():
            if key in self._same:
                continue
            now = self._open[key].groups if key in self._open else {}
            damaged = self._damaged.get(key, ())
            for name, group in section.groups().items():
                if now.get(name) is None:
                    rows = unpack(group.rows)
                    found[name] = [row.untrusted for row in rows] if name in damaged else rows
        return found

    @cached_property
    def live(self) -> dict[str, Row]:
        """Return the files of `gone`, by path."""
        return {row.file: row for rows in self.gone.values() for row in rows}

    @property
    def kept(self) -> dict[str, Group]:
        """Return the former groups of files that nothing made any more."""
        return {key: self._old[key].groups()[key] for key in self._old if age_of(key)}

    @property
    def shards(self) -> dict[str, Stored]:
        """Return the sound shards of the former manifest."""
        return {key: one for key, one in self._old.items() if is_manifest(key) and key not in self._damaged}

    @property
    def changed(self) -> set[str]:
        """Return the names of the shards that are no longer right."""
        found = {one.shard for key, one in self._old.items() if key not in self._same and key not in self._open}
        for key, opened in self._open.items():
            before = self._old.get(key)
            if before is None or before.shard != opened.shard or key in self._damaged or opened.groups != opened.former:
                found |= {opened.shard, before.shard if before is not None else ""}
        return found

    def finished(self, made: Mapping[str, Group]) -> dict[str, Stored]:
        """Return all sections, with what was rendered."""
        sections = dict(self._same)
        for key, opened in self._open.items():
            groups = {name: group or made[name] for name, group in opened.groups.items()}
            sections[key] = Stored.of(opened.recipe, opened.shard, groups)
        return sections


class Replacement:
    """One run of `regpress.output.tree.OutputTree.replace`.

    Args:
        root: the output folder.
        files_of, keeps, inherited: as there.
        jobs: number of processes.
    """

    def __init__(
        self, root: Path, files_of: FilesOf, *, keeps: Keeps, inherited: Iterable[Inherited], jobs: int
    ) -> None:
        self._root = str(root)
        self._files_of = files_of
        self._keeps = keeps
        self._inherited = inherited
        self._jobs = jobs
        self._staging = Staging(self._root)
        self._begun = 0

    def run(self, parts: Iterable[ArtifactGroup | Section], known: Known, accept: Accept, save: Save) -> TreeResult:
        """Render, accept, move and save; see `regpress.output.tree.OutputTree.replace`."""
        strays = self._staging.strays()
        old, damaged = self._known(known)
        self._staging.prepare()
        try:
            difference = _Difference(old, damaged)
            todo = difference.compare(parts)
            rendered = self._render_changed(difference, todo) if old else self._render_all(todo)
            live = difference.live
            made = {group.key: new for group, (new, _) in zip(difference.todo, rendered, strict=True)}
            final = difference.finished(made)
            kept, inherited = self._keep(difference, made, rendered)
            older = {key: Stored.of(UNKNOWN, "", {key: group}) for key, group in kept.items()}
            self._accept(accept, [*final.values(), *older.values()], made, live)
            write = partial(self._write_list, live)
            listed = list_tree(final, kept, difference.shards, difference.changed, write)
        except BaseException:
            self._staging.give_up(strays)
            raise
        final |= older | listed.sections
        stale: list[str] = []
        if live or strays:
            new: Iterable[Group | Stored] = chain(made.values(), kept.values(), listed.sections.values())
            wanted = set(files_in(final.values() if strays else new))
            stale = sorted((live.keys() | strays) - wanted)
        if self._staging.is_new:
            self._appear()
            written = sum(section.files for section in final.values())
            moved: Sequence[str] = ()
        else:
            moved = self._move(_by_stage(difference.todo, rendered, inherited), listed, live, stale, strays)
            written = len(moved)
        save(final)
        # Only now is everything known that a later build must find again.
        self._staging.remove()
        outdated = tuple(live[file] for file in sorted({*moved, *stale}) if file in live)
        rest = (difference, rendered, made, final)
        return TreeResult(written=written, removed=len(stale), outdated=outdated, rest=rest)

    def _known(self, known: Known) -> tuple[Mapping[str, Stored], Mapping[str, Collection[str]]]:
        """Return the usable sections of the last build, and which groups of them are damaged."""
        if self._staging.is_empty:
            return {}, {}
        old, damaged = known()
        if not old:
            old = sections_of_manifest(self._root, is_ours=self._staging.was_interrupted)
            damaged = damaged_groups(self._root, old, hashed=True)
        return old, damaged

    def _writer(self, live: Mapping[str, Row], name: str, files_of: FilesOf) -> Writer:
        return Writer(self._staging.path, live, files_of, flat=not self._staging.is_new, name=name)

    def _render_changed(self, difference: _Difference, todo: Iterable[ArtifactGroup]) -> list[Made]:
        groups = list(todo)
        return list(chain.from_iterable(self._begin(groups, difference.live, self._files_of).results()))

    def _render_all(self, todo: Iterable[ArtifactGroup]) -> list[Made]:
        """Render everything; other processes begin with the first groups before the last ones are known.

        They get more as soon as they have nothing left to do. Only for the last of it they may be joined by others:
        nobody waits at that moment for those who are not done.
        """
        begun: list[Sharing[_Piece, list[Made]]] = []
        rendered: list[Made] = []
        try:
            for batch in _batches(todo, lambda: any(one.is_busy for one in begun)):
                begun.append(self._begin(batch, {}, self._files_of))
                while len(begun) > 1 and not begun[0].is_busy:
                    rendered += chain.from_iterable(begun.pop(0).results())
            while begun:
                rendered += chain.from_iterable(begun.pop(0).results())
        except BaseException:
            for one in begun:
                one.abandon()
            raise
        return rendered

    def _begin(
        self, todo: Sequence[ArtifactGroup], live: Mapping[str, Row], files_of: FilesOf, *, alone: bool = False
    ) -> Sharing[_Piece, list[Made]]:
        """Let other processes begin to render, unless this one is to do it *alone*."""
        writers: dict[int, Writer] = {}
        self._begun += 1
        number = self._begun

        def work(piece: _Piece) -> list[Made]:
            # Each process has its own, which knows the folders that it has made.
            writer = writers.get(os.getpid())
            if writer is None:
                writer = writers[os.getpid()] = self._writer(live, f"{number}-{os.getpid()}", files_of)
            return [_made(group.recipe, writer.write(group.render())) for group in piece]

        size = max(min(_PIECE, len(todo) // _FEW_PIECES), len(todo) // MOST) + 1
        pieces = [todo[start : start + size] for start in range(0, len(todo), size)]
        return Sharing(pieces, work, jobs=1 if alone else self._jobs)

    def _write_list(self, live: Mapping[str, Row], todo: Sequence[ArtifactGroup]) -> list[Made]:
        """Write files of the manifest."""
        begun = self._begin(todo, live, _as_named, alone=len(todo) < _MANY_SHARDS)
        return list(chain.from_iterable(begun.results()))

    def _keep(
        self, difference: _Difference, made: Mapping[str, Group], rendered: Sequence[Made]
    ) -> tuple[dict[str, Group], list[Staged]]:
        """Return the groups of files that stay although nothing makes them, and those files that come from elsewhere.

        A build that repeats the last one is no new generation.
        """
        inheritance = list(self._inherited) if self._staging.is_empty else []
        if self._staging.is_empty and not inheritance:
            return {}, []
        files = set(files_in(made.values()))
        gone = {key: rows for key, rows in difference.gone.items() if not is_manifest(key)}
        before = {row.file for key, rows in gone.items() if not age_of(key) for row in rows}
        if not any(staged for _, staged in rendered) and before == files and not self._staging.is_empty:
            return still_kept(difference.kept, self._keeps), []
        inherited = inherit(inheritance, files, self._keeps, self._writer({}, "kept", _as_named))
        older = [(age, row) for age, row, _ in inherited]
        kept = next_generation(gone, files, self._keeps, older, read_again=self._read_again)
        return kept, [place for *_, places in inherited for place in places]

    def _read_again(self, row: Row) -> Row | None:
        """Return what there is now of a former file that is not as the last build left it.

        An interrupted build puts whole files in place, to which readers may be on their way; what else changed a file
        is not known, and nobody's page.
        """
        return present(self._root, row) if self._staging.was_interrupted else None

    def _accept(
        self, accept: Accept, final: Collection[Stored], made: Mapping[str, Group], live: Mapping[str, Row]
    ) -> None:
        def everything() -> Iterable[str]:
            return files_in(final)

        names: Iterable[str] = ()
        # Where the folder becomes the tree itself, the disk has refused to write two documents to one path.
        if not self._staging.is_new:
            names = disputed(self._root, files_in(made.values()), live, everything)
        accept(size_of(final), names)

    # Putting in place

    def _appear(self) -> None:
        """Give the finished new tree its name."""
        sync_filesystem(Path(self._staging.path))
        os.rename(self._staging.path, self._root)  # noqa: PTH104

    def _move(
        self,
        by_stage: Mapping[str, Sequence[Staged]],
        listed: Listed,
        live: Mapping[str, Row],
        stale: Sequence[str],
        strays: set[str],
    ) -> Sequence[str]:
        """Put the staged files in place, in the order that keeps every link alive; return which.

        Files of new names come first: nothing leads to them yet. Then those that others lead to already, leaves before
        lists; so that whatever they link to is there.
        """
        shards = [*by_stage["root"], *listed.shards]
        early = [file for stage in STAGES[:-1] for file in by_stage[stage]]
        everything = [*early, *shards, *listed.root]
        if not (everything or stale):
            return ()
        new = [item.file for item in everything if item.file not in live]
        self._staging.write_journal({*new, *stale, *strays})
        root = Path(self._root)
        sync_filesystem(root)
        moving.put(self._root, (item for item in early if item.file not in live))
        moving.put(self._root, (item for item in early if item.file in live))
        moving.put(self._root, shards)
        sync_filesystem(root)
        moving.put(self._root, listed.root)
        moving.remove(self._root, stale)
        sync_filesystem(root)
        return [item.file for item in everything]


def _batches(groups: Iterable[ArtifactGroup], are_busy: Callable[[], bool]) -> Iterator[list[ArtifactGroup]]:
    """Yield groups as soon as there are some and nobody is busy; at the end all that are left."""
    remaining = iter(groups)
    batch: list[ArtifactGroup] = []
    while some := list(islice(remaining, _STEP)):
        batch += some
        if not are_busy():
            yield batch
            batch = []
    if batch:
        yield batch


def _made(recipe: bytes, done: Rendered) -> Made:
    sizes = done.sizes
    return Group(fixed(recipe), done.rows, len(sizes), sum(sizes), max(sizes, default=0)), done.staged


def _by_stage(
    todo: Sequence[ArtifactGroup], rendered: Sequence[Made], inherited: Iterable[Staged]
) -> dict[str, list[Staged]]:
    by_stage: dict[str, list[Staged]] = {stage: [] for stage in STAGES}
    for group, (_, staged) in zip(todo, rendered, strict=True):
        by_stage[group.stage] += staged
    by_stage["page"] += inherited
    return by_stage


def _as_named(address: str, _: str) -> tuple[str, ...]:
    return (address,)
