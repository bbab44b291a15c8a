"""Sources and registries that are created, changed and deleted through the admin API of `regpress serve`.

ToolHive registry specification 6 and 7, with a real provider on loopback.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from admin_site import AUTHOR, ROLES, TOOLHIVE, World, oauth, refused
from app_server import AppServer, encoded, serving_app
from app_site import document, git, in_repository, own_site, wait_until
from builders import server
from edges.githttp import git_server
from edges.gitrepos import Repo, registry
from identity_servers import issuer
from sites import config, registry_file, run, write_file, write_site

ROOT = {"sub": "r", "role": "root"}
#: May manage sources and registries, and covers some claims.
LEAD = {"sub": "l", "role": "lead", "org": "tides", "layer": ["one", "new"]}
OPS = {"sub": "o", "role": "ops", "layer": ["one"]}
NOT_COVERED = "insufficient claims: caller claims do not cover resource claims"
NO_CLAIMS = "insufficient claims: resource has no claims"
FORBIDDEN = "forbidden: insufficient permissions"
TIDES = {"org": "tides"}


def from_path(path: str, **more: Any) -> dict[str, Any]:
    return {"file": {"path": path}, "syncPolicy": {"interval": "1h"}, **more}


def inline(*names: str, **more: Any) -> dict[str, Any]:
    return {"file": {"data": json.dumps(registry_file(*map(server, names)))}, **more}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("changes") / "site"
    sources = [
        {"name": "own", "managed": {}, "claims": TIDES},
        {"name": "one", "file": {"path": "one.json"}, "claims": {"layer": "one"}},
        {"name": "two", "file": {"path": "two.json"}, "claims": {"layer": "two"}},
    ]
    registries = [
        {"name": "default", "sources": ["own", "one"], "visibility": "public"},
        {"name": "layers", "sources": ["one", "two"], "claims": TIDES},
    ]
    files = {f"{name}.json": registry_file(server(f"com.example/{name}")) for name in ("one", "two", "new", "other")}
    with issuer() as provider:
        made = config(*sources, registries=registries) | {"auth": oauth(provider.url, authz={"roles": ROLES})}
        site = write_site(folder, {"config.yaml": made, **files})
        with serving_app(site, "--write-rate", "0") as running:
            yield World(running, provider, site)


@pytest.fixture
def changes(world: World) -> Iterator[World]:
    """Delete what a test created."""
    yield world
    for section in ("registries", "sources"):
        for one in world.ask("GET", f"/v1/{section}", **ROOT).json[section]:
            if one["creationType"] == "API":
                assert world.ask("DELETE", f"/v1/{section}/{one['name']}", **ROOT).status == 204


def record_of(site: Path, section: str, name: str) -> Any:
    return json.loads((site / f"content/admin/{section}/{name}.json").read_text())


def names_in(running: AppServer, registry: str, token: str = "") -> list[str]:
    fields = {"Authorization": f"Bearer {token}"} if token else {}
    answer = running.ask("GET", f"/registry/{registry}/v0.1/servers", headers=fields)
    return [one["server"]["name"] for one in answer.json["servers"]]


# What works


def test_a_source_is_created_read_changed_and_deleted(changes: World) -> None:
    world = changes
    path = "/v1/sources/fresh"
    body = from_path("new.json", claims={"org": "tides", "layer": ["new"]}, filter={"names": {"exclude": ["*-beta"]}})
    answer = world.ask("PUT", path, body, **LEAD)
    assert answer.status == 201
    shown = answer.json
    created = shown.pop("createdAt")
    assert shown.pop("updatedAt") == created
    assert shown == {
        "name": "fresh", "type": "file", "creationType": "API", "sourceType": "file",
        "sourceConfig": {"path": "new.json"}, "filterConfig": {"names": {"exclude": ["*-beta"]}},
        "syncSchedule": "1h0m0s", "claims": {"org": "tides", "layer": ["new"]},
    }  # fmt: skip
    assert record_of(world.site, "sources", "fresh") == {**body, "createdAt": created, "updatedAt": created}
    wait_until(lambda: world.ask("GET", path, **LEAD).json["syncStatus"]["phase"] == "complete")
    status = world.ask("GET", path, **LEAD).json["syncStatus"]
    assert (status["serverCount"], status["message"]) == (1, "Sync completed successfully")
    (entry,) = world.ask("GET", f"{path}/entries", **LEAD).json["entries"]
    assert (entry["name"], entry["claims"]) == ("com.example/new", {"org": "tides", "layer": ["new"]})
    again = world.ask("PUT", path, from_path("other.json", claims=TIDES), **LEAD)
    assert (again.status, again.json["createdAt"]) == (200, created)
    assert again.json["updatedAt"] > created
    assert "filterConfig" not in again.json
    wait_until(lambda: world.ask("GET", f"{path}/entries", **LEAD).json["entries"][0]["name"] == "com.example/other")
    assert world.ask("DELETE", path, **LEAD).status == 204
    assert not (world.site / "content/admin/sources/fresh.json").exists()
    for method, url in (("GET", path), ("GET", f"{path}/entries"), ("DELETE", path)):
        refused(world.ask(method, url, **LEAD), 404, "source not found: fresh")
    for kind, count in (("create", 1), ("update", 1), ("delete", 1)):
        events = [one for one in world.events(f"source.{kind}") if one["target"]["resource_name"] == "fresh"]
        good = [one for one in events if one["outcome"] == "success"]
        assert len(good) == count
        assert good[0]["subjects"]["sub"] == "l"
        assert good[0]["target"]["resource_type"] == "source"
        assert {one["outcome"] for one in events} <= {"success", "failure"}


def test_a_registry_is_created_read_changed_and_deleted(changes: World) -> None:
    world = changes
    token = world.issuer.token("one", **LEAD)
    assert world.ask("PUT", "/v1/sources/fresh", inline("com.example/a", claims=TIDES), **LEAD).status == 201
    path = "/v1/registries/mine"
    body = {"sources": ["fresh", "one"], "claims": {"org": ["tides"]}}
    answer = world.ask("PUT", path, body, **LEAD)
    assert answer.status == 201
    shown = answer.json
    created = shown.pop("createdAt")
    assert shown.pop("updatedAt") == created
    assert shown == {"name": "mine", "creationType": "API", **body}
    assert record_of(world.site, "registries", "mine") == {**body, "createdAt": created, "updatedAt": created}
    assert world.ask("GET", path, **LEAD).json == answer.json
    assert names_in(world.server, "mine", token) == ["com.example/a", "com.example/one"]
    rows = world.ask("GET", f"{path}/entries", **LEAD).json["entries"]
    assert [(row["sourceName"], row["position"]) for row in rows] == [("fresh", 0), ("one", 1)]
    refused(
        world.ask("DELETE", "/v1/sources/fresh", **LEAD), 409,
        "source is referenced by one or more registries: fresh is referenced by 1 registry(ies)",
    )  # fmt: skip
    assert world.server.get("/registry/mine/v0.1/servers").status == 401
    refused(
        world.ask("GET", "/registry/mine/v0.1/servers", sub="x", org="other"), 403,
        "forbidden: insufficient claims for registry",
    )  # fmt: skip
    again = world.ask("PUT", path, {"sources": ["one"], "claims": {"layer": "one"}}, **LEAD)
    assert (again.status, again.json["createdAt"]) == (200, created)
    assert names_in(world.server, "mine", token) == ["com.example/one"]
    assert world.ask("GET", path, sub="x", org="tides").status == 404
    assert world.ask("DELETE", path, **LEAD).status == 204
    assert not (world.site / "content/admin/registries/mine.json").exists()
    for method in ("GET", "DELETE"):
        refused(world.ask(method, path, **LEAD), 404, "registry not found: mine")
    refused(world.ask("GET", "/registry/mine/v0.1/servers", **LEAD), 404, "registry not found")
    assert world.ask("DELETE", "/v1/sources/fresh", **LEAD).status == 204
    kinds = {kind: len(world.events(f"registry.{kind}")) for kind in ("create", "update", "delete")}
    assert min(kinds.values()) >= 1


def test_the_order_of_a_registry_is_the_order_of_precedence(changes: World) -> None:
    world = changes
    token = world.issuer.token("one", **LEAD)
    for name in ("first", "second"):
        data = registry_file(server("com.example/shared", description=f"From {name}"))
        assert world.ask("PUT", f"/v1/sources/{name}", {"file": {"data": data}, "claims": TIDES}, **LEAD).status == 201
    for order in (["first", "second"], ["second", "first"]):
        assert world.ask("PUT", "/v1/registries/mine", {"sources": order, "claims": TIDES}, **LEAD).status in {200, 201}
        listed = world.server.get("/registry/mine/v0.1/servers", Authorization=f"Bearer {token}").json["servers"]
        assert [one["server"]["description"] for one in listed] == [f"From {order[0]}"]


def test_sources_are_listed_by_age_and_fields_that_nobody_knows_are_ignored(changes: World) -> None:
    world = changes
    for name in ("zz", "aa"):
        body = {**inline("com.example/a", claims=TIDES), "format": "upstream", "colour": "red", "git": None}
        assert world.ask("PUT", f"/v1/sources/{name}", body, **ROOT).status == 201
    listed = world.ask("GET", "/v1/sources", **ROOT).json["sources"]
    assert [one["name"] for one in listed] == ["one", "own", "two", "zz", "aa"]
    assert world.ask("PUT", "/v1/registries/rr", {"sources": ["zz"], "claims": {}, "visibility": "public"}, **ROOT)
    assert "visibility" not in record_of(world.site, "registries", "rr")
    assert world.server.get("/registry/rr/v0.1/servers").status == 401


def test_an_inline_document_is_there_at_once_and_a_filter_counts_when_it_changes(changes: World) -> None:
    world = changes
    path = "/v1/sources/inline"
    for wanted, filters in (
        (["com.example/a", "com.example/b"], {}),
        (["com.example/a"], {"names": {"exclude": ["*b"]}}),
        (["com.example/b"], {"names": {"include": ["*b"]}}),
    ):
        body = inline("com.example/a", "com.example/b", claims=TIDES, filter=filters)
        assert world.ask("PUT", path, body, **LEAD).status in {200, 201}
        entries = world.ask("GET", f"{path}/entries", **LEAD).json["entries"]
        assert [one["name"] for one in entries] == wanted
    assert world.ask("GET", path, **LEAD).json["syncStatus"]["serverCount"] == 1


def test_other_claims_of_a_source_count_at_once_even_if_it_cannot_be_read_any_more(changes: World) -> None:
    world = changes
    write_file(world.site / "brief.json", registry_file(server("com.example/brief")))
    token = world.issuer.token("one", sub="x", org="tides")
    path = "/v1/sources/brief"
    assert world.ask("PUT", path, from_path("brief.json", claims=TIDES), **ROOT).status == 201
    wait_until(lambda: world.ask("GET", path, **ROOT).json["syncStatus"]["phase"] == "complete")
    assert world.ask("PUT", "/v1/registries/mine", {"sources": ["brief"], "claims": TIDES}, **ROOT).status == 201
    assert names_in(world.server, "mine", token) == ["com.example/brief"]
    (world.site / "brief.json").unlink()
    assert world.ask("PUT", path, from_path("brief.json", claims={"layer": "new"}), **ROOT).status == 200
    assert names_in(world.server, "mine", token) == []
    wait_until(lambda: "does not exist" in world.ask("GET", path, **ROOT).json["syncStatus"].get("message", ""))
    (entry,) = world.ask("GET", f"{path}/entries", **ROOT).json["entries"]
    assert entry["claims"] == {"layer": "new"}


def test_a_source_that_cannot_be_read_is_created_and_says_so(changes: World) -> None:
    world = changes
    body = {"file": {"url": "http://127.0.0.1:9/list.json"}, "syncPolicy": {"interval": "1h"}, "claims": TIDES}
    assert world.ask("PUT", "/v1/sources/away", body, **ROOT).status == 201
    path = "/v1/sources/away"
    wait_until(lambda: "Fetch failed" in world.ask("GET", path, **ROOT).json["syncStatus"].get("message", ""))
    status = world.ask("GET", path, **ROOT).json["syncStatus"]
    assert (status["phase"], status["attemptCount"], status["serverCount"]) == ("failed", 1, 0)
    assert world.ask("GET", f"{path}/entries", **ROOT).json == {"entries": []}
    assert world.ask("PUT", "/v1/registries/mine", {"sources": ["away", "one"], "claims": TIDES}, **ROOT).status == 201
    token = world.issuer.token("one", **ROOT)
    assert names_in(world.server, "mine", token) == ["com.example/one"]
    event = world.ask("POST", "/v1/x/dev.regpress/sync?source=away&source=one", **ROOT).json
    assert (event["phase"], event["sources"]) == ("failed", ["away", "one"])
    assert world.ask("GET", "/v1/sources/one", **ROOT).json["syncStatus"]["phase"] == "complete"


# What is refused, sources


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "one of git, api, file, managed, or kubernetes must be specified"),
        ({"git": None}, "one of git, api, file, managed, or kubernetes must be specified"),
        ({"managed": {}, "file": {"path": "x"}}, "only one source type may be specified"),
        ({"git": {"repository": "https://e.example/r"}}, "syncPolicy.interval is required for git registries"),
        ({"api": {"endpoint": "https://e.example"}}, "syncPolicy.interval is required for api registries"),
        ({"file": {"url": "https://e.example/r"}}, "syncPolicy.interval is required for file registries"),
        ({"file": {"path": "x"}, "syncPolicy": {}}, "syncPolicy.interval is required for file registries"),
        ({"file": {}, "syncPolicy": {"interval": ""}}, "syncPolicy.interval is required for file registries"),
        ({"file": {}, "syncPolicy": {"interval": "often"}}, "invalid sync interval: 'often' is not a duration"),
        ({"file": {"path": "x"}, "syncPolicy": {"interval": "-1s"}}, "invalid sync interval: '-1s' is negative"),
        ({"git": {}}, "git.repository is required"),
        ({"git": {"repository": ""}}, "git.repository is required"),
        *[
            (
                {"git": {"repository": "https://e.example/r", **refs}},
                "git.branch, git.tag, and git.commit are mutually exclusive",
            )
            for refs in (
                {"branch": "a", "tag": "b"},
                {"branch": "a", "commit": "abcdef0"},
                {"tag": "b", "commit": "abcdef0"},
                {"branch": "a", "tag": "b", "commit": "abcdef0"},
            )
        ],
        ({"git": {"repository": "file:///etc"}}, "git.repository must be an http or https address"),
        ({"git": {"repository": "../site"}}, "git.repository must be an http or https address"),
        ({"git": {"repository": "ext::sh -c x"}}, "git.repository must be an http or https address"),
        *[
            (
                {"git": {"repository": "https://e.example/r", "auth": auth}},
                "git.auth.username and git.auth.passwordFile must both be specified",
            )
            for auth in ({"username": "u"}, {"passwordFile": "/x"})
        ],
        (
            {"git": {"repository": "https://e.example/r", "auth": {"username": "u", "passwordFile": "secret"}}},
            "git.auth.passwordFile must be an absolute path",
        ),
        (
            {"git": {"repository": "https://e.example/r", "auth": {"username": "u", "passwordFile": "/no/such"}}},
            "git.auth.passwordFile is not the path of a file",
        ),
        ({"git": {"repository": "https://e.io", "branch": "--x"}}, "git.branch: begins with '-', as an option does"),
        ({"git": {"repository": "https://e.example/r", "path": "../x"}}, "git.path: contains '..'"),
        ({"api": {}}, "api.endpoint is required"),
        ({"api": {"endpoint": "https://e.example", "timeout": "6m"}}, "api.timeout: must not exceed 5m0s"),
        ({"api": {"endpoint": "https://e.example", "timeout": "0s"}}, "api.timeout: must be greater than zero"),
        ({"api": {"endpoint": "https://e.example/v0.1"}}, "api.endpoint: contains '/v0.1', which is added to it"),
        ({"api": {"endpoint": "ftp://e.example"}}, "api.endpoint: has the scheme 'ftp'"),
        ({"file": {}}, "file.path, file.url, or file.data is required"),
        ({"file": {"timeout": "3s"}}, "file.path, file.url, or file.data is required"),
        ({"file": {"path": "x", "url": "https://e"}}, "file.path, file.url, and file.data are mutually exclusive"),
        ({"file": {"path": "x", "timeout": "3s"}}, "file.timeout is only applicable when file.url is specified"),
        ({"file": {"url": "https://e.example", "timeout": "x"}}, "invalid file.timeout: 'x' is not a duration"),
        ({"file": {"path": "content"}}, "file.path must not lead to content of the site"),
        ({"file": {"path": "x/../content/servers"}}, "file.path must not lead to content of the site"),
        ({"file": {"path": "."}}, "file.path must not lead to content of the site"),
        ({"file": {"path": "/"}}, "file.path must not lead to content of the site"),
        ({"file": {"path": ".regpress/registry-key"}}, "file.path must not lead to .regpress of the site"),
        ({"kubernetes": {"namespaces": []}}, "kubernetes sources cannot be watched by this registry"),
    ],
)  # fmt: skip
def test_settings_of_a_source_that_cannot_be_are_told_with_their_reason(
    body: dict[str, Any], reason: str, world: World
) -> None:
    policy = {} if "syncPolicy" in body or "required for" in reason else {"syncPolicy": {"interval": "30m"}}
    answer = world.ask("PUT", "/v1/sources/wrong", {**body, **policy, "claims": {"org": "others"}}, **LEAD)
    assert answer.status == 400
    text = answer.json["error"]
    assert text.removeprefix("invalid source configuration: ").partition(" (expected")[0] == reason
    assert not (world.site / "content/admin/sources/wrong.json").exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("{", "not JSON"),
        ("[]", ""),
        (registry_file({"name": "nonsense"}), "nonsense: the document lacks"),
        (registry_file(server("com.example/a", description="")), "description"),
        (registry_file(server("com.example/a"), server("com.example/a", title="Other")), "twice"),
    ],
)
def test_one_invalid_entry_of_an_inline_document_refuses_it(data: Any, reason: str, world: World) -> None:
    text = data if isinstance(data, str) else json.dumps(data)
    answer = world.ask("PUT", "/v1/sources/wrong", {"file": {"data": text}, "claims": TIDES}, **LEAD)
    if not reason:
        assert answer.status == 201
        assert world.ask("DELETE", "/v1/sources/wrong", **LEAD).status == 204
        return
    assert answer.status == 400, answer.body
    assert answer.json["error"].startswith("invalid source configuration: file.data: ")
    assert reason in answer.json["error"]


@pytest.mark.parametrize(
    "body",
    [
        [], "x", {"file": "x"}, {"file": {"path": 5}}, {"git": []}, {"claims": []}, {"syncPolicy": {"interval": 5}},
        {"filter": {"names": {"include": "x"}}}, {"file": {"data": 5}},
    ],
)  # fmt: skip
def test_a_body_of_other_types_is_refused(body: Any, world: World) -> None:
    answer = world.ask("PUT", "/v1/sources/wrong", body, **LEAD)
    assert answer.status == 400
    assert answer.json["error"].startswith("invalid request body: ")


def test_claims_must_be_texts_or_lists_of_texts(world: World) -> None:
    for claims in ({"org": 5}, {"org": ["a", 5]}, {"org": {"a": "b"}}, {"org": None}):
        answer = world.ask("PUT", "/v1/sources/wrong", {**inline(), "claims": claims}, **ROOT)
        assert (answer.status, "claims.org" in answer.json["error"]) == (400, True)
        answer = world.ask("PUT", "/v1/registries/wrong", {"sources": ["one"], "claims": claims}, **ROOT)
        assert (answer.status, "claims.org" in answer.json["error"]) == (400, True)


HOSTILE = ["UPPER", "a_b", "a.b", "-a", "a-", "a" * 64, "..", "%2e%2e", "..%2F..%2Fevil", "a%2Fb", "%2Fetc%2Fx",
           "a%5Cb", "ä", "a;b", "$(x)", "a%00b", "con.json", "x.json", "a%0Ab", "a%20b"]  # fmt: skip


def files_around(site: Path) -> list[Path]:
    """Return the files of a site and beside it, without those that builds make, and the log of what was asked."""
    mine = (path for path in site.parent.rglob("*") if path.is_file() and path.name != "audit.jsonl")
    return sorted(path for path in mine if not any(part.startswith(("dist", ".regpress")) for part in path.parts))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_no_label_becomes_no_path(name: str, world: World) -> None:
    before = files_around(world.site)
    sent = encoded(name) if "%" not in name else name
    for section, body in (
        ("sources", inline("com.example/a", claims=TIDES)),
        ("registries", {"sources": ["one"], "claims": TIDES}),
    ):
        answer = world.ask("PUT", f"/v1/{section}/{sent}", body, **LEAD)
        assert answer.status == 400, answer.body
        word = "source" if section == "sources" else "registry"
        told = answer.json["error"]
        if not {"%00", "%0A", "%20"} & {name[index : index + 3] for index in range(len(name))}:
            assert told.startswith(f"invalid {word} configuration: name '")
            assert told.endswith("must be a valid DNS subdomain (lowercase alphanumeric and hyphens, max 63 chars)")
        assert world.ask("DELETE", f"/v1/{section}/{sent}", **LEAD).status in {400, 404}
    assert files_around(world.site) == before


def test_the_checks_of_a_source_come_in_their_order(changes: World) -> None:
    world = changes
    good = inline("com.example/a", claims=TIDES)
    put = "PUT", "/v1/sources/fresh"
    # 1 the role, before path and body.
    refused(world.ask("PUT", "/v1/sources/a%20b", "x", **AUTHOR), 403, FORBIDDEN)
    refused(world.ask("DELETE", "/v1/sources/nowhere", **AUTHOR), 403, FORBIDDEN)
    assert world.ask(*put, good).status == 401
    # 2 path and body, before the settings.
    refused(world.ask("PUT", "/v1/sources/a%20b", {}, **LEAD), 400, "name cannot contain whitespace")
    refused(world.ask("PUT", "/v1/sources/%20", {}, **LEAD), 400, "name cannot be empty")
    assert world.ask("PUT", "/v1/sources/%zz", {}, **LEAD).json["error"] == "invalid URL encoding in name"
    assert world.ask(*put, [], **LEAD).json["error"].startswith("invalid request body")
    # 3 the settings, before the claims.
    assert world.ask("PUT", "/v1/sources/UPPER", {"claims": {"org": "others"}}, **LEAD).status == 400
    # 4 the claims, before the name, what is the configuration's, and the limit of managed sources.
    for name in ("UPPER", "one", "own", "fresh"):
        refused(
            world.ask("PUT", f"/v1/sources/{name}", {"managed": {}, "claims": {"org": "others"}}, **LEAD),
            403,
            NOT_COVERED,
        )
        refused(world.ask("PUT", f"/v1/sources/{name}", {"managed": {}}, **LEAD), 403, NO_CLAIMS)
    # 5 the name, before the limit.
    assert world.ask("PUT", "/v1/sources/UPPER", {"managed": {}, "claims": TIDES}, **LEAD).status == 400
    refused(world.ask(*put, {"managed": {}, "claims": TIDES}, **LEAD), 409, "at most one managed source is allowed")
    # 6 what is the configuration's, before its claims and its type.
    for name in ("one", "two", "own"):
        told = f"cannot modify config-created source via API: {name}"
        refused(world.ask("PUT", f"/v1/sources/{name}", {"managed": {}, "claims": TIDES}, **LEAD), 403, told)
        refused(world.ask("DELETE", f"/v1/sources/{name}", **LEAD), 403, told)
    # … the claims that stand, before the type.
    assert world.ask(*put, inline("com.example/a", claims={"layer": "two"}), **ROOT).status == 201
    refused(world.ask(*put, {"managed": {}, "claims": TIDES}, **LEAD), 403, NOT_COVERED)
    refused(world.ask("DELETE", put[1], **LEAD), 403, NOT_COVERED)
    refused(world.ask("GET", put[1], **LEAD), 404, "source not found: fresh")
    assert world.ask(*put, inline("com.example/a"), **ROOT).status == 200
    refused(world.ask(*put, good, **LEAD), 403, NO_CLAIMS)
    refused(world.ask("DELETE", put[1], **LEAD), 403, NO_CLAIMS)
    # … the type, and then the kind of file.
    assert world.ask(*put, good, **ROOT).status == 200
    pattern = (
        "changing source type is not allowed: cannot change from '{}' to '{}', delete and recreate the source instead"
    )
    refused(world.ask(*put, {"managed": {}, "claims": TIDES}, **LEAD), 400, pattern.format("file", "managed"))
    refused(world.ask(*put, from_path("one.json", claims=TIDES), **LEAD), 400, pattern.format("file.data", "file.path"))
    assert world.ask(*put, good, **LEAD).status == 200


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"layer": "one"}, 201),
        ({"layer": ["one", "new"]}, 201),
        ({"layer": ["one", "two"]}, 403),
        ({"layer": []}, 201),
        ({"org": "tides", "layer": "one"}, 201),
        ({"org": "tides", "team": "a"}, 403),
        ({}, 403),
    ],
)
def test_who_stamps_claims_must_hold_all_of_them(claims: dict[str, Any], status: int, changes: World) -> None:
    assert changes.ask("PUT", "/v1/sources/fresh", inline("com.example/a", claims=claims), **LEAD).status == status
    assert changes.ask("PUT", "/v1/registries/mine", {"sources": ["one"], "claims": claims}, **LEAD).status == status


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"layer": "one"}, 200),
        ({"layer": ["two", "one"]}, 200),
        ({"layer": "two"}, 403),
        ({"org": "tides", "x": "y"}, 403),
    ],
)
def test_who_changes_or_deletes_needs_one_value_of_each_claim(
    claims: dict[str, Any], status: int, changes: World
) -> None:
    for path, body in (("/v1/sources/fresh", inline("com.example/a")), ("/v1/registries/mine", {"sources": ["one"]})):
        assert changes.ask("PUT", path, {**body, "claims": claims}, **ROOT).status == 201
        assert changes.ask("PUT", path, {**body, "claims": TIDES}, **LEAD).status == status
        assert changes.ask("PUT", path, {**body, "claims": claims}, **ROOT).status == 200
        assert changes.ask("DELETE", path, **LEAD).status == (204 if status == 200 else 403)


# What is refused, registries


def test_the_checks_of_a_registry_come_in_their_order(changes: World) -> None:
    world = changes
    put = "PUT", "/v1/registries/mine"
    good = {"sources": ["one"], "claims": TIDES}
    refused(world.ask("PUT", "/v1/registries/a%20b", "x", **OPS), 403, FORBIDDEN)
    refused(world.ask("DELETE", "/v1/registries/nowhere", **OPS), 403, FORBIDDEN)
    assert world.ask(*put, good).status == 401
    refused(world.ask("PUT", "/v1/registries/a%09b", {}, **LEAD), 400, "name cannot contain whitespace")
    for body in ([], {"sources": "one"}, {"sources": [5]}, {"sources": ["one"], "claims": "x"}):
        assert world.ask(*put, body, **LEAD).json["error"].startswith("invalid request body: ")
    for body in ({}, {"sources": []}, {"sources": None}):
        told = "invalid registry configuration: at least one source is required"
        refused(world.ask("PUT", "/v1/registries/layers", body, **LEAD), 400, told)
    told = "invalid registry configuration: duplicate source: x/../y"
    refused(world.ask(*put, {"sources": ["x/../y", "one", "x/../y"]}, **LEAD), 400, told)
    for name in ("UPPER", "layers", "mine"):
        refused(world.ask("PUT", f"/v1/registries/{name}", {**good, "claims": {"org": "x"}}, **LEAD), 403, NOT_COVERED)
        refused(world.ask("PUT", f"/v1/registries/{name}", {"sources": ["none"]}, **LEAD), 403, NO_CLAIMS)
    for name in ("default", "layers"):
        told = f"cannot modify config-created registry via API: {name}"
        refused(world.ask("PUT", f"/v1/registries/{name}", {**good, "sources": ["none"]}, **LEAD), 403, told)
        refused(world.ask("DELETE", f"/v1/registries/{name}", **LEAD), 403, told)
    assert world.ask(*put, {**good, "claims": {"layer": "two"}}, **ROOT).status == 201
    refused(world.ask(*put, {**good, "sources": ["none"]}, **LEAD), 403, NOT_COVERED)
    refused(world.ask("DELETE", put[1], **LEAD), 403, NOT_COVERED)
    assert world.ask(*put, {"sources": ["one"]}, **ROOT).status == 200
    refused(world.ask("DELETE", put[1], **LEAD), 403, NO_CLAIMS)
    assert world.ask(*put, good, **ROOT).status == 200
    # A source that is not there is told of before one that the caller does not cover.
    refused(world.ask(*put, {**good, "sources": ["two", "none"]}, **LEAD), 400, "source not found: none")
    refused(world.ask(*put, {**good, "sources": ["one", "two"]}, **LEAD), 403, NOT_COVERED)
    assert record_of(world.site, "registries", "mine")["sources"] == ["one"]
    refused(world.ask("DELETE", "/v1/registries/nowhere", **LEAD), 404, "registry not found: nowhere")


# What others say about it


def test_what_changes_is_described_as_it_is(changes: World) -> None:
    world = changes
    description = world.server.get("/openapi.json").json
    toolhive = json.loads(TOOLHIVE.read_text(encoding="utf-8")) if TOOLHIVE.exists() else description
    for path, body in (
        ("/v1/sources/{name}", from_path("one.json", claims=TIDES, filter={"tags": {"include": ["x"]}})),
        ("/v1/registries/{name}", {"sources": ["one"], "claims": TIDES}),
    ):
        for method, status in (("put", "201"), ("put", "200"), ("get", "200"), ("delete", "204"), ("delete", "404")):
            filled = path.format(name="fresh")
            answer = world.ask(method.upper(), filled, body if method == "put" else None, **LEAD)
            assert str(answer.status) == status
            for document_ in (description, toolhive):
                operation = document_["paths"][path][method]
                if status == "404" or "content" not in operation["responses"][status]:
                    continue
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                checker = Draft202012Validator({**schema, "components": document_["components"]})
                assert [error.message for error in checker.iter_errors(answer.json)] == [], (path, method, status)
    schema = description["paths"]["/v1/sources/{name}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    checker = Draft202012Validator({**schema, "components": description["components"]})
    assert list(checker.iter_errors(from_path("one.json"))) == []
    assert list(checker.iter_errors({"file": 5})) != []


# The site


def open_site_of(folder: Path, **more: Any) -> Path:
    """Write a site that everybody may read, and whoever sits at the machine may change."""
    settings = config({"name": "list", "file": {"path": "list.json"}}) | more
    return write_site(folder, {"config.yaml": settings, "list.json": registry_file(server("com.example/listed"))})


def wait_for_tree(site: Path, file: str, *, there: bool = True) -> None:
    wait_until(lambda: (site / "dist" / file).exists() is there)


def test_created_registries_that_everybody_may_read_are_in_the_tree_and_others_never(tmp_path: Path) -> None:
    site = open_site_of(tmp_path / "site", site={})
    with serving_app(site, anonymous=True) as running:
        assert running.ask("PUT", "/v1/sources/more", inline("com.example/more")).status == 201
        assert running.ask("PUT", "/v1/sources/gated", inline("com.example/gated", claims=TIDES)).status == 201
        assert running.ask("PUT", "/v1/registries/open", {"sources": ["gated", "more"]}).status == 201
        assert running.ask("PUT", "/v1/registries/shut", {"sources": ["more"], "claims": TIDES}).status == 201
        assert names_in(running, "open") == ["com.example/more"]
        wait_for_tree(site, "registry/open/v0.1/servers.json")
        assert running.get("/registry/open/").status == 200
        # It is a private one now: no page of it is left in the app, nor in the tree.
        assert running.ask("PUT", "/v1/registries/open", {"sources": ["more"], "claims": TIDES}).status == 200
        for path in (
            "/registry/open/",
            "/registry/open/registry.json",
            "/registry/open/v0.1/servers",
            "/registry/%6fpen/",
        ):
            assert running.get(path).status == 404, path
        wait_for_tree(site, "registry/open", there=False)
        assert running.ask("PUT", "/v1/registries/open", {"sources": ["gated", "more"]}).status == 200
        wait_for_tree(site, "registry/open/v0.1/servers.json")
    tree = {path.relative_to(site / "dist"): path for path in (site / "dist").rglob("*") if path.is_file()}
    assert not any("shut" in path.parts for path in tree)
    assert not any(b"com.example/gated" in path.read_bytes() for path in tree.values())
    built = run("build", site, "--out", tmp_path / "other", "--full")
    assert built.code == 0, built.err
    other = {path.relative_to(tmp_path / "other") for path in (tmp_path / "other").rglob("*") if path.is_file()}
    assert other == tree.keys()
    assert all((tmp_path / "other" / path).read_bytes() == one.read_bytes() for path, one in tree.items())


def test_what_was_created_is_there_after_a_restart_and_for_other_commands(tmp_path: Path) -> None:
    site = in_repository(open_site_of(tmp_path / "site"))
    write_file(site / "extra.json", registry_file(server("com.example/extra")))
    with serving_app(site, anonymous=True) as running:
        assert running.ask("PUT", "/v1/sources/extra", from_path("extra.json")).status == 201
        away = {"file": {"url": "http://127.0.0.1:9/x.json"}, "syncPolicy": {"interval": "1h"}}
        assert running.ask("PUT", "/v1/sources/away", away).status == 201
        assert running.ask("PUT", "/v1/registries/both", {"sources": ["extra", "away", "list"]}).status == 201
        wait_until(lambda: len(names_in(running, "both")) == 2)
        before = running.get("/v1/sources/extra").json
        # What cannot be read keeps nothing else out of the tree.
        wait_for_tree(site, "registry/both/v0.1/servers/com.example/extra/versions.json")
    subjects = git(site, "log", "--format=%s").splitlines()
    assert subjects == ["Create registry both", "Create source away", "Create source extra", "Begin"]
    assert git(site, "status", "--porcelain", "content") == ""
    with serving_app(site, anonymous=True) as running:
        after = running.get("/v1/sources/extra").json
        before.pop("syncStatus"), after.pop("syncStatus")
        assert after == before
        assert names_in(running, "both") == ["com.example/extra", "com.example/listed"]
        assert running.get("/v1/sources/away").json["syncStatus"]["phase"] == "failed"
        built = run("build", site, "--out", tmp_path / "other")
        assert (built.code, "away: " in built.err) == (3, True), built.err
        assert run("build", site, "--out", tmp_path / "other", "--without", "away").code == 0
        assert running.ask("DELETE", "/v1/registries/both").status == 204
        assert running.ask("DELETE", "/v1/sources/away").status == 204
        wait_for_tree(site, "registry/both/v0.1/servers.json", there=False)
    assert git(site, "log", "--format=%s").splitlines()[:2] == ["Delete source away", "Delete registry both"]
    assert run("check", site, "--strict").code == 0
    assert run("build", site, "--without", "nowhere").code == 2


def test_a_created_registry_never_takes_the_root_of_the_site(tmp_path: Path) -> None:
    settings = {"registries": [{"name": "main", "sources": ["list"]}]}
    site = open_site_of(tmp_path / "site", **settings)
    with serving_app(site, anonymous=True) as running:
        before = running.get("/v0.1/servers").json
        assert running.ask("PUT", "/v1/sources/other", inline("com.example/other")).status == 201
        assert running.ask("PUT", "/v1/registries/default", {"sources": ["other"]}).status == 201
        assert running.get("/v0.1/servers").json == before
        assert names_in(running, "default") == ["com.example/other"]
    with serving_app(site, anonymous=True) as running:
        assert running.get("/v0.1/servers").json == before


def test_a_disk_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    site = open_site_of(tmp_path / "site")
    with serving_app(site, anonymous=True) as running:
        write_file(site / "content/admin", "in the way")
        answer = running.ask("PUT", "/v1/sources/more", inline("com.example/more"))
        assert (answer.status, answer.json["error"]) == (503, "The registry cannot write now")
        assert running.get("/v1/sources/more").status == 404
        (site / "content/admin").unlink()
        assert running.ask("PUT", "/v1/sources/more", inline("com.example/more")).status == 201
        assert running.get("/v1/sources/more").status == 200
        # What a pull brought counts after a restart, and is not written over.
        record = write_site(site, {"content/admin/sources/pulled.json": {}}) / "content/admin/sources/pulled.json"
        refused(
            running.ask("PUT", "/v1/sources/pulled", inline("com.example/more")), 409, "source already exists: pulled"
        )  # fmt: skip
        assert record.read_text() == "{}"


def test_a_source_that_hangs_holds_up_neither_writes_nor_other_sources(tmp_path: Path) -> None:
    site = open_site_of(tmp_path / "site", site={"trust": {"allowPrivateAddresses": True}})
    write_file(site / "extra.json", registry_file(server("com.example/extra")))
    with socket.create_server(("127.0.0.1", 0)) as silent, serving_app(site, anonymous=True) as running:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/list.json"
        body = {"file": {"url": url, "timeout": "20s"}, "syncPolicy": {"interval": "1h"}}
        for number in range(3):
            assert running.ask("PUT", f"/v1/sources/silent-{number}", body).status == 201
        assert running.ask("PUT", "/v1/sources/extra", from_path("extra.json")).status == 201
        wait_until(lambda: running.get("/v1/sources/extra").json["syncStatus"]["phase"] == "complete")
        assert running.ask("POST", "/v1/x/dev.regpress/sync?source=extra").json["phase"] == "complete"
        assert running.get("/v1/sources/silent-0").json["syncStatus"]["phase"] == "syncing"
        assert running.ask("DELETE", "/v1/sources/silent-0").status == 204


def test_publishing_goes_on_while_registries_come_and_go(tmp_path: Path) -> None:
    site = own_site(tmp_path / "site")
    told: list[tuple[str, int]] = []

    def publish(running: AppServer, registry: str, number: int) -> None:
        for count in range(30):
            name = f"com.example/load-{number}-{count}"
            answer = running.ask("POST", f"/registry/{registry}/v0.1/publish", document(name))
            told.append((name, answer.status))

    with serving_app(site, "--write-rate", "0", "--no-access-log", anonymous=True) as running:
        assert running.ask("PUT", "/v1/registries/brief", {"sources": ["content"]}).status == 201
        clients = [Thread(target=publish, args=(running, name, n)) for n, name in enumerate(("default", "brief") * 2)]
        for client in clients:
            client.start()
        while any(client.is_alive() for client in clients):
            assert running.ask("DELETE", "/v1/registries/brief").status == 204
            assert running.ask("PUT", "/v1/registries/brief", {"sources": ["content", "list"]}).status == 201
        for client in clients:
            client.join()
        # To a registry that is gone nothing is published; all others are done.
        assert {status for _, status in told} <= {200, 404}
        assert [status for name, status in told if name.startswith(("com.example/load-0", "com.example/load-2"))] == [
            200
        ] * 60
        for name, status in told:
            assert (running.get(f"/v0.1/servers/{encoded(name)}/versions").status == 200) is (status == 200), name


@pytest.mark.parametrize("with_config", [True, False])
def test_a_managed_source_is_created_published_to_and_deleted_with_its_entries(
    with_config: bool, tmp_path: Path
) -> None:
    site = open_site_of(tmp_path / "site")
    if not with_config:
        (site / "config.yaml").unlink()
        (site / "list.json").rename(site / "registry.json")
    known = "list" if with_config else "registry"
    with serving_app(site, anonymous=True) as running:
        assert running.ask("POST", "/v1/entries", {"server": document("com.example/aa")}).status == 500
        assert running.ask("PUT", "/v1/sources/mine", {"managed": {}}).json["sourceConfig"] == {}
        assert running.ask("PUT", "/v1/sources/mine", {"managed": {}}).status == 200
        refused(running.ask("PUT", "/v1/sources/more", {"managed": {}}), 409, "at most one managed source is allowed")
        assert running.ask("POST", "/v1/entries", {"server": document("com.example/aa")}).status == 201
        assert running.ask("PUT", "/v1/registries/both", {"sources": ["mine", known]}).status == 201
        assert names_in(running, "both") == ["com.example/aa", "com.example/listed"]
        assert running.ask("POST", "/registry/both/v0.1/publish", document("com.example/bb")).status == 200
    with serving_app(site, anonymous=True) as running:
        assert names_in(running, "both") == ["com.example/aa", "com.example/bb", "com.example/listed"]
        assert running.publish(document("com.example/cc")).status == 501
        assert running.ask("DELETE", "/v1/registries/both").status == 204
        assert running.ask("DELETE", "/v1/sources/mine").status == 204
        assert not list((site / "content/servers").rglob("*.json"))
        assert running.ask("PUT", "/v1/sources/again", {"managed": {}, "claims": TIDES}).status == 201
        assert running.get("/v1/sources/again/entries").json == {"entries": []}


def test_a_source_in_a_repository_elsewhere_is_read(tmp_path: Path) -> None:
    Repo(tmp_path / "git/catalogue").commit({"registry.json": registry(server("com.example/far"))})
    site = open_site_of(tmp_path / "site", site={"trust": {"allowPrivateAddresses": True}})
    with git_server(tmp_path / "git") as remote, serving_app(site, anonymous=True) as running:
        body = {"git": {"repository": f"{remote.url}/catalogue/.git"}, "syncPolicy": {"interval": "30m"}}
        shown = running.ask("PUT", "/v1/sources/far", body)
        assert (shown.status, shown.json["sourceConfig"]) == (201, body["git"])
        wait_until(lambda: running.get("/v1/sources/far").json["syncStatus"]["phase"] == "complete")
        entries = running.get("/v1/sources/far/entries").json["entries"]
        assert [one["name"] for one in entries] == ["com.example/far"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"sources/list.json": {"managed": {}}}, "cannot overwrite API-created sources: [list]"),
        ({"registries/default.json": {"sources": ["list"]}}, "cannot overwrite API-created registries: [default]"),
        ({"registries/r.json": {"sources": ["gone"]}}, "registries/r.json: sources[0]: there is no source 'gone'"),
        ({"sources/a.json": {"managed": {}}, "sources/b.json": {"managed": {}}}, "at most one managed source"),
        ({"sources/UPPER.json": {"managed": {}}}, "UPPER.json"),
        ({"sources/a.txt": {"managed": {}}}, "a.txt"),
        ({"sources/a.json": {"managed": {}, "name": "b"}}, "content/admin/sources/a.json: 'name' is not a known key"),
        ({"registries/a.json": {"sources": ["list"], "visibility": "public"}}, "'visibility' is not a known key"),
        ({"sources/a.json": {"file": {"path": 5}}}, "content/admin/sources/a.json: file.path"),
        ({"sources/a.json": {"kubernetes": {}}}, "cannot watch a cluster"),
        ({"sources/a.json": b"{"}, "content/admin/sources/a.json: line 1: not JSON"),
        ({"sources/a.json": b"[]"}, "content/admin/sources/a.json: is no object"),
        ({"sources/a.json": b'{"managed": {}}'}, "content/admin/sources/a.json: has no times"),
    ],
)  # fmt: skip
def test_records_that_cannot_be_stop_every_command_with_their_place(
    files: dict[str, Any], told: str, tmp_path: Path
) -> None:
    site = open_site_of(tmp_path / "site")
    times = {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}
    for path, value in files.items():
        write_file(site / "content/admin" / path, value if isinstance(value, bytes) else {**value, **times})
    done = run("check", site)
    assert done.code == 2
    assert told in done.err


def test_a_record_is_a_file_and_no_link(tmp_path: Path) -> None:
    site = open_site_of(tmp_path / "site")
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    link = site / "content/admin/sources/a.json"
    link.parent.mkdir(parents=True)
    link.symlink_to(secret)
    done = run("check", site)
    assert (done.code, "content/admin/sources/a.json" in done.err) == (2, True)
