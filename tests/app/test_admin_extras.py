"""What the admin API has beyond ToolHive's: what a caller may, checks without publishing, statuses with claims."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app_server import AppServer, Reply, encoded
from app_site import document, own_site
from builders import server, skill
from forked_app import Forker, forking
from identity_servers import Issuer, issuer
from sites import config, registry_file, run, write_site

OURS = "/v1/x/dev.regpress"
OFFICIAL = "io.modelcontextprotocol.registry/official"
ROLES = {"superAdmin": [{"role": "root"}], "manageEntries": [{"role": "author", "team": ["a", "b"]}]}
AUTHOR = {"sub": "ann", "role": "author", "team": ["a", "b"], "org": "tides"}


class World:
    """A server with roles, and the provider of its callers' tokens."""

    def __init__(self, server: AppServer, provider: Issuer, site: Path) -> None:
        self.server, self.provider, self.site = server, provider, site

    def ask(self, method: str, path: str, body: Any = None, **claims: Any) -> Reply:
        token = self.provider.token("one", **(claims or AUTHOR))
        return self.server.ask(method, path, body, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    with forking(tmp_path_factory.mktemp("forked")) as made:
        yield made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, forker: Forker) -> Iterator[World]:
    with issuer() as provider:
        oauth = {"providers": [{"name": "id", "issuerUrl": provider.url, "audience": "mcp-registry"}]}
        made = config(
            {"name": "own", "managed": {}, "claims": {"org": "tides"}},
            {"name": "list", "file": {"path": "list.json"}, "claims": {"org": "tides"}},
            {"name": "secret", "file": {"path": "secret.json"}, "claims": {"org": "other"}},
            registries=[{"name": "default", "sources": ["own", "list", "secret"], "claims": {"org": "tides"}}],
        ) | {"auth": {"mode": "oauth", "oauth": oauth, "authz": {"roles": ROLES}}}
        files = {
            "config.yaml": made,
            "list.json": registry_file(server("org.upstream/tool"), server("org.upstream/both")),
            "secret.json": registry_file(server("org.upstream/both"), server("org.upstream/secret")),
        }
        site = write_site(tmp_path_factory.mktemp("extras") / "site", files)
        with forker.serving(site, "--write-rate", "0") as running:
            yield World(running, provider, site)


# What a caller may


def test_a_caller_is_told_its_roles_and_those_of_its_claims_that_count_here(world: World) -> None:
    answer = world.ask("GET", f"{OURS}/me", **AUTHOR, email="ann@example.org")
    assert answer.json == {
        "subject": "ann", "method": "oauth", "roles": ["manageEntries"], "writes": True,
        "publish": ["*"], "edit": ["*"], "claimsNeeded": True, "managed": "own",
        "claims": {"org": "tides", "role": "author", "team": ["a", "b"]},
    }  # fmt: skip
    reader = world.ask("GET", f"{OURS}/me", sub="x", role="reader", org=5).json
    assert (reader["roles"], reader["publish"], reader["claims"]) == ([], [], {"role": "reader"})
    assert world.server.get(f"{OURS}/me").status == 401
    assert world.server.get(f"{OURS}/me", Authorization="Bearer wrong").status == 401


@pytest.mark.parametrize(
    ("auth", "flags", "expected"),
    [
        (None, ["--allow-anonymous-writes"], (4, True, ["*"])),
        ({"mode": "anonymous"}, [], (4, False, [])),
        ({"mode": "anonymous"}, ["--allow-anonymous-writes"], (4, True, ["*"])),
        ("com.example/*", [], (0, True, ["com.example/*"])),
        ("*", [], (4, True, ["*"])),
    ],
)
def test_a_caller_is_told_what_it_may_in_every_mode(
    auth: Any, flags: list[str], expected: Any, forker: Forker, tmp_path: Path
) -> None:
    if isinstance(auth, str):
        digest = hashlib.sha256(b"secret").hexdigest()
        one = {"name": "bot", "digest": digest, "publish": [auth], "edit": [auth]}
        auth = {"mode": "token", "token": {"tokens": [one]}}
    with forker.serving(own_site(tmp_path / "site", **({"auth": auth} if auth else {})), *flags) as running:
        answer = running.get(f"{OURS}/me", Authorization="Bearer secret")
        assert answer.status == 200
        told = answer.json
        assert (len(told["roles"]), told["writes"], told["publish"]) == expected
        assert told["managed"] == "content"


