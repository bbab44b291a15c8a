"""What `regpress serve` answers to those who read, beyond what every host does (`tests/contract`)."""

from __future__ import annotations

import gzip
import json
import random
import socket
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from app_server import AppServer, encoded, serving_app
from app_site import own_site, wait_until
from sites import official_of
from varied import DELETED, HALF_DELETED, MANY_NAMES, PLUS, SERVERS, UPPER, VERSIONS

LIST = "/v0.1/servers"
TEAM = "/registry/team/v0.1"


def names(page: dict) -> list[str]:
    return [entry["server"]["name"] for entry in page["servers"]]


def walk(server: AppServer, path: str) -> list[str]:
    found, page = [], server.get(path).json
    while True:
        found += [f"{entry['server']['name']}@{entry['server']['version']}" for entry in page["servers"]]
        cursor = page["metadata"].get("nextCursor")
        if cursor is None:
            return found
        page = server.get(f"{LIST}?cursor={cursor}").json


@pytest.mark.parametrize("prefix", ["/v0", "/v0.1"])
def test_a_list_shows_every_version_in_order_thirty_at_a_time(prefix: str, reading: AppServer) -> None:
    page = reading.get(f"{prefix}/servers").json
    assert page["metadata"]["count"] == len(page["servers"]) == 30
    found = walk(reading, f"{prefix}/servers?limit=7")
    every = [f"{name}@{version}" for name, (versions, _) in SERVERS.items() for version in versions]
    assert found == sorted(every, key=lambda one: one.split("@"))


def test_a_search_looks_into_names_titles_and_descriptions_whatever_the_case(reading: AppServer) -> None:
    assert names(reading.get(f"{LIST}?search=UPPER").json) == [UPPER]
    assert names(reading.get(f"{LIST}?search=a%20%3C%20b").json) == ["com.example/markup"]
    assert names(reading.get(f"{LIST}?search=ALERT(1)").json) == ["com.example/markup"]
    for wildcard in ("%25", "_", "server-0_0"):
        assert names(reading.get(f"{LIST}?search={wildcard}").json) == []
    found = walk(reading, f"{LIST}?search=server-00&limit=3&version=latest")
    assert found == [f"{name}@1.0.0" for name in MANY_NAMES[:10]]


def test_versions_are_selected_exactly_or_as_the_latest(reading: AppServer) -> None:
    page = reading.get(f"{LIST}?version=1.9.1").json
    assert [entry["server"]["version"] for entry in page["servers"]] == ["1.9.1"]
    found = walk(reading, f"{LIST}?version=latest&limit=100")
    assert found == sorted(f"{name}@{latest}" for name, (_, latest) in SERVERS.items())
    assert reading.get(f"{LIST}?version=9.9.9").json == {"servers": [], "metadata": {"count": 0}}


def test_deleted_versions_show_only_to_those_who_ask_or_follow_changes(reading: AppServer) -> None:
    assert DELETED not in walk(reading, f"{LIST}?limit=100")
    with_deleted = walk(reading, f"{LIST}?limit=100&include_deleted=true")
    assert f"{DELETED}@1.0.0" in with_deleted
    assert f"{HALF_DELETED}@2.0.0" in with_deleted
    changed = walk(reading, f"{LIST}?limit=100&updated_since=2025-12-31T00:00:00Z")
    assert f"{DELETED}@1.0.0" in changed
    assert reading.get(f"{LIST}?updated_since=2030-01-01T00:00:00%2B02:00").json["servers"] == []
    path = f"{LIST}/{encoded(DELETED)}/versions"
    assert reading.get(path).status == reading.get(f"{path}/latest").status == 404
    listed = reading.get(f"{path}?include_deleted=1").json
    assert [official_of(entry)["status"] for entry in listed["servers"]] == ["deleted"]
    assert reading.get(f"{path}/1.0.0?include_deleted=true").json == listed["servers"][0]
    both = reading.get(f"{LIST}/{encoded(HALF_DELETED)}/versions?include_deleted=true").json["servers"]
    assert [entry["server"]["version"] for entry in both] == ["2.0.0", "1.0.0"]


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("limit=0", 422, "validation failed"),
        ("limit=101", 422, "validation failed"),
        ("limit=x", 422, "validation failed"),
        ("include_deleted=maybe", 422, "validation failed"),
        ("updated_since=yesterday", 400, "Invalid updated_since format: expected RFC3339 timestamp"),
        ("updated_since=2026-01-01T00:00:00Z&include_deleted=false", 400, "Cannot set include_deleted=false"),
        ("cursor=nonsense", 400, "Unknown cursor"),
    ],
)
def test_a_bad_parameter_is_named(query: str, status: int, detail: str, reading: AppServer) -> None:
    answer = reading.get(f"{LIST}?{query}")
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["detail"].startswith(detail)
    assert answer.json["error"] == answer.json["detail"]


