"""The site's ``content/`` folder to a snapshot: the source that publishing writes, DESIGN section 1."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from regpress.errors import SourceUnavailableError
from regpress.model.created import CONTENT_FOLDER
from regpress.model.document import DocumentError, parse_json, read_plain
from regpress.model.entry import RawFile, Removal, Snapshot, Status, entry_label
from regpress.model.formats import COLLECTIONS, MAX_DOCUMENT_BYTES, describe, format_of
from regpress.model.issue import Issue
from regpress.model.removal import TOMBSTONES, read_removals
from regpress.model.status import read_statuses
from regpress.names import KINDS, EntryName, Kind, SourceName
from regpress.record import record
from regpress.sources.base import fingerprint, source_issue
from regpress.sources.dating import Dating, History, no_history
from regpress.sources.tree import (
    FileTooLargeError,
    NotAFileError,
    Tree,
    below,
    read_bytes,
    read_tree,
    refusals,
    shown_path,
    time_text,
)

STATUS_FOLDER: Final = "status"
README: Final = "README.md"
MAX_README_BYTES: Final = 1024 * 1024
MAX_STATUS_BYTES: Final = 1024 * 1024

#: Folders of ``content/`` that are read here; others (``pages``, most of ``admin``) belong to other parts.
_FOLDERS: Final = frozenset({*COLLECTIONS, STATUS_FOLDER})
_ENTRY_DEPTH: Final = 4


@record(kw_only=True)
class ManagedSource:
    """Entries, statuses and long texts that are part of the site.

    Attributes:
        name: the source's name in the configuration.
        site_root: the site's folder.
        folder: the content folder below it.
        claims: claims of the source as a whole.
        history: the times of files from version control.
    """

    name: SourceName
    site_root: Path
    folder: str = CONTENT_FOLDER
    claims: Mapping[str, Any] = field(default_factory=dict)
    history: History = no_history

    def fetch(self) -> Snapshot:
        """Return everything in the folder that is about entries; a site without the folder has none.

        A version file whose place and document disagree is an issue and not part of the snapshot.

        Raises:
            SourceUnavailableError: the folder or a file in it cannot be read.
        """
        place = self.site_root / self.folder
        if not place.exists():
            return Snapshot(source=self.name, files=(), revision=fingerprint(()), claims=self.claims)
        try:
            tree = read_tree(place, wanted=lambda _: True, entered=_is_ours)
            reading = _Reading(source=self.name, tree=tree, shown=shown_path(self.folder, self.site_root))
            reading.run(self.history)
            reading.take_notes(place / TOMBSTONES)
        except OSError as error:
            message = f"{error.filename or self.folder}: cannot be read ({error.strerror})"
            raise SourceUnavailableError(self.name, message) from error
        except NotAFileError as error:
            raise SourceUnavailableError(self.name, f"{error}: is not a file (expected one)") from error
        return reading.snapshot(self.claims)

    def fetch_entry(self, kind: Kind, name: EntryName) -> Snapshot:
        """Return what the folder holds about one entry: its versions, status and long text, undated.

        Raises:
            SourceUnavailableError: a file cannot be read.
        """
        place = self.site_root / self.folder
        plural = next(plural for plural, one in COLLECTIONS.items() if one == kind)
        folder = f"{plural}/{name.namespace}/{name.name}"
        status = f"{STATUS_FOLDER}/{folder}.json"
        try:
            found = read_tree(place / folder, wanted=lambda _: True).files if (place / folder).is_dir() else ()
            files = [f"{folder}/{file}" for file in found] + [status] * (place / status).is_file()
            tree = Tree(root=os.path.realpath(place), files=tuple(sorted(files)))
            reading = _Reading(source=self.name, tree=tree, shown=shown_path(self.folder, self.site_root))
            reading.run(no_history)
        except OSError as error:
            message = f"{error.filename or self.folder}: cannot be read ({error.strerror})"
            raise SourceUnavailableError(self.name, message) from error
        except NotAFileError as error:
            raise SourceUnavailableError(self.name, f"{error}: is not a file (expected one)") from error
        return reading.snapshot(self.claims)


def _is_ours(folder: str) -> bool:
    return "/" in folder or folder in _FOLDERS or folder in KINDS


@dataclass(slots=True, kw_only=True)
class _Reading:
    """The state of one reading of the folder: what was found so far."""

    source: SourceName
    tree: Tree
    shown: str
    files: list[RawFile] = field(default_factory=list)
    statuses: dict[tuple[Kind, str], Mapping[str, Status]] = field(default_factory=dict)
    readmes: dict[tuple[Kind, str], RawFile] = field(default_factory=dict)
    others: list[RawFile] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)

    def run(self, history: History) -> None:
        self.issues.extend(refusals(self.tree, self.source, self.shown))
        places = [(path, path.split("/")) for path in self.tree.files]
        documents = [path for path, parts in places if _is_document(parts)]
        root = Path(self.tree.root)
        dating = Dating(folder=root, known=history(root, documents))
        for path, parts in places:
            if _is_document(parts):
                self._document(path, parts, dating)
            elif len(parts) == _ENTRY_DEPTH and parts[0] in COLLECTIONS and parts[3] == README:
                self._readme(path, COLLECTIONS[parts[0]], f"{parts[1]}/{parts[2]}")
            elif _is_status(parts):
                self._status(path, COLLECTIONS[parts[1]], f"{parts[2]}/{parts[3].removesuffix('.json')}")
            elif len(parts) > 1:
                self._stray(path, parts)
        self.issues.extend(dating.issues(self.source, self.shown))

    def take_notes(self, folder: Path) -> None:
        """Take the notes of removed versions, one file for each name."""
        # As everywhere in the content folder, links to folders are not followed.
        is_here = os.path.realpath(folder) == f"{self.tree.root}/{TOMBSTONES}" and folder.is_dir()
        for path in read_tree(folder, wanted=lambda name: name.endswith(".json")).files if is_here else ():
            plural, _, name = path.removesuffix(".json").partition("/")
            if plural in COLLECTIONS and (raw := self._read(f"{TOMBSTONES}/{path}", MAX_STATUS_BYTES)):
                found, issues = read_removals(raw, COLLECTIONS[plural], name, source=self.source)
                self.removals.extend(found)
                self.issues.extend(issues)
                self.others.append(raw)

    def snapshot(self, claims: Mapping[str, Any]) -> Snapshot:
        return Snapshot(
            source=self.source,
            files=tuple(self.files),
            revision=fingerprint((*self.files, *self.others)),
            statuses=self.statuses,
            readmes=self.readmes,
            claims=claims,
            issues=tuple(self.issues),
            removals=tuple(self.removals),
        )

    def _document(self, path: str, parts: list[str], dating: Dating) -> None:
        raw = self._read(path, MAX_DOCUMENT_BYTES)
        if raw is None:
            return
        version = parts[3].removesuffix(".json")
        problem = place_problem(raw.data, COLLECTIONS[parts[0]], f"{parts[1]}/{parts[2]}", version)
        if problem:
            self.issues.append(source_issue(self.source, raw.path, "managed-place", *problem))
            self.others.append(raw)
        else:
            self.files.append(dating.dated(path, raw))

    def _readme(self, path: str, kind: Kind, name: str) -> None:
        if raw := self._read(path, MAX_README_BYTES):
            self.readmes[kind, name] = raw
            self.others.append(raw)

    def _status(self, path: str, kind: Kind, name: str) -> None:
        if raw := self._read(path, MAX_STATUS_BYTES):
            self.statuses[kind, name], issues = read_statuses(raw, kind, name, source=self.source)
            self.issues.extend(issues)
            self.others.append(raw)

    def _stray(self, path: str, parts: list[str]) -> None:
        folder = f"status/<{'|'.join(COLLECTIONS)}>/<namespace>/<name>.json"
        if parts[0] != STATUS_FOLDER:
            kind = next((plural for plural, kind in COLLECTIONS.items() if parts[0] in {plural, kind}), parts[0])
            folder = f"{kind}/<namespace>/<name>/<version>.json or {README} there"
        self.issues.append(
            source_issue(
                self.source,
                below(self.shown, path),
                "managed-stray-file",
                "the file has no place here and is not read",
                f"{below(self.shown, folder)}",
                severity="error" if path.endswith(".json") else "warning",
            )
        )

    def _read(self, path: str, limit: int) -> RawFile | None:
        shown = below(self.shown, path)
        try:
            data, changed = read_bytes(f"{self.tree.root}/{path}", limit)
        except FileTooLargeError as error:
            message = f"the file has {error.size} bytes"
            self.issues.append(source_issue(self.source, shown, "file-too-large", message, f"at most {limit}"))
            return None
        return RawFile(path=shown, data=data, modified=time_text(changed))


def place_problem(data: bytes, kind: Kind, name: str, version: str) -> tuple[str, str] | None:
    """Return how a version file's document disagrees with its place, and what is expected; None where it agrees.

    Says nothing about what the reader and the validation of documents say: no JSON, no name, no version.

    Args:
        data: the file.
        kind: the kind that its place says.
        name: ``namespace/name``, by its place.
        version: the version, by its place.
    """
    try:
        value = read_plain(data.removeprefix(codecs.BOM_UTF8))
    except DocumentError:
        return None
    if format_of(value) not in {"document", ""}:
        return f"the file holds {describe(value)}", "one document"
    wrapped = [each for each in KINDS if each in value] if isinstance(value, dict) and "name" not in value else []
    if wrapped and kind not in wrapped:
        return f"the file holds a {wrapped[0]}, its folder is for {kind}s", f"a {kind}"
    document = value.get(kind) if wrapped else value
    if not isinstance(document, dict) or not isinstance(document.get("version"), str):
        return None
    found = document.get("name") if kind == "server" else f"{document.get('namespace')}/{document.get('name')}"
    if not isinstance(found, str) or (found, document["version"]) == (name, version):
        return None
    try:
        parse_json(data)
    except DocumentError:
        return None  # such as a version that stands twice: the reader says so
    by_place, by_document = entry_label(kind, name, version), entry_label(kind, found, document["version"])
    return f"the place says {by_place[:300]}, the document {by_document[:300]}", "the same in both"


def _is_document(parts: list[str]) -> bool:
    return len(parts) == _ENTRY_DEPTH and parts[0] in COLLECTIONS and parts[3].endswith(".json")


def _is_status(parts: list[str]) -> bool:
    return (
        len(parts) == _ENTRY_DEPTH
        and parts[0] == STATUS_FOLDER
        and parts[1] in COLLECTIONS
        and parts[3].endswith(".json")
    )
