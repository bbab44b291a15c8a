"""Changed files of a site to commits of the repository that the site is in.

A commit is made of the branch and of the changed files alone (``git fast-import``): what it costs does not grow with
the number of files, and nothing that is staged takes part. The index then learns what was committed. Where that way is
not open, as on no branch, ``git commit`` does the same, only slower.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from regpress.errors import StorageError
from regpress.record import record
from regpress.sources.gitcommand import GitFailedError, GitMissingError, run_git
from regpress.storage import storage_error

#: What is committed is on the disk when the command ends; git itself leaves that to the system.
_DURABLE = ("-c", "core.fsync=committed,loose-object,reference")
#: Small packs become loose objects, as those of other commits.
_LOOSE = ("-c", "fastimport.unpackLimit=1000")
#: Attributes by which git would store something else than the bytes of a file.
_CONVERTING = ("filter", "working-tree-encoding")
_BRANCH = b"ref: refs/heads/"
_NOBODY = ("-c", "user.name=regpress", "-c", "user.email=regpress@localhost")
_NOBODY_LINE = "regpress <regpress@localhost>"
#: Tries when another git command holds the index.
_TRIES = 5
_WAIT_SECONDS = 0.2
#: What git says when another one writes: the index is locked, the branch is, or it has moved meanwhile.
_BUSY = ("index.lock", "cannot lock ref", "does not contain", "Unable to create")
#: Stands for all that is written.
_ANY_FILE = "servers/com.example/any/1.0.0.json"


class _Command(NamedTuple):
    """A git command and what it reads."""

    arguments: tuple[str, ...]
    stdin: bytes


@record(kw_only=True)
class ContentRepository:
    """The repository around one content folder.

    Attributes:
        folder: the content folder.
        git_folder: its ``.git``.
        top: the top of the working tree.
        has_identity: whether the repository or the user says who commits.
        author, committer: who that is, ``Name <address>``.
        is_plain: whether files are stored byte by byte.
    """

    folder: Path
    git_folder: Path
    top: Path
    has_identity: bool
    author: str = _NOBODY_LINE
    committer: str = _NOBODY_LINE
    is_plain: bool = False
    _begun: set[bytes] = field(default_factory=set)
    _behind: set[str] = field(default_factory=set)

    def commit(self, paths: Sequence[str], message: str) -> None:
        """Commit *paths* as they are, and nothing else that is changed or staged.

        Args:
            paths: relative to the content folder; those that are gone are removed.
            message: the whole message.

        Raises:
            StorageError: git refuses.
        """
        paths = tuple(dict.fromkeys(paths))
        branch = self._branch() if self.is_plain else b""
        if not branch:
            self._commit(paths, message)
            return
        self._wait_for_index()
        self._import(branch, paths, message)
        self._behind.update(paths)
        # What is committed stands; an index that was locked just now learns of it with the next commit.
        with contextlib.suppress(StorageError):
            self.stage(tuple(self._behind))
            self._behind.clear()

    def stage(self, paths: Sequence[str]) -> None:
        """Let the index hold *paths* as they are on the disk.

        Raises:
            StorageError: git refuses.
        """
        self._patiently([_Command(("update-index", "--add", "--remove", "-z", "--stdin"), self._inside(paths))])

    def _import(self, branch: bytes, paths: Sequence[str], message: str) -> None:
        """Make a commit of the tip of a branch and some files."""
        text = message.encode() + b"\n"
        place = self._place()
        lines = [
            b"commit " + branch,
            f"author {self.author} now".encode(),
            f"committer {self.committer} now".encode(),
            b"data %d\n%s" % (len(text), text),
        ]
        lines.append(b"from " + branch + b"^0")
        for path in paths:
            quoted = _quoted(f"{place}/{path}")
            try:
                data = Path(self.folder, path).read_bytes()
            except FileNotFoundError:
                lines.append(b"D " + quoted)
                continue
            except OSError as error:
                raise storage_error(path, error) from error
            lines += [b"M 100644 inline " + quoted, b"data %d\n%s" % (len(data), data)]
        stream = b"\n".join((*lines, b"", b"done", b""))
        arguments = ("fast-import", "--quiet", "--done", "--date-format=now")
        self._patiently([_Command((*_LOOSE, *arguments), stream)])

    def _commit(self, paths: Sequence[str], message: str) -> None:
        given = ("--pathspec-from-file=-", "--pathspec-file-nul")
        identity = () if self.has_identity else _NOBODY
        inside = self._inside(paths)
        kind = ("commit", "--quiet", "--no-verify", "--no-gpg-sign", "--only", f"--message={message}", *given)
        self._patiently([_Command(("add", "--all", *given), inside), _Command((*identity, *kind), inside)])

    def _patiently(self, commands: Sequence[_Command]) -> None:
        """Run commands that write, again when another git holds what they need."""
        for attempt in range(1, _TRIES + 1):
            try:
                for command in commands:
                    run_git(
                        *_DURABLE, *command.arguments, places=self._places(), stdin=command.stdin, user_settings=True
                    )
            except (GitFailedError, GitMissingError) as error:
                if attempt == _TRIES or not any(word in str(error) for word in _BUSY):
                    raise StorageError(str(self.git_folder), f"cannot be committed to: {error}") from error
                time.sleep(_WAIT_SECONDS)
            else:
                return

    def _wait_for_index(self) -> None:
        lock = Path(self.git_folder, "index.lock")
        for _ in range(_TRIES):
            if not lock.exists():
                return
            time.sleep(_WAIT_SECONDS)
        raise StorageError(str(self.git_folder), "cannot be committed to: another git command holds index.lock")

    def _branch(self) -> bytes:
        """Return the branch that is checked out; empty where there is none, it is empty, or no file says so."""
        try:
            head = Path(self.git_folder, "HEAD").read_bytes().strip()
        except OSError as error:
            raise storage_error(str(self.git_folder), error) from error
        name = head.removeprefix(b"ref: ")
        if not head.startswith(_BRANCH) or b"\n" in head or name.endswith(b"/.invalid"):
            return b""
        if name not in self._begun:
            try:
                run_git("rev-parse", "--verify", "--quiet", "HEAD", places=self._places(), user_settings=True)
            except GitFailedError:
                return b""
            self._begun.add(name)
        return name

    def _places(self) -> dict[str, str]:
        return {"GIT_DIR": str(self.git_folder), "GIT_WORK_TREE": str(self.top)}

    def _place(self) -> str:
        return self.folder.resolve().relative_to(self.top).as_posix()

    def _inside(self, paths: Iterable[str]) -> bytes:
        place = self._place()
        return b"\0".join(f"{place}/{path}".encode() for path in paths)

    def changed(self, paths: Sequence[str]) -> list[str]:
        """Return which of *paths* differ from what is committed.

        Raises:
            StorageError: git fails.
        """
        real = self._place()
        try:
            out = run_git(
                *(
                    "status",
                    "--porcelain=v1",
                    "-z",
                    "--untracked-files=all",
                    "--ignored=matching",
                    "--no-renames",
                    "--",
                ),
                *(f"{real}/{path}" for path in paths),
                places=self._places(),
                user_settings=True,
            )
        except (GitFailedError, GitMissingError) as error:
            raise StorageError(str(self.git_folder), f"cannot be read: {error}") from error
        return [
            record[3:].decode("utf-8", "surrogateescape").removeprefix(f"{real}/")
            for record in out.split(b"\0")
            if record
        ]


def _ignores(path: str, places: Mapping[str, str]) -> bool:
    # This command knows no literal paths.
    loose = {**places, "GIT_LITERAL_PATHSPECS": "0"}
    try:
        run_git("check-ignore", "--quiet", "--", path, places=loose, user_settings=True)
    except GitFailedError:
        return False
    return True


def _quoted(path: str) -> bytes:
    """Return a path as the stream of an import has it."""
    return b'"%s"' % path.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")


def _identity(kind: str, places: Mapping[str, str]) -> str:
    line = run_git("var", f"GIT_{kind}_IDENT", places=places, user_settings=True)
    # Behind the address stands the time.
    return line.decode("utf-8", "replace").strip().rpartition("> ")[0] + ">"


def _stores_bytes(path: str, places: Mapping[str, str]) -> bool:
    """Return whether git stores a file as it is."""
    loose = {**places, "GIT_LITERAL_PATHSPECS": "0"}
    out = run_git("check-attr", "-z", *_CONVERTING, "--", path, places=loose, user_settings=True)
    return all(value in {b"unspecified", b"unset"} for value in out.split(b"\0")[2::3])


def open_repository(folder: Path) -> ContentRepository | None:
    """Return the repository that a content folder is in, None where there is none, or it leaves the folder out."""
    place = folder
    while not place.is_dir():
        place = place.parent
    try:
        found = run_git(
            "-C", str(place), "rev-parse", "--absolute-git-dir", "--show-toplevel", places={}, user_settings=True
        )
    except (GitFailedError, GitMissingError):
        return None
    git_folder, top = found.decode().splitlines()
    places = {"GIT_DIR": git_folder, "GIT_WORK_TREE": top}
    if _ignores(f"{folder.resolve().relative_to(top).as_posix()}/{_ANY_FILE}", places):
        return None
    plain = _stores_bytes(f"{folder.resolve().relative_to(top).as_posix()}/{_ANY_FILE}", places)
    found_there = partial(ContentRepository, folder=folder, git_folder=Path(git_folder), top=Path(top), is_plain=plain)
    try:
        run_git("config", "user.email", places=places, user_settings=True)
        return found_there(
            has_identity=True, author=_identity("AUTHOR", places), committer=_identity("COMMITTER", places)
        )
    except GitFailedError:
        return found_there(has_identity=False)
