"""Local files, folders and inline data to snapshots: sources of type ``file`` with ``path`` or ``data``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from regpress.digest import digest
from regpress.errors import SourceMalformedError, SourceUnavailableError
from regpress.model.entry import RawFile, Snapshot
from regpress.model.formats import MAX_ENTRIES, MAX_FILE_BYTES
from regpress.model.issue import Issue
from regpress.names import SourceName
from regpress.record import record
from regpress.sources.base import fingerprint, source_issue
from regpress.sources.dating import Dating, History, no_history
from regpress.sources.tree import (
    FileTooLargeError,
    NotAFileError,
    below,
    read_bytes,
    read_tree,
    refusals,
    shown_path,
    time_text,
)

#: Most bytes that the files of one folder have together.
MAX_FOLDER_BYTES: Final = 4 * MAX_FILE_BYTES


@record(kw_only=True)
class FileSource:
    """A registry document, or a folder of them, on the local disk.

    Attributes:
        name: the source's name in the configuration.
        path: the file or folder as configured, relative to the site or absolute.
        site_root: the site's folder.
        claims: claims of the source as a whole.
        history: the times of files from version control.
        cache: folder for what is found in the history; None to find it each time.
        limit: most bytes of one file.
    """

    name: SourceName
    path: str
    site_root: Path
    claims: Mapping[str, Any] = field(default_factory=dict)
    history: History = no_history
    cache: Path | None = None
    limit: int = MAX_FILE_BYTES

    def fetch(self) -> Snapshot:
        """Return the file, or every ``*.json`` file below the folder.

        Raises:
            SourceUnavailableError: there is no such file or folder, or it cannot be read.
            SourceMalformedError: the file is too large, or the folder holds too much.
        """
        place = self.site_root / self.path
        try:
            return self._folder(place) if place.is_dir() else self._file(place)
        except FileNotFoundError as error:
            expected = f"a file or folder; paths are relative to {self.site_root}"
            raise SourceUnavailableError(self.name, f"{self.path}: does not exist (expected {expected})") from error
        except NotAFileError as error:
            message = f"{self.path}: is neither a file nor a folder (expected one of them)"
            raise SourceUnavailableError(self.name, message) from error
        except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
            reason = getattr(error, "strerror", None) or str(error)
            raise SourceUnavailableError(self.name, f"{self.path}: cannot be read ({reason})") from error

    def _file(self, place: Path) -> Snapshot:
        shown = shown_path(self.path, self.site_root)
        try:
            data, changed = read_bytes(str(place), self.limit)
        except FileTooLargeError as error:
            raise SourceMalformedError(self.name, f"{shown}: {_too_large(error)}") from error
        dating = Dating(folder=place.parent, known=self.history(place.parent, (place.name,)), cache=self.cache)
        file = dating.dated(place.name, RawFile(path=shown, data=data, modified=time_text(changed)))
        return Snapshot(
            source=self.name,
            files=(file,),
            revision=digest(data),
            entry_times=dating.entry_times,
            claims=self.claims,
            issues=tuple(dating.issues(self.name, shown)),
        )

    def _folder(self, place: Path) -> Snapshot:
        shown = shown_path(self.path, self.site_root)
        tree = read_tree(place, wanted=lambda name: name.endswith(".json"))
        if len(tree.files) > MAX_ENTRIES:
            message = f"{shown}: has {len(tree.files)} files (expected at most {MAX_ENTRIES})"
            raise SourceMalformedError(self.name, message)
        root = Path(tree.root)
        dating = Dating(folder=root, known=self.history(root, tree.files), cache=self.cache)
        issues = refusals(tree, self.name, shown)
        files: list[RawFile] = []
        left = MAX_FOLDER_BYTES
        for path in tree.files:
            in_messages = below(shown, path)
            try:
                data, changed = read_bytes(f"{tree.root}/{path}", self.limit)
            except FileTooLargeError as error:
                issues.append(source_issue(self.name, in_messages, "file-too-large", _too_large(error)))
                continue
            if (left := left - len(data)) < 0:
                message = f"{shown}: its files have more than {MAX_FOLDER_BYTES >> 20} MiB together (expected less)"
                raise SourceMalformedError(self.name, message)
            raw = RawFile(path=in_messages, data=data, modified=time_text(changed))
            files.append(dating.dated(path, raw))
        issues.extend(dating.issues(self.name, shown))
        if not tree.files:
            issues.append(self._empty(shown))
        return Snapshot(
            source=self.name,
            files=tuple(files),
            revision=fingerprint(files),
            entry_times=dating.entry_times,
            claims=self.claims,
            issues=tuple(issues),
        )

    def _empty(self, shown: str) -> Issue:
        message = "the folder has no file that ends in .json"
        return source_issue(self.name, shown, "empty-folder", message, severity="warning")


@record(kw_only=True)
class InlineSource:
    """A registry document that stands in the configuration itself.

    Attributes:
        name: the source's name in the configuration.
        data: the document, as values or as a text of JSON.
        claims: claims of the source as a whole.
    """

    name: SourceName
    data: Any
    claims: Mapping[str, Any] = field(default_factory=dict)

    def fetch(self) -> Snapshot:
        """Return the document.

        Raises:
            SourceMalformedError: it has values that JSON does not know.
        """
        try:
            text = self.data if isinstance(self.data, str) else json.dumps(self.data, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError) as error:
            message = f"file.data: cannot be written as JSON: {error} (expected texts, numbers, lists and mappings)"
            raise SourceMalformedError(self.name, message) from error
        data = text.encode("utf-8", "surrogatepass")
        file = RawFile(path=f"inline data of {self.name}", data=data)
        return Snapshot(source=self.name, files=(file,), revision=digest(data), claims=self.claims)


def _too_large(error: FileTooLargeError) -> str:
    return f"has {error.size} bytes (expected at most {error.limit})"
