"""A build's groups and sections of artifacts to a tree of files that reads consistently at every moment.

Only groups whose recipe changed, or whose files were damaged, are rendered, into a staging folder; nothing of the
live tree is touched before everything is rendered and accepted. Then files move into place, leaves first, what links
to them later, the manifest last; files that are no longer wanted go at the very end. A build that is killed leaves
either the old tree or one that mixes old and new without a dead link, and a journal by which the next build cleans up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Final

from regpress.errors import BuildRefusedError
from regpress.model.artifact import STAGES, ArtifactGroup, Section, Stage, TreeSize
from regpress.output import moving
from regpress.output.damage import damaged_groups, present
from regpress.output.earlier import FILES, sections_of_manifest
from regpress.output.keeping import Inherited, Keeps, age_of, inherit, next_generation, still_kept
from regpress.output.listing import Listed, ListFiles, is_manifest, list_tree
from regpress.output.names import disputed, files_in, size_of
from regpress.output.rows import Row
from regpress.output.sections import NOTHING, Earlier, Made, Part, Renewal, Renewed, Run, rendered, renewed
from regpress.output.sharing import MOST, Sharing
from regpress.output.staging import Staging
from regpress.output.state import UNKNOWN, Group, Stored
from regpress.output.writer import FilesOf, Staged, Writer
from regpress.record import record
from regpress.storage import sync_filesystem
from regpress.workers import spread

#: Called with the size of the new tree and the paths among which any conflict is, before anything is touched; refuses
#: by raising.
Accept = Callable[[TreeSize, Iterable[str]], None]
#: Returns the sections of the last build, and which groups of them have files that are not as it left them.
Known = Callable[[], tuple[Mapping[str, Stored], Mapping[str, Collection[str]]]]
#: Keeps what a finished build knows.
Save = Callable[[Mapping[str, Stored]], None]

#: Parts of a tree that a process brings up to date before it asks for more: sections are as large as many groups.
_SECTION_WEIGHT: Final = 50
_PIECE: Final = 50
#: Pieces that a few parts are cut into: after a small change, most of what is left are indexes, which take long.
_FEW_PIECES: Final = 32
#: Parts of a new tree with which other processes begin: what keeps them busy until the others are known.
_FIRST: Final = 64
#: Parts after which it is seen whether they wait for more.
_STEP: Final = 16
#: Fewest parts that are worth more processes than the ones that found them.
_MANY: Final = 100
#: Fewest shards of a manifest that are worth several processes.
_MANY_SHARDS: Final = 64
_Piece = Sequence[Part]


@record(kw_only=True)
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


class _Change:
    """What became of a build's runs of parts, against what the last build left.

    Attributes:
        sections: all sections, those of kept files and of the manifest not included.
        gone: the former files that do not stay as they are, by the key of their section. They are whatever may be in
            the way, or is to be removed.
        live: the same by path.
        made: the rows of what was rendered.
        staged: its files that wait to be put in place, with their stages.

    Raises:
        BuildRefusedError: two sections have one key.
    """

    def __init__(self, earlier: Earlier, renewals: Iterable[Renewal]) -> None:
        self._earlier = earlier
        self.sections: dict[str, Stored] = {}
        self._renewed: dict[str, Renewed] = {}
        for renewal in renewals:
            own = {key: earlier.sections[key] for key in renewal.same}
            own |= {key: one.stored for key, one in renewal.sections.items()}
            if twice := own.keys() & self.sections.keys():
                raise BuildRefusedError(f"two sections are called {min(twice)!r}")
            self.sections |= own
            self._renewed |= renewal.sections
        self._lost = [key for key in earlier.sections if key not in self.sections]
        self.gone = {key: one.gone for key, one in self._renewed.items() if one.gone}
        self.gone |= {key: earlier.lost(key) for key in self._lost}
        self.live = {row.file: row for rows in self.gone.values() for row in rows}
        self.made = [one.made for one in self._renewed.values()]
        self.staged = [file for one in self._renewed.values() for file in one.staged]

    @property
    def kept(self) -> dict[str, Group]:
        """Return the former groups of files that nothing made any more."""
        return {key: self._earlier.groups(key)[key] for key in self._lost if age_of(key)}

    @property
    def shards(self) -> dict[str, Stored]:
        """Return the sound shards of the former manifest."""
        old, damaged = self._earlier
        return {key: old[key] for key in self._lost if is_manifest(key) and key not in damaged}

    @property
    def changed(self) -> set[str]:
        """Return the names of the shards that are no longer right."""
        old, damaged = self._earlier
        found = {old[key].shard for key in self._lost}
        for key, one in self._renewed.items():
            before, now = old.get(key), one.stored
            if before is None or before.shard != now.shard or key in damaged or before.rows != now.rows:
                found |= {now.shard, before.shard if before is not None else ""}
        return found


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
        #: Files of the live tree that are in no section of a build, and may be made again by any.
        self._found: Mapping[str, Row] = {}

    def run(
        self,
        runs: Sequence[Iterable[Part]],
        known: Known,
        accept: Accept,
        save: Save,
        planned: Callable[[], None] = lambda: None,
    ) -> TreeResult:
        """Render, accept, move and save; see `regpress.output.tree.OutputTree.replace`."""
        strays = self._staging.strays()
        earlier = self._known(known)
        self._staging.prepare()
        try:
            renewals = self._renew(earlier, runs, planned) if earlier.sections else self._render_all(runs, planned)
            change = _Change(earlier, renewals)
            kept, inherited = self._keep(change)
            older = {key: Stored.of(UNKNOWN, "", {key: group}) for key, group in kept.items()}
            final = change.sections
            self._accept(accept, [*final.values(), *older.values()], change)
            listed = list_tree(final, kept, change.shards, change.changed, partial(self._write_list, change.live))
        except BaseException:
            self._staging.give_up(strays)
            raise
        final |= older | listed.sections
        live, stale = change.live, list[str]()
        if live or strays:
            everything = (section.rows for section in final.values())
            new = (section.rows for section in (older | listed.sections).values())
            wanted = set(files_in(everything if strays else chain(change.made, new)))
            stale = sorted((live.keys() | strays) - wanted)
        if self._staging.is_new:
            self._appear()
            written = sum(section.files for section in final.values())
            moved: Sequence[str] = ()
        else:
            moved = self._move(_by_stage(change.staged, inherited), listed, live, stale, strays)
            written = len(moved)
        save(final)
        # Only now is everything known that a later build must find again.
        self._staging.remove()
        outdated = tuple(live[file] for file in sorted({*moved, *stale}) if file in live)
        return TreeResult(written=written, removed=len(stale), outdated=outdated, rest=(change, final))

    def _known(self, known: Known) -> Earlier:
        """Return the usable sections of the last build."""
        if self._staging.is_empty:
            return NOTHING
        old, damaged = known()
        if not old:
            old = sections_of_manifest(self._root, is_ours=self._staging.was_interrupted)
            damaged = damaged_groups(self._root, old, hashed=True)
        earlier = Earlier(old, damaged)
        found = (earlier.lost(key) for key in old if age_of(key) or key == FILES)
        self._found = {row.file: row for rows in found for row in rows}
        return earlier

    # Rendering

    def _renew(self, earlier: Earlier, runs: Sequence[Iterable[Part]], planned: Callable[[], None]) -> list[Renewal]:
        """Render what changed; each run of parts is looked at by a process of its own."""

        def renewal(number: int, parts: Iterable[Part]) -> Renewal:
            run = Run(number, earlier)
            todo = list(run.todo(parts))
            if not number:
                planned()
            begun = self._begin(todo, earlier, run.loose_files(), self._files_of, alone=len(todo) < _MANY)
            return run.finished(list(chain.from_iterable(begun.results())))

        tasks = [partial(renewal, number, parts) for number, parts in enumerate(runs)]
        return spread(tasks) if self._jobs > 1 else [task() for task in tasks]

    def _render_all(self, runs: Sequence[Iterable[Part]], planned: Callable[[], None]) -> list[Renewal]:
        """Render everything; other processes begin with the first parts before the last ones are known.

        They get more as soon as they have nothing left to do. Only for the last of it they may be joined by others:
        nobody waits at that moment for those who are not done.
        """
        begun: list[Sharing[_Piece, list[Renewed | Made]]] = []
        results: list[Renewed | Made] = []
        found = [Run(number, NOTHING) for number, _ in enumerate(runs)]
        counts = [0] * len(found)

        def todo() -> Iterator[Part]:
            for number, (run, parts) in enumerate(zip(found, runs, strict=True)):
                for part in run.todo(parts):
                    counts[number] += 1
                    yield part
            planned()

        try:
            for batch in _batches(todo(), lambda: any(one.is_busy for one in begun)):
                begun.append(self._begin(batch, NOTHING, {}, self._files_of))
                while len(begun) > 1 and not begun[0].is_busy:
                    results += chain.from_iterable(begun.pop(0).results())
            while begun:
                results += chain.from_iterable(begun.pop(0).results())
        except BaseException:
            for one in begun:
                one.abandon()
            raise
        remaining = iter(results)
        return [run.finished(list(islice(remaining, count))) for run, count in zip(found, counts, strict=True)]

    def _begin(
        self,
        todo: Sequence[Part],
        earlier: Earlier,
        live: Mapping[str, Row],
        files_of: FilesOf,
        *,
        alone: bool = False,
    ) -> Sharing[_Piece, list[Renewed | Made]]:
        """Let other processes begin to render, unless this one is to do it *alone*.

        Args:
            todo: what is to be rendered.
            earlier: what the last build left.
            live: files that groups without a section may find there.
            files_of: the layout.
            alone: whether it is not worth other processes.
        """
        writers: dict[int, Writer] = {}
        self._begun += 1
        number = self._begun

        def work(piece: _Piece) -> list[Renewed | Made]:
            # Each process has its own, which knows the folders that it has made.
            writer = writers.get(os.getpid())
            if writer is None:
                writer = writers[os.getpid()] = self._writer(f"{number}-{os.getpid()}", files_of)
            write = writer.write
            return [
                renewed(part, earlier, write) if isinstance(part, Section) else rendered(part, live, write)
                for part in piece
            ]

        return Sharing(_pieces(todo), work, jobs=1 if alone else self._jobs)

    def _writer(self, name: str, files_of: FilesOf) -> Writer:
        flat = not self._staging.is_new
        return Writer(self._staging.path, files_of, live=self._found, flat=flat, name=name)

    def _write_list(self, live: Mapping[str, Row], todo: Sequence[ArtifactGroup]) -> list[ListFiles]:
        """Write files of the manifest."""
        begun = self._begin(todo, NOTHING, live, _as_named, alone=len(todo) < _MANY_SHARDS)
        made = chain.from_iterable(begun.results())
        return [(one.group, [file for _, file in one.staged]) for one in made if isinstance(one, Made)]

    def _keep(self, change: _Change) -> tuple[dict[str, Group], list[Staged]]:
        """Return the groups of files that stay although nothing makes them, and those files that come from elsewhere.

        A build that repeats the last one is no new generation.
        """
        inheritance = list(self._inherited) if self._staging.is_empty else []
        if self._staging.is_empty and not inheritance:
            return {}, []
        files = set(files_in(change.made))
        gone = {key: rows for key, rows in change.gone.items() if not is_manifest(key)}
        before = {row.file for key, rows in gone.items() if not age_of(key) for row in rows}
        if not change.staged and before == files and not self._staging.is_empty:
            return still_kept(change.kept, self._keeps), []
        inherited = inherit(inheritance, files, self._keeps, self._writer("kept", _as_named))
        older = [(age, row) for age, row, _ in inherited]
        kept = next_generation(gone, files, self._keeps, older, read_again=self._read_again)
        return kept, [place for *_, places in inherited for place in places]

    def _read_again(self, row: Row) -> Row | None:
        """Return what there is now of a former file that is not as the last build left it.

        An interrupted build puts whole files in place, to which readers may be on their way; what else changed a file
        is not known, and nobody's page.
        """
        return present(self._root, row) if self._staging.was_interrupted else None

    def _accept(self, accept: Accept, final: Collection[Stored], change: _Change) -> None:
        def everything() -> Iterable[str]:
            return files_in(section.rows for section in final)

        names: Iterable[str] = ()
        # Where the folder becomes the tree itself, the disk has refused to write two documents to one path.
        if not self._staging.is_new:
            names = disputed(self._root, files_in(change.made), change.live, everything)
        accept(size_of(final), names)

    # Putting in place

    def _appear(self) -> None:
        """Give the finished new tree its name."""
        sync_filesystem(Path(self._staging.path))
        os.rename(self._staging.path, self._root)  # noqa: PTH104

    def _move(
        self,
        by_stage: Mapping[Stage, Sequence[Staged]],
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


def _batches(parts: Iterable[Part], are_busy: Callable[[], bool]) -> Iterator[list[Part]]:
    """Yield parts as soon as there are some and nobody is busy; at the end all that are left."""
    remaining = iter(parts)
    batch = list(islice(remaining, _FIRST - _STEP))
    while some := list(islice(remaining, _STEP)):
        batch += some
        if not are_busy():
            yield batch
            batch = []
    if batch:
        yield batch


def _pieces(parts: Sequence[Part]) -> list[_Piece]:
    """Cut *parts* into pieces of about as much work; a section counts as many groups."""
    weights = [_SECTION_WEIGHT if isinstance(part, Section) else 1 for part in parts]
    total = sum(weights)
    most = max(min(_PIECE, total // _FEW_PIECES), total // MOST) + 1
    pieces: list[_Piece] = []
    start = weight = 0
    for at, own in enumerate(weights):
        if at > start and weight + own > most:
            pieces.append(parts[start:at])
            start, weight = at, 0
        weight += own
    return [*pieces, parts[start:]] if parts else []


def _by_stage(staged: Iterable[tuple[Stage, Staged]], inherited: Iterable[Staged]) -> dict[Stage, list[Staged]]:
    by_stage: dict[Stage, list[Staged]] = {stage: [] for stage in STAGES}
    for stage, file in staged:
        by_stage[stage].append(file)
    by_stage["page"] += inherited
    return by_stage


def _as_named(address: str, _: str) -> tuple[str, ...]:
    return (address,)