def test_an_empty_or_unknown_parameter_counts_for_nothing(reading: AppServer) -> None:
    plain = reading.get(LIST).body
    assert reading.get(f"{LIST}?limit=&search=&version=&cursor=&updated_since=&q=x&include_deleted=").body == plain
    assert reading.get(f"{LIST}?limit=30&limit=1").body == plain


@pytest.mark.parametrize("kind", ["skills", "plugins"])
def test_skills_and_plugins_have_limits_texts_and_filters_of_their_own(kind: str, reading: AppServer) -> None:
    path = f"/v0.1/x/dev.toolhive/{kind}"
    listed = reading.get(path).json
    assert listed["metadata"] == {"count": 1}
    assert len({item["name"] for item in listed[kind]}) == 1
    assert reading.get(f"{path}?status=active,deprecated&search=%20REVIEWS%20").json == listed
    assert reading.get(f"{path}?status=deprecated").json[kind] == []
    assert reading.get(f"{path}?search=com.example").json[kind] == []
    assert reading.get(f"{path}?limit=x").json["error"] == "invalid limit parameter: must be an integer"
    assert reading.get(f"{path}?limit=101").json["error"] == "invalid limit parameter: must be between 1 and 100"


def test_another_registry_speaks_with_the_texts_of_its_own_specification(reading: AppServer) -> None:
    assert reading.get("/registry/none/v0.1/servers").json["error"] == "registry not found"
    assert reading.get(f"{TEAM}/servers/{encoded(PLUS)}/versions/1.0.0").json["error"] == "not found"
    assert reading.get(f"{TEAM}/servers?limit=x").json["error"] == "Invalid limit parameter: must be an integer"
    assert reading.get(f"{TEAM}/servers?limit=5000").status == 200
    assert reading.get(f"{TEAM}/servers/%20/versions").json["error"] == "serverName cannot be empty"
    assert "in format 'dns-namespace/name'" in reading.get(f"{TEAM}/servers/plain/versions").json["error"]
    assert reading.get(f"{TEAM}/servers?updated_since=x").json["error"].startswith("Invalid updated_since parameter")


@pytest.mark.parametrize("slash", ["/", "%2F", "%2f", "%252F"])
def test_a_name_is_found_however_its_slash_is_sent(slash: str, reading: AppServer) -> None:
    name = VERSIONS.replace("/", slash)
    assert reading.get(f"{LIST}/{name}/versions/1.9.0").json["server"]["name"] == VERSIONS
    assert len(reading.get(f"{LIST}/{name}/versions").json["servers"]) == 3


def test_a_broken_escape_in_a_name_is_a_bad_request(reading: AppServer) -> None:
    assert reading.get(f"{LIST}/com.example%252/versions").json["detail"] == "Invalid server name encoding"
    assert reading.get(f"{LIST}/com.example%2Fx/versions/%25zz").json["detail"] == "Invalid version encoding"
    assert reading.get(f"{LIST}/%ff%fe/versions").status == 400


def test_a_trailing_slash_is_cut_and_the_rest_of_the_path_kept_as_it_was_sent(reading: AppServer) -> None:
    for method in ("GET", "POST", "PATCH"):
        answer = reading.ask(method, f"{LIST}/{encoded(VERSIONS)}/versions/?limit=1")
        assert (answer.status, answer.headers["location"]) == (308, f"{LIST}/{encoded(VERSIONS)}/versions?limit=1")
    assert not reading.get("//host.example/v0.1/servers/").headers.get("location", "").startswith("//")


