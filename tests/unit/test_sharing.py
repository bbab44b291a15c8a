import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from regpress.output.sharing import MOST, Sharing
from regpress.workers import WorkerError


def double(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("count", [0, 1, 2, 100, MOST])
def test_results_come_in_the_order_of_the_pieces(jobs: int, count: int) -> None:
    assert Sharing(range(count), double, jobs=jobs).results() == list(map(double, range(count)))


def test_others_begin_before_they_are_asked_for_results(tmp_path: Path) -> None:
    sharing = Sharing([tmp_path / "a", tmp_path / "b"], Path.touch, jobs=2)
    while not (tmp_path / "b").exists():
        time.sleep(0.01)
    assert sharing.results() == [None, None]


def test_who_asked_does_its_share() -> None:
    def who(_: int) -> int:
        time.sleep(0.05)
        return os.getpid()

    assert os.getpid() in (done := Sharing(range(20), who, jobs=2).results())
    assert len(set(done)) == 2


def test_an_error_of_any_process_is_that_of_the_whole() -> None:
    def refuse(number: int) -> None:
        time.sleep(0.01)
        if number == 7:
            raise ValueError("seven")

    for _ in range(5):
        with pytest.raises(ValueError, match="seven"):
            Sharing(range(10), refuse, jobs=3).results()


def test_a_process_that_is_killed_is_no_silent_gap() -> None:
    own = os.getpid()

    def die(_: int) -> None:
        if os.getpid() != own:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05)

    with pytest.raises(WorkerError):
        Sharing(range(10), die, jobs=2).results()


KILLS_ITSELF = """
import os, signal, sys, time
from pathlib import Path
from regpress.output.sharing import Sharing
def work(number):
    time.sleep(0.02)
    Path(sys.argv[1], str(number)).touch()
Sharing(range(1000), work, jobs=2)
time.sleep(0.1)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nobody_works_on_for_a_process_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLS_ITSELF, tmp_path]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    time.sleep(0.5)
    before = len(list(tmp_path.iterdir()))
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) == before < 900


def test_others_are_at_work_until_their_results_wait(tmp_path: Path) -> None:
    def wait(_: int) -> bytes:
        while not (tmp_path / "go").exists():
            time.sleep(0.01)
        return bytes(1 << 20)

    sharing = Sharing(range(2), wait, jobs=2)
    assert sharing.is_busy
    (tmp_path / "go").touch()
    while sharing.is_busy:
        time.sleep(0.01)
    assert sharing.results() == [bytes(1 << 20)] * 2
    assert not sharing.is_busy


def test_nobody_else_is_at_work_for_one_process() -> None:
    assert not Sharing(range(2), double, jobs=1).is_busy
