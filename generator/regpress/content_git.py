"""Changed files of a site to commits of the repository that the site is in."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regpress.errors import StorageError
from regpress.sources.gitcommand import GitFailedError, GitMissingError, run_git

#: What is committed is on the disk when the command ends; git itself leaves that to the system.
_DURABLE = ("-c", "core.fsync=committed,loose-object")
_NOBODY = ("-c", "user.name=regpress", "-c", "user.email=regpress@localhost")
#: Tries when another git command holds the index.
_TRIES = 5
_WAIT_SECONDS = 0.2
#: Stands for all that is written.
_ANY_FILE = "servers/com.example/any/1.0.0.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRepository:
    """The repository around one content folder.

    Attributes:
        folder: the content folder.
        git_folder: its ``.git``.
        top: the top of the working tree.
        has_identity: whether the repository or the user says who commits.
    """

    folder: Path
    git_folder: Path
    top: Path
    has_identity: bool

    def commit(self, paths: Sequence[str], message: str) -> None:
        """Commit *paths* as they are, and nothing else that is changed or staged.

        Args:
            paths: relative to the content folder; those that are gone are removed.
            message: the whole message.

        Raises:
            StorageError: git refuses.
        """
        places = {"GIT_DIR": str(self.git_folder), "GIT_WORK_TREE": str(self.top)}
        real = self.folder.resolve().relative_to(self.top)
        inside = b"\0".join(f"{real.as_posix()}/{path}".encode() for path in dict.fromkeys(paths))
        given = ("--pathspec-from-file=-", "--pathspec-file-nul")
        identity = () if self.has_identity else _NOBODY
        for attempt in range(1, _TRIES + 1):
            try:
                run_git(*_DURABLE, "add", "--all", *given, places=places, stdin=inside, user_settings=True)
                run_git(
                    *_DURABLE,
                    *identity,
                    *("commit", "--quiet", "--no-verify", "--no-gpg-sign", "--only", f"--message={message}", *given),
                    places=places,
                    stdin=inside,
                    user_settings=True,
                )
            except (GitFailedError, GitMissingError) as error:
                if attempt == _TRIES or "index.lock" not in str(error):
                    raise StorageError(str(self.git_folder), f"cannot be committed to: {error}") from error
                time.sleep(_WAIT_SECONDS)
            else:
                return

    def changed(self, paths: Sequence[str]) -> list[str]:
        """Return which of *paths* differ from what is committed.

        Raises:
            StorageError: git fails.
        """
        places = {"GIT_DIR": str(self.git_folder), "GIT_WORK_TREE": str(self.top)}
        real = self.folder.resolve().relative_to(self.top).as_posix()
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
                places=places,
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
    try:
        run_git("config", "user.email", places=places, user_settings=True)
    except GitFailedError:
        return ContentRepository(folder=folder, git_folder=Path(git_folder), top=Path(top), has_identity=False)
    return ContentRepository(folder=folder, git_folder=Path(git_folder), top=Path(top), has_identity=True)
