"""One git repository, driven through the git program: arguments in, bytes out, and nothing else happens.

No shell, no prompt, no hook, no configuration but that of the repository itself, no network unless a `Remote` is
given, no more time and output than allowed. Works with git 2.25 and later.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NamedTuple

from regpress.errors import RegistryError

MEBIBYTE: Final = 1024 * 1024
#: Longest run of a command that stays on this machine, in seconds.
LOCAL_TIMEOUT: Final = 600.0

#: Modes of tree entries that are ordinary files; links and submodules have others.
FILE_MODES: Final = frozenset({"100644", "100755", "100664"})

#: Settings that win over the repository's own: nothing runs by itself, nothing changes what log prints.
_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "core.quotePath=false",
    "credential.helper=",
    "diff.renames=false",
    "gc.auto=0",
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
    "log.follow=false",
    "log.mailmap=false",
    "log.showRoot=true",
    "log.showSignature=false",
    "maintenance.auto=false",
    "protocol.version=2",
    "submodule.recurse=false",
)
_ENVIRONMENT: Final[Mapping[str, str]] = {
    "GCM_INTERACTIVE": "never",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ASKPASS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    # A fetch from a server without filters asks for what it misses again and again.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # Before 2.32 git finds the user's settings through these two only.
    "HOME": os.devnull,
    "XDG_CONFIG_HOME": os.devnull,
    "SSH_ASKPASS": "",
}
#: What a user's environment may still say about git: where its parts are, whom to trust, how to pass the proxy.
_HONOURED: Final = frozenset(
    {
        "GIT_EXEC_PATH",
        "GIT_HTTP_PROXY_AUTHMETHOD",
        "GIT_PROXY_SSL_CAINFO",
        "GIT_PROXY_SSL_CERT",
        "GIT_PROXY_SSL_KEY",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_CERT",
        "GIT_SSL_KEY",
    }
)
_HIDES_USER_SETTINGS: Final = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "HOME", "XDG_CONFIG_HOME"})
_UNPRINTABLE: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_REFUSED: Final = re.compile(
    r"Authentication failed|could not read (Username|Password)|returned error: 40[137]|terminal prompts disabled"
)
_KEPT_MESSAGES: Final = 64 * 1024


class GitMissingError(RegistryError):
    """There is no usable git program."""


class GitFailedError(RegistryError):
    """A git command did not do what it was asked.

    Attributes:
        refused: whether the other side wants credentials, or other ones.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        self.refused = refused
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who reads a remote repository; neither part is ever printed.

    Attributes:
        host: ``host:port`` as in the address; no other host is told anything.
    """

    host: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What a command needs to leave this machine.

    Attributes:
        protocols: the transports that it may use, joined by colons.
        timeout: longest run in seconds.
        credentials: who asks.
        askpass: the program that hands *credentials* to git.
    """

    protocols: str
    timeout: float
    credentials: Credentials | None = None
    askpass: Path | None = None

    def environment(self) -> dict[str, str]:
        """Return the variables that carry the permission and the password."""
        made = {"GIT_ALLOW_PROTOCOL": self.protocols}
        if self.credentials and self.askpass:
            made["GIT_ASKPASS"] = str(self.askpass)
            made["REGPRESS_GIT_HOST"] = self.credentials.host
            made["REGPRESS_GIT_USERNAME"] = self.credentials.username
            made["REGPRESS_GIT_PASSWORD"] = self.credentials.password
        return made


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
        """Return what ``git`` prints for *arguments*.

        Args:
            arguments: the command and its arguments; texts from outside stand after ``--end-of-options`` or ``--``,
                or are known not to begin with a hyphen.
            stdin: what the command reads.
            remote: permission to use the network.
            limit: most bytes of output.

        Raises:
            GitMissingError: there is no git program.
            GitFailedError: the command failed, took too long or printed too much.
        """
        environment = {**_ENVIRONMENT, **self._places, **(remote.environment() if remote else {})}
        process = _start(arguments, environment, stdin)
        status, output, messages = _finish(process, limit, remote.timeout if remote else LOCAL_TIMEOUT)
        if status:
            password = remote.credentials.password if remote and remote.credentials else ""
            raise _failure(arguments[0], status, messages, password)
        return output

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
        printed = os.fsdecode(self.run("rev-parse", "--git-common-dir")).removesuffix("\n")
        # Relative to the folder in which git ran, which is the root: see _start.
        return Path("/", printed)


