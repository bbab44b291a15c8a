import os
import signal
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import pytest

from regpress.errors import (
    BuildRefusedError,
    ConfigError,
    ConflictError,
    InvalidNameError,
    RegistryError,
    SourceUnavailableError,
    StorageError,
)
from regpress.model.document import DocumentError
from regpress.storage import locked
from regpress.workers import Pending, WorkerError, default_jobs, share


def squares(numbers: Sequence[int]) -> list[int]:
    return [number * number for number in numbers]


def process_ids(items: Sequence[object]) -> list[int]:
    return [os.getpid()] * len(items)


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
def test_results_come_back_in_the_order_of_the_items(jobs: int) -> None:
    for count in (0, 1, 7, 100):
        assert share(range(count), squares, jobs=jobs, least=1) == squares(range(count))


def test_work_is_done_by_as_many_processes_as_asked_for_each_with_neighbours() -> None:
    ids = share(range(90), process_ids, jobs=3, least=1)
    assert os.getpid() not in ids
    assert len(set(ids)) == 3
    assert sum(1 for before, after in pairwise(ids) if before != after) == 2


@pytest.mark.parametrize(("jobs", "count"), [(1, 1_000), (4, 999)])
def test_little_work_is_done_in_this_process(jobs: int, count: int) -> None:
    assert set(share(range(count), process_ids, jobs=jobs, least=500)) == {os.getpid()}


ERRORS = [
    ConfigError("config.yaml:1: one", "config.yaml:2: two"),
    SourceUnavailableError("team", "is away"),
    StorageError("dist/x", "no space left on the device"),
    InvalidNameError("..", "is a path step"),
    DocumentError("not JSON", line=3, expected="JSON"),
    BuildRefusedError("too large"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_the_work_raises_arrives_with_its_facts(error: RegistryError, jobs: int) -> None:
    def fail(items: Sequence[int]) -> list[int]:
        if 7 in items:
            raise error
        return list(items)

    with pytest.raises(type(error)) as caught:
        share(range(10), fail, jobs=jobs, least=1)
    assert (str(caught.value), vars(caught.value)) == (str(error), vars(error))


def test_a_process_that_is_killed_is_reported_and_none_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[int] = []
    fork = os.fork

    def remembered() -> int:
        pid = fork()
        children.append(pid)
        return pid

    def fatal(items: Sequence[int]) -> list[int]:
        if 0 in items:
            os.kill(os.getpid(), signal.SIGKILL)
        return list(items)

    monkeypatch.setattr(os, "fork", remembered)
    with pytest.raises(WorkerError, match="killed"):
        share(range(10), fatal, jobs=2, least=1)
    assert len(children) == 2
    for pid in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def test_large_results_fit_through() -> None:
    made = share(range(4), lambda items: [bytes(2_000_000) for _ in items], jobs=2, least=1)
    assert [len(item) for item in made] == [2_000_000] * 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_pending_work_gives_its_result_when_it_is_asked_for(jobs: int) -> None:
    assert Pending(lambda: squares([2, 3]), jobs=jobs).result() == [4, 9]
    assert (Pending(os.getpid, jobs=jobs).result() == os.getpid()) is (jobs == 1)


def test_the_default_is_what_this_process_may_use_and_never_zero() -> None:
    assert 1 <= default_jobs() <= 8


def test_a_lock_that_is_held_alone_ends_with_its_process_and_any_other_with_the_last_that_it_forked(
    tmp_path: Path,
) -> None:
    for alone in (True, False):
        end, ending = os.pipe()
        begun, begins = os.pipe()

        def work(begins: int = begins, end: int = end) -> bytes:
            os.write(begins, b".")
            return os.read(end, 1)

        with locked(tmp_path / "lock", alone=alone):
            child = Pending(work, jobs=2)
            assert os.read(begun, 1) == b"."
        try:
            with nullcontext() if alone else pytest.raises(ConflictError), locked(tmp_path / "lock"):
                pass
        finally:
            os.write(ending, b"!")
            assert child.result() == b"!"
            for pipe in (end, ending, begun, begins):
                os.close(pipe)
