"""Commands to what they cost: wall time, and memory as the system counts it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

#: Between two looks at the memory of running processes.
_SAMPLE_SECONDS: Final = 0.02
_PSS_EVERY: Final = 5


class CommandFailedError(Exception):
    """A measured command did not end well; the message has its output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one command took.

    Attributes:
        seconds: wall time from start to end, the interpreter's start included.
        processor: seconds of processor time, children included.
    """

    seconds: float
    processor: float


class Memory(NamedTuple):
    """Peaks of memory in MiB while a command ran.

    Attributes:
        process: largest resident size of the process itself, as the kernel knows it.
        child: largest resident size of any one of its children, as sampled; 0 where it has none.
        resident: largest sum of resident sizes, where pages that processes share count for each.
        proportional: largest sum of proportional sizes, where a shared page counts once.
    """

    process: float
    child: float
    resident: float
    proportional: float


def _environment() -> dict[str, str]:
    """Return the environment of a program as people have it installed: its modules are compiled once, not each time."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def timed(command: Sequence[str], *, cwd: Path | None = None) -> Cost:
    """Run *command* and return what it took.

    Raises:
        CommandFailedError: it did not end with 0.
    """
    before = os.times()
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    seconds = time.perf_counter() - started
    after = os.times()
    if done.returncode:
        raise CommandFailedError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(seconds=seconds, processor=processor)


def memory_of(command: Sequence[str]) -> Memory | None:
    """Run *command* and return its peaks of memory; None where the system has no ``/proc``.

    Raises:
        CommandFailedError: it did not end with 0.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    process = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peaks = _Peaks(process.pid)
    while process.poll() is None:
        peaks.look()
        time.sleep(_SAMPLE_SECONDS)
    if process.returncode:
        raise CommandFailedError(f"{' '.join(command)} ended with {process.returncode}")
    return Memory(peaks.process, peaks.child, peaks.resident, peaks.proportional)


class _Peaks:
    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._looks = 0
        self.process = self.child = self.resident = self.proportional = 0.0

    def look(self) -> None:
        own = _status(self._pid)
        sizes = {pid: _status(pid).get("VmRSS", 0.0) for pid in _descendants(self._pid)}
        # The high-water mark misses nothing between two looks.
        self.process = max(self.process, own.get("VmHWM", 0.0))
        self.child = max(self.child, *sizes.values(), 0.0)
        self.resident = max(self.resident, own.get("VmRSS", 0.0) + sum(sizes.values()))
        # It takes the kernel longer to count shared pages, and the process stands still for it.
        if self._looks % _PSS_EVERY == 0:
            self.proportional = max(self.proportional, sum(map(_proportional, (self._pid, *sizes))))
        self._looks += 1


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    # A process may end while it is looked at.
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += (int(child), *_descendants(int(child)))
    return found


def _status(pid: int) -> dict[str, float]:
    """Return the sizes that the kernel tells about a process, in MiB; nothing once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith(" kB")}


def _proportional(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
