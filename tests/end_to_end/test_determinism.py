"""The same inputs make the same bytes, whoever builds them, where, and on how many processors."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import server
from sites import official_of, read, registry_file, run, run_program, tree, write_file, write_site
from varied import documents

#: 2026-05-01T00:00:00Z.
EPOCH = "1777593600"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """Return a site, and the tree that it made."""
    site = write_site(tmp_path_factory.mktemp("first") / "site", documents())
    assert run("build", site).code == 0
    return site, tree(site / "dist")


@pytest.mark.parametrize(
    ("hash_seed", "jobs", "umask"), [("1", "1", 0o022), ("2", "2", 0o077), ("3", "4", 0o002)], ids=str
)
def test_another_process_in_another_folder_makes_the_same_tree(
    hash_seed: str, jobs: str, umask: int, first: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    site, expected = first
    copy = tmp_path / "elsewhere" / "copy of the site"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("dist", ".regpress"))
    before = os.umask(umask)
    try:
        done = run_program(
            "build", copy.name, "--jobs", jobs, "--out", "out", cwd=copy.parent, PYTHONHASHSEED=hash_seed
        )
    finally:
        os.umask(before)
    assert done.code == 0, done.err
    assert tree(copy.parent / "out") == expected


def test_building_again_changes_no_file_at_all(first: tuple[Path, dict[str, bytes]]) -> None:
    site, expected = first
    times = {path: path.stat().st_mtime_ns for path in (site / "dist").rglob("*")}
    for options in ((), ("--full",), ("--jobs", "2")):
        done = run("build", site, *options)
        assert done.code == 0
        assert tree(site / "dist") == expected
    assert {path: path.stat().st_mtime_ns for path in (site / "dist").rglob("*")} == times


def test_the_order_of_entries_in_a_source_does_not_matter(tmp_path: Path) -> None:
    servers = [server(f"com.example/{name}", version) for name in "bca" for version in ("1.0.0", "2.0.0", "1.10.0")]
    trees = []
    for name, order in (("one", servers), ("two", servers[::-1])):
        site = write_site(tmp_path / name, {"list.json": registry_file(*order)})
        assert run("build", site).code == 0
        made = tree(site / "dist")
        made.pop("build.json")  # names the digest of the source
        made.pop("manifest.json")  # names the digest of build.json
        trees.append(made)
    assert trees[0] == trees[1]


def test_the_output_says_nothing_about_the_machine_that_made_it(first: tuple[Path, dict[str, bytes]]) -> None:
    site, made = first
    for name, data in made.items():
        assert str(site).encode() not in data, name
        assert os.uname().nodename.encode() not in data, name


def test_source_date_epoch_dates_what_nothing_else_dates(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"list.json": registry_file(server())})
    assert run("build", site).code == 0
    shutil.copytree(site / "dist", tmp_path / "earlier")
    write_file(site / "list.json", registry_file(server(description="Changed, and its file does not say when")))
    made = []
    for out in ("a", "b"):
        done = run("build", site, "--out", tmp_path / out, "--previous", tmp_path / "earlier", SOURCE_DATE_EPOCH=EPOCH)
        assert done.code == 0
        made.append(tree(tmp_path / out))
    assert made[0] == made[1]
    block = official_of(read(tmp_path / "a", "v0.1/servers/com.example/weather/versions/latest"))
    assert (block["publishedAt"], block["updatedAt"]) == ("2026-01-31T00:00:00Z", "2026-05-01T00:00:00Z")


@pytest.mark.parametrize("text", ["yesterday", "1e9", "99999999999999999999"])
def test_a_source_date_epoch_that_is_no_time_is_refused(text: str, varied: Callable[[str], Path]) -> None:
    done = run("check", varied("generic").parent, SOURCE_DATE_EPOCH=text)
    assert done.code == 2
    assert "SOURCE_DATE_EPOCH" in done.err
    assert text in done.err
