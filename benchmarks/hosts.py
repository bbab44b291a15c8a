#!/usr/bin/env python3
"""What a registry becomes for each host: files, bytes, and the processor time of a full build, or why it is refused.

python benchmarks/hosts.py                              # 5,000 servers, catalog included
python benchmarks/hosts.py --servers 25000 --no-catalog
python benchmarks/hosts.py nginx cloudflare-workers     # these hosts
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from regpress.hosts.table import PROFILES

FOLDER: Final = Path(__file__).parent
PROGRAM: Final = (sys.executable, "-c", "from regpress.cli.main import main; main()")
CONFIG: Final = """\
sources: [{name: list, file: {path: registry.json}}]
registries: [{name: default, sources: [list]}]
site: {baseUrl: "https://registry.example.org", host: %s, catalog: {enabled: %s}}
"""
#: What a refusal says of the tree.
_EXCEEDS: Final = re.compile(r"^error: (.*)$", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hosts", nargs="*", default=sorted(PROFILES), help="host profiles (all)")
    parser.add_argument("--servers", type=int, default=5_000, help="number of servers (5,000)")
    parser.add_argument("--catalog", action=argparse.BooleanOptionalAction, default=True, help="with HTML pages")
    parser.add_argument("--json", type=Path, default=FOLDER / "results" / "hosts.json", help="where all values go")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as made:
        folder = Path(made)
        generate = (
            sys.executable,
            FOLDER / "generate.py",
            "--servers",
            str(options.servers),
            "--versions-mean",
            "3.08",
        )
        subprocess.run([*generate, "--out", folder / "registry.json"], check=True, stdout=subprocess.DEVNULL)
        for host in options.hosts:
            rows.append(measure(folder, host, catalog=options.catalog))
            print(
                "{host:<20}{files:>9,} files{megabytes:>8,.0f} MB{cpu:>7.1f} s cpu{wall:>7.1f} s  {refused}".format(
                    **rows[-1]
                )
            )
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(rows, indent=1) + "\n")


def measure(folder: Path, host: str, *, catalog: bool) -> dict[str, float | str]:
    """Build anew for a host; without files where it refuses."""
    (folder / "config.yaml").write_text(CONFIG % (host, str(catalog).lower()))
    for old in ("dist", ".regpress"):
        shutil.rmtree(folder / old, ignore_errors=True)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([*PROGRAM, "build", folder], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    sizes = [path.stat().st_size for path in (folder / "dist").rglob("*") if path.is_file()]
    return {
        "host": host,
        "files": len(sizes),
        "megabytes": sum(sizes) / 1e6,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall": time.perf_counter() - started,
        "refused": "; ".join(_EXCEEDS.findall(done.stdout + done.stderr)) if done.returncode else "",
    }


if __name__ == "__main__":
    main()
