#!/usr/bin/env python3
"""What `regpress build` costs: time beside ``tar -x`` of the same tree, rebuilds, memory and validation.

    python benchmarks/bench_build.py                    # 10,000 servers, about five minutes
    python benchmarks/bench_build.py --servers 1000     # a look
    python benchmarks/bench_build.py --large            # also 100,000 servers and 300,000 versions

Every build is a real process, from the start of the interpreter to its end. Ratios are made of medians of one run,
in which the two commands alternate. A table goes to standard output, all measured values as JSON to a file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from generate import PUBLISHER_META, Document, Size, add_version, entry_of, write_registry
from measure import CommandFailedError, Memory, memory_of, timed
from trees import TreeSize, changes, marks, tree_size
from validation import validation_costs

from regpress import __version__

BUILD: Final = (sys.executable, "-c", "from regpress.cli.main import main; main()", "build")
RESULTS: Final = Path(__file__).parent / "results" / "build.json"
MIB: Final = 1024 * 1024

# Targets; what they are compared with is in the same row of the table.
FULL_TO_TAR: Final = 2.5
UNCHANGED_SHARE: Final = 0.12
ADDED_SHARE: Final = 0.15
ADDED_FILES: Final = 25
MEMORY_MIB: Final = 500.0
LARGE_MEMORY_MIB: Final = 3072.0
LARGE_TO_BASE: Final = 1.3
VALIDATION_MICROSECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table.

    Attributes:
        case: what was measured.
        value: the figure that counts.
        unit: of the value and the target.
        target: most that the value should be; None where it is only reported.
        samples: all measured values that it is made of.
        note: what else is worth knowing.
    """

    case: str
    value: float
    unit: str
    target: float | None = None
    samples: tuple[float, ...] = ()
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Return whether the target is met; None without one."""
        return None if self.target is None else self.value <= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A registry file and what it holds."""

    file: Path
    names: tuple[str, ...]
    versions: int
    size: int


