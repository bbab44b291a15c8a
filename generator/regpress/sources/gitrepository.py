"""One git repository on this machine, and what its objects hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from regpress.sources.gitcommand import MEBIBYTE, GitFailedError, Remote, run_git
from regpress.sources.local_times import seems_versioned

#: Modes of tree entries that are ordinary files; links and submodules have others.
FILE_MODES: Final = frozenset({"100644", "100755", "100664"})


class TreeEntry(NamedTuple):
    """One line of a tree: a file, folder, link or submodule, and the object behind it."""

    mode: str
    kind: str
    object_id: str
    path: str


class GitRepository:
    """A repository on this machine.

    Args:
        git_dir: absolute path of its ``.git`` or, for a bare one, of itself.
        work_tree: absolute path of the checked-out files, if there are any.
    """

    def __init__(self, git_dir: Path, *, work_tree: Path | None = None) -> None:
        self.git_dir = git_dir
        self.work_tree = work_tree or git_dir
        self._places = {"GIT_DIR": str(git_dir)}
        if work_tree:
            self._places["GIT_WORK_TREE"] = str(work_tree)

    def run(
        self, *arguments: str, stdin: bytes = b"", remote: Remote | None = None, limit: int = 256 * MEBIBYTE
    ) -> bytes:
        """Return what ``git`` prints for *arguments* about this repository; see `run_git`.

        Raises:
            GitMissingError: there is no git program.
            GitFailedError: the command failed, took too long or printed too much.
        """
        return run_git(*arguments, places=self._places, stdin=stdin, remote=remote, limit=limit)

    def commit(self, revision: str) -> str | None:
        """Return the id of the commit that *revision* leads to; None where this repository has none."""
        try:
            found = self.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except GitFailedError:
            return None
        return found.decode("ascii", "replace").strip() or None

    def committed_at(self, commit: str) -> int:
        """Return the committer's time of *commit*, in seconds since 1970.

        Raises:
            GitFailedError: the commit cannot be read.
        """
        printed = self.run("log", "-1", "--no-show-signature", "--format=%ct", commit, "--").split()
        return parse_seconds(printed[-1]) if printed else 0

    def tree_entry(self, commit: str, path: str) -> TreeEntry | None:
        """Return what stands at *path* in *commit*; the empty path is the whole tree.

        Raises:
            GitFailedError: the commit or its trees cannot be read.
        """
        if not path:
            tree = self.run("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}").decode().strip()
            return TreeEntry("040000", "tree", tree, "")
        found = list(_tree_entries(self.run("ls-tree", "-z", "--full-tree", commit, "--", path)))
        return found[0] if found and found[0].path == path else None

    def tree_files(self, tree: str, paths: Sequence[str] = ()) -> Iterator[TreeEntry]:
        """Return everything in a commit or tree but folders, in git's order; links are not followed.

        Args:
            tree: its id.
            paths: files or folders to look at, literally; none for all.

        Raises:
            GitFailedError: a tree cannot be read.
        """
        return _tree_entries(self.run("ls-tree", "-r", "-z", "--full-tree", tree, "--", *paths))

    def sizes(self, blobs: Sequence[str]) -> dict[str, int]:
        """Return the sizes of those of *blobs* that are stored here.

        Raises:
            GitFailedError: the repository cannot be read.
        """
        if not blobs:
            return {}
        printed = self.run("cat-file", "--batch-check", stdin="".join(f"{blob}\n" for blob in blobs).encode())
        lines = (line.split() for line in printed.decode("ascii", "replace").splitlines())
        return {line[0]: int(line[2]) for line in lines if len(line) == 3 and line[1] == "blob"}

    def read(self, sizes: Mapping[str, int]) -> dict[str, bytes]:
        """Return the contents of blobs that are stored here.

        Args:
            sizes: what `sizes` said about them; they are all in memory at once.

        Raises:
            GitFailedError: one of them cannot be read.
        """
        if not sizes:
            return {}
        limit = sum(sizes.values()) + 200 * len(sizes)
        printed = self.run("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in sizes).encode(), limit=limit)
        contents: dict[str, bytes] = {}
        place = 0
        while place < len(printed):
            end = printed.index(b"\n", place)
            blob, kind, *size = printed[place:end].decode("ascii", "replace").split()
            if kind != "blob":
                raise GitFailedError(f"the object {blob} is {kind}")
            contents[blob] = printed[end + 1 : end + 1 + int(size[0])]
            place = end + 2 + int(size[0])
        return contents

    def shallow_commits(self) -> frozenset[str]:
        """Return the commits whose parents are not here because the clone was cut there; usually none."""
        try:
            text = (self._common_dir() / "shallow").read_text("ascii", "replace")
        except OSError:
            return frozenset()
        return frozenset(text.split())

    def _common_dir(self) -> Path:
        printed = self.run("rev-parse", "--git-common-dir").removesuffix(b"\n")
        return Path("/", os.fsdecode(printed))  # git runs in the root, to which a relative path belongs


def find_repository(folder: Path) -> GitRepository | None:
    """Return the repository in whose work tree *folder* is; None where it is in none.

    git itself decides, with the user's settings, whether the repository may be trusted (``safe.directory``).

    Raises:
        GitMissingError: there is no git program.
        GitFailedError: the repository belongs to somebody else, or is damaged.
    """
    if not seems_versioned(folder):
        return None
    places: list[Path] = []
    for question in ("--absolute-git-dir", "--show-toplevel"):
        try:
            printed = run_git("-C", str(folder), "rev-parse", question, places={}, user_settings=True)
        except GitFailedError as error:
            if "not a git repository" in str(error) or "must be run in a work tree" in str(error):
                return None
            raise
        places.append(Path(os.fsdecode(printed.removesuffix(b"\n"))))
    return GitRepository(places[0], work_tree=places[1])


def parse_seconds(text: bytes) -> int:
    """Return a commit's time; zero where a hostile one says something that no calendar has."""
    try:
        seconds = int(text)
    except ValueError:
        return 0
    return seconds if 0 <= seconds < 253_402_300_800 else 0


def _tree_entries(printed: bytes) -> Iterator[TreeEntry]:
    for line in printed.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            mode, kind, object_id = facts.decode("ascii", "replace").split()
            yield TreeEntry(mode, kind, object_id, os.fsdecode(path))
