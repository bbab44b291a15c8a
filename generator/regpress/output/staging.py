"""The folder in which a build prepares its files, and the journal by which the next one finds what it left behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson

from regpress.output.earlier import is_inside
from regpress.output.locks import STAGING, staging_of_new
from regpress.storage import replace_file

_JOURNAL: Final = "journal.json"


class Staging:
    """The staging folder of one build of the output folder *root*.

    Attributes:
        is_new: whether the output is not there yet: then the folder becomes it as a whole, by one rename. An output
            that is there stays, whatever it is: it may be a mount, or a link.
        is_empty: whether there is nothing in the output.
        path: the folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self.is_new = not os.path.lexists(root)
        self.is_empty = self.is_new or all(name == STAGING for name in os.listdir(root))  # noqa: PTH208
        self.path = staging_of_new(root) if self.is_new else f"{root}/{STAGING}"
        self._journal = Path(self.path, _JOURNAL)

    @property
    def was_interrupted(self) -> bool:
        """Return whether a build of this output did not come to its end."""
        return not self.is_new and self._journal.exists()

    def strays(self) -> set[str]:
        """Return the files of the output that an interrupted build may have left."""
        if self.is_new:
            return set()
        try:
            names = orjson.loads(self._journal.read_bytes())
        except (OSError, ValueError):
            return set()
        return {name for name in names if isinstance(name, str) and is_inside(self._root, name)}

    def prepare(self) -> None:
        """Empty the folder, but for the journal of an interrupted build: it counts until this one is done."""
        os.makedirs(self.path, exist_ok=True)  # noqa: PTH103
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                elif entry.name != _JOURNAL or self.is_new:
                    os.unlink(entry.path)  # noqa: PTH108

    def write_journal(self, files: Collection[str]) -> None:
        """Note the files that may be left over from now on, until the build is done."""
        replace_file(self._journal, orjson.dumps(sorted(files)))

    def give_up(self, strays: Collection[str]) -> None:
        """Remove what was staged; the journal of an interrupted build stays as long as its files may."""
        if strays:
            with suppress(OSError):
                self.prepare()
        else:
            self.remove()

    def remove(self) -> None:
        """Remove the folder; nothing is lost if it cannot be done now."""
        shutil.rmtree(self.path, ignore_errors=True)
