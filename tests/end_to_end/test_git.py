"""Git through the program: a source in a repository, its cache, and a site that is itself in one."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from builders import SCHEMA
from edges.gitrepos import Repo, clean_environment, day
from sites import Done, config, official_of, read, run_program, tree, write_file, write_site

SERVER = {"$schema": SCHEMA, "name": "com.example/weather", "description": "Weather", "version": "1.0.0"}
LATEST = "v0.1/servers/com.example/weather/versions/latest"


def program(*arguments: str, cwd: Path) -> Done:
    """Run the program where no settings of the user's git matter."""
    keep = {name: text for name, text in clean_environment().items() if name.startswith(("GIT_CONFIG", "HOME"))}
    return run_program(*arguments, cwd=cwd, **keep)


def registry(*servers: dict[str, str]) -> str:
    return json.dumps({"version": "1.0.0", "meta": {"last_updated": day(9)}, "data": {"servers": servers}}, indent=1)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a bare repository whose registry changed on the second day."""
    repo = Repo(tmp_path / "work")
    repo.commit({"registry.json": registry(SERVER)}, 1)
    repo.commit({"registry.json": registry(SERVER, {**SERVER, "version": "1.1.0"})}, 2)
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "remote.git"))
    return tmp_path / "remote.git"


def site_of(bare: Path, folder: Path) -> Path:
    source = {"name": "upstream", "git": {"repository": bare.as_uri(), "branch": "main"}}
    return write_site(folder, {"config.yaml": config(source)})


def test_a_repository_is_read_dated_by_its_commits_and_read_from_the_cache_when_it_is_gone(
    bare: Path, tmp_path: Path
) -> None:
    site = site_of(bare, tmp_path / "site")
    online = program("build", site.name, cwd=tmp_path)
    assert online.code == 0, online.err
    entries = read(site / "dist", "v0.1/servers/com.example/weather/versions")["servers"]
    assert {entry["server"]["version"]: official_of(entry)["publishedAt"] for entry in entries} == {
        "1.0.0": day(1),
        "1.1.0": day(2),
    }
    before = tree(site / "dist")
    bare.rename(tmp_path / "gone.git")
    shutil.rmtree(site / "dist")
    offline = program("build", "--format", "json", cwd=site)
    assert offline.code == 0, offline.out
    assert tree(site / "dist") == before
    (warning,) = [issue for issue in offline.json["issues"] if issue["severity"] == "warning"]
    assert (warning["source"], warning["reference"]) == ("upstream", "git-offline")
    assert day(2) in warning["message"]
    shutil.rmtree(site / ".regpress")
    without_cache = program("build", cwd=site)
    assert (without_cache.code, without_cache.out) == (3, "")
    assert without_cache.err.startswith("error: upstream: file://")
    assert tree(site / "dist") == before


@pytest.mark.parametrize(
    "settings",
    [
        {"repository": "ext::sh -c 'touch hacked'"},
        {"repository": "--upload-pack=touch hacked"},
        {"repository": "https://user:secret@git.example.com/x.git"},
        {"repository": "https://git.example.com/x.git", "branch": "--output=hacked"},
        {"repository": "https://git.example.com/x.git", "path": "../../../etc/passwd"},
    ],
    ids=lambda settings: list(settings.values())[-1],
)
def test_a_hostile_repository_is_refused_and_nothing_runs(settings: dict[str, str], tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"config.yaml": config({"name": "hostile", "git": settings})})
    done = program("build", cwd=site)
    assert done.code == 2, done.err
    assert "config.yaml:" in done.err
    assert "secret" not in done.out + done.err
    assert not list(tmp_path.rglob("hacked*"))


@pytest.fixture
def own(tmp_path: Path) -> Repo:
    """Return a repository that is a site: one entry of the first day, its status of the third, a list of the second."""
    repo = Repo(tmp_path / "own")
    managed = json.dumps({"server": {**SERVER, "name": "com.example/managed"}})
    repo.commit({"content/servers/com.example/managed/1.0.0.json": managed, ".gitignore": "/dist/\n/.regpress/\n"}, 1)
    repo.commit({"registry.json": registry(SERVER)}, 2)
    repo.commit({"README.md": "A site\n"}, 3)
    return repo


def test_a_site_in_a_repository_is_dated_by_the_commit_that_brought_each_entry(own: Repo) -> None:
    done = program("build", cwd=own.path)
    assert done.code == 0, done.out + done.err
    assert official_of(read(own.path / "dist", LATEST))["publishedAt"] == day(2)
    managed = official_of(read(own.path / "dist", "v0.1/servers/com.example/managed/versions/latest"))
    assert (managed["publishedAt"], managed["updatedAt"]) == (day(1), day(1))


def test_a_site_in_a_folder_of_a_repository_is_built_from_anywhere(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "own")
    repo.commit({"README.md": "Sites\n"}, 1)
    repo.commit({"sites/registry.json": registry(SERVER)}, 2)
    repo.commit({"sites/registry.json": registry(SERVER, {**SERVER, "version": "1.1.0"})}, 3)
    done = program("build", "own/sites", "--out", "made", "--format", "json", cwd=tmp_path)
    assert done.code == 0, done.out
    assert [issue for issue in done.json["issues"] if issue["severity"] != "info"] == []
    assert official_of(read(tmp_path / "made", LATEST))["publishedAt"] == day(3)
    assert official_of(read(tmp_path / "made", LATEST.replace("latest", "1.0.0")))["publishedAt"] == day(2)


def test_a_shallow_clone_is_an_error_that_names_the_option_of_the_checkout(own: Repo, tmp_path: Path) -> None:
    clone = tmp_path / "shallow"
    command = ["git", "clone", "--quiet", "--depth", "1", own.url, str(clone)]
    subprocess.run(command, check=True, env=clean_environment())
    done = program("build", cwd=clone)
    assert done.code == 1
    assert "fetch-depth: 0" in done.out
    assert "com.example/managed@1.0.0" in done.out
    assert not (clone / "dist").exists()
    dated = {"server": {**SERVER, "name": "com.example/managed"}, "_meta": {}}
    dated["_meta"] = {"io.modelcontextprotocol.registry/official": {"publishedAt": day(1), "updatedAt": day(1)}}
    write_file(clone / "content/servers/com.example/managed/1.0.0.json", dated)
    done = program("build", cwd=clone)
    assert done.code == 0, done.out
