"""Small pieces of work to several processes, each of which takes the next piece when it is done with one."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final, Generic, TypeVar

from regpress.workers import Pending

T = TypeVar("T")
R = TypeVar("R")

#: Most pieces of one piece of work; their numbers fit into the buffer of a pipe, so that writing them never waits.
MOST: Final = 4_000
_NUMBER: Final = struct.Struct("H")


class Sharing(Generic[T, R]):
    """Work that other processes have begun, and that this one joins when it is asked for the results.

    Args:
        pieces: at most `MOST`; the ones that take long should come early.
        work: what to do with each; results must be picklable.
        jobs: number of processes, this one included.
    """

    def __init__(self, pieces: Sequence[T], work: Callable[[T], R], *, jobs: int) -> None:
        self._pieces = pieces
        self._work = work
        self._own = os.getpid()
        self._helpers: list[Pending[list[tuple[int, R]]]] = []
        self._queue, writing = os.pipe()
        try:
            os.write(writing, b"".join(map(_NUMBER.pack, range(len(pieces)))))
            os.close(writing)
            for _ in range(min(jobs, len(pieces)) - 1):
                self._helpers.append(Pending(self._take, jobs=jobs))
        except BaseException:
            self.abandon()
            raise

    @property
    def is_busy(self) -> bool:
        """Return whether other processes are still at work; false where there are none."""
        return any(not helper.is_done for helper in self._helpers)

    def results(self) -> list[R]:
        """Return what the work returned for each piece, in their order; may be asked for once.

        Raises:
            WorkerError: a process died.
            Exception: whatever the work raised.
        """
        try:
            done = self._take()
            for helper in self._helpers:
                done += helper.result()
        except BaseException:
            self.abandon()
            raise
        self._close()
        return [result for _, result in sorted(done, key=itemgetter(0))]

    def abandon(self) -> None:
        """End work whose results are no longer wanted."""
        for helper in self._helpers:
            helper.abandon()
        self._close()

    def _close(self) -> None:
        if self._queue >= 0:
            os.close(self._queue)
            self._queue = -1

    def _take(self) -> list[tuple[int, R]]:
        return [(number, self._work(self._pieces[number])) for number in self._numbers()]

    def _numbers(self) -> Iterator[int]:
        # One read takes one number, and at the end none: processes that share a pipe never get the same.
        while (taken := os.read(self._queue, _NUMBER.size)) and self._is_wanted():
            yield _NUMBER.unpack(taken)[0]

    def _is_wanted(self) -> bool:
        """Return whether there is still somebody to give results to: the process that asked may have been killed."""
        return self._own in {os.getpid(), os.getppid()}