# Checks


@pytest.mark.parametrize(
    "body",
    [
        {"server": document("com.example/fine")},
        {"server": {key: value for key, value in document("com.example/brief").items() if key != "$schema"}},
        {"server": document("no-slash")},
        {"server": {**document("com.example/bare"), "remotes": []}},
        {"server": {**document("com.example/latest"), "version": "latest"}},
        {"server": "text"},
        {"skill": skill("com.example/review", status="ACTIVE")},
        {"skill": {"namespace": "com.example"}},
        {"plugin": skill("com.example/review", version=1)},
    ],
)
def test_what_validates_is_taken_and_what_does_not_is_refused(body: Any, world: World) -> None:
    found = world.ask("POST", f"{OURS}/validate", body)
    assert found.status == 200
    errors = [issue for issue in found.json["issues"] if issue["severity"] == "error"]
    assert found.json["valid"] is (not errors)
    published = world.ask("POST", "/v1/entries", {**body, "claims": {"org": "tides"}})
    assert published.status == (201 if found.json["valid"] else 400)
    if found.json["valid"]:
        again = world.ask("POST", f"{OURS}/validate", body).json
        assert [issue["path"] for issue in again["issues"] if issue["severity"] == "error"] == ["version"]
        assert world.ask("POST", "/v1/entries", {**body, "claims": {"org": "tides"}}).status == 409


@pytest.mark.parametrize("body", [{}, {"server": {}, "skill": {}}, []])
def test_nothing_to_validate_is_a_bad_request(body: Any, world: World) -> None:
    assert world.ask("POST", f"{OURS}/validate", body).status == 400


def test_a_name_that_another_source_supplies_is_mentioned_to_those_who_see_it(world: World) -> None:
    def told(name: str, **claims: Any) -> list[str]:
        answer = world.ask("POST", f"{OURS}/validate", {"server": document(name)}, **claims).json
        assert answer["valid"]
        return [issue["message"].split(" has ")[0] for issue in answer["issues"] if issue["path"] == "name"]

    assert told("org.upstream/tool") == ["the source 'list'"]
    assert told("org.upstream/secret") == []
    assert told("org.upstream/both") == ["the source 'list'"]
    assert told("org.upstream/both", sub="r", role="root") == ["the source 'list'", "the source 'secret'"]
    assert told("org.upstream/nobody") == []


def test_a_check_needs_the_role_and_writes_nothing(world: World) -> None:
    body = {"server": document("com.example/unwritten")}
    assert world.ask("POST", f"{OURS}/validate", body, sub="x", role="reader").status == 403
    assert world.ask("POST", f"{OURS}/validate", body).json["valid"]
    assert not (world.site / "content/servers/com.example/unwritten").exists()


# Statuses


def status_of(world: World, name: str, version: str) -> tuple[str, str | None]:
    path = f"/registry/default/v0.1/servers/{encoded(name)}/versions/{version}?include_deleted=true"
    block = world.ask("GET", path).json["_meta"][OFFICIAL]
    return block["status"], block.get("statusMessage")


def test_the_status_of_claimed_versions_is_changed_one_or_all(world: World) -> None:
    name = "com.example/restated"
    for version in ("1.0.0", "2.0.0"):
        body = {"server": document(name, version), "claims": {"org": "tides", "team": "a"}}
        assert world.ask("POST", "/v1/entries", body).status == 201
    base = f"{OURS}/entries/server/{encoded(name)}"
    one = world.ask("PATCH", f"{base}/versions/1.0.0/status", {"status": "deprecated", "statusMessage": "Old"})
    assert (one.status, one.json) == (200, {"status": "deprecated", "versions": ["1.0.0"]})
    assert status_of(world, name, "1.0.0") == ("deprecated", "Old")
    assert status_of(world, name, "2.0.0") == ("active", None)
    every = world.ask("PATCH", f"{base}/status", {"status": "deleted"})
    assert every.json == {"status": "deleted", "versions": ["1.0.0", "2.0.0"]}
    assert world.ask("PATCH", f"{base}/status", {"status": "deleted"}).status == 400
    assert world.ask("PATCH", f"{base}/status", {"status": "active", "statusMessage": "x"}).status == 400
    assert world.ask("PATCH", f"{base}/status", {"status": "active"}).json["versions"] == ["1.0.0", "2.0.0"]
    stranger = {"sub": "x", "role": "author", "team": "b", "org": "tides"}
    assert world.ask("PATCH", f"{base}/status", {"status": "deleted"}, **stranger).status == 403
    assert status_of(world, name, "2.0.0") == ("active", None)


