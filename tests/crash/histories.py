"""Random edit histories, each built step by step and, at every step, from nothing; a program, since builds may fork.

    python tests/crash/histories.py FOLDER SEED STEPS JOBS

Every build runs in this process through the use case. Work is shared out however little there is, and kept readings
are used for files of any size. What differs is printed as JSON, one line for each step.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from crash.driver import NOW, Site
from crash.reader import content, settled
from crash.world import World
from regpress import gathering, kept, readings, rendering, workers
from regpress.build import BuildResult
from regpress.build import build as build_site
from regpress.hosts.table import profile
from regpress.model import registry
from regpress.site import Options
from regpress.wiring import open_site

_share = workers.share
#: Builds import these when they need them; they have names that are patched.
_LATE = (gathering, rendering)


def share_all(items: Sequence[Any], work: Callable[..., Any], *, jobs: int, least: int = 1) -> list[Any]:
    """Share work out as `regpress.workers.share` does, but for any number of items."""
    return _share(items, work, jobs=jobs, least=1)


#: What makes builds treat small sites as they treat large ones: names with the module that they come from, to values;
#: wherever they were imported, but not what another module calls alike.
SMALL = {
    (workers, "share"): share_all,
    (registry, "LARGE_FILE_BYTES"): 1,
    (readings, "LEAST_RUN_BYTES"): 1,
    (kept, "FEW"): 0,
    (kept, "FEW_NAMES"): 3,
    (kept, "_MANY"): 6,
}


@contextmanager
def small_is_large() -> Iterator[None]:
    """Patch every module of the package that has one of the names from where it comes from."""
    modules = [module for name, module in sys.modules.items() if name.startswith("regpress.")]
    with ExitStack() as stack:
        for (origin, name), value in SMALL.items():
            real = getattr(origin, name)
            for module in [module for module in modules if getattr(module, name, None) == real]:
                stack.enter_context(mock.patch.object(module, name, value))
        yield


def run(folder: Path, seed: int, steps: int, jobs: int) -> list[dict[str, Any]]:
    """Return one record for every step at which an incremental build was not like one from nothing."""
    random = Random(seed)
    world = World(folder / "site", seed, servers=12)
    site = Site(world=world, out=folder / "dist", jobs=jobs)
    problems: list[dict[str, Any]] = []
    for step in range(steps):
        edits = world.edit(random.choice((1, 1, 2, 5, 12))) if step else []
        if random.random() < 0.1:
            shutil.rmtree(random.choice((site.out, site.states)), ignore_errors=True)
            edits.append("forgot")
        if random.random() < 0.15:
            edits.append(damage(random, world.root / ".regpress"))
        _build(site)
        found = content(site.out)
        fresh, expected = settled(found), settled(site.from_nothing(folder / "fresh"))
        if fresh != expected:
            keys = fresh.keys() | expected.keys()
            problems.append(
                {"step": step, "edits": edits, "files": sorted(k for k in keys if fresh.get(k) != expected.get(k))}
            )
        again = _build(site)
        if not again.unchanged or again.written or again.removed or content(site.out) != found:
            problems.append({"step": step, "edits": edits, "again": [again.unchanged, again.written, again.removed]})
    return problems


def damage(random: Random, cache: Path) -> str:
    """Turn one bit of a file that builds keep, cut it, or remove it; return what was done."""
    files = sorted(path for path in cache.rglob("*") if path.is_file() and path.stat().st_size)
    if not files:
        return "damaged nothing"
    path = random.choice(files)
    data = bytearray(path.read_bytes())
    at = random.randrange(len(data))
    how = random.choice(("bit", "bit", "cut", "gone"))
    if how == "gone":
        path.unlink()
    else:
        data[at] ^= 1 << random.randrange(8)
        # Never changed in place: a build may have it mapped.
        path.unlink()
        path.write_bytes(data[:at] if how == "cut" else data)
    return f"damaged {path.name} ({how} at {at})"


def _build(site: Site) -> BuildResult:
    opened, _ = open_site(site.world.root, environ={})
    options = Options(profile=profile(opened.config.site.host), now=NOW, jobs=site.jobs)
    opened = replace(opened, cache=site.world.root / ".regpress")
    with small_is_large():
        result = build_site(opened, site.out, options, lambda _: None)
    assert result.done, [str(issue) for issue in result.report.issues if issue.severity == "error"]
    return result


def main(arguments: list[str]) -> None:
    """Run the program."""
    for problem in run(Path(arguments[0]), *map(int, arguments[1:])):
        print(json.dumps(problem))


if __name__ == "__main__":
    main(sys.argv[1:])
