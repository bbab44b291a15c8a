from pathlib import Path

import pytest
import yaml

from regpress import __version__
from regpress.hosts.table import PROFILES
from sites import read, run, tree

EPOCH = {"SOURCE_DATE_EPOCH": "1777593600"}


def test_a_new_site_builds_without_a_finding(tmp_path: Path) -> None:
    site = tmp_path / "demo"
    made = run("init", site)
    assert made.code == 0
    assert {line.strip() for line in made.out.splitlines()} == {str(site / name) for name in tree(site)}
    assert f"cd {site} && regpress build" in made.err
    for command in ("check", "build"):
        done = run(command, site, "--strict")
        assert (done.code, done.out) == (0, ""), done.out
    assert [entry["server"]["name"] for entry in read(site / "dist", "v0.1/servers")["servers"]] == [
        "com.example/hello"
    ]


def test_a_new_site_holds_data_and_pinned_workflows_and_none_of_our_code(tmp_path: Path) -> None:
    run("init", tmp_path / "demo")
    files = tree(tmp_path / "demo")
    assert {name.rpartition(".")[2] for name in files} <= {"json", "yaml", "yml", "md", "gitignore"}
    for name in (".github/workflows/pages.yml", ".github/workflows/validate.yml"):
        text = files[name].decode()
        assert yaml.safe_load(text)["jobs"]
        assert f"pip install regpress=={__version__}" in text
    ignored = files[".gitignore"].decode().split()
    assert {"/dist/", "/.regpress/"} <= set(ignored)


@pytest.mark.parametrize("host", PROFILES)
def test_the_host_is_written_down(host: str, tmp_path: Path) -> None:
    run("init", tmp_path / "demo", "--host", host)
    assert run("build", tmp_path / "demo", "--format", "json").code == 0
    assert yaml.safe_load((tmp_path / "demo/config.yaml").read_text())["site"]["host"] == host


@pytest.mark.parametrize(
    "title", ['Say "hi"', "C:\\new", "a: b # c", "✓ 🌦", "${HOME} $host $$", "- x", "\n two \t lines"]
)
def test_any_title_is_nothing_but_a_title(title: str, tmp_path: Path) -> None:
    assert run("init", tmp_path / "demo", "--title", title).code == 0
    config = yaml.safe_load((tmp_path / "demo/config.yaml").read_text(encoding="utf-8"))
    assert config["site"]["title"] == " ".join(title.split())
    assert run("check", tmp_path / "demo").code == 0


@pytest.mark.parametrize("title", ["", "   ", "a\x00b", "a\x1bb", "x" * 100_000])
def test_a_title_that_cannot_be_one_is_refused_before_anything_is_written(title: str, tmp_path: Path) -> None:
    done = run("init", tmp_path / "demo", "--title", title)
    assert (done.code, done.out) == (2, "")
    assert not (tmp_path / "demo").exists()


def test_an_unknown_host_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    done = run("init", tmp_path / "demo", "--host", "github")
    assert done.code == 2
    assert "github-pages" in done.err
    assert not (tmp_path / "demo").exists()


def test_a_folder_with_files_is_refused_and_one_with_only_a_repository_is_not(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    done = run("init", tmp_path / "full")
    assert done.code == 1
    assert "notes.txt" in done.err
    assert tree(tmp_path / "full") == {"notes.txt": b"mine"}
    (tmp_path / "cloned/.git").mkdir(parents=True)
    assert run("init", tmp_path / "cloned").code == 0


def test_the_same_time_makes_the_same_site(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        run("init", tmp_path / folder / "demo", **EPOCH)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert b"2026-05-01T00:00:00Z" in (tmp_path / "a/demo/registry.json").read_bytes()
