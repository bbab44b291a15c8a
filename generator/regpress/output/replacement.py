"""One build's artifact groups to a tree of files that reads consistently at every moment.

Only groups whose recipe changed, or whose files were damaged, are rendered, into a staging folder; nothing of the
live tree is touched before everything is rendered and accepted. Then files move into place, leaves first, what links
to them later, the manifest last; files that are no longer wanted go at the very end. A build that is killed leaves
either the old tree or one that mixes old and new without a dead link, and a journal by which the next build cleans up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

from regpress.errors import BuildRefusedError
from regpress.model import manifest
from regpress.model.artifact import STAGES, ArtifactGroup, TreeSize
from regpress.output import moving
from regpress.output.damage import damaged_groups, present
from regpress.output.earlier import groups_of_manifest
from regpress.output.keeping import Inherited, Keeps, age_of, inherit, next_generation, still_kept
from regpress.output.listing import Listed, is_manifest, list_tree
from regpress.output.names import disputed, files_in, size_of
from regpress.output.rows import Row, unpack
from regpress.output.sharing import MOST, Sharing
from regpress.output.staging import Staging
from regpress.output.state import Group, fixed
from regpress.output.writer import FilesOf, Rendered, Staged, Writer
from regpress.storage import sync_filesystem

#: Called with the size of the new tree and the paths among which any conflict is, before anything is touched; refuses
#: by raising.
Accept = Callable[[TreeSize, Iterable[str]], None]
#: Returns the groups of the last build, and the keys of those whose files are not as it left them.
Known = Callable[[], tuple[Mapping[str, Group], set[str]]]
#: Keeps what a finished build knows.
Save = Callable[[Mapping[str, Group]], None]

#: Groups that a process renders before it asks for more, where there are many.
_PIECE: Final = 50
#: Pieces that a few groups are cut into: after a small change, most of what is left are indexes, which take long.
_FEW_PIECES: Final = 32
#: Groups of a new tree that are begun together first; then twice as many each time, since each start costs a process.
_BATCH: Final = 10_000
_Piece = Sequence[ArtifactGroup]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeResult:
    """What a build did to the tree.

    Attributes:
        written: number of files put in place.
        removed: number of files taken away.
        outdated: files that were there and hold something else now, or are gone.
    """

    written: int
    removed: int
    outdated: tuple[Row, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Difference:
    """A build's groups against those of the last one.

    Attributes:
        same: the former groups that stay as they are, by key; None for those that are to be rendered.
        todo: what is to be rendered.
        gone: the files of all other former groups, by key: whatever may be in the way, or is to be removed.
        kept: the former groups of files that nothing made any more.
        live: the files of *gone*, by path.
        shards: the sound shards of the former manifest.
        changed: the names of the shards that are no longer right.
    """

    same: dict[str, Group | None]
    todo: list[ArtifactGroup]
    gone: dict[str, list[Row]]
    kept: dict[str, Group]
    live: dict[str, Row]
    shards: dict[str, Group]
    changed: set[str]

    @classmethod
    def of(cls, groups: Iterable[ArtifactGroup], old: Mapping[str, Group], damaged: set[str]) -> _Difference:
        """Compare *groups* with what the last build made, and of which some are *damaged*.

        Raises:
            BuildRefusedError: two groups have one key.
        """
        same: dict[str, Group | None] = {}
        todo = []
        for group in groups:
            key = group.key
            if key in same:
                raise BuildRefusedError(f"two artifact groups are called {key!r}")
            known = old.get(key)
            if known is not None and known.recipe == fixed(group.recipe) and key not in damaged:
                same[key] = known
            else:
                same[key] = None
                todo.append(group)
        left = {key: group for key, group in old.items() if same.get(key) is None}
        gone = {key: unpack(group.rows) for key, group in left.items()}
        for key in damaged & gone.keys():
            gone[key] = [row.untrusted for row in gone[key]]
        return cls(
            same=same,
            todo=todo,
            gone=gone,
            live={row.file: row for rows in gone.values() for row in rows},
            kept={key: group for key, group in left.items() if age_of(key)},
            shards={key: group for key, group in left.items() if is_manifest(key) and key not in damaged},
            changed={group.shard for group in left.values()} | {manifest.shard_of(group.key) for group in todo},
        )


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

    def run(self, groups: Iterable[ArtifactGroup], known: Known, accept: Accept, save: Save) -> TreeResult:
        """Render, accept, move and save; see `regpress.output.tree.OutputTree.replace`."""
        strays = self._staging.strays()
        old, damaged = self._known(known)
        self._staging.prepare()
        try:
            difference, rendered = self._render_all(groups) if not old else self._render_changed(groups, old, damaged)
            live = difference.live
            made = dict(_new_groups(difference.todo, rendered))
            final = {key: group or made[key] for key, group in difference.same.items()}
            kept, inherited = self._keep(difference, made, rendered)
            final |= kept
            self._accept(accept, final, made, live)
            listed = list_tree(final, difference.shards, difference.changed, self._writer(live, "manifest", _as_named))
        except BaseException:
            self._staging.give_up(strays)
            raise
        final |= listed.groups
        stale: list[str] = []
        if live or strays:
            wanted = set(files_in(final if strays else (made | kept | listed.groups)))
            stale = sorted((live.keys() | strays) - wanted)
        if self._staging.is_new:
            self._appear()
            written = sum(group.files for group in final.values())
            moved: Sequence[str] = ()
        else:
            moved = self._move(_by_stage(difference.todo, rendered, inherited), listed, live, stale, strays)
            written = len(moved)
        save(final)
        # Only now is everything known that a later build must find again.
        self._staging.remove()
        outdated = tuple(live[file] for file in sorted({*moved, *stale}) if file in live)
        return TreeResult(written=written, removed=len(stale), outdated=outdated)

    def _known(self, known: Known) -> tuple[Mapping[str, Group], set[str]]:
        """Return the usable groups of the last build, and which of them are damaged."""
        if self._staging.is_empty:
            return {}, set()
        old, damaged = known()
        if not old:
            old = groups_of_manifest(self._root, is_ours=self._staging.was_interrupted)
            damaged = damaged_groups(self._root, old, hashed=True)
        return old, damaged

    def _writer(self, live: Mapping[str, Row], name: str, files_of: FilesOf) -> Writer:
        return Writer(self._staging.path, live, files_of, flat=not self._staging.is_new, name=name)

    def _render_changed(
        self, groups: Iterable[ArtifactGroup], old: Mapping[str, Group], damaged: set[str]
    ) -> tuple[_Difference, list[Rendered]]:
        difference = _Difference.of(groups, old, damaged)
        return difference, list(chain.from_iterable(self._begin(difference.todo, difference.live).results()))

    def _render_all(self, groups: Iterable[ArtifactGroup]) -> tuple[_Difference, list[Rendered]]:
        """Render everything; other processes begin with the first groups before the last ones are known."""
        todo: list[ArtifactGroup] = []
        rendered: list[Rendered] = []
        begun: Sharing[_Piece, list[Rendered]] | None = None
        remaining = iter(groups)
        size = _BATCH
        try:
            while batch := list(islice(remaining, size)):
                todo += batch
                size *= 2
                if begun is not None:
                    rendered += chain.from_iterable(begun.results())
                begun = self._begin(batch, {})
        except BaseException:
            if begun is not None:
                begun.abandon()
            raise
        if begun is not None:
            rendered += chain.from_iterable(begun.results())
        return _Difference.of(todo, {}, set()), rendered

    def _begin(self, todo: Sequence[ArtifactGroup], live: Mapping[str, Row]) -> Sharing[_Piece, list[Rendered]]:
        """Let other processes begin to render."""
        writers: dict[int, Writer] = {}
        self._begun += 1
        number = self._begun

        def work(piece: _Piece) -> list[Rendered]:
            # Each process has its own, which knows the folders that it has made.
            writer = writers.get(os.getpid())
            if writer is None:
                writer = writers[os.getpid()] = self._writer(live, f"{number}-{os.getpid()}", self._files_of)
            return [writer.write(group.render()) for group in piece]

        size = max(min(_PIECE, len(todo) // _FEW_PIECES), len(todo) // MOST) + 1
        pieces = [todo[start : start + size] for start in range(0, len(todo), size)]
        return Sharing(pieces, work, jobs=self._jobs)

    def _keep(
        self, difference: _Difference, made: Mapping[str, Group], rendered: Sequence[Rendered]
    ) -> tuple[dict[str, Group], list[Staged]]:
        """Return the groups of files that stay although nothing makes them, and those files that come from elsewhere.

        A build that repeats the last one is no new generation.
        """
        inheritance = list(self._inherited) if self._staging.is_empty else []
        if self._staging.is_empty and not inheritance:
            return {}, []
        files = set(files_in(made))
        gone = {key: rows for key, rows in difference.gone.items() if not is_manifest(key)}
        before = {row.file for key, rows in gone.items() if not age_of(key) for row in rows}
        if not any(one.staged for one in rendered) and before == files and not self._staging.is_empty:
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
        self, accept: Accept, final: Mapping[str, Group], made: Mapping[str, Group], live: Mapping[str, Row]
    ) -> None:
        def everything() -> Iterable[str]:
            return files_in(final)

        names: Iterable[str] = ()
        # Where the folder becomes the tree itself, the disk has refused to write two documents to one path.
        if not self._staging.is_new:
            names = disputed(self._root, files_in(made), live, everything)
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
        shards = [*by_stage["root"], *(file for shard in listed.shards for file in shard.staged)]
        early = [file for stage in STAGES[:-1] for file in by_stage[stage]]
        everything = [*early, *shards, *listed.root.staged]
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
        moving.put(self._root, listed.root.staged)
        moving.remove(self._root, stale)
        sync_filesystem(root)
        return [item.file for item in everything]


def _new_groups(todo: Sequence[ArtifactGroup], rendered: Sequence[Rendered]) -> Iterator[tuple[str, Group]]:
    for group, done in zip(todo, rendered, strict=True):
        sizes = done.sizes
        shard = manifest.shard_of(group.key)
        yield (
            group.key,
            Group(fixed(group.recipe), shard, done.rows, len(sizes), sum(sizes), max(sizes, default=0)),
        )


def _by_stage(
    todo: Sequence[ArtifactGroup], rendered: Sequence[Rendered], inherited: Iterable[Staged]
) -> dict[str, list[Staged]]:
    by_stage: dict[str, list[Staged]] = {stage: [] for stage in STAGES}
    for group, done in zip(todo, rendered, strict=True):
        by_stage[group.stage] += done.staged
    by_stage["page"] += inherited
    return by_stage


def _as_named(address: str, _: str) -> tuple[str, ...]:
    return (address,)
