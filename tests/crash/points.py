"""A build that ends itself with SIGKILL right before its n-th change of the disk; a program, since it forks.

    python tests/crash/points.py FOLDER SEED few|all

A small site is built, edited, and its next build killed before one change after the other. After each kill a reader
walks the tree. Then the site is built again, or built after the edit was taken back, at once or after a second kill
early in that build: the tree must be that of a build from nothing. ``all`` tries every combination at every third
change, ``few`` one of them at some, most at the beginning and the end.

What is wrong is printed as JSON, one line for each; the last line is the number of kills.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, NoReturn

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from crash.driver import Site
from crash.reader import content, half_files, settled, walk
from crash.world import World
from regpress.cli.main import main as regpress

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT
#: Audited calls that change a folder, and the position of the descriptor that their path is relative to.
_CHANGES: Final = {"os.rename": 2, "os.remove": 1, "os.rmdir": 1, "os.mkdir": 2, "os.truncate": None}
#: The second of two kills comes within so many changes.
_EARLY: Final = 12


@dataclass(slots=True)
class Trap:
    """Counts changes below *folder*, and ends the process before one of them."""

    folder: str
    at: int
    count: int = 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take one audited event."""
        if not self._is_change(event, arguments):
            return
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_change(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open":
            path, _, flags = arguments
            return isinstance(flags, int) and bool(flags & _WRITING) and self._is_ours(path)
        if event not in _CHANGES:
            return False
        descriptor = _CHANGES[event]
        relative = descriptor is not None and isinstance(arguments[descriptor], int) and arguments[descriptor] >= 0
        return relative or self._is_ours(arguments[0])

    def _is_ours(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.folder)


def build(site: Site, *, kill_at: int = 0) -> tuple[int, int]:
    """Build in a child; return its status, and the number of changes that it made if it ended by itself."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _child(site, kill_at, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), int(said or 0)


def _child(site: Site, kill_at: int, pipe: int) -> NoReturn:
    code = 70
    try:
        trap = Trap(str(site.out.parent), kill_at)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        sys.addaudithook(trap)
        try:
            regpress(site.command[site.command.index("build") :])
        except SystemExit as ended:
            code = int(ended.code or 0)
        os.write(pipe, str(trap.count).encode())
    finally:
        os._exit(code)


class Trial:
    """The site, the edit that builds are killed over, and copies of what was there before."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        world = World(folder / "work/site", seed, servers=8)
        self.site = Site(world=world, out=folder / "work/dist", jobs=1)
        self._old = _state_of(world)
        self._expected_old = self._first_build()
        world.edit(7, everything=0.2)
        self._new = _state_of(world)
        self._expected_new = settled(self.site.from_nothing(folder / "fresh"))
        self.problems: list[dict[str, Any]] = []
        self.kills = 0

    def _first_build(self) -> dict[str, bytes]:
        code, _ = build(self.site)
        assert code == 0, f"the first build ended with {code}"
        shutil.copytree(self._folder / "work", self._folder / "before", symlinks=True)
        return settled(content(self.site.out))

    def _restore(self) -> None:
        for part in ("dist", "site/.regpress"):
            shutil.rmtree(self._folder / "work" / part)
            shutil.copytree(self._folder / "before" / part, self._folder / "work" / part, symlinks=True)
        for stray in self.site.staging():
            shutil.rmtree(stray)

    def _put(self, state: dict[str, Any]) -> None:
        for key, value in copy.deepcopy(state).items():
            setattr(self.site.world, key, value)
        self.site.world.write()

    def changes(self) -> int:
        """Return the number of changes that the build of the edit makes."""
        self._restore()
        self._put(self._new)
        code, count = build(self.site)
        assert code == 0, f"a build ended with {code}"
        return count

    def run(self, at: int, *, again: bool, second: int) -> None:
        """Kill at one change, perhaps at another of the next build, and look at what a build to the end makes of it.

        Args:
            at: the change.
            again: build the same input again; else the former one.
            second: the change at which the build after the first kill is killed; 0 to let it end.
        """
        where = {"killed at": at, "then at": second, "then": "built again" if again else "taken back"}
        self._restore()
        self._put(self._new)
        self._kill(at, where)
        self._put(self._new if again else self._old)
        if second:
            self._kill(second, where)
        self._finish(where, self._expected_new if again else self._expected_old)

    def _kill(self, at: int, where: dict[str, Any]) -> None:
        build(self.site, kill_at=at)
        self.kills += 1
        if problems := walk(self.site.out).problems + half_files(self.site.out):
            self.problems.append({**where, "reader": problems[:5]})

    def _finish(self, where: dict[str, Any], expected: dict[str, bytes]) -> None:
        code, _ = build(self.site)
        found = settled(content(self.site.out))
        left = [*self.site.staging(), *self.site.temporaries()]
        wrong = {
            "exit": code,
            "left": [str(path.relative_to(self._folder)) for path in left],
            "missing": sorted(expected.keys() - found.keys()),
            "strays": sorted(found.keys() - expected.keys()),
            "other": sorted(file for file in found.keys() & expected.keys() if found[file] != expected[file]),
        }
        if any(wrong.values()):
            self.problems.append({**where, **{what: value for what, value in wrong.items() if value}})


def _state_of(world: World) -> dict[str, Any]:
    return copy.deepcopy({key: getattr(world, key) for key in ("title", "pages", "readmes", "sources")})


def _few(trial: Trial, changes: int, random: Random) -> None:
    middle = random.sample(range(8, changes - 8), 12)
    for number, at in enumerate((*range(1, 8), *sorted(middle), *range(changes - 8, changes + 1))):
        trial.run(at, again=number % 2 == 0, second=random.choice((0, random.randint(1, _EARLY))))


def _all(trial: Trial, changes: int, random: Random) -> None:
    for at in range(1 + random.randrange(3), changes + 1, 3):
        for again in (True, False):
            for second in (0, random.randint(1, _EARLY)):
                trial.run(at, again=again, second=second)


def main(arguments: list[str]) -> None:
    """Run the program."""
    seed = int(arguments[1])
    trial = Trial(Path(arguments[0]), seed)
    (_few if arguments[2] == "few" else _all)(trial, trial.changes(), Random(seed))
    for problem in trial.problems:
        print(json.dumps(problem))
    print(trial.kills)


if __name__ == "__main__":
    main(sys.argv[1:])
