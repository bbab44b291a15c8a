"""The edge module in Cloudflare's own runtime: walks over many pages and shards, and what Cloudflare does itself."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

import edge_site
from edges import cloudflare_runtime
from fakes_tree import address_of, write_files
from regpress.hosts import cloudflare
from regpress.hosts.edge import edge_module
from regpress.query import parse_query

pytestmark = pytest.mark.hosts

CATALOGS = [
    edge_site.random_catalog(5),
    edge_site.random_catalog(6, size=9, registry="team", is_default=False),
]
MOST_BYTES = 10 * 1024
QUERIES = [
    {"limit": "7"},
    {"version": "latest", "limit": "4"},
    {"search": "weather", "limit": "3"},
    {"search": "Häfen", "version": "latest"},
    {"version": "1.10.0"},
    {"updated_since": "2026-05-01T06:00:00.25Z"},
    {"include_deleted": "true", "limit": "100"},
    {"search": "%", "updated_since": "2026-01-28T08:00:00+02:00", "version": "1.0.0"},
    {"search": "no such thing"},
]


@pytest.fixture(scope="module", params=["cloudflare-workers", "cloudflare-pages"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if reason := cloudflare_runtime.missing():
        pytest.skip(reason)
    profile = cloudflare.WORKERS if request.param == "cloudflare-workers" else cloudflare.PAGES
    run = cloudflare_runtime.workers if profile is cloudflare.WORKERS else cloudflare_runtime.pages
    files = edge_site.tree(CATALOGS)
    files |= {made.address: made.body for made in profile.configuration(address_of(CATALOGS))}
    files |= {"build.json": b"{}", "404.html": b"<h1>404</h1>", "about/index.html": b"<h1>about</h1>"}
    files["assets/style-0a1b2c.css"] = b"a{}"
    with run(write_files(tmp_path_factory.mktemp("site"), files)) as url:
        yield url


def ask(base: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("prefix", ["", "registry/team/"])
@pytest.mark.parametrize("given", QUERIES, ids=urlencode)
def test_a_walk_in_the_real_runtime_is_the_answer_of_the_model(served: str, given: dict[str, str], prefix: str) -> None:
    catalog = CATALOGS[bool(prefix)]
    query = parse_query("server", urlencode(given), dialect="toolhive" if prefix else "official", stored=lambda _: None)
    seen, text = [], urlencode(given)
    for _ in range(200):
        status, _, body = ask(served, f"/{prefix}v0.1/servers?{text}")
        document = json.loads(body)
        assert status == 200, document
        seen += document["servers"]
        if "nextCursor" not in document["metadata"]:
            break
        text = f"cursor={document['metadata']['nextCursor']}"
    assert seen == [json.loads(body) for body in edge_site.answer(catalog, query)]


def test_pages_and_files_come_from_the_host_itself(served: str) -> None:
    status, headers, body = ask(served, "/about/")
    assert (status, body) == (200, b"<h1>about</h1>")
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-content-type-options"] == "nosniff"
    status, headers, _ = ask(served, "/about?x=y")
    assert status in {307, 308}
    assert headers["location"].endswith("/about/?x=y")
    assert ask(served, "/nothing/here")[0::2] == (404, b"<h1>404</h1>")
    status, headers, _ = ask(served, "/assets/style-0a1b2c.css")
    assert (status, headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


def test_what_configures_the_host_is_not_served(served: str) -> None:
    for path in ("/_worker.js", "/_headers", "/_config/worker.js", "/_config/wrangler.toml"):
        assert ask(served, path)[0] == 404, path


def test_a_tag_of_the_real_runtime_saves_the_next_transfer(served: str) -> None:
    for path in ("/v0.1/servers", "/v0.1/servers?search=a", "/v0.1/x/dev.regpress/query"):
        status, headers, _ = ask(served, path)
        if status == 200:
            assert ask(served, path, **{"If-None-Match": headers["etag"]})[0::2] == (304, b"")


def test_the_module_is_small(tmp_path: Path) -> None:
    if reason := cloudflare_runtime.missing():
        pytest.skip(reason)
    source = tmp_path / "module.mjs"
    source.write_bytes(edge_module(address_of(CATALOGS)))
    terser = cloudflare_runtime.CACHE / "node_modules" / ".bin" / "terser"
    options = ["--module", "--compress", "passes=3,ecma=2022,unsafe_arrows=true", "--mangle"]
    done = subprocess.run([str(terser), str(source), *options], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert 5_000 < len(done.stdout) <= MOST_BYTES