@dataclass(slots=True, kw_only=True)
class Place:
    """A site and its output in one folder of a file system."""

    folder: Path
    host: str
    jobs: int

    @property
    def site(self) -> Path:
        """Return the folder of the site."""
        return self.folder / "site"

    @property
    def out(self) -> Path:
        """Return the output folder."""
        return self.folder / "out"

    @property
    def registry(self) -> Path:
        """Return the only source of the site."""
        return self.site / "registry.json"

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command that builds the site."""
        return (*BUILD, str(self.site), "--out", str(self.out), "--host", self.host, "--jobs", str(self.jobs))

    def fill(self, registry: Path) -> None:
        """Make the site, with a copy of *registry* as its source."""
        self.site.mkdir(parents=True)
        shutil.copyfile(registry, self.registry)

    def clear(self) -> None:
        """Forget every build."""
        for folder in (self.out, self.site / ".regpress"):
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True, kw_only=True)
class Bench:
    """One run of all cases."""

    options: argparse.Namespace
    registry: Registry
    figures: list[Figure] = field(default_factory=list)
    tree: TreeSize = field(default_factory=TreeSize)

    def add(self, case: str, value: float, unit: str, target: float | None = None, **more: Any) -> None:
        """Take one figure and show it."""
        figure = Figure(case=case, value=value, unit=unit, target=target, **more)
        self.figures.append(figure)
        print(row_of(figure), flush=True)

    def run(self, tmpfs: Path, disk: Path) -> None:
        """Measure everything."""
        place = self._place(tmpfs / "base")
        place.fill(self.registry.file)
        archive = tmpfs / "tree.tar"
        full = self._full_beside_tar(place, archive)
        self._unchanged(place, full)
        self._version_added(place, full)
        self._memory(place, "", MEMORY_MIB)
        if self.options.disk_runs:
            self._on_disk(self._place(disk / "base"), archive)
        self._validation()
        for leftover in (place.folder, disk / "base"):
            shutil.rmtree(leftover, ignore_errors=True)
        archive.unlink()
        if self.options.large:
            self._large(tmpfs, full / self.registry.versions)

    def _place(self, folder: Path) -> Place:
        return Place(folder=folder, host=self.options.host, jobs=self.options.jobs)

    # Full builds

    def _full_beside_tar(self, place: Place, archive: Path) -> float:
        """Measure full builds and unpacking in turn; leave the tree and its archive; return the median build."""
        builds: list[float] = []
        unpacked: list[float] = []
        for _ in range(self.options.runs):
            place.clear()
            builds.append(timed(place.command).seconds)
            if not archive.exists():
                self.tree = tree_size(place.out)
                timed(("tar", "-cf", str(archive), "-C", str(place.out), "."))
            unpacked.append(_unpack(archive, place.folder / "unpacked"))
        full, tar = statistics.median(builds), statistics.median(unpacked)
        self.add("full build, tmpfs", full, "s", samples=tuple(builds))
        self.add("tar -x of the same tree, tmpfs", tar, "s", samples=tuple(unpacked))
        self.add("full build to tar -x, tmpfs", full / tar, "x", FULL_TO_TAR)
        return full

    def _on_disk(self, place: Place, archive: Path) -> None:
        builds, unpacked, synced = [], [], []
        place.fill(self.registry.file)
        for _ in range(self.options.disk_runs):
            place.clear()
            os.sync()
            builds.append(timed(place.command).seconds)
            os.sync()
            target = place.folder / "unpacked"
            unpacked.append(_unpack(archive, target, keep=True))
            # A build ends when its files are on the disk; tar leaves that to the system.
            synced.append(unpacked[-1] + timed(("sync", "-f", str(target))).seconds)
            shutil.rmtree(target)
        full = statistics.median(builds)
        self.add("full build, disk", full, "s", samples=tuple(builds), note="its files are synced")
        self.add("tar -x, disk", statistics.median(unpacked), "s", samples=tuple(unpacked))
        self.add("tar -x and sync, disk", statistics.median(synced), "s", samples=tuple(synced))
        self.add("full build to tar -x and sync, disk", full / statistics.median(synced), "x")

    # Rebuilds

    def _unchanged(self, place: Place, full: float) -> None:
        samples = tuple(timed(place.command).seconds for _ in range(self.options.runs))
        median = statistics.median(samples)
        note = f"{median:.2f} s"
        self.add("nothing changed, of a full build", 100 * median / full, "%", 100 * UNCHANGED_SHARE, note=note)

    def _version_added(self, place: Place, full: float) -> None:
        """Add a version to one server after the other; the files are those of the worst case."""
        samples: list[float] = []
        written: list[tuple[int, int, str]] = []
        foreign: list[str] = []
        names = Random(self.options.seed).sample(self.registry.names, min(self.options.runs, len(self.registry.names)))
        before = marks(place.out)
        for name in names:
            tags = _tags(place.registry, name)
            add_version(place.registry, name)
            samples.append(timed(place.command).seconds)
            after = marks(place.out)
            done = changes(before, after)
            written.append((len(done.written) - tags, tags, name))
            foreign += done.of_others(name)
            before = after
        median = statistics.median(samples)
        share = 100 * median / full
        self.add("one version added, of a full build", share, "%", 100 * ADDED_SHARE, note=f"{median:.2f} s")
        count, tags, name = max(written)
        note = f"the most of {len(names)} servers: {name}, {tags} tags not counted"
        counts = tuple(float(one + of_tags) for one, of_tags, _ in written)
        self.add("one version added, files rewritten", count, "files", ADDED_FILES, samples=counts, note=note)
        self.add("one version added, files of other entries", len(foreign), "files", 0.0, note=", ".join(foreign[:3]))

    # Memory and size

    def _memory(self, place: Place, prefix: str, target: float) -> None:
        place.clear()
        memory = memory_of(place.command)
        if memory is None:
            print("peak memory: only measured where there is /proc")
            return
        rows = zip(_MEMORY_ROWS, memory, strict=True)
        for (what, counts), value in rows:
            self.add(f"{prefix}peak memory, {what}", value, "MiB", target if counts else None)

    def _large(self, tmpfs: Path, base: float) -> None:
        """Measure one full build of a registry ten times as large, and its memory."""
        size = Size(servers=self.options.large_servers, skills=self.options.large_servers // 20, seed=self.options.seed)
        registry = generated(tmpfs / "large.json", size)
        place = self._place(tmpfs / "large")
        place.fill(registry.file)
        registry.file.unlink()
        seconds = timed(place.command).seconds
        each = seconds / registry.versions
        prefix = f"{size.servers:,} servers: "
        note = f"{1e3 * each:.3f} ms against {1e3 * base:.3f} ms; {registry.versions:,} versions"
        self.add(f"{prefix}full build, tmpfs", seconds, "s")
        self.add(f"{prefix}time per version to that of the base", each / base, "x", LARGE_TO_BASE, note=note)
        self._memory(place, prefix, LARGE_MEMORY_MIB)
        shutil.rmtree(place.folder)

    # Validation

    def _validation(self) -> None:
        clean, valid = validation_costs(_documents(self.registry.file), runs=self.options.runs)
        note = f"{clean.documents:,} versions without a finding"
        target = VALIDATION_MICROSECONDS
        self.add("validation, a version without findings", clean.median, "µs", target, samples=clean.samples, note=note)
        note = f"{valid.documents:,} versions, some with advice"
        self.add("validation, a version without errors", valid.median, "µs", samples=valid.samples, note=note)


#: What the parts of `Memory` are called, and whether the target is for them.
_MEMORY_ROWS: Final = (
    ("main process", True),
    ("largest worker", True),
    ("all processes, shared pages counted for each", False),
    ("all processes, shared pages counted once", True),
)
assert len(_MEMORY_ROWS) == len(Memory._fields)


def _unpack(archive: Path, target: Path, *, keep: bool = False) -> float:
    target.mkdir()
    seconds = timed(("tar", "-xf", str(archive), "-C", str(target))).seconds
    if not keep:
        shutil.rmtree(target)
    return seconds


def _tags(registry: Path, name: str) -> int:
    """Return the number of tags that the latest version of a server has in its publisher metadata."""
    found: set[str] = set()
    for document in _documents(registry):
        if document["name"] == name and "namespace" not in document:
            block = document.get("_meta", {}).get(PUBLISHER_META, {})
            found = {
                tag
                for extensions in block.values()
                if isinstance(extensions, dict)
                for extension in extensions.values()
                if isinstance(extension, dict)
                for tag in extension.get("tags", ())
            }
    return len(found)


# Registries


def generated(file: Path, size: Size) -> Registry:
    """Return a generated registry of that size in a file."""
    with file.open("wb") as stream:
        write_registry(stream, size)
    return measured(file)


def measured(file: Path) -> Registry:
    """Return a registry file with what it holds."""
    names: dict[str, None] = {}
    versions = 0
    for document in _documents(file):
        versions += 1
        if "namespace" not in document:
            names[document["name"]] = None
    return Registry(file=file, names=tuple(names), versions=versions, size=file.stat().st_size)


def one_a_line(source: Path, target: Path) -> None:
    """Copy a registry file in the upstream format so that it has one entry a line."""
    value = json.loads(source.read_bytes())
    data = value.pop("data")
    parts = [f"{json.dumps(key)}:[\n{_lines(items)}\n]" for key, items in data.items()]
    head = json.dumps(value, ensure_ascii=False)[:-1]
    target.write_text(f'{head},"data":{{{",".join(parts)}}}}}\n', encoding="utf-8")


def _lines(documents: Sequence[Document]) -> str:
    return ",\n".join(json.dumps(document, ensure_ascii=False) for document in documents)


def _documents(file: Path) -> Iterator[Document]:
    with file.open("rb") as stream:
        yield from filter(None, map(entry_of, stream))


def _input(options: argparse.Namespace, folder: Path) -> Registry:
    target = folder / "input.json"
    if options.input is None:
        size = Size(
            servers=options.servers,
            versions_mean=options.versions_mean,
            skills=options.servers // 20 if options.skills is None else options.skills,
            seed=options.seed,
        )
        return generated(target, size)
    one_a_line(options.input, target)
    return measured(target)


# Output


def row_of(figure: Figure) -> str:
    """Return the line of a figure in the table."""
    target = "" if figure.target is None else f"<= {figure.target:g} {figure.unit}"
    verdict = {True: "ok", False: "MISSED", None: ""}[figure.met]
    value = f"{figure.value:,.0f}" if figure.unit in {"files", "MiB"} else f"{figure.value:,.2f}"
    return f"{figure.case:<66} {value:>10} {figure.unit:<5} {target:<12} {verdict:<6} {figure.note}".rstrip()


def result_of(bench: Bench) -> dict[str, Any]:
    """Return everything as JSON: machine, options, registry, tree, figures."""
    options = {key: str(value) if isinstance(value, Path) else value for key, value in vars(bench.options).items()}
    registry = {
        "servers": len(bench.registry.names),
        "versions": bench.registry.versions,
        "bytes": bench.registry.size,
    }
    return {
        "generator": f"regpress {__version__}",
        "machine": {
            "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "options": options,
        "registry": registry,
        "tree": bench.tree._asdict(),
        "figures": [{**asdict(figure), "met": figure.met} for figure in bench.figures],
    }


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    memory = Path("/dev/shm")
    default = memory if memory.is_dir() else Path(tempfile.gettempdir())
    parser = argparse.ArgumentParser(description="Measure regpress build.")
    add = parser.add_argument
    add("--servers", type=int, default=10_000, help="servers of the generated registry (10000)")
    add("--versions-mean", type=float, default=3.0, help="versions per server on average (3)")
    add("--skills", type=int, help="skills (a twentieth of the servers)")
    add("--seed", type=int, default=7, help="of the generated registry, and of what is edited (7)")
    add("--input", type=Path, help="measure this registry file in the upstream format instead")
    add("--host", default="nginx", help="host profile (nginx)")
    add("--jobs", type=int, default=2, help="processes of a build (2)")
    add("--runs", type=int, default=5, help="runs of which the median counts (5)")
    add("--disk-runs", type=int, default=1, help="the same for builds on disk, 0 for none (1)")
    add("--tmpfs", type=Path, default=default, help=f"a folder in memory ({default})")
    add("--disk", type=Path, default=Path(tempfile.gettempdir()), help="a folder on disk (the one for temporary files)")
    add("--large", action="store_true", help="also build a registry of --large-servers")
    add("--large-servers", type=int, default=100_000, help="servers of the large registry (100000)")
    add("--json", type=Path, default=RESULTS, help="where all values go (benchmarks/results/build.json)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    folders = tempfile.TemporaryDirectory
    with folders(dir=options.tmpfs, prefix="regpress-") as tmpfs, folders(dir=options.disk, prefix="regpress-") as disk:
        bench = Bench(options=options, registry=_input(options, Path(tmpfs)))
        registry = bench.registry
        print(f"{len(registry.names):,} servers, {registry.versions:,} versions, {registry.size / MIB:.1f} MiB")
        try:
            bench.run(Path(tmpfs), Path(disk))
        except CommandFailedError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result_of(bench), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{bench.tree.files:,} files, {bench.tree.folders:,} folders, {bench.tree.size / MIB:.1f} MiB of output")
    print(f"all values: {options.json}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
