#!/usr/bin/env python3
"""What pages of entries cost to make, and what pages weigh on the wire with everything that they load.

    python benchmarks/bench_pages.py                    # 10,000 servers
    python benchmarks/bench_pages.py --servers 25000

Times are those of one process, without writing; the weights are of bytes compressed with gzip, each file by itself.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from generate import Size, write_registry

from regpress.fetching import fetch
from regpress.gathering import gather
from regpress.model.artifact import Artifact, ArtifactGroup, groups_in
from regpress.site import Options
from regpress.wiring import open_site

ENTRY_KIB: Final = 40
HOME_KIB: Final = 60
CONFIG: Final = """\
sources: [{name: list, file: {path: registry.json}}]
registries: [{name: default, sources: [list]}]
site: {baseUrl: "https://example.org/registry", host: nginx}
"""
_LOADED: Final = re.compile(r"<(?:link rel=\"(?:stylesheet|icon)\"|script|img)[^>]*? (?:href|src)=\"([^\"]+)\"")


def main(arguments: list[str] | None = None) -> None:
    """Generate, render and print."""
    parser = argparse.ArgumentParser(description="Measure pages.")
    parser.add_argument("--servers", type=int, default=10_000, help="servers of the generated registry (10000)")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts (5)")
    parser.add_argument("--large", action="store_true", help="25,000 servers")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        (site / "config.yaml").write_text(CONFIG)
        with (site / "registry.json").open("wb") as stream:
            write_registry(stream, Size(servers=25_000 if options.large else options.servers))
        groups = rendered_groups(site)
    pages = [group for group in groups if group.stage == "page" and "/html/" in group.key]
    others = [group for group in groups if group.stage == "list"]
    print(f"{len(pages):,} pages of entries: {1e6 * median(options.runs, pages) / len(pages):.0f} µs each")
    print(f"{len(others):,} lists, feeds and others: {1e3 * median(options.runs, others):.0f} ms together")
    files = {artifact.address: artifact for group in groups for artifact in group.render()}
    entries = [address for address in files if re.fullmatch(r"(?:servers|skills)/[^_/][^/]*/[^/]+/", address)]
    weights = sorted(weight_of(address, files) for address in entries)
    report("home page with all that it loads", weight_of("", files), HOME_KIB)
    report("entry page with all that it loads, median", weights[len(weights) // 2], ENTRY_KIB)
    report("entry page with all that it loads, heaviest", weights[-1], ENTRY_KIB)


def rendered_groups(site_folder: Path) -> list[ArtifactGroup]:
    """Return the groups of the catalog of a site."""
    from regpress.hosts.table import profile  # noqa: PLC0415

    gc.disable()
    site, _ = open_site(site_folder, environ={})
    options = Options(profile=profile(site.config.site.host), now="2026-11-01T00:00:00Z")
    gathered = gather(site, fetch(site, _quiet), options, _quiet)
    assert site.renderer is not None
    return list(groups_in(site.renderer({}).parts(gathered.catalogs, site.pages)))


def median(runs: int, groups: Iterable[ArtifactGroup]) -> float:
    """Return the median of the processor seconds that rendering takes."""
    return statistics.median(_seconds(lambda: [list(group.render()) for group in groups]) for _ in range(runs))


def weight_of(address: str, files: Mapping[str, Artifact]) -> int:
    """Return the compressed bytes of a page and of what it loads at once."""
    body = files[address].body
    loaded = {
        urljoin(f"http://site/{address}", found).removeprefix("http://site/")
        for found in _LOADED.findall(body.decode())
    }
    return sum(len(gzip.compress(data, mtime=0)) for data in (body, *(files[name].body for name in loaded)))


def report(what: str, size: int, most: int) -> None:
    """Print one weight with its target."""
    print(f"{what}: {size / 1024:.1f} KiB (<= {most} KiB {'ok' if size <= most * 1024 else 'MISSED'})")


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _quiet(_: str) -> None:
    pass


if __name__ == "__main__":
    main()
