"""A registry that is another one's source: `regpress serve`, or a host of files, at one end, sites at the other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from app_server import AppServer, encoded, serving_app
from app_site import own_site, wait_until
from builders import official, server
from edges.fixed_answers import Site, serve
from sites import config, read, registry_file, run, write_file, write_site

#: Enough for three pages.
NAMES = tuple(f"com.example/n{number:03}" for number in range(110))
PRIVATE = {"allowPrivateAddresses": True}


def upstream_site(folder: Path) -> Path:
    """Write a site of 230 versions, two for each name and some with a block that says more."""
    blocks = {
        "com.example/n001": {
            "status": "deprecated",
            "statusMessage": "Use n002",
            "publishedAt": "2025-03-01T08:00:00Z",
        },
        "com.example/n002": {"publishedAt": "2025-03-01T08:00:00.5Z", "updatedAt": "2025-04-01T00:00:00Z"},
        "com.example/n003": {"status": "deleted", "statusMessage": "Gone", "publishedAt": "2025-05-01T00:00:00Z"},
    }
    entries = [
        {
            "server": server(name, version, _meta={PUBLISHER: {"n": 1.5}}, odd={"<b>": [1e3, "é"]}),
            "_meta": official(**blocks[name]) if name in blocks and version == "1.0.0" else {},
        }
        for name in NAMES
        for version in ("1.0.0", "1.10.0")
    ]
    several = [server("com.example/many", f"1.{number}.0") for number in range(10)]
    made = config({"name": "all", "file": {"path": "all.json"}})
    # Spelled as no program would write it again.
    text = json.dumps(registry_file(*entries, *several)).replace('{"n": 1.5}', '{"n": 1.50}')
    return write_site(folder, {"config.yaml": made, "all.json": text})


PUBLISHER = "io.modelcontextprotocol.registry/publisher-provided"


def mirror_site(folder: Path, endpoint: str, **more: Any) -> Path:
    source = {"name": "up", "api": {"endpoint": endpoint}, **more}
    return write_site(folder, {"config.yaml": config(source, trust=PRIVATE)})


def walked(running: AppServer, base: str = "") -> list[Any]:
    """Return every entry of a list, page by page."""
    found, cursor = [], ""
    while True:
        answer = running.get(f"{base}/v0.1/servers?limit=100{cursor}").json
        found += answer["servers"]
        if "nextCursor" not in answer["metadata"]:
            return found
        cursor = f"&cursor={encoded(answer['metadata']['nextCursor'])}"


def built(site: Path, *arguments: str) -> Path:
    done = run("build", site, "--out", site / "dist", *arguments)
    assert done.code == 0, done.err
    return site / "dist"


def test_a_mirror_holds_every_version_as_the_registry_that_it_mirrors(tmp_path: Path) -> None:
    with serving_app(upstream_site(tmp_path / "up")) as running:
        every = walked(running)
        assert len(every) == 229
        first = built(mirror_site(tmp_path / "first", running.base))
        second = built(mirror_site(tmp_path / "second", f"{running.base}/registry/default/"))
        # Whoever mirrors a mirror gets the same.
        with serving_app(tmp_path / "first") as again:
            assert walked(again) == every
        for entry in every:
            name, version = entry["server"]["name"], entry["server"]["version"]
            assert read(first, f"v0.1/servers/{name}/versions/{version}") == entry
            address = f"/v0.1/servers/{encoded(name)}/versions/{version}"
            assert (first / f"v0.1/servers/{name}/versions/{version}.json").read_bytes() == running.get(address).body
        assert not (first / "v0.1/servers/com.example/n003/versions/1.0.0.json").exists()
    assert b'{"n":1.50}' in (first / "v0.1/servers/com.example/n000/versions/1.0.0.json").read_bytes()
    assert (first / "v0.1/servers.json").read_bytes() == (second / "v0.1/servers.json").read_bytes()
    assert (first / "registry.json").read_bytes() == (second / "registry.json").read_bytes()
    # Where nobody answers, a copy that was carried there does.
    carried = mirror_site(tmp_path / "carried", running.base)
    shutil.copytree(tmp_path / "first/.regpress/urls", carried / ".regpress/urls")
    done = run("build", carried, "--out", tmp_path / "offline")
    assert done.code == 0
    assert "cannot be reached (Connection refused); the last good copy is used" in done.out
    assert (tmp_path / "offline/v0.1/servers.json").read_bytes() == (first / "v0.1/servers.json").read_bytes()
    done = run("build", mirror_site(tmp_path / "none", running.base), "--out", tmp_path / "none/dist")
    assert done.code == 3
    assert f"up: {running.base}/v0.1/servers: cannot be reached (Connection refused)" in done.err


def test_a_host_of_files_gives_the_latest_versions(tmp_path: Path) -> None:
    files = built(upstream_site(tmp_path / "up"))
    with serve(host := Site()) as base:
        host.base = base
        host.answer("/tides/v0.1/servers?limit=100", (files / "v0.1/servers.json").read_bytes())
        mirror = built(mirror_site(tmp_path / "mirror", f"{base}/tides"))
    assert (mirror / "v0.1/servers.json").read_bytes() == (files / "v0.1/servers.json").read_bytes()
    assert len(host.requests) == 1


def test_defective_entries_are_left_out_unless_the_source_says_otherwise(tmp_path: Path) -> None:
    good, bad = {"server": server("com.example/good")}, {"server": {"name": "../evil", "version": "1.0.0"}}
    for entry in (good, bad):
        entry["_meta"] = official(publishedAt="2026-01-01T00:00:00Z")
    with serve(host := Site()) as base:
        host.base = base
        host.answer("/v0.1/servers?limit=100", json.dumps({"servers": [bad, good, 5, {"x": 1}]}).encode())
        files = built(mirror_site(tmp_path / "site", base))
        assert [one["server"]["name"] for one in read(files, "v0.1/servers")["servers"]] == ["com.example/good"]
        strict = mirror_site(tmp_path / "strict", base, onInvalid="fail")
        assert run("build", strict, "--out", strict / "dist").code == 1


def test_a_registry_is_mirrored_by_a_source_that_is_created_through_the_api(tmp_path: Path) -> None:
    upstream = upstream_site(tmp_path / "up")
    mirror = own_site(tmp_path / "mirror", site={"trust": PRIVATE, "catalog": {"enabled": False}})

    def status() -> Any:
        return running.get("/v1/sources/official").json["syncStatus"]

    with serving_app(mirror, anonymous=True) as running:
        with serving_app(upstream, anonymous=True) as above:
            wrong = {"api": {"endpoint": f"{above.base}/v0.1"}, "syncPolicy": {"interval": "1h"}}
            refused = running.ask("PUT", "/v1/sources/official", wrong)
            assert refused.status == 400
            assert "api.endpoint: contains '/v0.1', which is added to it" in refused.json["error"]
            nowhere = {"api": {"endpoint": f"{above.base}/nowhere"}, "syncPolicy": {"interval": "1h"}}
            assert running.ask("PUT", "/v1/sources/official", nowhere).status == 201
            wait_until(lambda: status()["phase"] == "failed")
            assert "answers 404" in status()["message"]
            assert "the base address of a registry as 'endpoint'" in status()["message"]
            body = {"api": {"endpoint": above.base, "timeout": "20s"}, "syncPolicy": {"interval": "1h"}}
            answer = running.ask("PUT", "/v1/sources/official", body)
            assert (answer.status, answer.json["sourceConfig"], answer.json["type"]) == (200, body["api"], "api")
            assert running.ask("PUT", "/v1/registries/copy", {"sources": ["official"]}).status == 201
            wait_until(lambda: status()["phase"] == "complete")
            assert (status()["serverCount"], status()["message"]) == (111, "Sync completed successfully")
            assert walked(running, "/registry/copy") == walked(above)
            entries = running.get("/v1/sources/official/entries").json["entries"]
            assert len(entries) == 111
            later = server("com.example/later")
            value = json.loads((upstream / "all.json").read_text())
            value["data"]["servers"].append(later)
            write_file(upstream / "all.json", value)
            assert above.ask("POST", "/v1/x/dev.regpress/sync").json["phase"] == "complete"
            done = running.ask("POST", "/v1/x/dev.regpress/sync?source=official").json
            assert (done["phase"], done["changed"]) == ("complete", True)
            assert walked(running, "/registry/copy") == walked(above)
        before = walked(running, "/registry/copy")
        running.ask("POST", "/v1/x/dev.regpress/sync?source=official")
        assert walked(running, "/registry/copy") == before
    # A restart without connection serves the copy.
    with serving_app(mirror, anonymous=True) as running:
        assert walked(running, "/registry/copy") == before
