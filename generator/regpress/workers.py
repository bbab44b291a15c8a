"""Work to several processes and their results back: forked, so that what was read need not be sent."""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, NoReturn, TypeVar

from regpress.errors import RegistryError

T = TypeVar("T")
R = TypeVar("R")

#: Most processes that are of use: beyond it the disk is the limit.
MOST_JOBS = 8


class WorkerError(RegistryError):
    """A worker process ended without a result, killed or out of memory."""


def default_jobs() -> int:
    """Return the number of processors this process may use, at most `MOST_JOBS`."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_JOBS)


def share(items: Sequence[T], work: Callable[[Sequence[T]], list[R]], *, jobs: int, least: int = 500) -> list[R]:
    """Return ``work(items)``, done by up to *jobs* processes, each with one run of neighbouring items.

    Args:
        items: what to work on.
        work: returns one result for each item; results must be picklable.
        jobs: number of processes.
        least: fewest items that are worth a process.

    Raises:
        WorkerError: a process died.
        Exception: whatever *work* raised, in the order of the items.
    """
    count = min(jobs, len(items) // least)
    if count < 2 or not _can_fork():
        return work(items)
    size = -(-len(items) // count)
    runs = [items[start : start + size] for start in range(0, len(items), size)]
    children: list[tuple[int, int]] = []
    try:
        for run in runs:
            children.append(_start(work, run))  # noqa: PERF401 - a child that was started is known even if the next fails
        results = [_receive(pipe) for _, pipe in children]
    except BaseException:
        for pid, _ in children:
            _kill(pid)
        raise
    finally:
        for pid, pipe in children:
            os.close(pipe)
            os.waitpid(pid, 0)
    return [item for result in results for item in result]


class Pending(Generic[R]):
    """Work that another process does meanwhile; without a second processor it is done when the result is asked for."""

    def __init__(self, work: Callable[[], R], *, jobs: int) -> None:
        self._child = _start(lambda _: [work()], ()) if jobs > 1 and _can_fork() else None
        # What another process does, and all that it needs for it, this one need not hold on to.
        self._work = work if self._child is None else None

    @property
    def is_done(self) -> bool:
        """Return whether there is nothing to wait for: the process has ended, or is about to hand over its result."""
        return self._child is None or bool(select.select([self._child[1]], (), (), 0)[0])

    def result(self) -> R:
        """Return what the work returned; may be asked for once.

        Raises:
            WorkerError: the process died.
        """
        if self._work is not None:
            return self._work()
        if self._child is None:
            raise WorkerError("the result was asked for before, or is not wanted any more")
        pid, pipe = self._child
        try:
            return _receive(pipe)[0]  # type: ignore[no-any-return]
        finally:
            self._reap(pid, pipe)

    def abandon(self) -> None:
        """End the work whose result is no longer wanted."""
        if self._child is not None:
            pid, pipe = self._child
            _kill(pid)
            self._reap(pid, pipe)

    def _reap(self, pid: int, pipe: int) -> None:
        self._child = None
        os.close(pipe)
        os.waitpid(pid, 0)


def spread(tasks: Sequence[Callable[[], R]]) -> list[R]:
    """Return what *tasks* return; the first is done by this process, each of the others by one of its own meanwhile.

    Raises:
        WorkerError: a process died.
        Exception: whatever a task raised, in their order.
    """
    first, *others = tasks
    pending = [Pending(task, jobs=len(tasks)) for task in others]
    try:
        return [first(), *(child.result() for child in pending)]
    finally:
        for child in pending:
            child.abandon()


@contextmanager
def without_collector() -> Iterator[None]:
    """Switch the cyclic garbage collector off for a while: hundreds of thousands of records, hardly a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _can_fork() -> bool:
    return hasattr(os, "fork") and threading.active_count() == 1


def _start(work: Callable[[Sequence[T]], list[R]], run: Sequence[T]) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _child(work, run, writing)
    os.close(writing)
    return pid, reading


def _child(work: Callable[[Sequence[T]], list[R]], run: Sequence[T], pipe: int) -> NoReturn:
    code = 1
    try:
        try:
            answer: tuple[bool, Any] = (True, work(run))
        except Exception as error:
            answer = (False, error)
        with os.fdopen(pipe, "wb") as stream:
            pickle.dump(answer, stream, protocol=pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)


def _receive(pipe: int) -> list[Any]:
    with os.fdopen(os.dup(pipe), "rb") as stream:
        data = stream.read()
    if not data:
        raise WorkerError("a worker process ended without a result; was it killed, or out of memory?")
    done, answer = pickle.loads(data)  # noqa: S301 - from our own child
    if not done:
        raise answer
    return answer  # type: ignore[no-any-return]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
