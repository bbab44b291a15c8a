"""What `regpress serve` does with writes: checks and texts of official registry specification 7, files, and the log."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app_server import AppServer, Reply, encoded, serving_app
from app_site import UPSTREAM, document, git, in_repository, own_site, wait_until
from builders import SCHEMA, server
from sites import official_of, run

NAME = "com.example/weather"
PATH = f"/v0.1/servers/{encoded(NAME)}"


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """One server that everybody may write; each test has names of its own."""
    with serving_app(own_site(tmp_path_factory.mktemp("writing")), anonymous=True) as running:
        yield running


def problem(answer: Reply, status: int, detail: str) -> dict[str, Any]:
    assert (answer.status, answer.json["detail"]) == (status, detail)
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json
    return found


def test_a_published_version_is_answered_at_once_by_every_address(writing: AppServer) -> None:
    answer = writing.publish(document("com.example/at-once"))
    assert answer.status == 200
    block = official_of(answer.json)
    assert block["status"] == "active"
    assert block["publishedAt"] == block["updatedAt"] == block["statusChangedAt"]
    assert block["isLatest"] is True
    path = "/v0/servers/com.example%2Fat-once/versions"
    assert writing.get(f"{path}/latest").json == writing.get(f"{path}/1.0.0").json == answer.json
    assert writing.get(path).json["servers"] == [answer.json]
    assert writing.get("/v0.1/servers?search=at-once").json["servers"] == [answer.json]


def test_publishing_needs_no_token_only_of_programs_on_this_machine(writing: AppServer) -> None:
    for field in (
        {"Origin": "https://evil.example"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:80, evil.example"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
    ):
        answer = writing.publish(document("com.example/from-elsewhere"), **field)
        assert answer.status == 401, field
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert writing.publish(document("com.example/from-here"), Origin="http://localhost:8080").status == 200


def test_a_version_is_published_once_also_after_it_was_deleted(writing: AppServer) -> None:
    name = "com.example/once"
    path = f"/v0/servers/{encoded(name)}/versions/1.0.0"
    assert writing.publish(document(name)).status == 200
    again = problem(writing.publish(document(name)), 400, "Failed to publish server")
    assert again["errors"][0]["message"].startswith("invalid version: cannot publish duplicate version")
    assert official_of(writing.ask("DELETE", path).json)["status"] == "deleted"
    assert writing.get(path).status == 404
    problem(writing.ask("DELETE", path), 404, "Server not found")
    assert writing.publish(document(name)).status == 400


def test_the_latest_version_is_the_highest_that_is_not_deleted(writing: AppServer) -> None:
    name = "com.example/highest"
    path = f"/v0/servers/{encoded(name)}/versions"

    def latest() -> str:
        version: str = writing.get(f"{path}/latest").json["server"]["version"]
        return version

    for version, expected in (("1.0.0", "1.0.0"), ("2.0.0", "2.0.0"), ("1.5.0", "2.0.0"), ("2.0.0+b2", "2.0.0")):
        assert official_of(writing.publish(document(name, version)).json)["isLatest"] is (version == expected)
        assert latest() == expected
    writing.ask("DELETE", f"{path}/2.0.0")
    assert latest() == "2.0.0+b2"
    flags = [official_of(entry)["isLatest"] for entry in writing.get(path).json["servers"]]
    assert flags.count(True) == 1


@pytest.mark.parametrize(
    ("changed", "message", "location"),
    [
        ({"name": None}, "expected required property name to be present", "body"),
        ({"$schema": None}, "expected required property $schema to be present", "body"),
        ({"description": "x" * 101}, "expected length <= 100", "body.description"),
        ({"title": ""}, "expected length >= 1", "body.title"),
        ({"name": "no slash"}, "expected string to match pattern ^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$", "body.name"),
        ({"colour": 1}, "unexpected property", "body.colour"),
        ({"version": 1}, "expected string", "body.version"),
        ({"packages": [{"registryType": "npm"}]}, "expected required property identifier to be present",
         "body.packages[0]"),
        ({"remotes": {}}, "expected array", "body.remotes"),
        ({"icons": [{"src": "https://x.example/i", "theme": "blue"}]},
         'expected value to be one of "light, dark"', "body.icons[0].theme"),
    ],
)  # fmt: skip
def test_a_body_that_breaks_the_form_is_refused_with_the_place(
    changed: dict[str, Any], message: str, location: str, writing: AppServer
) -> None:
    value = {key: item for key, item in {**document("com.example/form"), **changed}.items() if item is not None}
    for path in ("/v0/publish", "/v0/validate"):
        found = problem(writing.ask("POST", path, value), 422, "validation failed")
        assert {"message": message, "location": location}.items() <= found["errors"][0].items()


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "request body is required"),
        (b"{", 400, "validation failed"),
        (b'{"name": "a", "name": "b"}', 400, "validation failed"),
        (b'{"name": "\\ud800"}', 400, "validation failed"),
        (b"[" * 5000, 400, "validation failed"),
        (b"\xff\xfe", 400, "validation failed"),
        (b"[]", 422, "validation failed"),
        (b'"' + b"x" * 1024 * 1024 + b'"', 413, "request body is too large limit=1048576 bytes"),
    ],
    ids=["empty", "cut", "twice", "surrogate", "deep", "utf-16", "array", "large"],
)
def test_a_body_that_is_no_document_is_refused(body: bytes, status: int, detail: str, writing: AppServer) -> None:
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    problem(writing.ask("POST", "/v0/publish", body=body, headers=fields), status, detail)


def test_a_body_of_another_type_is_refused_and_one_without_a_type_is_json(writing: AppServer) -> None:
    text = json.dumps(document("com.example/typed")).encode()
    fields = {"Content-Type": "text/xml", "Content-Length": str(len(text))}
    assert writing.ask("POST", "/v0/publish", body=text, headers=fields).status == 415
    fields["Content-Type"] = "application/json; charset=utf-8"
    assert writing.ask("POST", "/v0/publish", body=text, headers=fields).status == 200


def test_a_document_that_breaks_a_rule_is_refused_and_validation_says_which(writing: AppServer) -> None:
    value = document("com.example/rules", "^1.0.0", websiteUrl="http://example.org")
    problem(writing.publish(value), 422, "Failed to publish server, invalid schema: call /validate for details")
    answer = writing.ask("POST", "/v0/validate", value)
    assert answer.status == 200
    assert answer.json["valid"] is False
    references = {issue["reference"] for issue in answer.json["issues"]}
    assert {"version-looks-like-range", "website-url-invalid-scheme"} <= references
    assert all(list(issue) == ["type", "path", "message", "severity", "reference"] for issue in answer.json["issues"])
    assert writing.ask("POST", "/v0/validate", document("com.example/rules")).json["valid"] is True


def test_an_older_schema_is_accepted_with_a_warning(writing: AppServer) -> None:
    value = {**document("com.example/older"), "$schema": SCHEMA.replace("2025-12-11", "2025-10-17")}
    issues = writing.ask("POST", "/v0/validate", value).json
    assert issues["valid"] is True
    assert [issue["reference"] for issue in issues["issues"]] == ["schema-version-deprecated"]
    assert writing.publish(value).status == 200


def test_metadata_of_the_publisher_has_a_limit_and_everything_else_beside_it_is_dropped(writing: AppServer) -> None:
    key = "io.modelcontextprotocol.registry/publisher-provided"
    value = document("com.example/meta", _meta={key: {"x": "y" * 4096}})
    reason = problem(writing.publish(value), 400, "Failed to publish server")["errors"][0]["message"]
    assert reason == f"_meta.{key} extension exceeds 4KB limit (4104 bytes)"
    official = "io.modelcontextprotocol.registry/official"
    value["_meta"] = {key: {"x": 1.50}, official: {"status": "deleted"}, "com.other/x": 1}
    answer = writing.publish(value)
    assert answer.json["server"]["_meta"] == {key: {"x": 1.5}}
    assert official_of(answer.json)["status"] == "active"


def test_numbers_keep_their_spelling(writing: AppServer) -> None:
    key = "io.modelcontextprotocol.registry/publisher-provided"
    text = json.dumps({**document("com.example/numbers"), "_meta": {key: {"n": "@"}}}).replace('"@"', "1.10")
    answer = writing.ask("POST", "/v0/publish", body=text.encode(), headers={"Content-Length": str(len(text))})
    assert b'"n":1.10' in answer.body
    assert answer.body == writing.get("/v0/servers/com.example%2Fnumbers/versions/latest").body


def test_a_remote_url_belongs_to_one_server(writing: AppServer) -> None:
    shared = [{"type": "sse", "url": "https://shared.example/sse"}]
    assert writing.publish(server("com.example/holder", remotes=shared)).status == 200
    refused = writing.publish(server("com.example/taker", remotes=shared))
    reason = "remote URL https://shared.example/sse is already used by server com.example/holder"
    assert problem(refused, 400, "Failed to publish server")["errors"] == [{"message": reason}]
    assert writing.publish(server("com.example/holder", "1.0.1", remotes=shared)).status == 200
    for version in ("1.0.0", "1.0.1"):
        writing.ask("DELETE", f"/v0/servers/com.example%2Fholder/versions/{version}")
    assert writing.publish(server("com.example/taker", remotes=shared)).status == 200
    restored = writing.ask("PATCH", "/v0/servers/com.example%2Fholder/versions/1.0.0/status", {"status": "active"})
    assert problem(restored, 400, "Failed to update server status")["errors"][0]["message"].endswith(
        "com.example/taker"
    )


def test_an_edit_replaces_the_content_and_nothing_else(writing: AppServer) -> None:
    name = "com.example/edited"
    path = f"/v0/servers/{encoded(name)}/versions/1.0.0"
    before = official_of(writing.publish(document(name)).json)
    writing.ask("PATCH", f"{path}/status", {"status": "deprecated", "statusMessage": "old"})
    answer = writing.ask("PUT", path, document(name, description="Other words"))
    assert answer.json["server"]["description"] == "Other words"
    after = official_of(answer.json)
    assert (after["publishedAt"], after["status"], after["statusMessage"]) == (
        before["publishedAt"], "deprecated", "old",
    )  # fmt: skip
    assert after["updatedAt"] > after["statusChangedAt"] > before["updatedAt"]
    problem(writing.ask("PUT", path, document("com.example/other")), 400, "Cannot rename server")
    version = "Version in request body must match URL path parameter"
    problem(writing.ask("PUT", path, document(name, "2.0.0")), 400, version)
    invalid = "Failed to edit server, invalid schema: call /validate for details"
    problem(writing.ask("PUT", path, document(name, websiteUrl="http://x.example")), 422, invalid)
    problem(writing.ask("PUT", path.replace("1.0.0", "3.0.0"), document(name, "3.0.0")), 404, "Server not found")
    writing.ask("DELETE", path)
    problem(writing.ask("PUT", path, document(name)), 404, "Server not found")


def test_a_status_changes_and_says_when(writing: AppServer) -> None:
    name = "com.example/status"
    path = f"/v0/servers/{encoded(name)}/versions/1.0.0/status"
    first = official_of(writing.publish(document(name)).json)
    deprecated = official_of(writing.ask("PATCH", path, {"status": "deprecated", "statusMessage": "Use x"}).json)
    assert (deprecated["status"], deprecated["statusMessage"]) == ("deprecated", "Use x")
    assert deprecated["statusChangedAt"] == deprecated["updatedAt"] > first["updatedAt"]
    reworded = official_of(writing.ask("PATCH", path, {"status": "deprecated"}).json)
    assert "statusMessage" not in reworded
    assert reworded["statusChangedAt"] == deprecated["statusChangedAt"]
    assert reworded["updatedAt"] > deprecated["updatedAt"]
    same = "No changes to apply: status and message are already set to the provided values"
    problem(writing.ask("PATCH", path, {"status": "deprecated"}), 400, same)
    message = "status_message cannot be provided when setting status to active"
    for text in ("x", ""):
        problem(writing.ask("PATCH", path, {"status": "active", "statusMessage": text}), 400, message)
    assert official_of(writing.ask("PATCH", path, {"status": "deleted"}).json)["status"] == "deleted"
    assert official_of(writing.ask("PATCH", path, {"status": "active"}).json)["status"] == "active"
    for value in (
        {},
        {"status": "gone"},
        {"status": "deleted", "statusMessage": "x" * 501},
        {"status": "active", "x": 1},
    ):
        problem(writing.ask("PATCH", path, value), 422, "validation failed")
    unknown = "Server version not found"
    problem(writing.ask("PATCH", path.replace("1.0.0", "latest"), {"status": "deleted"}), 404, unknown)


def test_the_status_of_all_versions_changes_together_or_not_at_all(writing: AppServer) -> None:
    name = "com.example/all"
    path = f"/v0.1/servers/{encoded(name)}/status"
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        writing.publish(document(name, version))
    writing.ask("PATCH", f"/v0.1/servers/{encoded(name)}/versions/1.0.0/status", {"status": "deprecated"})
    result = writing.ask("PATCH", path, {"status": "deprecated"}).json
    assert result["updatedCount"] == len(result["servers"]) == 2
    assert {official_of(entry)["status"] for entry in result["servers"]} == {"deprecated"}
    same = "No changes to apply: all versions already have the requested status and message"
    problem(writing.ask("PATCH", path, {"status": "deprecated"}), 400, same)
    problem(writing.ask("PATCH", path.replace("all", "none"), {"status": "deleted"}), 404, "Server not found")
    assert writing.ask("PATCH", path, {"status": "deleted"}).json["updatedCount"] == 3
    assert writing.get(f"/v0/servers/{encoded(name)}/versions").status == 404


def test_what_another_source_supplies_is_not_published_over_unless_it_is_adopted(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    value = document(UPSTREAM, "1.2.0")
    with serving_app(site, anonymous=True) as running:
        path = f"/v0/servers/{encoded(UPSTREAM)}/versions"
        before = running.get(path).json["servers"]
        refused = problem(running.publish(value), 400, "Failed to publish server")
        assert "?adopt=true" in refused["errors"][0]["message"]
        edited = running.ask("PUT", f"{path}/1.0.0", document(UPSTREAM, "1.0.0"))
        assert "supplied by the source 'list'" in problem(edited, 400, "Failed to edit server")["errors"][0]["message"]
        assert running.ask("POST", "/v0/publish?adopt=true", value).status == 200
        after = running.get(path).json["servers"]
        assert [entry["server"]["version"] for entry in after] == ["1.2.0", "1.1.0", "1.0.0"]
        assert [entry["server"] for entry in after[1:]] == [entry["server"] for entry in before]
        assert [official_of(entry)["isLatest"] for entry in after] == [True, False, False]
        kept = [official_of(entry)["publishedAt"] for entry in before]
        assert [official_of(entry)["publishedAt"] for entry in after[1:]] == kept
    assert len(list((site / "content/servers" / UPSTREAM).iterdir())) == 3


def test_a_source_that_comes_first_cannot_be_adopted_from(tmp_path: Path) -> None:
    with serving_app(own_site(tmp_path, order=("list", "content")), anonymous=True) as running:
        answer = running.ask("POST", "/v0/publish?adopt=true", document(UPSTREAM, "1.2.0"))
        assert "comes before 'content'" in problem(answer, 400, "Failed to publish server")["errors"][0]["message"]


def test_the_status_of_a_version_of_any_source_can_be_changed(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    path = f"/v0/servers/{encoded(UPSTREAM)}/versions"
    with serving_app(site, anonymous=True) as running:
        changed = running.ask("PATCH", f"{path}/1.1.0/status", {"status": "deleted", "statusMessage": "broken"})
        assert official_of(changed.json)["statusMessage"] == "broken"
        shown = running.get(f"{path}?include_deleted=true").body
        assert running.get(f"{path}/latest").json["server"]["version"] == "1.0.0"
    with serving_app(site, anonymous=True) as running:
        assert running.get(f"{path}?include_deleted=true").body == shown


def test_a_registry_without_a_managed_source_takes_no_publications(tmp_path: Path) -> None:
    with serving_app(own_site(tmp_path, order=("list",)), anonymous=True) as running:
        assert problem(running.publish(document(NAME)), 501, "This registry takes no publications")["error"]


def test_files_follow_within_seconds_and_a_new_start_answers_the_same(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    paths = (f"{PATH}/versions", f"{PATH}/versions/latest", f"{PATH}/versions?include_deleted=true", "/v0.1/servers")
    with serving_app(site, anonymous=True) as running:
        running.publish(document(NAME, "1.0.0"))
        running.publish(document(NAME, "1.1.0", title="Second"))
        running.ask("PUT", f"{PATH}/versions/1.0.0", document(NAME, "1.0.0", title="First"))
        running.ask("PATCH", f"{PATH}/versions/1.1.0/status", {"status": "deprecated", "statusMessage": "x"})
        running.ask("PATCH", f"{PATH}/versions/1.1.0/status", {"status": "deprecated", "statusMessage": "y"})
        shown = [running.get(path).body for path in paths]
        built = site / f"dist/v0.1/servers/{NAME}"
        wait_until(lambda: (built / "versions.json").exists() and (built / "versions.json").read_bytes() == shown[0])
        assert (built / "versions/latest.json").read_bytes() == shown[1]
    with serving_app(site, anonymous=True) as running:
        assert [running.get(path).body for path in paths] == shown


def test_two_servers_do_not_write_one_site(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    refusal = pytest.raises(AssertionError, match="another process serves this site")
    with serving_app(site), refusal, serving_app(site):
        pass


def test_of_equal_publishes_at_once_exactly_one_wins(writing: AppServer) -> None:
    values = [
        document(f"com.example/race-{number}", title=f"by {writer}") for number in range(5) for writer in range(6)
    ]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(writing.publish, values))
    for number in range(5):
        some = answers[number * 6 : number * 6 + 6]
        assert sorted(answer.status for answer in some) == [200] + [400] * 5
        (won,) = (answer for answer in some if answer.status == 200)
        assert writing.get(f"/v0/servers/com.example%2Frace-{number}/versions/latest").json == won.json


def test_every_write_is_in_the_log_that_only_its_owner_reads(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    with serving_app(site, anonymous=True) as running:
        running.publish(document(NAME), **{"X-Request-Id": "first", "User-Agent": "publisher/1"})
        running.publish(document(NAME), **{"X-Request-Id": "second"})
        running.publish(document(NAME), Origin="https://evil.example")
        running.ask("DELETE", f"{PATH}/versions/1.0.0")
    log = site / "audit.jsonl"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["outcome"] for event in events] == ["success", "failure", "denied", "success"]
    assert events[0]["type"] == "entry.publish"
    assert events[0]["source"] == {"type": "network", "value": "127.0.0.1", "extra": {"user_agent": "publisher/1"}}
    assert events[0]["metadata"]["extra"]["request_id"] == "first"
    target = {"resource_name": NAME, "version": "1.0.0", "registry_name": "default", "method": "POST"}
    assert target.items() <= events[0]["target"].items()
    assert len({event["audit_id"] for event in events}) == 4
    done = run("log", site)
    assert done.code == 0
    lines = done.out.splitlines()
    assert len(lines) == 4
    assert f"entry.publish {NAME}@1.0.0 success" in lines[0]
    listed = run("log", site, "--format", "json", "--name", NAME, "--outcome", "success")
    assert [json.loads(line)["type"] for line in listed.out.splitlines()] == ["entry.publish", "entry.delete"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return in_repository(own_site(tmp_path / "site"))


def test_in_a_repository_every_write_is_a_commit_of_its_files_and_nothing_else(repository: Path) -> None:
    (repository / "list.json").write_text((repository / "list.json").read_text() + "\n")
    (repository / "staged.txt").write_text("staged by somebody")
    git(repository, "add", "staged.txt")
    with serving_app(repository, anonymous=True) as running:
        assert running.publish(document(NAME), **{"X-Request-Id": "abc"}).status == 200
        assert git(repository, "log", "--format=%s", "-1").strip() == f"Publish {NAME} 1.0.0"
        assert "request abc" in git(repository, "log", "--format=%b", "-1")
        changed = git(repository, "show", "--name-only", "--format=", "HEAD").split()
        assert changed == [f"content/servers/{NAME}/1.0.0.json"]
        running.ask("DELETE", f"{PATH}/versions/1.0.0")
        changed = git(repository, "show", "--name-only", "--format=", "HEAD").split()
        assert changed == [f"content/status/servers/{NAME}.json"]
    assert git(repository, "status", "--porcelain").splitlines() == [" M list.json", "A  staged.txt"]


def test_writes_that_come_together_share_a_commit(repository: Path) -> None:
    with serving_app(repository, anonymous=True) as running, ThreadPoolExecutor(16) as pool:
        values = [document(f"com.example/many-{number}") for number in range(32)]
        assert {answer.status for answer in pool.map(running.publish, values)} == {200}
    commits = git(repository, "log", "--format=%b", "--", "content").count("Publish com.example/many-")
    assert commits == 32
    assert int(git(repository, "rev-list", "--count", "HEAD")) - 1 < 32
    assert git(repository, "status", "--porcelain") == ""


def test_a_repository_that_leaves_the_content_out_gets_no_commits(repository: Path) -> None:
    git(repository, "rm", "-rq", "--cached", "content")
    (repository / ".gitignore").write_text("*\n")
    git(repository, "commit", "-qam", "Ignore")
    with serving_app(repository, anonymous=True) as running:
        assert running.publish(document(NAME)).status == 200
    assert git(repository, "log", "--format=%s", "-1").strip() == "Ignore"


def test_a_write_that_cannot_be_committed_does_not_count(repository: Path) -> None:
    with serving_app(repository, anonymous=True) as running:
        (repository / ".git/index.lock").touch()
        answer = running.publish(document(NAME))
        assert (answer.status, answer.json["detail"]) == (503, "The registry cannot write now")
        assert running.get(f"{PATH}/versions/latest").status == 404
        assert not list((repository / "content/servers").rglob("*.json"))
        (repository / ".git/index.lock").unlink()
        assert running.publish(document(NAME)).status == 200
