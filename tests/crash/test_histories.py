"""Whatever the history of edits: an incremental build is a build from nothing, and building again changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("histories.py")


def differences(folder: Path, seed: int, steps: int, jobs: int) -> str:
    """Return what the program says; it runs by itself, since a process with threads does not fork workers."""
    command = [sys.executable, "-W", "error", PROGRAM, folder, *map(str, (seed, steps, jobs))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_history_of_edits_ends_like_a_build_from_nothing(tmp_path: Path, seed: int, jobs: int) -> None:
    assert differences(tmp_path, seed, 8, jobs) == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_any_long_history_of_edits_ends_like_a_build_from_nothing(tmp_path: Path, seed: int) -> None:
    assert differences(tmp_path, seed, 60, 1 + seed % 2) == ""
