"""Benchmarks: the generator's registries are what they claim to be, and the programs run. No time is judged."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from regpress.cli.main import cli

FOLDER = Path(__file__).parents[1] / "benchmarks"

#: Rows that every run has.
CASES = {
    "full build, tmpfs",
    "tar -x of the same tree, tmpfs",
    "full build to tar -x, tmpfs",
    "nothing changed, of a full build",
    "one version added, of a full build",
    "one version added, files rewritten",
    "one version added, files of other entries",
    "peak memory, main process",
    "full build, disk",
    "tar -x, disk",
    "validation, a version without findings",
    "12 servers: time per version to that of the base",
}


def generate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, FOLDER / "generate.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def documents(file: Path, kind: str = "servers") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_bytes())["data"][kind]
    return found


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("generated") / "registry.json"
    assert generate("--servers", "400", "--skills", "40", "--seed", "5", "--out", file).returncode == 0
    return file


def test_a_generated_registry_has_the_wanted_size_and_shape(registry: Path) -> None:
    servers, skills = documents(registry), documents(registry, "skills")
    versions = Counter(server["name"] for server in servers)
    assert len(versions) == 400
    assert len({name.casefold() for name in versions}) == 400
    assert len({(server["name"], server["version"]) for server in servers}) == len(servers)
    assert 2 < len(servers) / 400 < 4
    assert len({(skill["namespace"], skill["name"]) for skill in skills}) == 40
    # Most have one version, a few have many.
    assert sum(count == 1 for count in versions.values()) > 200
    assert max(versions.values()) > 10
    shares = {member: sum(member in server for server in servers) for member in ("packages", "remotes", "_meta")}
    assert shares["packages"] > shares["remotes"] > shares["_meta"] > 0
    assert len({server["$schema"] for server in servers}) >= 4


def test_a_generated_registry_passes_the_check_without_errors(registry: Path) -> None:
    result = CliRunner().invoke(cli, ["check", str(registry.parent), "--format", "json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["counts"]["error"] == 0
    assert report["hidden"] == []


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(registry: Path, tmp_path: Path) -> None:
    generate("--servers", "400", "--skills", "40", "--seed", "5", "--out", tmp_path / "same.json")
    generate("--servers", "400", "--skills", "40", "--seed", "6", "--out", tmp_path / "other.json")
    assert (tmp_path / "same.json").read_bytes() == registry.read_bytes()
    assert (tmp_path / "other.json").read_bytes() != registry.read_bytes()


@pytest.mark.parametrize(("option", "more"), [("--add-version-to", 1), ("--change", 0)])
def test_one_version_is_added_or_changed_and_nothing_else(
    registry: Path, tmp_path: Path, option: str, more: int
) -> None:
    file = tmp_path / "registry.json"
    file.write_bytes(registry.read_bytes())
    before = documents(file)
    name = before[-1]["name"]
    done = generate(option, name, "--out", file)
    assert done.returncode == 0, done.stderr
    after = documents(file)
    assert len(after) == len(before) + more
    assert documents(file, "skills") == documents(registry, "skills")
    new = [document for document in after if document not in before]
    assert [document["name"] for document in new] == [name]
    assert (new[0]["version"] in {one["version"] for one in before if one["name"] == name}) == (not more)


def test_an_entry_that_is_not_there_cannot_be_edited(registry: Path, tmp_path: Path) -> None:
    file = tmp_path / "registry.json"
    file.write_bytes(registry.read_bytes())
    done = generate("--add-version-to", "com.example/none", "--out", file)
    assert done.returncode == 1
    assert "no line is an entry of 'com.example/none'" in done.stderr
    assert file.read_bytes() == registry.read_bytes()


def bench(tmp_path: Path, *arguments: str | Path) -> dict[str, Any]:
    command: list[str | Path] = [sys.executable, FOLDER / "bench_build.py", "--runs", "1", *arguments]
    command += ["--tmpfs", tmp_path, "--disk", tmp_path, "--json", tmp_path / "result.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads((tmp_path / "result.json").read_bytes())
    for figure in result["figures"]:
        assert figure["case"] in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("regpress-")) == []
    return result


def test_the_build_benchmark_measures_every_case(tmp_path: Path) -> None:
    result = bench(tmp_path, "--servers", "300", "--large", "--large-servers", "12")
    figures = {figure["case"]: figure for figure in result["figures"]}
    assert figures.keys() >= CASES
    for figure in figures.values():
        assert figure.keys() == {"case", "value", "unit", "target", "samples", "note", "met"}
        assert (figure["met"] is None) == (figure["target"] is None)
    assert result["registry"]["servers"] == 300
    assert result["registry"]["versions"] > 300
    assert result["tree"]["files"] > result["registry"]["versions"]
    # Counts do not depend on the machine.
    assert figures["one version added, files of other entries"]["value"] == 0
    assert 0 < figures["one version added, files rewritten"]["value"] <= 25


def test_the_build_benchmark_takes_registries_of_another_generator(tmp_path: Path) -> None:
    scale = FOLDER.parent / "../shared/data/scale.py"
    if not scale.exists():
        pytest.skip("the other generator is not here")
    file = tmp_path / "scale.json"
    subprocess.run([sys.executable, scale, "--servers", "40", "--skills", "3", "--out", file], check=True)
    result = bench(tmp_path, "--input", file, "--disk-runs", "0")
    assert result["registry"]["servers"] == 40


def test_the_build_benchmark_takes_a_registry_of_another_form(tmp_path: Path, registry: Path) -> None:
    few = {"servers": documents(registry)[:30], "skills": []}
    file = tmp_path / "few.json"
    file.write_text(
        json.dumps({"version": "1.0.0", "meta": {"last_updated": "2026-01-01T00:00:00Z"}, "data": few}, indent=1)
    )
    result = bench(tmp_path, "--input", file, "--disk-runs", "0")
    assert result["registry"]["versions"] == 30
