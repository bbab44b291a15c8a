"""What is private is never written: not its documents, not its name, not the name of its source or registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builders import server, skill
from sites import config, read, registry_file, run, tree, write_site

#: Parts of everything that is private; nothing public has them.
MARK = "gatedmark"
CLAIMS = {"team": f"{MARK}-claim"}


def private_server(name: str, version: str = "1.0.0") -> dict[str, Any]:
    return server(f"com.example/{name}", version, description=f"About {MARK}", title=f"{MARK} title")


def site_files(**auth: Any) -> dict[str, Any]:
    made = config(
        {"name": "content", "managed": {}},
        {"name": f"{MARK}-source", "file": {"path": "gated.json"}, "claims": CLAIMS},
        {"name": "open", "file": {"path": "open.json"}},
        registries=[
            {"name": "default", "sources": ["content", f"{MARK}-source", "open"]},
            {"name": f"{MARK}-registry", "sources": ["open"], "claims": CLAIMS},
            {"name": "shown", "sources": [f"{MARK}-source", "open"], "claims": {"org": "x"}, "visibility": "public"},
        ],
        title="Half private",
        catalog={"enabled": True},
    )
    return {
        "config.yaml": {**made, **auth},
        "gated.json": registry_file(
            private_server(f"{MARK}-one"),
            private_server("shadowed", "9.9.9"),
            skills=[skill(f"com.example/{MARK}-skill", "1.0.0")],
            plugins=[skill(f"com.example/{MARK}-plugin", "1.0.0")],
        ),
        "open.json": {
            "servers": [
                {"server": server("com.example/open")},
                {"server": server("com.example/shadowed")},
                {"server": private_server(f"{MARK}-entry"), "claims": CLAIMS},
            ]
        },
        f"content/servers/com.example/{MARK}-managed/1.0.0.json": {
            "server": private_server(f"{MARK}-managed"),
            "claims": CLAIMS,
        },
        f"content/servers/com.example/{MARK}-managed/README.md": f"# {MARK}\n",
        f"content/status/servers/com.example/{MARK}-one.json": {
            "1.0.0": {"status": "deprecated", "message": f"Not {MARK}"}
        },
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = write_site(tmp_path_factory.mktemp("private") / "site", site_files())
    done = run("build", site, "--format", "json")
    assert done.code == 0, done.err
    reasons = {(item["kind"], item["reason"]) for item in done.json["hidden"]}
    assert {("server", "private"), ("skill", "private"), ("plugin", "private"), ("registry", "private")} <= reasons
    return site / "dist"


def test_no_file_has_a_private_name_in_its_path_or_in_its_bytes(built: Path) -> None:
    made = tree(built)
    assert {"index.html", "manifest.json", "build.json", "registry.json"} <= made.keys()
    assert any("x/dev.regpress" in name for name in made)
    for name, data in made.items():
        assert MARK not in name
        assert MARK.encode() not in data.lower(), name


def test_a_hidden_entry_shadows_no_visible_one(built: Path) -> None:
    assert [entry["server"]["version"] for entry in read(built, "v0.1/servers")["servers"]] == ["1.0.0", "1.0.0"]
    assert read(built, "v0.1/servers/com.example/shadowed/versions/latest")["server"]["version"] == "1.0.0"


def test_a_registry_with_claims_is_written_when_it_is_called_public(built: Path) -> None:
    entries = read(built, "registry/shown/v0.1/servers")["servers"]
    assert [entry["server"]["name"] for entry in entries] == ["com.example/open", "com.example/shadowed"]


def test_what_becomes_private_goes_from_the_output_and_comes_back(tmp_path: Path) -> None:
    files = {"open.json": {"servers": [{"server": server()}, {"server": private_server(MARK)}]}}
    site = write_site(tmp_path / "site", files)
    assert run("build", site).code == 0
    before = tree(site / "dist")
    assert any(MARK in name for name in before)
    files["open.json"]["servers"][1]["claims"] = CLAIMS
    write_site(site, files)
    assert run("build", site).code == 0
    assert not [name for name, data in tree(site / "dist").items() if MARK in name or MARK.encode() in data]
    del files["open.json"]["servers"][1]["claims"]
    write_site(site, files)
    assert run("build", site).code == 0
    assert tree(site / "dist") == before


LOGIN = {
    "oauth": {
        "resourceUrl": "https://registry.example.com",
        "providers": [{"name": "login", "issuerUrl": "https://login.example.com", "audience": "registry"}],
    }
}


TOKENS = {"token": {"tokens": [{"name": "ci", "digest": "0" * 64, "publish": ["com.example/*"]}]}}


@pytest.mark.parametrize("auth", [{"mode": "oauth", **LOGIN}, {"mode": ["token", "oauth"], **LOGIN, **TOKENS}], ids=str)
def test_every_registry_is_private_where_reading_needs_a_login(auth: dict[str, Any], tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", site_files(auth=auth))
    done = run("build", site)
    assert (done.code, done.out) == (1, "")
    assert "'default' is private" in done.err
    assert "visibility: public" in done.err
    assert not (site / "dist").exists()


def test_only_registries_that_are_called_public_are_written_where_reading_needs_a_login(tmp_path: Path) -> None:
    files = site_files(auth={"mode": "oauth", **LOGIN})
    files["config.yaml"]["site"]["defaultRegistry"] = "shown"
    site = write_site(tmp_path / "site", files)
    assert run("build", site).code == 0
    made = tree(site / "dist")
    assert [entry["server"]["name"] for entry in read(site / "dist", "v0.1/servers")["servers"]] == [
        "com.example/open",
        "com.example/shadowed",
    ]
    assert {name.split("/")[1] for name in made if name.startswith("registry/")} == {"shown"}
    assert not [name for name, data in made.items() if MARK in name or MARK.encode() in data]


def test_a_site_of_nothing_but_private_registries_is_refused_and_its_output_stays(tmp_path: Path) -> None:
    files = {"open.json": registry_file(server())}
    site = write_site(tmp_path / "site", files)
    assert run("build", site).code == 0
    before = tree(site / "dist")
    gated = [{"name": "default", "sources": ["open"], "claims": CLAIMS}]
    closed = config({"name": "open", "file": {"path": "open.json"}}, registries=gated)
    write_site(site, {"config.yaml": closed, **files})
    for command in ("build", "check"):
        done = run(command, site)
        assert done.code == 1
        assert "visibility: public" in done.err
    assert tree(site / "dist") == before


@pytest.mark.parametrize("claims", ["team", [1], {"team": 3}, {"team": [None]}])
def test_claims_that_cannot_be_read_keep_an_entry_private(claims: Any, tmp_path: Path) -> None:
    source = {"name": "open", "onInvalid": "keep", "file": {"path": "open.json"}}
    entries = {"servers": [{"server": server()}, {"server": private_server(MARK), "claims": claims}]}
    site = write_site(tmp_path / "site", {"config.yaml": config(source), "open.json": entries})
    done = run("build", site, "--format", "json")
    assert done.code == 0
    assert {"malformed-claims", "not-an-object"} & {issue["reference"] for issue in done.json["issues"]}
    assert not [name for name, data in tree(site / "dist").items() if MARK in name or MARK.encode() in data]
