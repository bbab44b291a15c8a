"""The paths and sizes of a new tree; and which of the paths may conflict: a handful, since most were there before."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from stat import S_ISDIR

from regpress.model.artifact import TreeSize
from regpress.output.rows import Rows
from regpress.output.state import Stored


def files_in(rows: Iterable[Rows]) -> Iterator[str]:
    """Yield the files of the rows of groups and sections."""
    for some in rows:
        yield from map(bytes.decode, some.files)


def size_of(sections: Collection[Stored]) -> TreeSize:
    """Return the size of the tree that *sections* make; of several largest files the first by path."""
    most = max((one.most for one in sections), default=0)
    largest = (
        file
        for rows in (one.rows for one in sections if one.most == most)
        for file, size in zip(rows.files, rows.sizes, strict=True)
        if size == most
    )
    return TreeSize(
        sum(one.files for one in sections), min(largest, default=b"").decode(), most, sum(one.total for one in sections)
    )


def disputed(
    root: str, made: Iterable[str], gone: Collection[str], everything: Callable[[], Iterable[str]]
) -> Iterable[str]:
    """Return paths among which all conflicts of the new tree are, if there are any.

    The disk tells whether a new name is free; only where one is not are all names of the tree returned.

    Args:
        root: the live tree.
        made: files that are rendered now.
        gone: files of the live tree that do not stay as they are.
        everything: returns the files of the whole new tree.
    """
    names = list(made)
    looked: set[str] = set()
    for file in names:
        if file in gone:
            continue
        if os.path.lexists(f"{root}/{file}"):
            return everything()
        folder = file.rpartition("/")[0]
        while folder and folder not in looked:
            looked.add(folder)
            if folder not in gone and _is_no_folder(f"{root}/{folder}"):
                return everything()
            folder = folder.rpartition("/")[0]
    return names


def _is_no_folder(path: str) -> bool:
    try:
        return not S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
