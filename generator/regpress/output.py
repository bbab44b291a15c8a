"""Artifact groups to a tree of files that reads consistently at every moment.

A build renders only groups whose recipe changed, or whose files were damaged, into a staging folder; nothing of the
live tree is touched before everything is rendered and accepted. Then files move into place, leaves first, what links
to them later, the manifest last; files that are no longer wanted go at the very end. A build that is killed leaves
either the old tree or one that mixes old and new without a dead link, and a journal by which the next build cleans up.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from regpress.digest import recipe as digest_recipe
from regpress.errors import BuildRefusedError, StorageError
from regpress.model import manifest
from regpress.model.artifact import STAGES, Artifact, ArtifactGroup, Form, Stage, Written
from regpress.storage import contained, locked, replace_file, storage_error, sync_filesystem, write_new
from regpress.workers import Pending, share

#: Folder inside the output that holds files on their way; never there after a build that ended well.
STAGING: Final = ".regpress-staging"
_JOURNAL: Final = "journal.json"
_KEPT: Final = "kept/"
#: Groups that the tree makes itself.
_OWN: Final = (_KEPT, "manifest")
_STATE_VERSION: Final = 1

#: Whether a file stays readable for a while after the build that no longer makes it: an old page of a list.
Keeps = Callable[["Row"], bool]
#: Generations for which such a file is kept.
GENERATIONS: Final = 2
#: Called with path and size of every file of the new tree, before anything is touched; refuses by raising.
Accept = Callable[[Sequence[tuple[str, int]]], None]
#: Which files hold the document at an address: the host's layout.
FilesOf = Callable[[str, Form], tuple[str, ...]]


class Row(NamedTuple):
    """One file of the tree as the last build left it.

    Attributes:
        mtime: modification time in nanoseconds; 0 where it is not known, so that the file is looked at.
    """

    file: str
    size: int
    sha256: str
    address: str
    media_type: str
    mtime: int

    @property
    def public(self) -> Written:
        """Return what the manifest says about the file."""
        return Written(self.file, self.size, self.sha256, self.address, self.media_type)


class _Group(NamedTuple):
    recipe: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the last finished build knew, kept outside the output.

    Attributes:
        inputs: fingerprint of all inputs of that build.
        groups: recipe and files by group key.
        summary: counts of that build, for one that has nothing to do.
    """

    inputs: str = ""
    groups: Mapping[str, _Group] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeResult:
    """What a build did to the tree.

    Attributes:
        written: number of files put in place.
        removed: number of files taken away.
    """

    written: int
    removed: int


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


class _Staged(NamedTuple):
    """One rendered file: its row, and where its bytes wait; no place when the live file has them already."""

    row: Row
    place: str


