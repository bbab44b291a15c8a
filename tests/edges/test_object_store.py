"""The objects of a built registry in an emulation of S3: keys, types, caching, and what requests find."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from contract.asking import encoded
from edges.node import TOOLS
from edges.web_server import running
from sites import run
from varied import DELETED, PLUS, SERVERS, UPPER, VERSIONS

MOTO = TOOLS / "moto" / "bin" / "moto_server"
pytestmark = [
    pytest.mark.hosts,
    pytest.mark.skipif(not MOTO.is_file(), reason="moto is not installed here (make test-hosts installs it)"),
]
#: Everybody may read it.
OPEN = {"x-amz-acl": "public-read"}
FRESH = "public, max-age=60, stale-while-revalidate=300"


class Bucket:
    """A bucket that everybody may read, filled with a registry.

    Attributes:
        rows: what ``regpress objects`` said.
        folder: the built output.
    """

    def __init__(self, server, folder, rows):
        self.server, self.folder, self.rows = server, folder, rows

    def ask(self, key, method="GET"):
        return self.server.ask(f"/registry/{key}", method=method)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory, varied):
    folder = varied("object-store")
    done = run("objects", "--out", folder)
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]

    def command(port):
        return [str(MOTO), "-H", "127.0.0.1", "-p", str(port)]

    own = tmp_path_factory.mktemp("moto")
    with running(command, own, HOME=str(own), AWS_DEFAULT_REGION="us-east-1") as server:
        assert server.send("PUT", "/registry", b"", OPEN).status == 200
        for row in rows:
            fields = {**OPEN, "Content-Type": row["contentType"], "Cache-Control": row["cacheControl"]}
            body = (folder / row["file"]).read_bytes()
            target = f"/registry/{quote(row['key'])}"
            assert server.send("PUT", target, body, fields).status == 200, row
        yield Bucket(server, folder, rows)


def test_every_object_has_the_bytes_the_type_and_the_caching_that_it_was_listed_with(bucket):
    assert len(bucket.rows) > 500
    for row in bucket.rows:
        answer = bucket.ask(quote(row["key"]))
        assert answer.status == 200, row
        assert answer.body == (bucket.folder / row["file"]).read_bytes()
        assert answer.headers["content-type"] == row["contentType"], row
        assert answer.headers["cache-control"] == row["cacheControl"], row


def test_every_file_of_the_output_is_an_object(bucket):
    files = {path.relative_to(bucket.folder).as_posix() for path in bucket.folder.rglob("*") if path.is_file()}
    assert {row["file"] for row in bucket.rows} == files
    keys = [row["key"] for row in bucket.rows]
    assert len(keys) == len(set(keys))


def test_an_address_is_a_key_though_others_lie_below_it(bucket):
    listed = bucket.ask("v0.1/servers")
    assert listed.status == 200
    assert listed.headers["content-type"] == "application/json"
    assert listed.headers["cache-control"] == FRESH
    assert {entry["server"]["name"] for entry in listed.json["servers"]} == SERVERS.keys()
    for name in (VERSIONS, UPPER):
        plain = bucket.ask(f"v0.1/servers/{name}/versions/latest")
        assert plain.json["server"]["name"] == name
        assert bucket.ask(f"v0.1/servers/{encoded(name)}/versions/latest").body == plain.body
        assert len(bucket.ask(f"v0.1/servers/{name}/versions").json["servers"]) == len(SERVERS[name][0])


def test_a_version_with_a_plus_is_stored_under_what_stores_take_the_sign_for(bucket):
    version = SERVERS[PLUS][1]
    address = f"v0.1/servers/{PLUS}/versions/{version}"
    keys = {row["key"]: row["sha256"] for row in bucket.rows if row["file"] == f"{address}.json"}
    assert keys.keys() == {address, address.replace("+", " ")}
    assert len(set(keys.values())) == 1
    assert bucket.ask(f"v0.1/servers/{encoded(PLUS)}/versions/{encoded(version)}").json["server"]["version"] == version


def test_a_page_is_stored_under_its_address_and_its_index(bucket):
    for key in ("about/", "about/index.html", "index.html"):
        answer = bucket.ask(key)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), key


def test_what_is_not_there_is_a_404(bucket):
    for key in (f"v0.1/servers/{encoded(DELETED)}/versions/latest", "v0.1/servers/com.example%2Fnone/versions/latest"):
        assert bucket.ask(key).status == 404


def test_what_links_to_others_is_uploaded_after_them(bucket):
    place = {row["key"]: number for number, row in enumerate(bucket.rows)}
    entry = f"v0.1/servers/{VERSIONS}/versions"
    # The server is called "versions" itself: its list of versions is no version.
    exact = place[f"{entry}/1.10.0"]
    assert exact < place[f"{entry}/latest"] < place["v0.1/servers"] < place["manifest.json"]
    assert exact < place[entry] < place["v0.1/servers"] < place["build.json"]


def test_a_base_path_stands_before_every_key(bucket):
    done = run("objects", "--out", bucket.folder, "--base-path", "/my-registry")
    keys = {json.loads(line)["key"] for line in done.out.splitlines()}
    assert all(key.startswith("my-registry/") for key in keys)
    assert "my-registry/v0.1/servers" in keys
    assert "my-registry/" in keys


def test_a_folder_that_is_no_output_is_refused(tmp_path: Path):
    done = run("objects", "--out", tmp_path)
    assert done.code == 3
    assert os.fspath(tmp_path) in done.err
