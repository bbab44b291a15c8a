"""The package as people get it: built, installed into a new environment, and used there without this repository."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from sites import environment, read, tree

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "generator/regpress"


def call(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = environment()
    clean.pop("PYTHONPATH")
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=clean, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the sdist, and the wheel that was built from it; nothing is fetched for that."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def program(distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program of a new environment with the wheel; what it depends on comes from this environment."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    venv.create(folder, symlinks=os.name != "nt")
    python = folder / "bin/python"
    install = ["install", "--quiet", "--no-index", "--no-deps", distributions[1]]
    call(sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, *install, cwd=folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    # A path in such a file is searched after the environment's own packages, and its own .pth files are not read.
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    where = call(python, "-c", "import regpress; print(regpress.__file__)", cwd=folder).stdout.strip()
    assert Path(where) == packages / "regpress/__init__.py"
    return folder / "bin/regpress"


def test_the_wheel_has_the_package_the_templates_and_the_schemas_and_nothing_else(
    distributions: tuple[Path, Path],
) -> None:
    with zipfile.ZipFile(distributions[1]) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    package = {f"regpress/{name}" for name in tree(PACKAGE) if "__pycache__" not in name}
    templates = {f"regpress/templates/{name}" for name in tree(ROOT / "templates") if "__pycache__" not in name}
    assert {"regpress/py.typed", "regpress/schemas/server-2025-12-11.schema.json"} <= package
    assert "regpress/templates/assets/style.css" in templates
    rest = names - package - templates
    assert package | templates <= names
    assert all(".dist-info/" in name for name in rest)
    assert any(name.endswith("licenses/LICENSE") for name in rest)


def test_the_sdist_has_sources_tests_and_the_registry_of_the_project_and_no_output(
    distributions: tuple[Path, Path],
) -> None:
    with tarfile.open(distributions[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "Makefile", "config.yaml", "registry.json"} <= names
    assert {"generator/regpress/py.typed", "templates/layout.html", "tests/conftest.py"} <= names
    assert not [name for name in names if name.startswith((".venv", "dist/", ".regpress", ".git/"))]


def test_an_installed_program_makes_a_site_and_builds_it_in_another_folder(program: Path, tmp_path: Path) -> None:
    made = call(program, "init", "demo", cwd=tmp_path)
    assert "demo/config.yaml" in made.stdout
    done = call(program, "build", cwd=tmp_path / "demo")
    assert "1 server; 1 version" in done.stderr
    dist = tmp_path / "demo/dist"
    assert read(dist, "v0.1/servers/com.example/hello/versions/latest")["server"]["title"] == "Hello"
    assert {"index.html", "404.html", "about/index.html", "servers/com.example/hello/index.html"} <= tree(dist).keys()
    assert (dist / "schemas/server-2025-12-11.schema.json").is_file()
    assert call(program, "check", "--strict", cwd=tmp_path / "demo").stdout == ""


def test_a_template_of_the_site_replaces_one_of_the_package(program: Path, tmp_path: Path) -> None:
    call(program, "init", "demo", cwd=tmp_path)
    (tmp_path / "demo/templates").mkdir()
    (tmp_path / "demo/templates/footer.html").write_text("<footer>Ours alone</footer>\n")
    call(program, "build", cwd=tmp_path / "demo")
    pages = {name: data for name, data in tree(tmp_path / "demo/dist").items() if name.endswith("index.html")}
    assert len(pages) >= 3
    assert all(b"Ours alone" in data for data in pages.values())
