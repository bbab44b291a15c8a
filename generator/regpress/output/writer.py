"""Rendered artifacts to files in the staging folder. Every system call here is made tens of thousands of times."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from regpress.errors import BuildRefusedError, StorageError
from regpress.model.artifact import Artifact, Form
from regpress.output.rows import Row, Rows, RowsMaker
from regpress.storage import NO_NAMES, contained, write_new

#: Which files hold the document at an address: the host's layout.
FilesOf = Callable[[str, Form], tuple[str, ...]]
#: For a tree of which nothing is known.
NO_ROWS: Final[Mapping[str, Row]] = MappingProxyType({})


class Staged(NamedTuple):
    """A file that waits to be put in place: its name in the tree, and where its bytes are."""

    file: str
    place: str


class Rendered(NamedTuple):
    """The files of one group.

    Attributes:
        rows: all of them.
        staged: those of them that are to be moved to where they belong.
        sizes: of all of them.
    """

    rows: Rows
    staged: list[Staged]
    sizes: Sequence[int]


class Writer:
    """Writes rendered artifacts into the staging folder; one for each process.

    Args:
        staging: the folder; it exists.
        files_of: the host's layout.
        live: what the live tree is known to hold, whoever made it.
        flat: whether files get numbers for names, to be moved one by one; else the folder becomes the tree itself.
        name: a folder of this writer's own below *staging*, for flat files.
    """

    def __init__(self, staging: str, files_of: FilesOf, *, live: Mapping[str, Row], flat: bool, name: str = "") -> None:
        self._folder = f"{staging}/{name or os.getpid()}" if flat else staging
        self._live = live
        self._files_of = files_of
        self._flat = flat
        self._made = {""}
        self._count = 0

    def write(self, artifacts: Iterable[Artifact], live: Mapping[str, Row] = NO_ROWS) -> Rendered:
        """Return the staged files of *artifacts*; what the live tree has already is not written.

        Args:
            artifacts: what is to be written.
            live: what else the live tree is known to hold.
        """
        rows = RowsMaker()
        staged: list[Staged] = []
        # The latest version's body is that of a version: the same bytes are hashed once.
        digests: dict[int, tuple[bytes, str]] = {}
        is_known = bool(live or self._live)
        for address, form, media_type, body in artifacts:
            known = digests.get(id(body))
            if known is None:
                known = digests[id(body)] = (body, hashlib.sha256(body).hexdigest())
            sha256, size = known[1], len(body)
            for file in self._files_of(address, form):
                there = (live.get(file) or self._live.get(file)) if is_known else None
                if there is not None and there.sha256 == sha256 and there.mtime:
                    rows.add(file, size, sha256, address, media_type, there.mtime)
                    continue
                place, mtime = self._store(file, body)
                rows.add(file, size, sha256, address, media_type, mtime)
                if self._flat:
                    staged.append(Staged(file, place))
        return Rendered(rows.made(), staged, rows.sizes)

    def _store(self, file: str, body: bytes) -> tuple[str, int]:
        if self._flat:
            if not self._count:
                os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103
            contained("", file)
            self._count += 1
            place = f"{self._folder}/{self._count}"
            return place, write_new(place, body)
        folder, _, name = file.rpartition("/")
        if name in NO_NAMES or "\0" in name or "\\" in name or "\n" in name:
            raise StorageError(file, "is not a path below the output folder")
        place = f"{self._folder}/{file}"
        try:
            if folder not in self._made:
                contained(self._folder, folder)
                self._make(folder)
            return place, write_new(place, body)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise BuildRefusedError(
                f"{file}: two documents would be written to this path, or one in its place"
            ) from error

    def _make(self, folder: str) -> None:
        """Make a folder and those around it, each asked for once."""
        around = folder.rpartition("/")[0]
        if around not in self._made:
            self._make(around)
        self._made.add(folder)
        try:
            os.mkdir(f"{self._folder}/{folder}")  # noqa: PTH102
        except FileExistsError:
            return  # another process was first
