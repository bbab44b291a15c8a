"""Small pieces of work to several processes, each of which takes the next piece when it is done with one."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from regpress.workers import Pending

T = TypeVar("T")
R = TypeVar("R")

#: Most pieces of one piece of work; their numbers fit into the buffer of a pipe, so that writing them never waits.
MOST: Final = 4_000
_NUMBER: Final = struct.Struct("H")


def share_out(pieces: Sequence[T], work: Callable[[T], R], *, jobs: int) -> list[R]:
    """Return what *work* returns for each of *pieces*, in their order; this process does its share.

    Args:
        pieces: at most `MOST`; the ones that take long should come early.
        work: results must be picklable.
        jobs: number of processes.

    Raises:
        WorkerError: a process died.
        Exception: whatever *work* raised.
    """
    if jobs < 2 or len(pieces) < 2:
        return [work(piece) for piece in pieces]
    reading, writing = os.pipe()
    helpers: list[Pending[list[tuple[int, R]]]] = []
    try:
        os.write(writing, b"".join(map(_NUMBER.pack, range(len(pieces)))))
        os.close(writing)

        def take() -> list[tuple[int, R]]:
            # One read takes one number, and at the end none: processes that share a pipe never get the same.
            numbers = iter(lambda: os.read(reading, _NUMBER.size), b"")
            return [(number, work(pieces[number])) for (number,) in map(_NUMBER.unpack, numbers)]

        for _ in range(min(jobs, len(pieces)) - 1):
            helpers.append(Pending(take, jobs=jobs))  # noqa: PERF401 - those that were started are known if one fails
        done = take()
        for helper in helpers:
            done += helper.result()
    except BaseException:
        for helper in helpers:
            helper.abandon()
        raise
    finally:
        os.close(reading)
    return [result for _, result in sorted(done, key=lambda pair: pair[0])]
