"""What version control knows of local files, and whether it may know anything; read without git, which few need."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from regpress.model.entry import Times

#: What to do where a clone does not have its history.
SHALLOW_ADVICE: Final = "the whole history: 'fetch-depth: 0' for actions/checkout, or 'git fetch --unshallow'"


class LocalTimes(Mapping[str, Times]):
    """Times of files in a local folder, by relative path; those that no commit has are absent.

    Attributes:
        shallow: whether the clone lacks its older history. Files that were there before have no times here, because
            the oldest commit of such a clone seems to add everything; `SHALLOW_ADVICE` says what helps.
        problem: why git could not tell anything, one line; empty where it could.
    """

    def __init__(self, times: Mapping[str, Times], *, shallow: bool = False, problem: str = "") -> None:
        self._times = dict(times)
        self.shallow = shallow
        self.problem = problem

    def __getitem__(self, path: str) -> Times:
        return self._times[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._times)

    def __len__(self) -> int:
        return len(self._times)


def seems_versioned(folder: Path) -> bool:
    """Return whether there is a ``.git`` to be found: every work tree has one, and asking git takes longer."""
    here = folder.resolve()
    return any(os.path.lexists(parent / ".git") for parent in (here, *here.parents))
