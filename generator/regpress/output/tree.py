"""One output folder, and what is known about it from one build to the next."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regpress.digest import recipe
from regpress.output.damage import UnsoundStateError, damaged_groups
from regpress.output.locks import STAGING, locked_folder
from regpress.output.sharing import MOST, Sharing
from regpress.output.state import State, Stored, load_state, save_state
from regpress.storage import locked, storage_error

if TYPE_CHECKING:
    from regpress.model.artifact import ArtifactGroup, Section
    from regpress.output.keeping import Inherited, Keeps
    from regpress.output.replacement import Accept, TreeResult
    from regpress.output.writer import FilesOf

#: Fewest files that a process looks at before it asks for more.
_PIECE: Final = 1_000
_Piece = tuple[tuple[str, Stored], ...]
#: Keys of groups by the key of their section.
_Damaged = dict[str, set[str]]


class OutputTree:
    """One output folder.

    Attributes:
        root: the output folder.
        state_file: where the state of the last build is kept; its folder also holds a lock.
        jobs: number of processes.
    """

    def __init__(self, root: Path, *, state_file: Path, jobs: int = 1) -> None:
        self.root = root
        self.state_file = state_file
        self.jobs = jobs
        self._is_locked = False
        self._state: State | None = None
        self._hashed = False
        self._look: Sharing[_Piece, _Damaged] | None = None
        self._found: _Damaged = {}

    @classmethod
    def of(cls, root: Path, *, cache: Path, jobs: int = 1) -> OutputTree:
        """Return the output folder *root* of the site whose folder for what can be made anew is *cache*."""
        slug = recipe((str(root.resolve()).encode(),)).hex()
        return cls(root, state_file=cache / "state" / slug, jobs=jobs)

    @property
    def was_built(self) -> bool:
        """Return whether the state of an earlier build is known."""
        return self.state_file.exists() and self.root.is_dir()

    def begin(self, *, hashed: bool = False) -> State:
        """Return the state of the last build, and look meanwhile whether the files are still as it left them.

        What was begun goes on where this is asked for again; to be called inside `locked`.

        Args:
            hashed: read every file instead of trusting its size and time.
        """
        if self._state is not None and self._hashed is hashed:
            return self._state
        self._close()
        self._state = load_state(self.state_file, self.root)
        self._hashed = hashed
        pieces = _pieces(self._state.sections)
        root = str(self.root)
        self._look = Sharing(pieces, lambda piece: damaged_groups(root, dict(piece), hashed=hashed), jobs=self.jobs)
        return self._state

    def is_intact(self) -> bool:
        """Return whether the tree is as the last build left it, and no build was interrupted; after `begin`."""
        if self._state is None or not self._state.sections or (self.root / STAGING).exists():
            return False
        # To look at the files may show that the state itself is unsound; then there is none any more.
        return not self._damaged() and bool(self._state.sections)

    def replace(
        self,
        parts: Iterable[ArtifactGroup | Section],
        files_of: FilesOf,
        *,
        others: Iterable[ArtifactGroup | Section] = (),
        accept: Accept,
        keeps: Keeps = lambda _: False,
        inherited: Iterable[Inherited] = (),
        inputs: str = "",
        summary: Mapping[str, Any] | None = None,
        full: bool = False,
        planned: Callable[[], None] = lambda: None,
    ) -> TreeResult:
        """Make the output folder hold exactly the artifacts of some groups and sections.

        Args:
            parts: everything to be written; keys of sections differ, and of groups within one.
            files_of: where an address lies on this host.
            others: more of that, which another process may look through meanwhile.
            accept: looks at the size and the paths of the new tree, but for the manifest.
            keeps: which files stay for `regpress.output.keeping.GENERATIONS` builds after the last one that made them.
            inherited: such files of an output elsewhere that this one continues; they count for a new folder only.
            inputs: fingerprint of all inputs, for `State`.
            summary: kept in the state.
            full: trust nothing but the bytes of the files that are there.
            planned: called when this process knows all that it is to render, and there is only work to be shared.

        Raises:
            BuildRefusedError: the folder holds something that is not ours, or *accept* refused.
            StorageError: the disk is full or read-only, or another build is at work. The old tree is intact, but for
                a failure in the middle of moving files, which leaves it readable.
        """
        # Not needed by builds with nothing to do.
        from regpress.output.replacement import Replacement  # noqa: PLC0415

        with self.locked():
            try:
                _check_writable(self.state_file.parent)
                self.begin(hashed=full)
                replacement = Replacement(self.root, files_of, keeps=keeps, inherited=inherited, jobs=self.jobs)
                save = partial(self._save, inputs, summary or {})
                return replacement.run((parts, others), self._earlier, accept, save, planned)
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
        with locked(self.state_file.with_suffix(".lock")), locked_folder(self.root):
            self._is_locked = True
            try:
                yield
            finally:
                self._is_locked = False
                self._state = None
                self._close()

    def _earlier(self) -> tuple[Mapping[str, Stored], _Damaged]:
        """Return the sections of the last build, and which groups of them are damaged."""
        damaged = self._damaged()
        return self._state.sections if self._state is not None else {}, damaged

    def _damaged(self) -> _Damaged:
        """Return the groups of which a file is missing or changed since the last build; after `begin`."""
        if self._look is not None:
            look, self._look = self._look, None
            try:
                self._found = {key: names for found in look.results() for key, names in found.items()}
            except UnsoundStateError:
                self._state, self._found = State(), {}
        return self._found

    def _close(self) -> None:
        if self._look is not None:
            self._look.abandon()
            self._look = None

    def _save(self, inputs: str, summary: Mapping[str, Any], sections: Mapping[str, Stored]) -> None:
        # What is known now is out of date, whether or not it can be kept.
        state, self._state = self._state or State(), None
        save_state(self.state_file, self.root, sections, inputs=inputs, summary=summary, base=state.base)


def _pieces(sections: Mapping[str, Stored]) -> list[_Piece]:
    """Return sections in pieces of about as many files."""
    size = max(_PIECE, sum(one.files for one in sections.values()) // MOST + 1)
    pieces: list[_Piece] = []
    some: list[tuple[str, Stored]] = []
    files = 0
    for item in sections.items():
        some.append(item)
        files += item[1].files
        if files >= size:
            pieces.append(tuple(some))
            some, files = [], 0
    return [*pieces, tuple(some)] if some else pieces


def _check_writable(folder: Path) -> None:
    """Raise a PermissionError where what a build knows could not be kept, before the output is touched."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
