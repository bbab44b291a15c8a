"""Real ``regpress build`` processes: run to their end or killed, and compared with builds from nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

from crash.reader import STAGING, content, half_files, list_pages, settled, walk
from crash.world import World
from regpress.build import build as build_site
from regpress.hosts.table import profile
from regpress.site import Options
from regpress.wiring import open_site

COMMAND: Final = (sys.executable, "-c", "from regpress.cli.main import main; main()", "build")
#: Seconds after which a build is taken to hang.
PATIENCE: Final = 120.0
NOW: Final = "2026-03-01T00:00:00Z"

#: Where a build is when it is killed, and how often each is chosen.
MOMENTS: Final = {"any": 3, "staging": 2, "moving": 4, "manifest": 2, "saving": 1}


@dataclass(slots=True, kw_only=True)
class Site:
    """A world, its output, and what is known about both.

    Attributes:
        world: the site.
        out: its output folder.
        jobs: processes of a build.
        seconds: what a build takes.
    """

    world: World
    out: Path
    jobs: int = 2
    seconds: float = 1.0

    @property
    def command(self) -> tuple[str, ...]:
        return (*COMMAND, str(self.world.root), "--out", str(self.out), "--jobs", str(self.jobs))

    @property
    def states(self) -> Path:
        return self.world.root / ".regpress" / "state"

    @property
    def manifest(self) -> Path:
        return self.out / "manifest.json"

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Run a build to its end."""
        started = time.monotonic()
        done = subprocess.run((*self.command, *more), capture_output=True, text=True, timeout=PATIENCE)
        self.seconds = time.monotonic() - started
        return done

    def start(self) -> subprocess.Popen[bytes]:
        """Start a build in a process group of its own."""
        return subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def staging(self) -> list[Path]:
        """Return the folders of files on their way, inside of the output and beside it."""
        inside = self.out / STAGING
        beside = self.out.parent.glob(f"{self.out.name}.*")
        return [*([inside] if inside.exists() else []), *beside]

    def temporaries(self) -> list[Path]:
        """Return what is on its way in the cache folder."""
        return list((self.world.root / ".regpress").rglob("*.tmp"))

    def from_nothing(self, folder: Path) -> dict[str, bytes]:
        """Return the output of a build without any memory of others."""
        site, _ = open_site(self.world.root, environ={})
        options = Options(profile=profile(site.config.site.host), now=NOW)
        out = folder / "out"
        result = build_site(replace(site, cache=folder / "cache"), out, options, lambda _: None)
        assert result.done, [str(issue) for issue in result.report.issues if issue.severity == "error"]
        made = content(out)
        shutil.rmtree(folder)
        return made


@dataclass(slots=True, kw_only=True)
class Killer:
    """Kills builds of one site, and looks after each what readers see and whether the next build mends it.

    Attributes:
        kills: by moment: how many builds were really killed, not finished before.
    """

    site: Site
    random: Random
    scratch: Path
    kills: dict[str, int] = field(default_factory=dict)
    _good: bool = False
    _pages: set[str] = field(default_factory=set)

    def run(self, count: int) -> None:
        """Kill *count* builds, in groups of one to three, each group followed by a build that ends."""
        while sum(self.kills.values()) < count:
            for _ in range(min(self.random.choice((1, 1, 2, 3)), count - sum(self.kills.values()))):
                self._edit()
                self._kill_one()
            self.finish()

    def _edit(self) -> None:
        # A new title changes every page, so that there is much to move.
        self.site.world.edit(self.random.randint(1, 6), everything=0.2)
        if self._good and self.random.random() < 0.06:
            shutil.rmtree(self.site.out)
            self._good = False
            self._pages = set()

    def _kill_one(self) -> None:
        moment = self.random.choices(tuple(MOMENTS), tuple(MOMENTS.values()))[0]
        known = self._known()
        process = self.site.start()
        try:
            _wait_for(self._condition(moment), process)
            time.sleep(self.random.random() * self._span(moment))
            orphans = self.random.random() < 0.2
            with suppress(ProcessLookupError):
                # The kernel may take the main process alone, and leave its workers.
                os.kill(process.pid, signal.SIGKILL) if orphans else os.killpg(process.pid, signal.SIGKILL)
            code = process.wait(PATIENCE)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
        assert code in {0, -signal.SIGKILL}, f"a build ended with {code}"
        if code:
            self.kills[moment] = self.kills.get(moment, 0) + 1
        self._look(f"killed while {moment}" if code else "ended")
        if not code:
            self._good = True
        if self._known() != known:
            # Killed after all was kept, it was a build like any other: one more for which old pages have stayed.
            self._pages = list_pages(content(self.site.out))

    def _known(self) -> list[int]:
        """Return what changes when a build has kept what it knows, its last step."""
        return [_mark(path) for path in sorted(_listed(self.site.states)) if path.suffix not in {".lock", ".tmp"}]

    def _condition(self, moment: str) -> Callable[[], bool]:
        before = _mark(self.site.manifest)
        states = {path: _mark(path) for path in _listed(self.site.states)}
        known = {path: _mark(path) for path in self.site.staging()}
        return {
            "any": lambda: True,
            "staging": lambda: any(_mark(path) != known.get(path) for path in self.site.staging()),
            "moving": lambda: _mark(self.site.out / STAGING / "journal.json") not in {0, before},
            "manifest": lambda: _mark(self.site.manifest) not in {0, before},
            "saving": lambda: any(
                path.name.endswith(".tmp") or states.get(path) != _mark(path)
                for path in _listed(self.site.states)
                if path.suffix != ".lock"
            ),
        }[moment]

    def _span(self, moment: str) -> float:
        return {"any": 1.0, "staging": 0.3, "moving": 0.1, "manifest": 0.01, "saving": 0.005}[
            moment
        ] * self.site.seconds

    def _look(self, after: str) -> None:
        out = self.site.out
        if not self._good and not self.site.manifest.exists():
            return
        findings = walk(out)
        assert findings.problems == [], f"{after}: {findings.problems[:20]}"
        assert half_files(out) == [], after
        for entrance in ("index.html", "registry.json", "manifest.json", "build.json", "v0.1/servers.json"):
            assert (out / entrance).is_file(), f"{after}: {entrance} is missing"
        assert findings.visited > 20, after

    def finish(self) -> None:
        """Let a build end, and hold that the output is that of a build from nothing."""
        done = self.site.run()
        for _ in range(20):
            if "another build" not in done.stderr:
                break
            # A worker of the killed build still runs and has its lock.
            done = self.site.run()
        assert done.returncode == 0, done.stdout + done.stderr
        assert [*self.site.staging(), *self.site.temporaries()] == [], "what killed builds left is still there"
        self._good = True
        made = content(self.site.out)
        assert_same(made, self.site.from_nothing(self.scratch / "fresh"))
        gone = sorted(self._pages - made.keys())
        assert gone == [], f"pages of the last finished build are gone: {gone}"
        self._pages = list_pages(made)


def assert_same(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """Hold that two trees have the same files with the same bytes, old pages that are kept left out."""
    found, expected = settled(found), settled(expected)
    missing = sorted(expected.keys() - found.keys())
    strays = sorted(found.keys() - expected.keys())
    other = sorted(file for file in found.keys() & expected.keys() if found[file] != expected[file])
    assert (missing, strays, other) == ([], [], []), f"missing {missing}; strays {strays}; other bytes {other}"


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and not condition():
        assert time.monotonic() < end, "the build hangs"
        time.sleep(0.0005)


def _mark(path: Path) -> int:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return found.st_ino * 2**64 + found.st_mtime_ns


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
