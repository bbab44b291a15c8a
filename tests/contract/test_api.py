"""What clients expect of a registry, whatever serves it: one suite over HTTP for files, servers, edges and the app."""

from __future__ import annotations

import hashlib
import re

import pytest

from contract.asking import Answer, Client, encoded
from sites import official_of
from varied import (
    DELETED,
    DEPRECATED,
    HALF_DELETED,
    HIDDEN_TEXT,
    MARKUP,
    PLUGINS,
    PLUS,
    SERVERS,
    SKILLS,
    TEAM_SERVERS,
    UPPER,
    VERSIONS,
)

API = "/v0.1"
LIST = f"{API}/servers"
TOOLHIVE = f"{API}/x/dev.toolhive"
MISSES = (
    f"{LIST}/{encoded('com.example/none')}/versions/latest",
    f"{LIST}/{encoded('com.example/none')}/versions",
    f"{LIST}/{encoded(VERSIONS)}/versions/9.9.9",
    f"{LIST}/{encoded(VERSIONS)}",
    f"{LIST}/{encoded('com.example/upper')}/versions/latest",
    f"{LIST}/{encoded('com.example')}/versions/latest",
    f"{TOOLHIVE}/skills/com.example/none",
    f"{TOOLHIVE}/nothing",
    "/registry/none/v0.1/servers",
    "/registry/closed/v0.1/servers",
)


def version_path(name: str, version: str = "latest", base: str = LIST) -> str:
    return f"{base}/{encoded(name)}/versions/{encoded(version)}"


def names(entries: list[dict]) -> list[str]:
    return [entry["server"]["name"] for entry in entries]


# The list


def test_the_list_has_the_latest_version_of_every_visible_server_sorted_by_name(client: Client) -> None:
    entries = client.walk(LIST, version="latest")
    assert names(entries) == sorted(SERVERS)
    assert {entry["server"]["name"]: entry["server"]["version"] for entry in entries} == {
        name: latest for name, (_, latest) in SERVERS.items()
    }


