"""Readers beside running builds: no dead link and no half file, whatever the builds do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Self

import pytest

from crash.driver import Site
from crash.reader import walk
from crash.world import World


class Readers:
    """Walks a tree again and again in a thread, until it is told to stop."""

    def __init__(self, root: Path) -> None:
        self.problems: list[str] = []
        self.walks = 0
        self._root = root
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        try:
            while not self._stop.is_set():
                findings = walk(self._root)
                self.problems += findings.problems
                self.walks += findings.visited > 20
        except Exception as error:
            self.problems.append(f"the reader failed: {error!r}")


@pytest.mark.parametrize("jobs", [1, 2])
def test_readers_beside_ten_builds_meet_no_dead_link_and_no_half_file(tmp_path: Path, jobs: int) -> None:
    world = World(tmp_path / "site", 20 + jobs, servers=30)
    site = Site(world=world, out=tmp_path / "dist", jobs=jobs)
    assert site.run().returncode == 0
    with Readers(site.out) as readers:
        for _ in range(5):
            world.edit(4, everything=0.3)
            done = site.run()
            assert done.returncode == 0, done.stdout + done.stderr
    assert readers.problems == []
    assert readers.walks >= 5
