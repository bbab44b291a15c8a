"""Changes of files in ``content/``, made durable together or not at all.

What is about to be done is noted before it is begun, and the note goes when it is over: after a crash it tells which
files to look at, so that every write that reached the disk is also in the log and in version control.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from regpress.errors import ConflictError, StorageError
from regpress.storage import contained, storage_error, sync_folder

_NEW: Final = ".regpress-new"


class FileChange(NamedTuple):
    """One file as it will be.

    Attributes:
        path: relative to the content folder, with slashes.
        data: its bytes, or None where it is to be removed.
        is_new: whether it must not exist yet.
    """

    path: str
    data: bytes | None
    is_new: bool = False


@dataclass(slots=True)
class ContentStore:
    """The content folder of one site, which only one process writes.

    Attributes:
        root: the folder.
        note: where pending changes are noted; on the same disk as nothing in particular, outside of *root*.
    """

    root: Path
    note: Path
    _undo: list[tuple[Path, bytes | None]] = field(default_factory=list)
    _folders: set[Path] = field(default_factory=set)

    def begin(self, about: Mapping[str, Any], paths: Iterable[str]) -> None:
        """Note durably which files are going to change, and why.

        Raises:
            StorageError: the disk is full or read-only.
        """
        text = orjson.dumps({"about": about, "paths": list(paths)})
        try:
            self.note.parent.mkdir(parents=True, exist_ok=True)
            known = self.note.exists()
            with self.note.open("wb") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            if not known:
                sync_folder(self.note.parent)
        except OSError as error:
            raise storage_error(str(self.note), error) from error

    def pending(self) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return what the note of an interrupted run says; nothing where there is none."""
        try:
            value = orjson.loads(self.note.read_bytes())
            return value["about"], tuple(value["paths"])
        except (OSError, ValueError, KeyError, TypeError):
            # A torn note was not followed by a change.
            return {}, ()

    def apply(self, changes: Sequence[FileChange]) -> None:
        """Make *changes*; the bytes are on the disk, their names once `sync` is called.

        Raises:
            ConflictError: a file that must not exist does.
            StorageError: the disk is full or read-only. What was changed before stays until `roll_back`.
        """
        for change in changes:
            path = Path(contained(str(self.root), change.path))
            try:
                self._apply(path, change)
            except OSError as error:
                raise storage_error(change.path, error) from error

    def _apply(self, path: Path, change: FileChange) -> None:
        self._make_folder(path.parent)
        before = None if change.is_new else _read(path)
        self._folders.add(path.parent)
        if change.data is None:
            self._undo.append((path, before))
            path.unlink(missing_ok=True)
            return
        temporary = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as stream:
                stream.write(change.data)
                stream.flush()
                os.fsync(stream.fileno())
            if change.is_new:
                # A link, unlike a rename, never takes the place of a file that is there.
                try:
                    os.link(temporary, path)
                except FileExistsError as error:
                    raise ConflictError(change.path, "exists already") from error
            else:
                temporary.replace(path)
            self._undo.append((path, before))
        finally:
            temporary.unlink(missing_ok=True)

    def place_folder(self, path: str, files: Mapping[str, bytes]) -> None:
        """Put a folder of new files in place, all of them at once; one that is there may hold other files.

        Raises:
            ConflictError: the folder holds one of *files*.
            StorageError: the disk is full or read-only.
        """
        folder = Path(contained(str(self.root), path))
        staged = folder.with_name(f".{folder.name[:100]}{_NEW}")
        try:
            self._make_folder(folder.parent)
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir()
            others = list(folder.iterdir()) if folder.is_dir() else []
            if taken := {other.name for other in others} & files.keys():
                raise ConflictError(f"{path}/{min(taken)}", "exists already")
            for name, data in files.items():
                with (staged / name).open("wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
            for other in others:
                os.link(other, staged / other.name)
            sync_folder(staged)
            for other in others:
                other.unlink()
            staged.replace(folder)
        except OSError as error:
            raise storage_error(path, error) from error
        self._undo.extend((folder / name, None) for name in files)
        self._folders |= {folder, folder.parent}

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir(exist_ok=True)
            self._folders |= {each, each.parent}

    def sync(self) -> None:
        """Make the names of all changed files durable.

        Raises:
            StorageError: the disk failed.
        """
        try:
            for folder in self._folders:
                sync_folder(folder)
        except OSError as error:
            raise storage_error(str(self.root), error) from error

    def mark(self) -> int:
        """Return a point for `roll_back`."""
        return len(self._undo)

    def roll_back(self, mark: int = 0) -> None:
        """Take back the changes since *mark*, as far as the disk allows.

        Raises:
            StorageError: it does not; what is there counts.
        """
        try:
            while len(self._undo) > mark:
                path, before = self._undo[-1]
                if before is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_bytes(before)
                self._undo.pop()
        except OSError as error:
            raise storage_error(str(self.root), error) from error

    def end(self) -> None:
        """Forget the note and what could be taken back: everything is where it belongs."""
        self._undo.clear()
        self._folders.clear()
        with contextlib.suppress(OSError):
            # Emptied rather than removed: a name that stays costs the next note one call less to the disk.
            os.truncate(self.note, 0)

    def clean(self) -> None:
        """Remove what an interrupted run left on its way.

        Raises:
            StorageError: the folder cannot be read or written.
        """
        try:
            for left in self.root.glob(f"*/*/.*{_NEW}"):
                shutil.rmtree(left)
            for left in self.root.rglob(".*.tmp"):
                if left.name.rsplit(".", 2)[1].isdecimal():
                    left.unlink()
        except OSError as error:
            raise storage_error(str(self.root), error) from error

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, None where there is none.

        Raises:
            StorageError: it cannot be read.
        """
        try:
            return _read(Path(contained(str(self.root), path)))
        except OSError as error:
            raise storage_error(path, error) from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


__all__ = ["ContentStore", "FileChange", "StorageError"]
