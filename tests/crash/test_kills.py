"""Builds killed at random moments: readers never notice, and the next build ends like one from nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from crash.driver import MOMENTS, Killer, Site
from crash.world import World


def kill(folder: Path, seed: int, count: int, *, servers: int = 40) -> Killer:
    world = World(folder / "site", seed, servers=servers)
    site = Site(world=world, out=folder / "dist", jobs=1 + seed % 2)
    killer = Killer(site=site, random=Random(seed), scratch=folder)
    killer.run(count)
    return killer


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_build_leaves_a_tree_that_reads_well_and_that_the_next_build_mends(tmp_path: Path, seed: int) -> None:
    killer = kill(tmp_path, seed, 5)
    assert sum(killer.kills.values()) == 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 112))
def test_three_hundred_kills_leave_nothing_that_the_next_build_does_not_mend(tmp_path: Path, seed: int) -> None:
    killer = kill(tmp_path, seed, 25, servers=150)
    # After the manifest there is so little left to do that a build may end first.
    assert killer.kills.keys() >= {*MOMENTS} - {"manifest", "saving"}


def kill_at_points(folder: Path, seed: int, which: str) -> tuple[list[str], int]:
    program = Path(__file__).with_name("points.py")
    command = [sys.executable, "-W", "error", program, folder, str(seed), which]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *problems, kills = done.stdout.splitlines()
    return problems, int(kills)


def test_no_change_of_the_disk_is_a_bad_moment_to_be_killed(tmp_path: Path) -> None:
    problems, kills = kill_at_points(tmp_path, 1, "few")
    assert problems == []
    assert kills >= 25


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_no_change_of_any_build_is_a_bad_moment_to_be_killed(tmp_path: Path, seed: int) -> None:
    problems, _ = kill_at_points(tmp_path, seed, "all")
    assert problems == []