def find_repository(folder: Path) -> GitRepository | None:
    """Return the repository in whose work tree *folder* is; None where it is in none.

    git itself decides, with the user's settings, whether the repository may be trusted (``safe.directory``).

    Raises:
        GitMissingError: there is no git program.
        GitFailedError: the repository belongs to somebody else, or is damaged.
    """
    environment = {name: text for name, text in _ENVIRONMENT.items() if name not in _HIDES_USER_SETTINGS}
    places: list[Path] = []
    for question in ("--absolute-git-dir", "--show-toplevel"):
        process = _start(("-C", str(folder), "rev-parse", question), environment, b"")
        status, output, messages = _finish(process, MEBIBYTE, LOCAL_TIMEOUT)
        if status and (b"not a git repository" in messages or b"must be run in a work tree" in messages):
            return None
        if status:
            raise _failure("rev-parse", status, messages, "")
        places.append(Path(os.fsdecode(output.removesuffix(b"\n"))))
    return GitRepository(places[0], work_tree=places[1])


def parse_seconds(text: bytes) -> int:
    """Return a commit's time; zero where a hostile one says something that no calendar has."""
    try:
        seconds = int(text)
    except ValueError:
        return 0
    return seconds if 0 <= seconds < 253_402_300_800 else 0


def printable(text: str, limit: int = 300) -> str:
    """Return *text* from outside as one line that a terminal can be shown."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _tree_entries(printed: bytes) -> Iterator[TreeEntry]:
    for line in printed.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            mode, kind, object_id = facts.decode("ascii", "replace").split()
            yield TreeEntry(mode, kind, object_id, os.fsdecode(path))


def _start(arguments: Sequence[str], environment: Mapping[str, str], stdin: bytes) -> subprocess.Popen[bytes]:
    # GitPython looks for the program when it is imported, and raises ImportError where there is none.
    try:
        from git.cmd import Git  # noqa: PLC0415
    except ImportError as error:
        raise GitMissingError("git: the program is not installed (expected git 2.25 or later in PATH)") from error
    # GitPython hands the whole environment on, and a variable can only be taken away by a program in between.
    foreign = [
        name
        for name in os.environ
        if name.startswith("GIT_")
        and not name.startswith("GIT_PYTHON_")
        and name not in _HONOURED
        and name not in environment
    ]
    without = ["env", *(f"-u{name}" for name in foreign)] if foreign else []
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    command = [*without, str(Git.GIT_PYTHON_GIT_EXECUTABLE), "--no-pager", *settings, *arguments]
    with contextlib.ExitStack() as stack:
        source: IO[bytes] | None = None
        if stdin:
            source = stack.enter_context(tempfile.TemporaryFile())
            source.write(stdin)
            source.seek(0)
        try:
            # A session of its own: a timeout ends the helpers of git with it.
            started = Git(os.sep).execute(
                command,
                istream=source,  # type: ignore[arg-type]  # any file with a descriptor will do
                as_process=True,
                env=dict(environment),
                start_new_session=True,
            )
        except Exception as error:  # GitPython's own exceptions, and what Popen raises
            raise GitMissingError(f"git: cannot be started: {printable(str(error))}") from error
    assert isinstance(started, Git.AutoInterrupt)
    process, started.proc = started.proc, None  # else it ends with its wrapper, which goes out of sight here
    assert process is not None
    return process


def _finish(process: subprocess.Popen[bytes], limit: int, timeout: float) -> tuple[int, bytes, bytes]:
    """Return status, output and messages of *process*; it does not outlive the call."""
    try:
        output, messages = _collect(process, limit, timeout)
        return process.wait(), output, messages
    except BaseException:
        _kill(process)
        raise
    finally:
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def _collect(process: subprocess.Popen[bytes], limit: int, timeout: float) -> tuple[bytes, bytes]:
    """Return output and messages of *process*, of the messages the last 64 KiB."""
    deadline = time.monotonic() + timeout
    output: list[bytes] = []
    size, messages = 0, b""
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(deadline - time.monotonic(), 0))
            if not ready:
                raise GitFailedError(f"git took longer than {timeout:g} seconds")
            for key, _ in ready:
                chunk = os.read(key.fd, 256 * 1024)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    messages = (messages + chunk)[-_KEPT_MESSAGES:]
                else:
                    size += len(chunk)
                    if size > limit:
                        raise GitFailedError(f"git printed more than {limit} bytes")
                    output.append(chunk)
    return b"".join(output), messages


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _failure(command: str, status: int, messages: bytes, password: str) -> GitFailedError:
    text = messages.decode("utf-8", "replace")
    if password:
        text = text.replace(password, "***")
    lines = [line for line in (printable(line) for line in text.splitlines()) if line]
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines[-1:]
    fatal = [line for line in telling if line.startswith("fatal: ")] or telling
    reason = fatal[0].removeprefix("fatal: ").removeprefix("error: ") if fatal else f"git {command} ended with {status}"
    return GitFailedError(reason, refused=bool(_REFUSED.search(text)))