class OutputTree:
    """One output folder and what is known about it.

    Attributes:
        root: the output folder.
        state_file: where the state of the last build is kept; its folder also holds the lock.
        jobs: number of processes.
    """

    def __init__(self, root: Path, *, state_file: Path, jobs: int = 1) -> None:
        self.root = root
        self.state_file = state_file
        self.jobs = jobs
        self._is_locked = False
        self._state = State()
        self._hashed = False
        self._damage: Pending[set[str]] | None = None
        self._found: set[str] = set()

    def begin(self, *, hashed: bool = False) -> State:
        """Return the state of the last build, and look meanwhile whether the files are still as it left them.

        Args:
            hashed: read every file instead of trusting its size and time.
        """
        self._state = self._load_state()
        self._hashed = hashed
        self._damage = Pending(partial(self._damaged, self._state.groups, hashed=hashed), jobs=self.jobs)
        return self._state

    def is_intact(self) -> bool:
        """Return whether the tree is as the last build left it, and no build was interrupted; after `begin`."""
        return bool(self._state.groups) and not (self.root / STAGING).exists() and not self.damaged()

    def damaged(self) -> set[str]:
        """Return the keys of the groups of which a file is missing or changed since the last build; after `begin`."""
        if self._damage is not None:
            self._found = self._damage.result()
            self._damage = None
        return self._found

    def _close(self) -> None:
        if self._damage is not None:
            self._damage.abandon()
            self._damage = None

    def _load_state(self) -> State:
        try:
            value = orjson.loads(self.state_file.read_bytes())
            if value["version"] != _STATE_VERSION or value["root"] != str(self.root.resolve()):
                return State()
            groups = {
                key: _Group(recipe, tuple(map(Row._make, rows))) for key, (recipe, rows) in value["groups"].items()
            }
            return State(inputs=value["inputs"], groups=groups, summary=value["summary"])
        except (OSError, ValueError, KeyError, TypeError):
            return State()

    def replace(
        self,
        groups: Sequence[ArtifactGroup],
        files_of: FilesOf,
        *,
        accept: Accept,
        keeps: Keeps = lambda _: False,
        inherited: Iterable[Inherited] = (),
        inputs: str = "",
        summary: Mapping[str, Any] | None = None,
        full: bool = False,
    ) -> TreeResult:
        """Make the output folder hold exactly the artifacts of *groups*.

        Args:
            groups: everything to be written; keys differ.
            files_of: where an address lies on this host.
            accept: looks at the files of the new tree, but for the manifest.
            keeps: which files stay for `GENERATIONS` builds after the last one that made them.
            inherited: such files of an output elsewhere that this one continues; they count for a new folder only.
            inputs: fingerprint of all inputs, for `State`.
            summary: kept in the state.
            full: trust nothing but the bytes of the files that are there.

        Raises:
            BuildRefusedError: the folder holds something that is not ours, or *accept* refused.
            StorageError: the disk is full or read-only, or another build is at work. The old tree is intact, but for
                a failure in the middle of moving files, which leaves it readable.
        """
        with self.locked():
            try:
                return _Replacement(self, files_of, keeps=keeps, inherited=inherited, full=full).run(
                    groups, accept, inputs, summary or {}
                )
            except OSError as error:
                raise storage_error(str(error.filename or self.root), error) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other builds away from the output, from the first look at it to the last write.

        Raises:
            ConflictError: another build is at work.
        """
        if self._is_locked:
            yield
            return
        with locked(self.state_file.with_suffix(".lock")):
            self._is_locked = True
            try:
                yield
            finally:
                self._is_locked = False
                self._close()

    def _damaged(self, groups: Mapping[str, _Group], *, hashed: bool) -> set[str]:
        root = f"{self.root}/"
        return {key for key, group in groups.items() if not all(_is_intact(root, row, hashed) for row in group.rows)}

    def state_groups(self, *, full: bool) -> dict[str, _Group]:
        """Return the groups of the last build, those that are damaged without recipe and digests; empty if unknown."""
        if not self._state.groups or self._hashed is not full:
            self._close()
            self.begin(hashed=full)
        groups = dict(self._state.groups)
        for key in self.damaged():
            groups[key] = _untrusted(groups[key])
        return groups

    def verified(self, groups: Mapping[str, _Group]) -> dict[str, _Group]:
        """Return *groups* with those damaged whose files do not have the digests that they should have."""
        damaged = self._damaged(groups, hashed=True)
        return {key: _untrusted(group) if key in damaged else group for key, group in groups.items()}


def _untrusted(group: _Group) -> _Group:
    """Return a group whose files are known to be there, but not what they hold."""
    return _Group("", tuple(row._replace(sha256="", mtime=0) for row in group.rows))


def _is_intact(root: str, row: Row, hashed: bool) -> bool:
    path = root + row.file
    try:
        found = os.lstat(path)
    except OSError:
        return False
    if found.st_size != row.size:
        return False
    if not hashed:
        return found.st_mtime_ns == row.mtime
    if not stat.S_ISREG(found.st_mode):
        return False
    with open(path, "rb") as stream:  # noqa: PTH123 - in the hot path
        return hashlib.file_digest(stream, "sha256").hexdigest() == row.sha256


class _Replacement:
    """One run of `OutputTree.replace`."""

    def __init__(
        self, tree: OutputTree, files_of: FilesOf, *, keeps: Keeps, inherited: Iterable[Inherited], full: bool
    ) -> None:
        self._tree = tree
        self._files_of = files_of
        self._keeps = keeps
        self._inherited = inherited
        self._full = full
        self._root = str(tree.root)
        # A folder that is not there yet appears as a whole, by one rename. One that is there stays, whatever it is:
        # it may be a mount, or a link.
        #: What the last build left, by file: never changed while this one runs.
        self._live: dict[str, Row] = {}
        self._is_new = not os.path.lexists(self._root)
        self._is_empty = self._is_new or all(name == STAGING for name in os.listdir(self._root))  # noqa: PTH208
        self._staging = f"{self._root}.regpress-new" if self._is_new else f"{self._root}/{STAGING}"

    def run(
        self,
        groups: Sequence[ArtifactGroup],
        accept: Accept,
        inputs: str,
        summary: Mapping[str, Any],
    ) -> TreeResult:
        old, strays = self._known()
        self._live = {row.file: row for group in old.values() for row in group.rows}
        self._prepare()
        try:
            done = self._render_all(groups, old)
            final = {key: _Group(recipe, tuple(item.row for item in items)) for key, (recipe, items) in done.items()}
            inherited = self._keep(final, old, is_new=any(item.place for _, items in done.values() for item in items))
            accept([(row.file, row.size) for group in final.values() for row in group.rows])
            moves, last = self._plan(groups, done, final, old)
            moves["page"].extend(inherited)
        except BaseException:
            self._give_up(strays)
            raise
        stale = self._stale(final, strays)
        if self._is_new:
            self._appear(moves)
        else:
            self._move(moves, last, stale, strays)
        self._save(final, inputs, summary)
        # Only now is everything known that a later build must find again.
        shutil.rmtree(self._staging, ignore_errors=True)
        return TreeResult(written=sum(map(len, moves.values())) + len(last), removed=len(stale))

    # What is there

    def _known(self) -> tuple[dict[str, _Group], set[str]]:
        """Return the usable groups of the last build, and files that an interrupted build may have left."""
        if self._is_empty:
            return {}, set() if self._is_new else self._journalled()
        groups = self._tree.state_groups(full=self._full)
        if not groups:
            groups = self._tree.verified(self._from_manifest())
        return groups, self._journalled()

    def _from_manifest(self) -> dict[str, _Group]:
        """Return the files that the output's own manifest names: known, but of unknown recipe.

        Raises:
            BuildRefusedError: the folder has no manifest of ours; it would be overwritten.
        """
        path = self._tree.root / manifest.MANIFEST_FILE
        try:
            rows, shards, kept = manifest.read_manifest(path.read_bytes())
            for file, _ in shards:
                rows.extend(manifest.read_shard(Path(contained(self._root, file)).read_bytes()))
                rows.append(Written(file, 0, "", file, ""))
        except (OSError, ValueError, KeyError, TypeError, StorageError) as error:
            if (self._tree.root / STAGING / _JOURNAL).exists():
                return {}
            raise BuildRefusedError(
                f"{self._root}: the folder is not empty and holds no manifest.json of regpress; "
                "give another --out, or empty it"
            ) from error
        rows.append(Written(manifest.MANIFEST_FILE, 0, "", manifest.MANIFEST_FILE, ""))
        groups = {f"\0{row.file}": [row] for row in rows}
        for row, age in kept:
            groups.setdefault(f"{_KEPT}{age}", []).append(row)
        return {
            key: _Group("", tuple(Row(*row, _mtime(f"{self._root}/{row.file}")) for row in some))
            for key, some in groups.items()
            if all(_is_inside(self._root, row.file) for row in some)
        }

    def _journalled(self) -> set[str]:
        path = self._tree.root / STAGING / _JOURNAL
        try:
            names = orjson.loads(path.read_bytes())
        except (OSError, ValueError):
            return set()
        return {name for name in names if isinstance(name, str) and _is_inside(self._root, name)}

    # Rendering

    def _prepare(self) -> None:
        """Empty the staging folder, but for the journal of an interrupted build: it counts until this one is done."""
        os.makedirs(self._staging, exist_ok=True)  # noqa: PTH103
        with os.scandir(self._staging) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                elif entry.name != _JOURNAL or self._is_new:
                    os.unlink(entry.path)  # noqa: PTH108

    def _render_all(
        self, groups: Sequence[ArtifactGroup], old: Mapping[str, _Group]
    ) -> dict[str, tuple[str, list[_Staged]]]:
        done: dict[str, tuple[str, list[_Staged]]] = {}
        todo: list[ArtifactGroup] = []
        for group in groups:
            if group.key in done:
                raise BuildRefusedError(f"two artifact groups are called {group.key!r}")
            known = old.get(group.key)
            recipe = group.recipe.hex()
            if known is not None and known.recipe == recipe:
                done[group.key] = (recipe, [_Staged(row, "") for row in known.rows])
            else:
                done[group.key] = (recipe, [])
                todo.append(group)

        def work(some: Sequence[ArtifactGroup]) -> list[list[_Staged]]:
            writer = _Writer(self._staging, self._live, self._files_of, flat=not self._is_new)
            return [writer.write(group.render()) for group in some]

        for group, items in zip(todo, share(todo, work, jobs=self._tree.jobs), strict=True):
            done[group.key] = (done[group.key][0], items)
        return done

    # Keeping

    def _keep(self, final: dict[str, _Group], old: Mapping[str, _Group], *, is_new: bool) -> list[_Staged]:
        """Add the files that stay although nothing makes them any more: groups ``kept/1``, ``kept/2`` by their age.

        Returns those of them that come from elsewhere.

        Args:
            final: the groups of this build.
            old: those of the last one.
            is_new: whether any file of this build differs; a build that repeats the last one is no new generation.
        """
        made = {row.file for group in final.values() for row in group.rows}
        before = {row.file for key, group in old.items() if not key.startswith(_OWN) for row in group.rows}
        if not is_new and before == made:
            final.update({key: group for key, group in old.items() if key.startswith(_KEPT)})
            return []
        kept: dict[int, list[Row]] = {age: [] for age in range(1, GENERATIONS + 1)}
        for key, group in old.items():
            age = int(key.removeprefix(_KEPT)) + 1 if key.startswith(_KEPT) else 1
            if age <= GENERATIONS:
                kept[age] += [row for row in group.rows if row.sha256 and row.file not in made and self._keeps(row)]
        inherited = self._inherit(kept, made) if self._is_empty else []
        final.update({f"{_KEPT}{age}": _Group("", tuple(sorted(rows))) for age, rows in kept.items() if rows})
        return inherited

    def _inherit(self, kept: Mapping[int, list[Row]], made: set[str]) -> list[_Staged]:
        writer = _Writer(self._staging, {}, lambda address, _: (address,), flat=not self._is_new, name="k")
        inherited: list[_Staged] = []
        for file in self._inherited:
            row = Row(*file.row, mtime=0)
            if file.age >= GENERATIONS or row.file in made or not self._keeps(row):
                continue
            body = file.read()
            if body is not None and hashlib.sha256(body).hexdigest() == row.sha256:
                (staged,) = writer.write([Artifact(row.file, "file", row.media_type, body)])
                kept[file.age + 1].append(row._replace(mtime=staged.row.mtime))
                inherited.append(staged)
        return inherited

    # Putting in place

    def _plan(
        self,
        groups: Sequence[ArtifactGroup],
        done: Mapping[str, tuple[str, list[_Staged]]],
        final: dict[str, _Group],
        old: Mapping[str, _Group],
    ) -> tuple[dict[Stage, list[_Staged]], list[_Staged]]:
        """Return the moves by stage, and the manifest's root, which comes after them all; complete *final*."""
        moves: dict[Stage, list[_Staged]] = {stage: [] for stage in STAGES}
        for group in groups:
            moves[group.stage].extend(item for item in done[group.key][1] if item.place)
        writer = _Writer(self._staging, self._live, lambda address, _: (address,), flat=not self._is_new, name="m")
        kept = [
            (row.public, int(key.removeprefix(_KEPT)))
            for key, group in final.items()
            if key.startswith(_KEPT)
            for row in group.rows
        ]
        own = {key: group for key, group in final.items() if not key.startswith(_KEPT)}
        if sum(len(group.rows) for group in own.values()) <= manifest.SHARD_FROM:
            root = manifest.root_artifact((row.public for group in own.values() for row in group.rows), kept=kept)
        else:
            shards = self._shards(own, old, writer)
            for name, (shard, items, _) in shards.items():
                final[name] = shard
                moves["root"].extend(item for item in items if item.place)
            listed = [(shard.rows[0].public, count) for shard, _, count in shards.values()]
            root = manifest.root_artifact((), listed, kept=kept)
        last = writer.write([root])
        final["manifest"] = _Group("", tuple(item.row for item in last))
        return moves, [item for item in last if item.place]

    @staticmethod
    def _shards(
        final: Mapping[str, _Group], old: Mapping[str, _Group], writer: _Writer
    ) -> dict[str, tuple[_Group, list[_Staged], int]]:
        """Return the manifest's shards by their group's key; one whose groups have their old recipes stays."""
        members: dict[str, list[str]] = {}
        for key in final:
            members.setdefault(manifest.shard_of(key), []).append(key)
        made: dict[str, tuple[_Group, list[_Staged], int]] = {}
        for name, keys in sorted(members.items()):
            keys.sort()
            recipe = digest_recipe(f"{key}\0{final[key].recipe}".encode() for key in keys).hex()
            count = sum(len(final[key].rows) for key in keys)
            known = old.get(f"manifest/{name}")
            if known is not None and known.recipe == recipe:
                made[f"manifest/{name}"] = (known, [], count)
                continue
            items = writer.write([manifest.shard_artifact(name, (r.public for key in keys for r in final[key].rows))])
            made[f"manifest/{name}"] = (_Group(recipe, tuple(item.row for item in items)), items, count)
        return made

    def _stale(self, final: Mapping[str, _Group], strays: set[str]) -> list[str]:
        wanted = {row.file for group in final.values() for row in group.rows}
        return sorted((self._live.keys() | strays) - wanted)

    def _appear(self, moves: Mapping[Stage, list[_Staged]]) -> None:
        """Give the finished new tree its name."""
        if any(moves.values()):
            sync_filesystem(Path(self._staging))
        os.rename(self._staging, self._root)  # noqa: PTH104

    def _give_up(self, strays: set[str]) -> None:
        """Remove what was staged; the journal of an interrupted build stays as long as its files may."""
        if strays:
            with suppress(OSError):
                self._prepare()
        else:
            shutil.rmtree(self._staging, ignore_errors=True)

    def _move(
        self,
        moves: Mapping[Stage, list[_Staged]],
        last: Sequence[_Staged],
        stale: Sequence[str],
        strays: set[str],
    ) -> None:
        """Put the staged files in place, in the order that keeps every link alive.

        Files of new names come first: nothing leads to them yet. Then those that others lead to already, leaves before
        lists; so that whatever they link to is there.
        """
        if not (any(moves.values()) or last or stale):
            return
        known = self._live.keys()
        new = [item.row.file for items in (*moves.values(), last) for item in items if item.row.file not in known]
        replace_file(Path(self._staging, _JOURNAL), orjson.dumps(sorted({*new, *stale, *strays})))
        sync_filesystem(self._tree.root)
        for is_known in (False, True):
            for stage in STAGES[:-1]:
                self._put(item for item in moves[stage] if (item.row.file in known) is is_known)
        self._put(moves["root"])
        sync_filesystem(self._tree.root)
        self._put(last)
        self._remove(stale)
        sync_filesystem(self._tree.root)

    def _put(self, items: Iterable[_Staged]) -> None:
        for item in items:
            target = contained(self._root, item.row.file)
            try:
                os.replace(item.place, target)  # noqa: PTH105
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                self._make_way(item.row.file)
                os.replace(item.place, target)  # noqa: PTH105

    def _make_way(self, file: str) -> None:
        """Make the folders of *file*; what a former build left in their place goes."""
        folder = self._root
        *parents, _ = file.split("/")
        for part in parents:
            folder = f"{folder}/{part}"
            if not os.path.isdir(folder) or os.path.islink(folder):  # noqa: PTH112, PTH114
                with suppress(FileNotFoundError):
                    os.unlink(folder)  # noqa: PTH108
                os.mkdir(folder)  # noqa: PTH102
        target = f"{self._root}/{file}"
        if os.path.isdir(target) and not os.path.islink(target):  # noqa: PTH112, PTH114
            shutil.rmtree(target)

    def _remove(self, stale: Sequence[str]) -> None:
        for file in stale:
            path = contained(self._root, file)
            with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                os.unlink(path)  # noqa: PTH108
            folder = file.rpartition("/")[0]
            while folder:
                try:
                    os.rmdir(f"{self._root}/{folder}")  # noqa: PTH106
                except OSError:
                    break
                folder = folder.rpartition("/")[0]

    def _save(self, final: Mapping[str, _Group], inputs: str, summary: Mapping[str, Any]) -> None:
        value = {
            "version": _STATE_VERSION,
            "root": str(self._tree.root.resolve()),
            "inputs": inputs,
            "summary": dict(summary),
            "groups": final,
        }
        replace_file(self._tree.state_file, orjson.dumps(value, default=tuple))


