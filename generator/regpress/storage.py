"""Bytes to files: containment, atomic replacement, durability. Everything that writes output goes through here."""

from __future__ import annotations

import fcntl
import glob
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from regpress.errors import ConflictError, StorageError

#: Folder in a site for what can be made anew: fetched repositories, the state of outputs.
CACHE_FOLDER: Final = ".regpress"
#: Steps of a path that are no names.
NO_NAMES: Final = frozenset({"", ".", ".."})
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def contained(root: str, relative: str) -> str:
    """Return the path of *relative* below *root*, which it can only be.

    Raises:
        StorageError: it is absolute, steps out, or holds what no file name may.
    """
    parts = relative.split("/")
    if "\0" in relative or "\n" in relative or "\\" in relative or not NO_NAMES.isdisjoint(parts):
        raise StorageError(relative, "is not a path below the output folder")
    return f"{root}/{relative}"


def write_new(path: str, data: bytes) -> int:
    """Create the file *path* with *data* and return its modification time; its folder must exist.

    Raises:
        FileNotFoundError: the folder does not exist.
        FileExistsError, IsADirectoryError, NotADirectoryError: something has the path, or that of its folder.
        StorageError: the disk is full or read-only.
    """
    try:
        handle = os.open(path, _NEW_FILE, 0o666)
    except (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError):
        raise
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        written = os.write(handle, data)
        while written < len(data):
            written += os.write(handle, memoryview(data)[written:])
        return os.fstat(handle).st_mtime_ns
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        os.close(handle)


def replace_file(path: Path, *data: bytes | memoryview, durable: bool = False) -> None:
    """Put *data*, one piece after the other, at *path*, atomically; make the folder.

    Raises:
        StorageError: the disk is full or read-only.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.writelines(data)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(path)
        if durable:
            sync_folder(path.parent)
        remove_leftovers(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise storage_error(str(path), error) from error


def remove_leftovers(path: Path) -> None:
    """Remove temporary files of *path* whose writers were killed."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        pid = leftover.name.rsplit(".", 2)[1]
        if pid.isdecimal() and not _is_alive(int(pid)):
            with suppress(OSError):
                leftover.unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def storage_error(path: str, error: OSError) -> StorageError:
    """Return *error* as one of ours, without its number."""
    return StorageError(path, f"cannot be written or read: {error.strerror or error}")


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_filesystem(folder: Path) -> None:
    """Make everything written to the file system of *folder* durable, in one go.

    One call for tens of thousands of files; ``syncfs`` where the system has it, else ``sync``.
    """
    if sys.platform.startswith("linux"):
        import ctypes  # noqa: PLC0415 - only for builds that wrote something

        handle = os.open(folder, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(handle) == 0:
                return
        finally:
            os.close(handle)
    os.sync()


#: Lock files that forked processes let go of.
_alone: set[IO[str]] = set()


def _let_go() -> None:
    while _alone:
        _alone.pop().close()


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def locked(path: Path, *, alone: bool = False) -> Iterator[None]:
    """Hold the lock file *path*, so that two builds never write one output together.

    Args:
        path: the file.
        alone: whether the lock ends with this process, though others that it forked go on for a while; they write
            nothing that the next holder could meet.

    Raises:
        ConflictError: another process holds it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("w")
    except OSError as error:
        raise storage_error(str(path), error) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError(str(path), "another build is writing the same output; wait for it to end") from error
        if alone:
            _alone.add(stream)
        try:
            yield
        finally:
            _alone.discard(stream)


def folds_case(folder: Path) -> bool:
    """Return whether the disk of *folder* takes names that differ only in case for one; *folder* must exist.

    A probe that was killed is removed by the next one, so its name is always the same.
    """
    probe = folder / ".regpress-Case"
    try:
        probe.touch()
        try:
            return probe.with_name(probe.name.lower()).exists()
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(str(folder), error) from error