def test_every_answer_that_leads_on_stays_below_the_path_of_the_site(tmp_path: Path) -> None:
    site = own_site(tmp_path / "site", site={"baseUrl": "https://registry.example/my-registry"})
    with serving_app(site) as running:
        wait_until(lambda: running.get("/").status == 200)
        for path, target in (
            ("", "/"),
            ("?q=x", "/?q=x"),
            ("/servers", "/servers/"),
            ("/v0.1/servers/", "/v0.1/servers"),
            ("/v0.1/servers/?limit=1", "/v0.1/servers?limit=1"),
            ("/admin", "/admin/"),
        ):
            answer = running.get(path)
            assert answer.status in {301, 308}
            assert answer.headers["location"] == f"/my-registry{target}"
            assert running.get(target).status == 200
        assert running.get("/v0.1/servers").status == 200


@pytest.mark.parametrize("path", ["/v0.1/servers%00", "/v0.1/servers%2500", "/v0.1/servers?search=%00", "/%00"])
def test_a_nul_byte_is_a_bad_request(path: str, reading: AppServer) -> None:
    answer = reading.get(path)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    assert answer.json["detail"].endswith("contain null bytes" if "?" in path else "contains null bytes")
    assert reading.get(f"{LIST}?search=%2500").status == 200


def test_an_unknown_route_or_method_is_a_404_that_points_to_the_documentation(reading: AppServer) -> None:
    for method, path in (
        ("GET", "/v0.1/nothing"),
        ("DELETE", "/v0/servers"),
        ("GET", "/v0/publish"),
        ("OPTIONS", LIST),
    ):
        answer = reading.ask(method, path)
        assert answer.status == 404
        assert answer.json["detail"].startswith("Endpoint not found.")
        assert "/docs" in answer.json["detail"]
    assert "/v0.1/servers" in reading.ask("POST", "/servers").json["detail"]


def test_a_preflight_request_allows_every_method_that_there_is(reading: AppServer) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "PATCH"}
    answer = reading.ask("OPTIONS", f"{LIST}/x/status", headers=asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))