class _Writer:
    """Writes rendered artifacts into the staging folder; one for each process."""

    def __init__(self, staging: str, live: Mapping[str, Row], files_of: FilesOf, *, flat: bool, name: str = "") -> None:
        self._folder = f"{staging}/{name or os.getpid()}" if flat else staging
        self._live = live
        self._files_of = files_of
        self._flat = flat
        self._made = {staging}
        self._count = 0
        if flat:
            os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103

    def write(self, artifacts: Iterable[Artifact]) -> list[_Staged]:
        """Return the staged files of *artifacts*; what the live tree has already is not written."""
        staged: list[_Staged] = []
        for artifact in artifacts:
            sha256 = hashlib.sha256(artifact.body).hexdigest()
            size = len(artifact.body)
            for file in self._files_of(artifact.address, artifact.form):
                known = self._live.get(file)
                if known is not None and known.sha256 == sha256 and known.mtime:
                    row = known._replace(address=artifact.address, media_type=artifact.media_type)
                    staged.append(_Staged(row, ""))
                    continue
                place, found = self._store(file, artifact.body)
                row = Row(file, size, sha256, artifact.address, artifact.media_type, found.st_mtime_ns)
                staged.append(_Staged(row, place))
        return staged

    def _store(self, file: str, body: bytes) -> tuple[str, os.stat_result]:
        if self._flat:
            self._count += 1
            place = f"{self._folder}/{self._count}"
            return place, write_new(place, body)
        place = contained(self._folder, file)
        self._make(place.rpartition("/")[0])
        return place, write_new(place, body)

    def _make(self, folder: str) -> None:
        """Make a folder and those around it, each asked for once."""
        if folder not in self._made:
            self._make(folder.rpartition("/")[0])
            with suppress(FileExistsError):  # another process may have been first
                os.mkdir(folder)  # noqa: PTH102
            self._made.add(folder)


def _mtime(path: str) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0


def _is_inside(root: str, file: str) -> bool:
    try:
        contained(root, file)
    except StorageError:
        return False
    return True
