"""Golden cases: whole sites and the whole tree that they build into, compared file by file.

A case is a folder in ``golden/``: ``config.yaml`` and the site's files, and in ``expected/`` the output and the report.
``pytest tests/test_golden.py --refresh-golden`` writes what is built now; review the difference like code.

Three things of the output are not kept there, because they would change with every schema and every style: they are
compared with where they come from (``schemas/``, ``assets/``), or with the tree itself (``manifest.json``).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from regpress.indexes.removed import SCHEMAS
from regpress.validate.schema import schema_bytes, schema_names
from regpress.wiring import package_templates
from sites import Done, run, tree, write_file

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
REPORT = "report.json"
_ASSET = re.compile(r"assets/([\w-]+)\.([0-9a-f]{10})\.(\w+)")


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Path:
    return GOLDEN / str(request.param)


@pytest.fixture(scope="module")
def built(case: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """Return the output of a case, built from a copy whose files have a fixed time, and how the build ended."""
    site = tmp_path_factory.mktemp("golden") / "site"
    for name, data in tree(case).items():
        if not name.startswith("expected/"):
            write_file(site / name, data)
    return site / "dist", run("build", site, "--format", "json")


def test_the_tree_and_the_report_are_the_expected_ones(
    case: Path, built: tuple[Path, Done], request: pytest.FixtureRequest
) -> None:
    dist, done = built
    assert done.code == 0, done.out
    report = {key: done.json[key] for key in ("counts", "hidden", "issues")}
    made = {**_kept(tree(dist)), REPORT: json.dumps(report, indent=1).encode() + b"\n"}
    expected = case / "expected"
    if request.config.getoption("--refresh-golden"):
        shutil.rmtree(expected, ignore_errors=True)
        for name, data in made.items():
            write_file(expected / name, data)
    found = tree(expected)
    assert sorted(made) == sorted(found)
    for name, data in found.items():
        assert made[name].decode() == data.decode(), f"{name} (see the head of {Path(__file__).name})"


def test_the_manifest_names_every_other_file_with_its_size_and_digest(built: tuple[Path, Done]) -> None:
    files = tree(built[0])
    manifest = json.loads(files.pop("manifest.json"))
    assert {(row["file"], row["size"], row["sha256"]) for row in manifest["files"]} == {
        (name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    }
    assert all(row["type"] for row in manifest["files"])


def test_schemas_and_assets_are_those_of_the_package(built: tuple[Path, Done]) -> None:
    files = tree(built[0])
    schemas = {name.removeprefix("schemas/"): data for name, data in files.items() if name.startswith("schemas/")}
    # No version was removed from any of these sites.
    assert schemas == {name: schema_bytes(name) for name in schema_names() if name not in SCHEMAS}
    sources = {path.name: path.read_bytes() for path in (package_templates() / "assets").iterdir()}
    for name, data in files.items():
        if found := _ASSET.fullmatch(name):
            # The stylesheet ends in the site's own colour.
            assert data.startswith(sources[f"{found[1]}.{found[3]}"])


def test_nothing_but_schemas_and_assets_escapes_the_comparison(built: tuple[Path, Done]) -> None:
    files = tree(built[0])
    left = files.keys() - _kept(files).keys() - {"manifest.json"}
    assert left == {name for name in left if name.startswith("schemas/") or _ASSET.fullmatch(name)}


def _kept(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files that are kept, the digests in the names of assets replaced."""
    return {
        name: _ASSET.sub(r"assets/\1.DIGEST.\3", data.decode()).encode()
        for name, data in files.items()
        if name != "manifest.json" and not name.startswith(("schemas/", "assets/"))
    }
