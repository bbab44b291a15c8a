"""A site with compressed siblings, built by the command line: made, kept and removed together with their files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import yaml

from sites import run, write_site
from varied import documents


def siblings(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.gz")}


def times(out: Path) -> dict[str, int]:
    return {path.relative_to(out).as_posix(): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


def configure(site: Path, **changes: object) -> None:
    config = yaml.safe_load((site / "config.yaml").read_text())
    config.setdefault("site", {}).update(changes)
    (site / "config.yaml").write_text(yaml.safe_dump(config))


def test_siblings_follow_their_files_and_nothing_else_is_written_again(tmp_path: Path) -> None:
    site, out = write_site(tmp_path, documents()), tmp_path / "dist"
    configure(site, host="nginx", precompress=["gzip"])
    assert run("build", site, "--out", out).code == 0
    first, before = siblings(out), times(out)
    assert len(first) > 20
    for name, body in first.items():
        assert gzip.decompress(body) == (out / name.removesuffix(".gz")).read_bytes()
    listed = {row["file"] for row in json.loads((out / "manifest.json").read_text())["files"]}
    assert first.keys() <= listed

    readme = site / "content" / "pages" / "about.md"
    readme.parent.mkdir(parents=True, exist_ok=True)
    readme.write_text("# About\n" + "Another text of some length. " * 60)
    assert run("build", site, "--out", out).code == 0
    after = times(out)
    changed = {name for name in first if after.get(name) != before[name]}
    assert all(after[name.removesuffix(".gz")] != before[name.removesuffix(".gz")] for name in changed)
    assert "v0.1/_pages/servers/all.json.gz" not in changed

    configure(site, precompress=[])
    assert run("build", site, "--out", out).code == 0
    assert siblings(out) == {}


def test_a_host_that_serves_no_siblings_gets_none(tmp_path: Path) -> None:
    site = write_site(tmp_path, documents())
    configure(site, host="github-pages", precompress=["gzip"])
    assert run("build", site, "--out", tmp_path / "dist").code == 0
    assert siblings(tmp_path / "dist") == {}
