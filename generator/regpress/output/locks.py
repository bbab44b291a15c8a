"""The lock of an output folder: builds of different sites into one folder exclude each other too.

What is locked is the folder itself, or as long as there is none the folder that will become it: so that nothing is
left beside the output, and a folder that gets its name in the middle of a build stays locked.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from regpress.errors import ConflictError
from regpress.storage import storage_error

#: Folder inside an output that holds files on their way; never there after a build that ended well.
STAGING: Final = ".regpress-staging"
#: Some network file systems lock no folders; there the lock of the site's own cache has to do.
_CANNOT = frozenset({errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP})


def staging_of_new(root: str) -> str:
    """Return the folder that becomes the output *root*, which is not there yet, by one rename."""
    return f"{root}.regpress-new"


@contextmanager
def locked_folder(root: Path) -> Iterator[None]:
    """Hold the output folder *root*, or its name.

    Raises:
        ConflictError: another build holds it.
        StorageError: the folder around it cannot be written to.
    """
    name = str(root)
    made: list[str] = []
    handle = None
    try:
        try:
            while handle is None:
                handle = _take(name, made)
        except BlockingIOError as error:
            raise ConflictError(name, "another build is writing the same output; wait for it to end") from error
        except OSError as error:
            raise storage_error(str(error.filename or name), error) from error
        yield
    finally:
        # Folders made only to hold the lock are empty, unless the build went well.
        for folder in reversed(made):
            with suppress(OSError):
                os.rmdir(folder)  # noqa: PTH106
        if handle is not None:
            os.close(handle)


def _take(root: str, made: list[str]) -> int | None:
    """Return the descriptor of the locked folder; None where it was renamed or removed in the meantime."""
    is_new = not os.path.lexists(root)
    folder = staging_of_new(root) if is_new else root
    if is_new:
        _make(folder, made)
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        if is_new or not os.path.lexists(root):
            return None
        raise
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        if is_new is not os.path.lexists(root) and os.path.samestat(os.fstat(handle), os.stat(folder)):  # noqa: PTH116
            return handle
    except FileNotFoundError:
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _make(folder: str, made: list[str]) -> None:
    """Make a folder and those around it, and note which were not there."""
    around = os.path.dirname(folder)  # noqa: PTH120
    if around and not os.path.isdir(around):  # noqa: PTH112
        _make(around, made)
    try:
        os.mkdir(folder)  # noqa: PTH102
    except FileExistsError:
        return
    made.append(folder)