def test_an_answer_is_compressed_for_those_who_can_read_it_and_its_tag_saves_the_next_one(reading: AppServer) -> None:
    plain = reading.get(LIST)
    packed = reading.get(LIST, **{"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 4
    assert packed.headers["vary"] == "Accept-Encoding"
    for refused in ("gzip;q=0", "identity", "xgzip"):
        assert "content-encoding" not in reading.get(LIST, **{"Accept-Encoding": refused}).headers
    for tag in (plain.headers["etag"], packed.headers["etag"], f'"x", W/{plain.headers["etag"]}', "*"):
        assert reading.get(LIST, **{"If-None-Match": tag}).status == 304
    head = reading.ask("HEAD", LIST)
    assert head.body == b""
    assert head.headers["content-length"] == str(len(plain.body))


def test_pages_and_documents_of_the_tree_are_served_beside_the_api(reading: AppServer) -> None:
    for path in ("/", "/servers/com.example/versions/", "/about/"):
        answer = reading.get(path)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert reading.get("/v0.1/x/dev.regpress/facets").json["server"]["total"] == len(SERVERS)
    assert reading.get("/registry.json").json["data"]["servers"]
    for hidden in ("/_config/nginx.conf", "/v0.1/_pages/servers/latest", "/v0.1/_pages/servers/latest.json"):
        assert reading.get(hidden).status == 404, hidden
    assert reading.get("/v0.1/x/dev.regpress/deleted/servers").status == 404


@pytest.mark.parametrize("step", ["..", "%2e%2e", ".%2e", "%2e%2e%2f", "..%5c", "%252e%252e"])
def test_no_path_leads_out_of_the_tree(step: str, reading: AppServer) -> None:
    for path in (f"/{step}/config.yaml", f"/about/{step}/{step}/config.yaml", f"/v0.1/x/dev.regpress/{step}/{step}/x"):
        answer = reading.get(path)
        assert answer.status in {400, 404}
        assert b"sources:" not in answer.body


def test_cursors_of_stored_pages_go_on_here(reading: AppServer) -> None:
    index = json.loads(reading.get("/v0.1/servers?version=latest&limit=100").body)
    assert index["metadata"]["nextCursor"].startswith("q")
    rest = names(reading.get(f"{LIST}?cursor=latest&limit=100").json)
    assert rest == names(index)


def test_the_service_says_what_it_is_and_how_it_is(reading: AppServer) -> None:
    assert reading.get("/health").json == {"status": "healthy"}
    assert reading.get("/v0/health").json == {"status": "ok"}
    assert reading.get("/ping").json == reading.get("/v0.1/ping").json == {"pong": True}
    assert reading.get("/readiness").json == {"status": "ready"}
    assert {"version", "git_commit", "build_time"} <= reading.get("/v0/version").json.keys()
    metrics = reading.get("/metrics").body.decode()
    assert 'mcp_registry_http_requests_total{method="GET",path="/v0.1/servers",status_code="200"}' in metrics
    assert "com.example" not in metrics
    page = reading.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert b"/v0.1/publish" in page.body
    assert b"http://" not in page.body.replace(b"http://www.w3.org", b"")


def test_without_an_auth_section_every_write_is_refused(reading: AppServer) -> None:
    path = f"{LIST}/{encoded(VERSIONS)}"
    for method, target in (
        ("POST", "/v0/publish"),
        ("PUT", f"{path}/versions/1.9.0"),
        ("DELETE", f"{path}/versions/1.9.0"),
        ("PATCH", f"{path}/versions/1.9.0/status"),
        ("PATCH", f"{path}/status"),
    ):
        for headers in ({}, {"Authorization": "Bearer x"}):
            answer = reading.ask(method, target, {"status": "deleted"} if method == "PATCH" else None, headers=headers)
            assert answer.status in {400, 401, 422}, (method, headers)
            if not headers:
                assert answer.status == 401
                assert answer.headers["www-authenticate"].startswith("Bearer")


def test_nothing_in_the_input_is_an_error_of_the_server(reading: AppServer) -> None:
    chance = random.Random(6)
    pieces = [
        "/v0", "/v0.1", "/registry", "/team", "/servers", "/versions", "/latest", "/status", "/x/dev.toolhive",
        "/skills", "/com.example", "%2F", "%252F", "%", "%25", "%zz", "%ff", "//", "/..", "\\", "?", "&", "=",
        "limit", "cursor",
        "search", "updated_since", "include_deleted", "version", "9" * 30, "-1", "q" + "A" * 40, "qW10", "qbnVsbA",
        "qW1tbW1tb", "\u00e9", "%F0%9F%A6%8A", "%ED%A0%80", "2026-01-01T00:00:00Z", "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59-23:59", "%0A", "%20", "*", "'", '"', "<", "%3Cscript%3E", "l" + "A" * 16, ".json",
    ]  # fmt: skip
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    for _ in range(400):
        path = "/" + "".join(chance.choice(pieces) for _ in range(chance.randrange(1, 9))).lstrip("/")
        answer = reading.ask(chance.choice(methods), quote(path, safe="/%?&=*'\\\"<>"))
        assert answer.status < 500, path


def test_bytes_that_are_no_request_are_refused_and_the_next_request_is_answered(reading: AppServer) -> None:
    address = urlsplit(reading.base)
    for junk in (
        b"\0\0\0\0\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
    ):
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            connection.sendall(junk)
            assert b" 500 " not in connection.recv(100)
    assert reading.get(LIST).status == 200


def test_a_head_of_a_request_that_is_too_large_is_refused(reading: AppServer) -> None:
    assert reading.get(LIST, **{"X-Padding": "x" * 40_000}).status == 431
    assert reading.get(LIST, **{f"X-{number}": "1" for number in range(150)}).status == 431