def test_every_entry_of_the_list_has_what_clients_need_of_it(client: Client) -> None:
    for entry in client.walk(LIST, version="latest"):
        assert all(entry["server"][member] for member in ("name", "description", "version"))
        block = official_of(entry)
        assert block["status"] in {"active", "deprecated"}
        assert block["isLatest"] is True
        for member in ("publishedAt", "updatedAt", "statusChangedAt"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", block[member])


def test_a_list_counts_its_entries_and_offers_a_cursor_only_where_it_can_be_followed(client: Client) -> None:
    for path, key in (
        (LIST, "servers"),
        (f"{LIST}/{encoded(VERSIONS)}/versions", "servers"),
        (f"{TOOLHIVE}/skills", "skills"),
        (f"{TOOLHIVE}/skills/com.example/review/versions", "skills"),
        (f"{TOOLHIVE}/plugins", "plugins"),
    ):
        document = client.document(path)
        assert document["metadata"]["count"] == len(document[key])
        cursor = document["metadata"].get("nextCursor", "absent")
        assert cursor == "absent" or (client.can.follows_cursors and re.fullmatch(r"[A-Za-z0-9_-]+", cursor))


def test_a_query_never_makes_a_list_that_lacks_what_it_asked_for(client: Client) -> None:
    for query in ({"limit": "1"}, {"limit": "50", "version": "latest"}, {"limit": "100"}):
        assert set(names(client.walk(LIST, **query))) >= SERVERS.keys(), query
    for name in (PLUS, UPPER, max(SERVERS)):
        found = names(client.walk(LIST, search=name, version="latest"))
        assert name in found
        assert found == [name] or not client.can.filters


def test_an_unknown_cursor_is_refused_or_ignored_but_never_page_one_of_several(client: Client) -> None:
    answer = client.ask(f"{LIST}?cursor=does-not-exist")
    if client.can.follows_cursors:
        assert answer.status == (400 if client.can.refuses else 404)
    else:
        assert answer.status in {200, 400}
        assert answer.status == 400 or set(names(answer.json["servers"])) == SERVERS.keys()


# Versions


@pytest.mark.parametrize("name", [VERSIONS, PLUS, UPPER, DEPRECATED, HALF_DELETED])
def test_versions_are_listed_newest_publication_first(name: str, client: Client) -> None:
    document = client.document(f"{LIST}/{encoded(name)}/versions")
    visible, latest = SERVERS[name]
    assert [entry["server"]["version"] for entry in document["servers"]] == visible
    assert [official_of(entry)["isLatest"] for entry in document["servers"]] == [v == latest for v in visible]


@pytest.mark.parametrize("name", [VERSIONS, PLUS, UPPER, DEPRECATED, HALF_DELETED])
def test_one_version_is_the_same_by_latest_by_number_and_in_the_lists(name: str, client: Client) -> None:
    latest = client.document(version_path(name))
    assert latest["server"]["name"] == name
    assert latest == client.document(version_path(name, SERVERS[name][1]))
    assert latest in client.document(f"{LIST}/{encoded(name)}/versions")["servers"]
    assert latest in client.walk(LIST, version="latest")


def test_a_name_is_found_with_its_slash_encoded_or_plain(client: Client) -> None:
    for name in (VERSIONS, UPPER):
        by_encoded = client.ask(version_path(name))
        assert by_encoded.status == 200
        assert client.ask(f"{LIST}/{name}/versions/latest").body == by_encoded.body
        if client.can.small_escapes:
            lower = encoded(name).replace("%2F", "%2f")
            assert client.ask(f"{LIST}/{lower}/versions/latest").body == by_encoded.body
        if client.can.double_encoding:
            assert client.ask(f"{LIST}/{encoded(encoded(name))}/versions/latest").body == by_encoded.body


def test_a_version_with_a_plus_is_found_encoded_and_bare(client: Client) -> None:
    version = SERVERS[PLUS][1]
    bodies = {client.ask(f"{LIST}/{encoded(PLUS)}/versions/{v}").body for v in (version, encoded(version))}
    assert len(bodies) == 1
    assert client.document(version_path(PLUS, version))["server"]["version"] == version


def test_a_deprecated_version_says_so_and_why(client: Client) -> None:
    block = official_of(client.document(version_path(DEPRECATED)))
    assert (block["status"], block["statusMessage"]) == ("deprecated", "Use com.example/plus")


def test_what_is_deleted_or_private_is_not_found_anywhere(client: Client) -> None:
    for path in (
        version_path(DELETED),
        f"{LIST}/{encoded(DELETED)}/versions",
        version_path(HALF_DELETED, "2.0.0"),
        version_path("com.example/gated"),
        version_path(PLUS, "9.0.0"),
    ):
        assert client.ask(path).status == 404, path
    for path in (LIST, f"{LIST}/{encoded(HALF_DELETED)}/versions", "/registry.json"):
        assert HIDDEN_TEXT.encode() not in client.ask(path).body


# Misses and manners


@pytest.mark.parametrize("path", MISSES)
def test_what_does_not_exist_is_a_404_and_no_redirect(path: str, client: Client) -> None:
    answer = client.ask(path)
    assert answer.status == 404
    if client.can.json_errors:
        assert answer.media_type in {"application/problem+json", "application/json"}
        assert answer.json.get("status") == 404 or "error" in answer.json
    if client.can.cors_on_404:
        assert allows_everyone(answer)
    if client.can.fresh and client.can.fresh_misses:
        assert kept_for(answer) <= 60


@pytest.mark.parametrize("path", ["/no/such/page", "/servers/com.example/none/", "/no.json"])
def test_a_page_that_does_not_exist_is_a_404_with_a_page_for_people(path: str, client: Client) -> None:
    answer = client.ask(path)
    assert (answer.status, answer.media_type) == (404, "text/html")
    assert b"</html>" in answer.body


def test_the_name_of_a_file_is_not_an_address(client: Client) -> None:
    if not client.can.hides_files:
        pytest.skip("this host serves each file by its name too")
    slash = () if client.can.cuts_slash else ("/",)
    for extension in (".json", ".html", *slash, "/index.json", "/index.html"):
        assert client.ask(version_path(VERSIONS) + extension).status == 404, extension
        assert client.ask(LIST + extension).status == 404, extension


@pytest.mark.parametrize("path", [LIST, version_path(VERSIONS), f"{TOOLHIVE}/skills", "/registry/team/v0.1/servers"])
def test_a_document_may_be_read_from_any_web_page_and_says_what_it_is(path: str, client: Client) -> None:
    answer = client.ask(path)
    assert answer.status == 200
    assert allows_everyone(answer)
    assert answer.media_type == "application/json" or not client.can.json_type
    if client.can.fresh:
        assert 0 < kept_for(answer) <= 300


def allows_everyone(answer: Answer) -> bool:
    """Return whether the field stands once, with a star: browsers refuse a doubled one."""
    field = "access-control-allow-origin"
    return answer.count(field) == 1 and answer.headers[field] == "*"


def kept_for(answer: Answer) -> int:
    """Return the seconds that a shared or private cache may keep the answer."""
    found = re.search(r"max-age=(\d+)", answer.headers.get("cache-control", ""))
    assert found, "no max-age"
    return int(found[1])


def test_a_preflight_request_is_allowed(client: Client) -> None:
    if not client.can.preflight:
        pytest.skip("this host does not answer OPTIONS")
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    answer = client.ask(version_path(VERSIONS), method="OPTIONS", headers=asked)
    assert answer.status in {200, 204}
    assert allows_everyone(answer)
    assert "GET" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert {"authorization", "content-type"} <= set(allowed.replace(" ", "").split(","))


def test_a_document_has_a_tag_that_saves_the_next_transfer(client: Client) -> None:
    if not client.can.conditional:
        pytest.skip("this server does not look at If-None-Match")
    first = client.ask(LIST)
    again = client.ask(LIST, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert client.ask(LIST, headers={"If-None-Match": '"other"'}).body == first.body


def test_head_answers_like_get_without_a_body(client: Client) -> None:
    head, get = client.ask(LIST, method="HEAD"), client.ask(LIST)
    assert (head.status, head.body, head.media_type) == (200, b"", get.media_type)
    assert client.ask(MISSES[0], method="HEAD").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(method: str, client: Client) -> None:
    before = client.ask(LIST).body
    answer = client.ask(LIST, method=method, headers={"Content-Length": "0"})
    assert answer.status in {401, 403, 404, 405} or not client.can.checks_methods
    assert client.ask(LIST).body == before


def test_no_document_can_be_taken_for_markup(client: Client) -> None:
    for path in (LIST, version_path(MARKUP), "/registry.json", f"{TOOLHIVE}/skills"):
        assert not re.search(rb"[<>&]|\xe2\x80[\xa8\xa9]", client.ask(path).body), path
    assert client.document(version_path(MARKUP))["server"]["description"] == "<script>alert(1)</script> & more"


# Skills, plugins, other registries


@pytest.mark.parametrize(("kind", "expected"), [("skills", SKILLS), ("plugins", PLUGINS)])
def test_skills_and_plugins_are_served_bare_by_every_address(
    kind: str, expected: dict[str, list[str]], client: Client
) -> None:
    base = f"{TOOLHIVE}/{kind}"
    listed = client.walk(base)
    assert [f"{entry['namespace']}/{entry['name']}" for entry in listed] == sorted(expected)
    for name, versions in expected.items():
        latest = client.document(f"{base}/{name}")
        assert latest["version"] == versions[0]
        assert official_of(latest)["isLatest"] is True
        assert latest in listed
        every = client.document(f"{base}/{name}/versions")[kind]
        assert [entry["version"] for entry in every] == versions
        for entry in every:
            assert client.document(f"{base}/{name}/versions/{entry['version']}") == entry
        assert client.document(f"{base}/{name}/versions/latest") == latest


def test_another_registry_answers_below_its_own_address_with_its_own_entries(client: Client) -> None:
    base = "/registry/team/v0.1/servers"
    assert names(client.walk(base)) == TEAM_SERVERS
    assert client.document(version_path(UPPER, base=base)) == client.document(version_path(UPPER))
    assert client.ask(version_path(PLUS, base=base)).status == 404
    assert [server["name"] for server in client.document("/registry/team/registry.json")["data"]["servers"]] == [UPPER]


@pytest.mark.parametrize("prefix", ["/v0", "/registry/default/v0.1"])
def test_an_alias_answers_like_the_address_itself(prefix: str, client: Client) -> None:
    for path in ("/servers", f"/servers/{encoded(UPPER)}/versions/latest", "/x/dev.toolhive/skills"):
        answer = client.ask(prefix + path)
        assert (answer.status, answer.body) == (200, client.ask(API + path).body)


# Files of the whole site


def test_the_registry_file_holds_the_documents_of_the_list(client: Client) -> None:
    answer = client.ask("/registry.json")
    assert answer.media_type == "application/json"
    data = answer.json["data"]
    assert data["servers"] == [entry["server"] for entry in client.walk(LIST, version="latest")]
    assert [skill["version"] for skill in data["skills"]] == ["1.1.0"]
    assert client.ask("/registry/default/registry.json").body == answer.body


def test_build_json_counts_what_is_there_and_names_the_digest_of_the_list(client: Client) -> None:
    build = client.document("/build.json")
    assert build["host"] == client.target.host
    counts = build["counts"]
    assert (counts["servers"], counts["skills"], counts["plugins"]) == (len(SERVERS), len(SKILLS), len(PLUGINS))
    assert counts["serverVersions"] == sum(len(versions) for versions, _ in SERVERS.values())
    assert sorted(build["registries"]) == ["default", "team"]
    if not client.can.filters:
        # Where the list is paged, a search is answered with all of it.
        complete = f"{LIST}?search=x" if client.can.follows_cursors else LIST
        assert hashlib.sha256(client.ask(complete).body).hexdigest() == build["list"]["sha256"]


def test_the_schemas_are_published_as_json(client: Client) -> None:
    schema = client.document("/schemas/server-2025-12-11.schema.json")
    assert {"$schema", "$id"} <= schema.keys()


def test_the_catalog_is_html_and_a_folder_without_its_slash_leads_there(client: Client) -> None:
    for page in ("/", "/servers/com.example/versions/", "/about/"):
        answer = client.ask(page)
        assert (answer.status, answer.media_type) == (200, "text/html"), page
    if not client.can.folders:
        return
    answer = client.ask("/about")
    assert answer.status in {200, 301, 302, 307, 308}
    assert answer.status == 200 or answer.headers["location"].endswith("/about/")
