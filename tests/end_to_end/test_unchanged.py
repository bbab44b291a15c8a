"""A build that has nothing to do says so, in every process."""

import os
import subprocess
import sys
from pathlib import Path

from builders import dumps, server


def git(folder: Path, *arguments: str) -> None:
    identity = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    names = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=folder, check=True, env={**os.environ, **identity, **names}, timeout=60)


def test_a_second_process_finds_nothing_to_do_whatever_the_order_of_its_sets(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    servers = [server(f"com.example/s{number}", f"1.{number}.0") for number in range(20)]
    file = {"version": "1.0.0", "meta": {"last_updated": "2026-01-01T00:00:00Z"}, "data": {"servers": servers}}
    (site / "registry.json").write_bytes(dumps(file))
    git(site, "init", "-q")
    git(site, "add", "registry.json")
    git(site, "commit", "-q", "-m", "first")
    said = []
    for seed in ("1", "2", "3"):
        program = "from regpress.cli.main import main; main(['build'])"
        found = subprocess.run(
            [sys.executable, "-c", program],
            cwd=site,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert found.returncode == 0, found.stderr
        said.append("nothing to do" in found.stderr)
    assert said == [False, True, True]
