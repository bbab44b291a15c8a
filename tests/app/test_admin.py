"""Roles and claims through `regpress serve`: who sees what, and the admin API, with a real provider on loopback.

ToolHive registry specification 5, 8, 9, 10 and 11.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from admin_site import AUTHOR, ROLES, TOOLHIVE, World, oauth, refused
from app_server import Reply, encoded, serving_app
from app_site import document, wait_until
from builders import server, skill
from identity_servers import issuer
from sites import config, registry_file, run, write_site

LAYERS = ("one", "two", "three")
NOT_COVERED = "insufficient claims: caller claims do not cover resource claims"
MISMATCH = "claims mismatch: claims do not match existing entry"
SHARED = "com.example/shared"


def layered_site(folder: Path, auth: dict[str, Any] | None, **of_default: Any) -> Path:
    """Write a site of three sources, each with claims of its own and the same names, and a managed one."""
    files = {
        f"{layer}.json": registry_file(
            server(SHARED, "1.0.0", description=f"From {layer}"), server(f"com.example/only-{layer}"),
            skills=[skill("com.example/shared", description=f"From {layer}")],
            plugins=[skill("com.example/shared", description=f"From {layer}")],
        )
        for layer in LAYERS
    }  # fmt: skip
    sources = [{"name": layer, "file": {"path": f"{layer}.json"}, "claims": {"layer": layer}} for layer in LAYERS]
    sources += [{"name": "open", "file": {"path": "open.json"}}]
    sources += [{"name": "own", "managed": {}, "claims": {"org": "tides"}}]
    files["open.json"] = registry_file(server("com.example/unclaimed"))
    registries = [
        {"name": "default", "sources": ["own", *LAYERS, "open"], **of_default},
        {"name": "tides", "sources": list(LAYERS), "claims": {"org": ["tides", "currents"]}},
        {"name": "unclaimed", "sources": ["open"]},
        {"name": "mixed", "sources": ["open"], "claims": {"org": "tides"}},
    ]
    made = config(*sources, registries=registries)
    return write_site(folder, {"config.yaml": made | ({"auth": auth} if auth else {}), **files})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("admin") / "site"
    with issuer() as provider:
        provider.add("two", elliptic=True)
        site = layered_site(folder, oauth(provider.url, authz={"roles": ROLES}), visibility="public")
        with serving_app(site, "--write-rate", "0") as running:
            yield World(running, provider, site)


# Who is asking


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"sub": "r", "role": "root"}, ["superAdmin"]),
        ({"sub": "l", "role": ["lead"], "org": "tides"}, ["manageSources", "manageRegistries"]),
        ({"sub": "l", "role": "lead", "org": "other"}, ["manageSources"]),
        ({"sub": "n", "role": 5}, []),
    ],
)
def test_a_caller_is_told_who_it_is(claims: dict[str, Any], roles: list[str], world: World) -> None:
    answer = world.ask("GET", "/v1/me", **claims)
    assert (answer.status, answer.json) == (200, {"subject": claims["sub"], "roles": roles})


def test_a_token_without_a_subject_has_an_empty_one(world: World) -> None:
    assert world.ask("GET", "/v1/me", sub=None, role="root").json["subject"] == ""


@pytest.mark.parametrize(
    ("field", "error", "text"),
    [
        ("", "invalid_request", "missing or malformed authorization header"),
        ("Basic eDp5", "invalid_request", "missing or malformed authorization header"),
        ("Bearer ", "invalid_request", "missing or malformed authorization header"),
        ("Bearer nonsense", "invalid_token", "token validation failed"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/me", "/v1/entries", "/v1/nothing", "/registry/tides/v0.1/servers"])
def test_who_is_not_recognised_is_told_how_to_get_a_token(
    field: str, error: str, text: str, path: str, world: World
) -> None:
    answer = world.server.get(path, **({"Authorization": field} if field else {}))
    refused(answer, 401, text)
    assert answer.headers["www-authenticate"] == (
        f'Bearer realm="mcp-registry", error="{error}", error_description="{text}", '
        'resource_metadata="https://registry.example.org/.well-known/oauth-protected-resource"'
    )


def test_a_role_is_asked_for_before_the_body_is_looked_at(world: World) -> None:
    for method, path in (
        ("POST", "/v1/entries"),
        ("DELETE", "/v1/entries/zzz/a%2Fb/versions/1"),
        ("GET", "/v1/entries/server/a%2Fb/claims"),
        ("PUT", "/v1/entries/server/a%2Fb/claims"),
    ):
        refused(world.ask(method, path, [], sub="x", role="lead"), 403, "forbidden: insufficient permissions")
        assert world.ask(method, path, [], sub="x", role="root").status in {400, 404}
    assert world.ask("POST", "/v1/me", {}, sub="x").status == 405
    assert world.ask("GET", "/v1/nothing", sub="x").status == 404


def test_an_elliptic_key_vouches_as_well(world: World) -> None:
    token = world.issuer.token("two", sub="e", role="root")
    assert world.server.get("/v1/me", Authorization=f"Bearer {token}").json["subject"] == "e"


# Who sees what


def test_the_claims_of_a_registry_decide_who_may_look_at_it(world: World) -> None:
    path = "/registry/tides/v0.1/servers"
    for claims in ({"org": "other"}, {"layer": "one"}):
        refused(world.ask("GET", path, sub="x", **claims), 403, "forbidden: insufficient claims for registry")
    assert world.ask("GET", path, sub="x", org=["currents"]).json["servers"] == []
    refused(world.ask("GET", "/registry/nowhere/v0.1/servers", sub="x"), 404, "registry not found")
    answer = world.ask("GET", path, sub="x", role="root")
    assert answer.status == 200
    assert "private" in answer.headers["cache-control"]


def test_with_roles_what_has_no_claims_is_for_super_admins_unless_the_registry_is_public(world: World) -> None:
    told = "forbidden: insufficient claims for registry"
    refused(world.ask("GET", "/registry/unclaimed/v0.1/servers", **AUTHOR), 403, told)
    assert world.ask("GET", "/registry/mixed/v0.1/servers", **AUTHOR).json["servers"] == []
    assert (
        world.ask("GET", "/registry/mixed/v0.1/servers/com.example%2Funclaimed/versions/latest", **AUTHOR).status == 404
    )
    for name in ("unclaimed", "mixed"):
        listed = world.ask("GET", f"/registry/{name}/v0.1/servers", sub="r", role="root").json["servers"]
        assert [one["server"]["name"] for one in listed] == ["com.example/unclaimed"]


@pytest.mark.parametrize("seen", [set(some) for size in range(4) for some in itertools.combinations(LAYERS, size)])
def test_the_first_source_that_a_caller_sees_supplies_a_name(seen: set[str], world: World) -> None:
    """The visibility matrix of section 9, by every route of every kind."""
    base, claims = "/registry/tides/v0.1", {"sub": "x", "org": "tides", "layer": sorted(seen)}
    expected = next((f"From {layer}" for layer in LAYERS if layer in seen), None)

    def found(path: str) -> Any:
        return world.ask("GET", f"{base}{path}", **claims)

    listed = {one["server"]["name"]: one["server"]["description"] for one in found("/servers").json["servers"]}
    assert listed.keys() == {f"com.example/only-{layer}" for layer in seen} | ({SHARED} if seen else set())
    assert listed.get(SHARED) == expected
    for version in ("latest", "1.0.0"):
        answer = found(f"/servers/{encoded(SHARED)}/versions/{version}")
        assert answer.status == (200 if seen else 404)
        assert answer.json.get("server", {}).get("description") == expected
    for kind in ("skills", "plugins"):
        collection = f"/x/dev.toolhive/{kind}"
        assert [one["description"] for one in found(collection).json[kind]] == ([expected] if seen else [])
        for tail in ("", "/versions/latest", "/versions/1.0.0"):
            answer = found(f"{collection}/com.example/shared{tail}")
            assert (answer.status, answer.json.get("description")) == (200 if seen else 404, expected)
    assert world.ask("GET", f"{base}/servers", sub="x", role="root").json["metadata"]["count"] == 4


def test_a_public_registry_shows_everybody_what_has_no_claims(world: World) -> None:
    def names(**claims: Any) -> set[str]:
        listed = world.ask("GET", "/v0.1/servers?limit=100&search=only", **claims).json["servers"]
        return {one["server"]["name"] for one in listed}

    assert names() == set()
    assert names(sub="x", layer="two") == {"com.example/only-two"}
    assert world.ask("GET", "/v0.1/servers/com.example%2Funclaimed/versions/latest").status == 200
    assert world.ask("GET", "/v0.1/servers/com.example%2Funclaimed/versions/latest", sub="x").status == 200
    assert names(sub="x", role="root") == {f"com.example/only-{layer}" for layer in LAYERS}


def test_the_tree_shows_no_more_than_is_answered_without_a_token(world: World, tmp_path: Path) -> None:
    assert run("build", world.site, "--out", tmp_path / "dist").code == 0
    text = b"".join(path.read_bytes() for path in (tmp_path / "dist").rglob("*") if path.is_file())
    assert b"com.example/unclaimed" in text
    assert b"only-" not in text
    assert b"tides" not in text
    wait_until(lambda: world.server.get("/registry.json").status == 200)
    for path in ("/v0.1/servers", "/registry/default/v0.1/servers", "/registry.json", "/v0.1/x/dev.toolhive/skills"):
        answer = world.server.get(path)
        assert answer.status == 200
        assert b"only-" not in answer.body
        assert b"From" not in answer.body


def test_without_roles_whoever_has_a_token_may_everything(tmp_path: Path) -> None:
    with issuer() as provider, serving_app(layered_site(tmp_path / "site", oauth(provider.url))) as running:
        world = World(running, provider, tmp_path / "site")
        me = world.ask("GET", "/v1/me", sub="x").json
        assert me["roles"] == ["superAdmin", "manageSources", "manageRegistries", "manageEntries"]
        assert world.ask("GET", "/registry/tides/v0.1/servers", sub="x").json["metadata"]["count"] == 4
        assert world.ask("GET", "/v0.1/servers").status == 401
        assert world.publish({"server": document("com.example/unasked")}, sub="x").status == 201


def test_in_the_mode_anonymous_nothing_is_hidden_and_writing_needs_this_machine(tmp_path: Path) -> None:
    site = layered_site(tmp_path / "site", {"mode": "anonymous"})
    with serving_app(site) as running:
        assert running.get("/registry/tides/v0.1/servers").json["metadata"]["count"] == 4
        refused(running.get("/v1/me"), 401, "authentication required")
        assert running.ask("POST", "/v1/entries", {"server": document("com.example/a")}).status == 401
    with serving_app(site, anonymous=True) as running:
        assert running.ask("POST", "/v1/entries", {"server": document("com.example/a")}).status == 201
        refused(running.get("/v1/me"), 401, "authentication required")


def test_without_an_auth_section_claims_go_on_hiding(tmp_path: Path) -> None:
    with serving_app(layered_site(tmp_path / "site", None)) as running:
        assert [one["server"]["name"] for one in running.get("/v0.1/servers").json["servers"]] == [
            "com.example/unclaimed"
        ]
        assert running.get("/registry/tides/v0.1/servers").status == 404


# Entries


def entry(name: str, version: str = "1.0.0", claims: Any = None, **members: Any) -> dict[str, Any]:
    return {"server": document(name, version, **members), "claims": claims or {"org": "tides", "team": "a"}}


def claims_path(name: str, kind: str = "server") -> str:
    return f"/v1/entries/{kind}/{encoded(name)}/claims"


def test_a_published_entry_is_there_for_those_who_may_see_it_and_only_for_them(world: World) -> None:
    name = "com.example/fresh"
    answer = world.publish(entry(name))
    assert answer.status == 201
    assert answer.json["name"] == name
    assert "server" not in answer.json
    path = f"/v0.1/servers/{encoded(name)}/versions/latest"
    assert world.ask("GET", path).status == 404
    assert world.ask("GET", path, sub="x", org="tides").status == 404
    assert world.ask("GET", path, sub="x", org="tides", team=["z", "a"]).json["server"]["name"] == name
    assert world.publish(entry(name, "2.0.0")).status == 201
    assert world.ask("GET", path, **AUTHOR).json["server"]["version"] == "2.0.0"
    file = json.loads((world.site / f"content/servers/{name}/1.0.0.json").read_text())
    assert file["claims"] == {"org": "tides", "team": "a"}
    event = world.events("entry.publish")[-1]
    assert (event["outcome"], event["subjects"]["sub"], event["target"]["resource_name"]) == ("success", "ann", name)


def test_the_checks_of_a_publication_come_in_their_order(world: World) -> None:
    name = "com.example/ordered"
    bad = "!!"
    steps: list[tuple[Any, dict[str, Any], int, str]] = [
        ({}, {"sub": "x"}, 403, "forbidden: insufficient permissions"),
        ({"server": {}, "skill": {}}, AUTHOR, 400, "exactly one of 'server', 'skill', or 'plugin' must be provided"),
        ({"claims": {"org": "zzz"}}, AUTHOR, 400, "exactly one of 'server', 'skill', or 'plugin' must be provided"),
        ({"server": {"name": bad}}, AUTHOR, 400, "claims are required when authorization is enabled"),
        ({"server": {"name": bad}, "claims": {"org": "z"}}, AUTHOR, 400, "invalid server name: !!"),
        (entry(name, claims={"org": "z"}), AUTHOR, 403, NOT_COVERED),
        (entry(name, claims={"team": ["a", "c"]}), AUTHOR, 403, NOT_COVERED),
        (entry(name, claims={"team": "a"}), {**AUTHOR, "org": "z"}, 403, NOT_COVERED),
        (entry(name), AUTHOR, 201, ""),
        (entry(name, claims={"org": "tides"}), AUTHOR, 409, MISMATCH),
        (entry(name, claims={"org": "tides"}), {"sub": "r", "role": "root"}, 409, MISMATCH),
        (entry(name), AUTHOR, 409, f"version already exists: {name}@1.0.0"),
        (entry(name, claims={"team": ["a"], "org": ["tides"]}), AUTHOR, 409, f"version already exists: {name}@1.0.0"),
    ]  # fmt: skip
    for body, claims, status, text in steps:
        answer = world.publish(body, **claims)
        assert (answer.status, answer.json.get("error", "")) == (status, text), body


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"description": None}, "invalid server: "),
        ({"version": ""}, "invalid server: "),
        ({"version": "latest"}, "invalid server: "),
        ({"version": "../x"}, "invalid server: "),
        ({"remotes": None}, "invalid server: packages or remotes are required"),
        (
            {"_meta": {"io.modelcontextprotocol.registry/publisher-provided": {"x": "y" * 262144}}},
            "invalid request body: _meta.io.modelcontextprotocol.registry/publisher-provided has 262152 bytes",
        ),
    ],
)
def test_an_invalid_document_is_the_clients_mistake(changed: dict[str, Any], text: str, world: World) -> None:
    body = entry("com.example/invalid")
    body["server"] = {key: item for key, item in {**body["server"], **changed}.items() if item is not None}
    answer = world.publish(body)
    assert answer.status == 400
    assert answer.json["error"].startswith(text)


def test_what_is_no_json_is_named_so(world: World) -> None:
    token = {"Authorization": f"Bearer {world.issuer.token('one', **AUTHOR)}", "Content-Type": "text/plain"}
    for data in (b"{", b"[]", b'"x"'):
        answer = world.server.ask("POST", "/v1/entries", body=data, headers=token)
        assert answer.status == 400
        assert answer.json["error"].startswith("invalid request body: ")
    refused(
        world.publish({"server": document("com.example/x"), "claims": {"org": 5}}),
        400,
        "invalid request body: claim 'org' must be a string or a list of strings",
    )


def test_a_document_may_leave_its_schema_to_the_registry(world: World) -> None:
    body = entry("com.example/no-schema")
    del body["server"]["$schema"]
    assert world.publish(body).json["$schema"].endswith("/server.schema.json")


def test_a_deleted_version_is_gone_and_may_be_published_again(world: World) -> None:
    name = "com.example/deleted"
    for version in ("1.0.0", "2.0.0"):
        assert world.publish(entry(name, version)).status == 201
    path = f"/v1/entries/server/{encoded(name)}/versions"
    reading = f"/v0.1/servers/{encoded(name)}/versions"
    refused(world.ask("DELETE", f"{path}/2.0.0", **{**AUTHOR, "team": "z"}), 403, NOT_COVERED)
    refused(world.ask("DELETE", f"{path}/3.0.0", **AUTHOR), 404, f"not found: {name}@3.0.0")
    refused(world.ask("DELETE", f"{path}/latest", **AUTHOR), 404, f"not found: {name}@latest")
    answer = world.ask("DELETE", f"{path}/2.0.0", **AUTHOR)
    assert (answer.status, answer.body) == (204, b"")
    assert world.ask("GET", f"{reading}/latest", **AUTHOR).json["server"]["version"] == "1.0.0"
    assert world.ask("GET", f"{reading}/2.0.0?include_deleted=true", **AUTHOR).status == 404
    tombstones = json.loads((world.site / f"content/admin/tombstones/servers/{name}.json").read_text())
    assert tombstones.keys() == {"2.0.0"}
    assert not (world.site / f"content/servers/{name}/2.0.0.json").exists()
    assert world.publish(entry(name, "2.0.0")).status == 201
    for version in ("1.0.0", "2.0.0"):
        assert world.ask("DELETE", f"{path}/{version}", **AUTHOR).status == 204
    refused(world.ask("GET", claims_path(name), **AUTHOR), 404, f"not found: {name}")
    assert world.publish(entry(name, claims={"org": "tides"})).status == 201, "the claims went with the last version"


def test_the_words_for_kinds_are_these(world: World) -> None:
    wrong = "unsupported entry type: must be 'server', 'skill', or 'plugin'"
    refused(world.ask("DELETE", "/v1/entries/Server/a%2Fb/versions/1", **AUTHOR), 400, wrong)
    for method in ("GET", "PUT"):
        answer = world.ask(method, "/v1/entries/servers/a%2Fb/claims", {}, **AUTHOR)
        assert answer.status == 400
        assert "invalid entry type" in answer.json["error"]


def test_claims_are_those_of_all_versions_and_can_be_changed(world: World) -> None:
    name = "com.example/claimed"
    for version in ("1.0.0", "2.0.0"):
        world.publish(entry(name, version))
    path = claims_path(name)
    assert world.ask("GET", path, **AUTHOR).json == {"claims": {"org": "tides", "team": "a"}}
    refused(world.ask("GET", path, **{**AUTHOR, "team": "b"}), 403, NOT_COVERED)
    refused(world.ask("PUT", path, {"claims": {"team": "z"}}, **AUTHOR), 403, NOT_COVERED)
    refused(world.ask("PUT", path, {"claims": {"team": "b"}}, **{**AUTHOR, "team": "b"}), 403, NOT_COVERED)
    refused(world.ask("PUT", path, {"claims": {}}, **AUTHOR), 403, "insufficient claims: resource has no claims")
    assert world.ask("PUT", path, {"claims": {"team": {"x": 1}}}, **AUTHOR).status == 400
    refused(world.ask("PUT", claims_path("a/b1"), {"claims": {"team": "a"}}, **AUTHOR), 404, "not found: a/b1")
    assert world.ask("PUT", path, {"claims": {"team": ["b"]}}, **AUTHOR).status == 204
    assert world.ask("GET", path, sub="x", role="author", team="b").json == {"claims": {"team": ["b"]}}
    reading = f"/v0.1/servers/{encoded(name)}/versions"
    assert world.ask("GET", reading, sub="x", team="b").json["metadata"]["count"] == 2
    assert world.ask("GET", reading, sub="x", org="tides", team="a").status == 404
    assert world.ask("PUT", path, {}, sub="r", role="root").status == 204
    # Those of the source count where the entry has none.
    assert world.ask("GET", path, sub="r", role="root").json == {"claims": {"org": "tides"}}
    assert [event["outcome"] for event in world.events("entry.claims.update")][-1] == "success"


def skill_of(namespace: str, name: str, **more: Any) -> dict[str, Any]:
    return {"skill": skill(f"{namespace}/{name}", **more), "claims": {"org": "tides"}}


def test_a_skill_is_addressed_by_its_bare_name_where_there_is_only_one(world: World) -> None:
    answer = world.publish(skill_of("com.example", "mooring", status="DEPRECATED"))
    assert answer.status == 201
    assert answer.json["status"] == "deprecated"
    assert answer.json["isLatest"] is True
    assert answer.json["createdAt"] == answer.json["updatedAt"]
    assert len(answer.json["id"]) == 36
    assert world.ask("GET", claims_path("mooring", "skill"), **AUTHOR).json == {"claims": {"org": "tides"}}
    assert world.publish(skill_of("org.other", "mooring")).status == 201, "the namespace is part of the identity"
    told = "mooring is the name of several skills: com.example/mooring, org.other/mooring"
    refused(world.ask("GET", claims_path("mooring", "skill"), **AUTHOR), 409, told)
    refused(world.ask("DELETE", "/v1/entries/skill/mooring/versions/1.0.0", **AUTHOR), 409, told)
    assert world.ask("DELETE", "/v1/entries/skill/org.other%2Fmooring/versions/1.0.0", **AUTHOR).status == 204
    assert world.ask("DELETE", "/v1/entries/skill/mooring/versions/1.0.0", **AUTHOR).status == 204
    refused(world.ask("GET", claims_path("mooring", "skill"), **AUTHOR), 404, "not found: mooring")


def test_the_official_routes_do_not_get_around_claims(world: World) -> None:
    name = "com.example/guarded"
    world.publish(entry(name))

    def official(method: str, path: str, body: Any, **claims: Any) -> Reply:
        return world.ask(method, f"/v0.1{path}", body, **claims)

    told = "This server is managed with its claims: use /v1/entries"
    for claims in (AUTHOR, {"sub": "r", "role": "root"}):
        refused(official("POST", "/publish", document(name, "2.0.0"), **claims), 400, told)
        path = f"/servers/{encoded(name)}/versions/1.0.0"
        refused(official("PUT", path, document(name), **claims), 400, told)
        refused(official("DELETE", path, None, **claims), 400, told)
    fresh = document("com.example/official")
    needed = "claims are required when authorization is enabled: use /v1/entries"
    refused(official("POST", "/publish", fresh, **AUTHOR), 400, needed)
    refused(official("POST", "/publish", fresh, sub="x", org="tides"), 403, "forbidden: insufficient permissions")


def test_looking_at_sources_is_for_those_who_manage_them(world: World) -> None:
    path = "/v0.1/x/dev.regpress/sync"
    assert world.ask("POST", path, None, **AUTHOR).status == 403
    answer = world.ask("POST", path, None, sub="o", role="ops")
    assert (answer.status, answer.json["phase"]) == (200, "complete")


def test_a_source_that_changed_shows_to_those_who_see_it(world: World) -> None:
    path, claims = "/registry/tides/v0.1/servers?search=later", {"sub": "x", "org": "tides", "layer": "three"}
    assert world.ask("GET", path, **claims).json["servers"] == []
    file = world.site / "three.json"
    before = file.read_text()
    content = json.loads(before)
    content["data"]["servers"].append(server("com.example/later"))
    try:
        file.write_text(json.dumps(content))
        world.ask("POST", "/v0.1/x/dev.regpress/sync", None, sub="o", role="ops")
        wait_until(lambda: len(world.ask("GET", path, **claims).json["servers"]) == 1)
        assert world.ask("GET", path, **{**claims, "layer": "two"}).json["servers"] == []
    finally:
        file.write_text(before)
        world.ask("POST", "/v0.1/x/dev.regpress/sync", None, sub="o", role="ops")


# Sources and registries

OPS = {"sub": "o", "role": "ops", "layer": ["one", "three"]}


def test_sources_are_shown_to_those_who_manage_them_and_cover_their_claims(world: World) -> None:
    refused(world.ask("GET", "/v1/sources", **AUTHOR), 403, "forbidden: insufficient permissions")
    listed = world.ask("GET", "/v1/sources", **OPS).json["sources"]
    assert [one["name"] for one in listed] == ["one", "three"]
    assert world.ask("GET", "/v1/sources", sub="o", role="ops").json == {"sources": []}
    everything = world.ask("GET", "/v1/sources", sub="r", role="root").json["sources"]
    assert [one["name"] for one in everything] == ["one", "open", "own", "three", "two"]
    found = world.ask("GET", "/v1/sources/one", **OPS).json
    assert found == listed[0]
    status = found.pop("syncStatus")
    assert found.pop("createdAt") == found.pop("updatedAt")
    assert found == {
        "name": "one", "type": "file", "creationType": "CONFIG", "sourceType": "file",
        "sourceConfig": {"path": "one.json"}, "claims": {"layer": "one"},
    }  # fmt: skip
    assert status.pop("lastSyncTime")
    assert status == {
        "phase": "complete", "attemptCount": 0, "serverCount": 2, "skillCount": 1, "pluginCount": 1,
        "message": "Sync completed successfully",
    }  # fmt: skip
    for name in ("two", "nowhere"):
        refused(world.ask("GET", f"/v1/sources/{name}", **OPS), 404, f"source not found: {name}")
        refused(world.ask("GET", f"/v1/sources/{name}/entries", **OPS), 404, f"source not found: {name}")
    refused(world.ask("GET", "/v1/sources/a%20b", **OPS), 400, "name cannot contain whitespace")


def test_the_entries_of_a_source_are_listed_whatever_their_own_claims(world: World) -> None:
    entries = world.ask("GET", "/v1/sources/three/entries", **OPS).json["entries"]
    assert [(one["entryType"], one["name"]) for one in entries] == [
        ("MCP", "com.example/only-three"), ("PLUGIN", SHARED), ("MCP", SHARED), ("SKILL", SHARED),
    ]  # fmt: skip
    assert entries[2]["claims"] == {"layer": "three"}
    (version,) = entries[2]["versions"]
    assert (version["version"], version["description"]) == ("1.0.0", "From three")
    assert version["createdAt"]


def test_registries_are_shown_to_those_who_cover_their_claims(world: World) -> None:
    listed = world.ask("GET", "/v1/registries", sub="x", org="currents", role=5).json["registries"]
    assert [one["name"] for one in listed] == ["tides"]
    assert listed[0]["sources"] == list(LAYERS)
    assert listed[0]["claims"] == {"org": ["tides", "currents"]}
    assert listed == [world.ask("GET", "/v1/registries/tides", sub="x", org="tides").json]
    assert world.ask("GET", "/v1/registries", sub="x").json == {"registries": []}
    refused(world.ask("GET", "/v1/registries/tides", sub="x"), 404, "registry not found: tides")
    everything = world.ask("GET", "/v1/registries", sub="r", role="root").json["registries"]
    assert [one["name"] for one in everything] == ["default", "mixed", "tides", "unclaimed"]


def test_the_entries_of_a_registry_are_listed_with_what_is_shadowed(world: World) -> None:
    path = "/v1/registries/tides/entries"
    refused(world.ask("GET", path, sub="x", org="tides"), 403, "forbidden: insufficient permissions")
    rows = world.ask("GET", path, sub="x", org="tides", role="lead").json["entries"]
    shared = [
        (one["sourceName"], one["position"]) for one in rows if one["entryType"] == "MCP" and one["name"] == SHARED
    ]
    assert shared == [("one", 0), ("two", 1), ("three", 2)]
    assert len(rows) == 12


def test_a_look_at_a_source_is_asked_for_and_what_came_of_it_is_told(world: World) -> None:
    path = "/v1/x/dev.regpress/sync"
    refused(world.ask("POST", path, **AUTHOR), 403, "forbidden: insufficient permissions")
    refused(world.ask("POST", f"{path}?source=two", **OPS), 404, "source not found: two")
    file = world.site / "three.json"
    before = file.read_text()
    try:
        for attempt in (1, 2):
            file.write_text("{")
            answer = world.ask("POST", f"{path}?source=three", **OPS)
            assert (answer.status, answer.json["phase"]) == (200, "failed")
            status = world.ask("GET", "/v1/sources/three", **OPS).json["syncStatus"]
            assert (status["phase"], status["attemptCount"], status["serverCount"]) == ("failed", attempt, 2)
            assert status["message"].startswith("Fetch failed: three")
    finally:
        file.write_text(before)
    assert world.ask("POST", path, **OPS).json["sources"] == ["one", "three"]
    status = world.ask("GET", "/v1/sources/three", **OPS).json["syncStatus"]
    assert (status["phase"], status["attemptCount"]) == ("complete", 0)
    history = world.ask("GET", path, **OPS).json["history"]
    assert [event["phase"] for event in history[:3]] == ["complete", "failed", "failed"]
    assert world.ask("GET", path, sub="o", role="ops", layer="one").json["history"] == []
    assert [event["outcome"] for event in world.events("source.sync")[-2:]] == ["error", "success"]


def test_the_admin_routes_are_described_as_they_are(world: World) -> None:
    description = world.server.get("/openapi.json").json
    described = {path: methods for path, methods in description["paths"].items() if path.startswith("/v1/")}
    name = "com.example/described"
    world.publish(entry(name))
    seen = set()
    bodies = {"/v1/entries": entry(name, "2.0.0"), "/v1/x/dev.regpress/validate": entry(name)}
    for path, methods in described.items():
        plain = {"/v1/registries": "tides", "/v1/sources": "one"}.get(path.partition("/{")[0], encoded(name))
        filled = path.format_map({"type": "server", "name": plain, "version": "1.0.0"})
        for method, operation in methods.items():
            # What changes sources and registries has tests of its own.
            if method == "delete" or (method == "put" and not path.startswith("/v1/entries")):
                continue
            body = bodies.get(path, {"claims": {"org": "tides", "team": "a"}})
            if method == "patch":
                body = {"status": "deprecated" if "version" in path else "deleted"}
            answer = world.ask(method.upper(), filled, body if method != "get" else None, **{**AUTHOR, "role": "root"})
            assert str(answer.status) in operation["responses"], (method, path, answer.body)
            assert answer.status < 300, (method, path, answer.body)
            seen.add((method, path))
            if answer.status == 204:
                continue
            content = operation["responses"][str(answer.status)]["content"]["application/json"]["schema"]
            schema = {**content, "components": description["components"]}
            assert list(Draft202012Validator(schema).iter_errors(answer.json)) == [], path
    assert len(seen) == 16


@pytest.mark.skipif(not TOOLHIVE.exists(), reason="ToolHive's description is not beside the project")
def test_our_answers_hold_for_the_description_of_toolhive(world: World) -> None:
    description = json.loads(TOOLHIVE.read_text(encoding="utf-8"))
    # It names no values of members that are objects in Go, and calls every member optional: types are what it holds.
    values = {"registryName": "tides", "serverName": encoded(SHARED), "namespace": "com.example", "version": "1.0.0"}
    world.publish(entry("com.example/toolhive"))
    root = {**AUTHOR, "role": "root"}
    checked = 0
    for path, methods in description["paths"].items():
        names = {"/v1/registries": "tides", "/v1/sources": "one", "/v1/entries": encoded("com.example/toolhive")}
        name = next((name for prefix, name in names.items() if path.startswith(f"{prefix}/")), "shared")
        filled = path.format_map({**values, "type": "server", "name": name})
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            continue
        answer = world.ask("GET", filled, **root)
        assert answer.status == 200, (filled, answer.body)
        errors = Draft202012Validator({**schema, "components": description["components"]}).iter_errors(answer.json)
        assert [error.message for error in errors] == [], path
        checked += 1
    assert checked >= 18


@pytest.mark.parametrize(
    ("publishes", "edits", "status"), [(["*"], ["*"], 201), (["*"], [], 403), (["com.a/*"], ["*"], 403)]
)
def test_a_static_token_for_everything_administers_and_no_other(
    publishes: list[str], edits: list[str], status: int, tmp_path: Path
) -> None:
    holder = {"name": "bot", "digest": sha256(b"secret").hexdigest(), "publish": publishes, "edit": edits}
    site = layered_site(tmp_path / "site", {"mode": "token", "token": {"tokens": [holder]}})
    with serving_app(site) as running:
        running.token = "secret"
        assert running.ask("POST", "/v1/entries", {"server": document("com.a/b1")}).status == status
        names = [one["server"]["name"] for one in running.get("/v0.1/servers?search=only").json["servers"]]
        assert len(names) == (3 if status == 201 else 0)
        assert running.get("/registry/tides/v0.1/servers").status == (200 if status == 201 else 403)


def test_without_a_managed_source_nothing_is_published(tmp_path: Path) -> None:
    files = {"list.json": registry_file(server("com.example/x"))}
    sites = config({"name": "list", "file": {"path": "list.json"}})
    with serving_app(write_site(tmp_path / "site", {"config.yaml": sites, **files}), anonymous=True) as running:
        answer = running.ask("POST", "/v1/entries", {"server": document("com.example/a")})
        refused(answer, 500, "no managed source available for publishing")
        gone = running.ask("DELETE", "/v1/entries/server/com.example%2Fa/versions/1")
        refused(gone, 500, "no managed source available for deletion")
