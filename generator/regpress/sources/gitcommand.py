"""Arguments for the git program to what it prints, and nothing else happens.

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
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import IO, Final

from regpress.errors import RegistryError
from regpress.record import record

MEBIBYTE: Final = 1024 * 1024
#: Longest run of a command that stays on this machine, in seconds.
LOCAL_TIMEOUT: Final = 600.0

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


@record(kw_only=True)
class Credentials:
    """Who reads a remote repository; neither part is ever printed.

    Attributes:
        host: ``host:port`` as in the address; no other host is told anything.
    """

    host: str
    username: str
    password: str = field(repr=False)


@record(kw_only=True)
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


def run_git(
    *arguments: str,
    places: Mapping[str, str],
    stdin: bytes = b"",
    remote: Remote | None = None,
    limit: int = 256 * MEBIBYTE,
    user_settings: bool = False,
) -> bytes:
    """Return what ``git`` prints for *arguments*.

    Args:
        arguments: the command and its arguments; texts from outside stand after ``--end-of-options`` or ``--``,
            or are known not to begin with a hyphen.
        places: the variables that name the repository, such as ``GIT_DIR``.
        stdin: what the command reads.
        remote: permission to use the network.
        limit: most bytes of output.
        user_settings: whether the settings of the user and of the machine count.

    Raises:
        GitMissingError: there is no git program.
        GitFailedError: the command failed, took too long or printed too much.
    """
    environment = {**_ENVIRONMENT, **places, **(remote.environment() if remote else {})}
    if user_settings:
        environment = {name: text for name, text in environment.items() if name not in _HIDES_USER_SETTINGS}
    process = _start(arguments, environment, stdin)
    status, output, messages = _finish(process, limit, remote.timeout if remote else LOCAL_TIMEOUT)
    if status:
        password = remote.credentials.password if remote and remote.credentials else ""
        raise _failure(arguments[0], status, messages, password)
    return output


def printable(text: str, limit: int = 300) -> str:
    """Return *text* from outside as one line that a terminal can be shown."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _start(arguments: Sequence[str], environment: Mapping[str, str], stdin: bytes) -> subprocess.Popen[bytes]:
    # GitPython looks for the program when it is imported, and raises ImportError where there is none.
    try:
        from git.cmd import Git  # noqa: PLC0415
    except ImportError as error:
        raise GitMissingError("git: the program is not installed (expected git 2.25 or later in PATH)") from error
    # Unset after an import that failed once.
    program = str(Git.GIT_PYTHON_GIT_EXECUTABLE or Git.git_exec_name)
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
    command = [*without, program, "--no-pager", *settings, *arguments]
    with contextlib.ExitStack() as stack:
        source: IO[bytes] | None = None
        if stdin:
            try:
                source = stack.enter_context(tempfile.TemporaryFile())
                source.write(stdin)
                source.seek(0)
            except OSError as error:
                raise GitFailedError(f"git: what it reads cannot be written: {error.strerror}") from error
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
