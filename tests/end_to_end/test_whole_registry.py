"""A registry of the size of the official one, from its file through a build to a walk over the real nginx."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from edges.nginx_server import needs_nginx, serving
from edges.web_server import Server
from sites import PROGRAM, environment

GENERATOR = Path(__file__).parents[2] / "benchmarks" / "generate.py"
SERVERS = 25_000
#: Most pages of a walk: of a list of 80,000, none has fewer than a third of the most entries, but for the last.
PAGES = 3_000

pytestmark = [pytest.mark.slow, needs_nginx]

#: Name and version of everything that a registry holds.
Keys = list[tuple[str, str]]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("whole") / "site" / "registry.json"
    file.parent.mkdir()
    size = ("--servers", str(SERVERS), "--versions-mean", "3.3", "--skills", "0", "--seed", "11")
    subprocess.run([sys.executable, str(GENERATOR), *size, "--out", str(file)], check=True, capture_output=True)
    command = [*PROGRAM, "build", str(file.parent), "--host", "nginx"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return file


@pytest.fixture(scope="module")
def nginx(registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = registry.parent / "dist"
    with serving(tmp_path_factory.mktemp("nginx"), root=root, rules=root / "_config" / "nginx.conf") as server:
        yield server


@pytest.fixture(scope="module")
def published(registry: Path) -> Keys:
    """Return name and version of every version in the file, in the order of lists."""
    documents: list[dict[str, Any]] = json.loads(registry.read_bytes())["data"]["servers"]
    return sorted((document["name"], document["version"]) for document in documents)


def walk(nginx: Server, query: str) -> tuple[Keys, int]:
    """Return what a walk by cursors sees, and on how many pages."""
    seen: Keys = []
    for number in range(1, PAGES):
        answer = nginx.ask(f"/v0.1/servers{query}")
        assert answer.status == 200, query
        page = answer.json
        assert page["metadata"]["count"] == len(page["servers"]) <= 100
        seen += [(entry["server"]["name"], entry["server"]["version"]) for entry in page["servers"]]
        cursor = page["metadata"].get("nextCursor")
        if cursor is None:
            return seen, number
        query = f"?cursor={cursor}"
    raise AssertionError("the walk does not end")


def test_a_walk_through_nginx_sees_every_version_of_25000_servers_once(nginx: Server, published: Keys) -> None:
    seen, pages = walk(nginx, "?version=all")
    assert seen == published
    assert len(seen) / 100 <= pages <= len(seen) / 33 + 1


def test_a_walk_over_the_latest_versions_sees_every_server_once(nginx: Server, published: Keys) -> None:
    seen, _ = walk(nginx, "?version=latest")
    assert [name for name, _ in seen] == sorted({name for name, _ in published})
    assert set(seen) <= set(published)
    assert len(seen) == SERVERS


def test_every_hundredth_version_is_found_under_its_address_and_by_search(nginx: Server, published: Keys) -> None:
    for name, version in published[::100]:
        for text in (name, quote(name, safe="")):
            answer = nginx.ask(f"/v0.1/servers/{text}/versions/{quote(version, safe='+')}")
            assert (answer.status, answer.json["server"]["version"]) == (200, version), text
        found = nginx.ask(f"/v0.1/servers?search={name}").json["servers"]
        assert (name, version) in {(entry["server"]["name"], entry["server"]["version"]) for entry in found}