def test_the_status_of_what_another_source_supplies_is_changed_only_for_all_who_supply_it(world: World) -> None:
    def change(name: str, **claims: Any) -> int:
        path = f"{OURS}/entries/server/{encoded(name)}/status"
        return world.ask("PATCH", path, {"status": "deprecated"}, **claims).status

    assert change("org.upstream/tool") == 200
    assert status_of(world, "org.upstream/tool", "1.0.0") == ("deprecated", None)
    # One file would say it for the source that this caller does not see as well.
    assert change("org.upstream/both") == 403
    assert change("org.upstream/secret") == 403
    assert status_of(world, "org.upstream/both", "1.0.0") == ("active", None)
    assert change("org.upstream/both", sub="r", role="root") == 200
    assert status_of(world, "org.upstream/both", "1.0.0") == ("deprecated", None)


def test_the_status_of_a_skill_is_changed(world: World) -> None:
    assert (
        world.ask("POST", "/v1/entries", {"skill": skill("com.example/stated"), "claims": {"org": "tides"}}).status
        == 201
    )
    path = f"{OURS}/entries/skill/com.example%2Fstated/versions/1.0.0/status"
    assert world.ask("PATCH", path, {"status": "deprecated", "statusMessage": "Old"}).status == 200
    shown = world.ask("GET", "/registry/default/v0.1/x/dev.toolhive/skills/com.example/stated").json
    assert shown["_meta"][OFFICIAL]["status"] == "deprecated"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("entries/thing/a%2Fb/status", {"status": "active"}, 400),
        ("entries/server/a%20b/status", {"status": "active"}, 400),
        ("entries/server/com.example%2Fnothing/status", {"status": "active"}, 404),
        ("entries/server/org.upstream%2Ftool/versions/9/status", {"status": "active"}, 404),
        ("entries/server/org.upstream%2Ftool/versions/%20/status", {"status": "active"}, 400),
        ("entries/server/org.upstream%2Ftool/status", {"status": "gone"}, 422),
        ("entries/server/org.upstream%2Ftool/status", {"status": "deleted", "statusMessage": "x" * 501}, 422),
        ("entries/server/org.upstream%2Ftool/status", {}, 422),
        ("entries/server/org.upstream%2Ftool/status", [], 400),
        ("entries/server/org.upstream%2Ftool/status", None, 400),
    ],
)
def test_a_status_that_cannot_be_set_is_refused(path: str, body: Any, status: int, world: World) -> None:
    assert world.ask("PATCH", f"{OURS}/{path}", body).status == status


def test_a_status_needs_the_role(world: World) -> None:
    path = f"{OURS}/entries/server/org.upstream%2Ftool/status"
    assert world.ask("PATCH", path, {"status": "deleted"}, sub="x", role="reader", org="tides").status == 403
    assert world.server.ask("PATCH", path, {"status": "deleted"}).status == 401


# The page


def test_a_site_may_have_its_own_looks_of_the_admin_page(forker: Forker, tmp_path: Path) -> None:
    site = own_site(tmp_path / "site", site={"title": "<Harbour>", "catalog": {"accent": "#aa0055", "theme": "dark"}})
    for name, text in (("assets/style-own.css", "/* for all */"), ("admin/admin.css", "/* for admins */")):
        file = site / "templates" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with forker.serving(site) as running:
        style = running.get("/admin/admin.css").body.decode()
        assert style.startswith("/* The catalog's looks.")
        assert style.index("/* for all */") < style.index("light-dark(#aa0055") < style.index("/* for admins */")
        page = running.get("/admin/").body.decode()
        assert 'data-theme="dark"' in page
        assert "&lt;Harbour&gt;" in page
        assert "<Harbour>" not in page
    assert run("build", site, "--out", tmp_path / "dist").code == 0
    files = [file.read_bytes() for file in (tmp_path / "dist").rglob("*") if file.is_file()]
    assert any(b"/* for all */" in data for data in files)
    assert not any(b"/* for admins */" in data for data in files)


def test_the_page_names_no_registry_that_not_everybody_may_read(world: World) -> None:
    page = world.server.get("/admin/").body.decode()
    assert 'data-entrance="token" data-public="" data-default=""' in page
