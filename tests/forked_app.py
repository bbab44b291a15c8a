"""``regpress serve`` as a process that is forked from one that has everything imported: for tests that start many.

Run as a program it is that one. Each line of its input is a JSON array: the path of a pipe, then arguments of
``serve``. It answers with the number of the process that serves, whose standard error is that pipe.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from app_server import AppServer, reading_from
from sites import environment

_MODULES = (
    "git",
    "regpress.access",
    "regpress.asgi.assembly",
    "regpress.asgi.server",
    "regpress.cli.build",
    "regpress.cli.main",
    "regpress.cli.serve",
    "regpress.gathering",
    "regpress.rendering",
    "uvicorn.lifespan.on",
    "uvloop",
)


class Forked:
    """A process that is not ours to wait for, with what tests use of `subprocess.Popen`."""

    returncode = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return None while it lives."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, timeout: float = 60) -> int:
        end = time.monotonic() + timeout
        while self.poll() is None:
            assert time.monotonic() < end, "it does not end"
            time.sleep(0.002)
        return 0


class Forker:
    """Starts servers."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._serial = 0

    @contextmanager
    def serving(self, site: Path, *arguments: str) -> Iterator[AppServer]:
        """Serve a site on a free port of loopback until the block ends."""
        self._serial += 1
        pipe = self._folder / f"messages-{self._serial}"
        os.mkfifo(pipe)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(pipe), str(site), "--port", "0", *arguments]) + "\n")
        self._process.stdin.flush()
        process = Forked(int(self._process.stdout.readline()))
        with pipe.open() as messages:
            server = AppServer("", process)
            reader = Thread(target=reading_from, args=(server, messages))
            reader.start()
            try:
                while not server.base:
                    assert process.poll() is None, "".join(server.lines)
                    reader.join(0.002)
                yield server
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait()
                reader.join()


@contextmanager
def forking(folder: Path) -> Iterator[Forker]:
    """Hold a process ready from which servers are forked.

    Args:
        folder: for pipes.
    """
    process = subprocess.Popen(
        [sys.executable, __file__],
        env=environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path))),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Forker(process, folder)
    finally:
        process.communicate()


def main() -> None:
    for name in _MODULES:
        importlib.import_module(name)
    # Nobody waits for those that serve, so that they leave nothing behind.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pipe, *arguments = json.loads(line)
        pid = os.fork()
        if not pid:
            _serve(pipe, arguments)
        print(pid, flush=True)


def _serve(pipe: str, arguments: list[str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(pipe, os.O_WRONLY), 2)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    sys.argv = ["regpress", "serve", *arguments]
    try:
        sys.modules["regpress.cli.main"].main()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
