"""Local files to the same files with the times that version control knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from regpress.model.entry import RawFile, Times
from regpress.model.formats import holds_one_document
from regpress.model.issue import Issue
from regpress.sources.base import source_issue
from regpress.sources.local_times import SHALLOW_ADVICE, LocalTimes, seems_versioned

if TYPE_CHECKING:
    from regpress.sources.entryindex import EntryKey

# Few sites have files that entries share in a repository: what reads those is imported where it is needed.

#: Returns the times that version control knows of files below a folder, by relative path: ``(folder, paths)``.
History = Callable[[Path, Sequence[str]], LocalTimes]


def no_history(folder: Path, paths: Sequence[str]) -> LocalTimes:  # noqa: ARG001  # one form of History
    """Return no times: for folders that are not under version control."""
    return LocalTimes({})


def local_history(folder: Path, paths: Sequence[str]) -> LocalTimes:
    """Return the times of files below *folder*, from the git repository that it is in, `sources.history`."""
    if not seems_versioned(folder):
        return LocalTimes({})
    from regpress.sources import history  # noqa: PLC0415 - only in repositories is git started

    return history.local_history(folder, paths)


@dataclass(slots=True, kw_only=True)
class Dating:
    """Dates the files of one folder.

    Attributes:
        folder: the folder.
        known: the times of its files.
        cache: folder for what is found about entries that share a file; None to find it each time.
        entry_times: times of such entries, as far as they were found.
        undated: number of entries that have no time because the clone is shallow.
    """

    folder: Path
    known: LocalTimes
    cache: Path | None = None
    entry_times: dict[EntryKey, Times] = field(default_factory=dict)
    undated: int = 0

    def dated(self, path: str, raw: RawFile) -> RawFile:
        """Return *raw* with its times; those of entries that share it go to `entry_times`.

        The time of its last change on this disk stays only where it means something: a checkout makes all files new.

        Args:
            path: the file, relative to the folder.
            raw: the file.
        """
        times = self.known.get(path)
        if times is None and not self.known.shallow:
            return raw
        one = holds_one_document(raw.data)
        if one and times:
            return replace(raw, times=times)
        found = {} if one else self._entry_times(path, raw)
        if not self.known.shallow:
            return raw
        self.undated += len(_undated(raw) - found.keys())
        return replace(raw, modified="")

    def issues(self, source: str, shown: str) -> list[Issue]:
        """Return a warning where version control could not tell the times.

        Args:
            source: the source's name.
            shown: the file or folder, as messages call it.
        """
        if self.known.problem:
            message = f"git cannot tell when the files came ({self.known.problem})"
            return [source_issue(source, shown, "no-history", message, severity="warning")]
        if self.undated:
            message = f"the clone is shallow, so that the times of {self.undated} entries are not known"
            return [source_issue(source, shown, "shallow-history", message, SHALLOW_ADVICE, severity="warning")]
        return []

    def _entry_times(self, path: str, raw: RawFile) -> dict[EntryKey, Times]:
        from regpress.sources.entryindex import MAX_BLOB_BYTES  # noqa: PLC0415
        from regpress.sources.entrytimes import local_entry_times  # noqa: PLC0415

        if len(raw.data) > MAX_BLOB_BYTES:
            return {}
        found = local_entry_times(self.folder / path, raw.data, _undated(raw), cache=self.cache).times
        self.entry_times.update(found)
        return found


def _undated(raw: RawFile) -> frozenset[EntryKey]:
    from regpress.model.registry import read_candidates  # noqa: PLC0415
    from regpress.sources.entryindex import undated_entries  # noqa: PLC0415

    return undated_entries(read_candidates(raw).candidates)
