"""A commit and a path to the files there: contents, names and nothing that a link leads to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from regpress.record import record
from regpress.sources.gitcommand import GitFailedError
from regpress.sources.gitmirror import Mirror
from regpress.sources.gitnotes import Notes, near
from regpress.sources.gitref import Ref
from regpress.sources.gitrepository import FILE_MODES, TreeEntry
from regpress.sources.tree import is_leftover

_LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"


@record(kw_only=True)
class FileReader:
    """Reads the files of a source.

    Attributes:
        mirror: the copy, locked; what it lacks is fetched.
        ref: what the commit was found by, for messages and for a copy made anew.
        path: a file or folder inside the repository, without a slash at its ends; empty for everything.
        notes: where to say what is not followed.
        max_files: most files of a folder.
        max_bytes: most bytes of the files together.
    """

    mirror: Mirror
    ref: Ref
    path: str
    notes: Notes
    max_files: int
    max_bytes: int

    def files(self, commit: str) -> list[tuple[str, bytes]]:
        """Return paths and contents: of the file, or of every ``*.json`` file below the folder, sorted.

        Raises:
            SourceUnavailableError: the copy lacks a file, and the remote does not give it.
            SourceMalformedError: there is no such path, or too much below it.
            GitFailedError: the copy is damaged.
        """
        found = self.mirror.repository.tree_entry(commit, self.path)
        if found is None:
            names = [entry.path for entry in self.mirror.repository.tree_files(commit) if entry.path.endswith(".json")]
            raise self.notes.malformed(self._place, "does not exist", near(self.path, names) or "a file or folder")
        if found.kind == "tree":
            return self._contents(self._below(found))
        if found.mode not in FILE_MODES:
            raise self.notes.malformed(self._place, f"is {_kind_of(found)}, which is not followed", "a file or folder")
        files = self._contents([found])
        if files[0][1].startswith(_LFS_POINTER):
            raise self.notes.malformed(self._place, "is stored in Git LFS, which is not read", "an ordinary file")
        return files

    @property
    def _place(self) -> str:
        return f"{self.path or '.'} at {self.ref}"

    def _below(self, folder: TreeEntry) -> list[TreeEntry]:
        entries: list[TreeEntry] = []
        for entry in self.mirror.repository.tree_files(folder.object_id):
            place = f"{self.path}/{entry.path}" if self.path else entry.path
            if any(is_leftover(part) for part in entry.path.split("/")):
                continue
            if entry.mode not in FILE_MODES:
                if entry.kind == "commit" or entry.path.endswith(".json"):
                    self.notes.add(
                        "git-link", f"this is {_kind_of(entry)}, which is not followed", "a file", file=place
                    )
            elif entry.path.endswith(".json"):
                entries.append(entry._replace(path=place))
        if not entries:
            self.notes.add("empty-folder", "the folder has no file that ends in .json", file=self.path)
        return entries

    def _contents(self, entries: Sequence[TreeEntry]) -> list[tuple[str, bytes]]:
        if len(entries) > self.max_files:
            raise self.notes.malformed(self._place, f"has {len(entries)} files", f"at most {self.max_files}")
        sizes = self._sizes(list(dict.fromkeys(entry.object_id for entry in entries)))
        if (total := sum(sizes[entry.object_id] for entry in entries)) > self.max_bytes:
            raise self.notes.malformed(self._place, f"has {total} bytes", f"at most {self.max_bytes}")
        contents = self.mirror.repository.read(sizes)
        return sorted((entry.path, contents[entry.object_id]) for entry in entries)

    def _sizes(self, blobs: Sequence[str]) -> dict[str, int]:
        """Return the sizes of *blobs*, after the missing ones were fetched."""
        sizes = self.mirror.repository.sizes(blobs)
        steps: tuple[Callable[[list[str]], None], ...] = (
            self.mirror.fetch_blobs,
            # The server sends parts of a repository, but no single objects.
            lambda _: self.mirror.renew(self.ref.asked, whole=True),
        )
        reason = ""
        for bring in steps:
            missing = [blob for blob in blobs if blob not in sizes]
            if not missing:
                break
            try:
                bring(missing)
            except GitFailedError as error:
                reason = f": {error}"
            sizes |= self.mirror.repository.sizes(missing)
        if any(blob not in sizes for blob in blobs):
            raise self.notes.unavailable(f"does not give the files of {self._place}{reason}")
        return sizes


def _kind_of(entry: TreeEntry) -> str:
    return "a submodule" if entry.kind == "commit" else "a symbolic link"
