"""Builds killed at random moments: readers never notice, and the next build ends like one from nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from crash.driver import MOMENTS, Killer, Site
from crash.world import World


def kill(folder: Path, seed: int, count: int, *, servers: int = 60) -> Killer:
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
    assert killer.kills.keys() >= {*MOMENTS} - {"saving"}
