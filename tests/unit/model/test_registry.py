import json
from pathlib import Path
from typing import Any

import pytest

from regpress.model import registry
from regpress.model.entry import OFFICIAL_META, PUBLISHER_META, Candidate, RawFile
from regpress.model.formats import MAX_DOCUMENT_BYTES, holds_one_document
from regpress.model.legacy import SCHEMA_2025_07_09, SCHEMA_2025_09_16, modernise
from regpress.model.registry import ReadResult, read_candidates

DATA = Path(__file__).parents[3] / "../shared/data"
CURRENT = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"


def server(name: str = "com.example/weather", version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    return {"$schema": CURRENT, "name": name, "description": "Weather reports", "version": version, **more}


def skill(name: str = "forecast") -> dict[str, Any]:
    return {"namespace": "com.example", "name": name, "description": "Reads clouds", "version": "1.0.0"}


def upstream(**data: Any) -> dict[str, Any]:
    return {"version": "1.0.0", "meta": {"last_updated": "2026-05-01T06:00:00Z"}, "data": data}


def read(value: Any) -> ReadResult:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_candidates(RawFile(path="registry.json", data=data), source="team")


def only(result: ReadResult) -> Candidate:
    assert len(result.candidates) == 1, result
    return result.candidates[0]


def complaints(result: ReadResult) -> list[tuple[str, str, str]]:
    return [
        (issue.pointer, issue.severity, str(issue).removeprefix("team: registry.json: ")) for issue in result.issues
    ]


# Formats


def test_a_registry_file_gives_its_servers_skills_and_plugins_with_their_places() -> None:
    result = read(upstream(servers=[server(), server(version="1.1.0")], skills=[skill()], plugins=[skill("pack")]))
    assert result.format == "upstream"
    assert result.last_updated == "2026-05-01T06:00:00Z"
    assert result.issues == ()
    assert [(c.kind, c.pointer, c.value["version"]) for c in result.candidates] == [
        ("server", "data.servers[0]", "1.0.0"),
        ("server", "data.servers[1]", "1.1.0"),
        ("skill", "data.skills[0]", "1.0.0"),
        ("plugin", "data.plugins[0]", "1.0.0"),
    ]


@pytest.mark.parametrize("folder", ["toolhive-core/main/registry/types/data", "toolhive/main/pkg/registry/data"])
def test_both_addresses_of_the_schema_name_a_registry_file_even_without_data(folder: str) -> None:
    schema = f"https://raw.githubusercontent.com/stacklok/{folder}/upstream-registry.schema.json"
    result = read({"$schema": schema, "version": "1.0.0", "meta": {"last_updated": "2026-05-01T06:00:00Z"}})
    assert result.format == "upstream"
    assert complaints(result) == [
        ("", "error", "the registry file has no 'data' (expected an object with 'servers', 'skills', 'plugins')")
    ]


def test_a_registry_file_may_hold_skills_only() -> None:
    result = read(upstream(skills=[skill()]))
    assert (only(result).kind, result.issues) == ("skill", ())


def test_a_list_response_keeps_the_registrys_block_beside_each_server() -> None:
    block = {"status": "active", "publishedAt": "2026-01-01T00:00:00Z", "isLatest": True}
    meta = {OFFICIAL_META: block, "com.example/score": {"stars": 3}}
    result = read({"servers": [{"server": server(), "_meta": meta}], "metadata": {"count": 1}})
    candidate = only(result)
    assert (result.format, candidate.pointer, candidate.meta) == ("list", "servers[0].server", meta)
    assert (candidate.value, candidate.claims, candidate.converted) == (server(), None, False)


@pytest.mark.parametrize("metadata", [{}, {"nextCursor": ""}, {"nextCursor": None}, {"next_cursor": ""}, None, "odd"])
def test_a_list_without_a_next_page_is_complete(metadata: Any) -> None:
    assert read({"servers": [], "metadata": metadata}).issues == ()


@pytest.mark.parametrize("key", ["nextCursor", "next_cursor"])
def test_a_list_that_names_a_next_page_is_read_with_a_warning(key: str) -> None:
    result = read({"servers": [{"server": server()}], "metadata": {key: "com.example/x:1"}})
    assert only(result).value["name"] == "com.example/weather"
    assert [(issue.pointer, issue.severity, issue.reference) for issue in result.issues] == [
        (f"metadata.{key}", "warning", "more-pages")
    ]


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_array_of_documents_may_be_bare_or_wrapped(wrapped: bool) -> None:
    documents = [server(), server("com.example/tides")]
    result = read([{"server": each} if wrapped else each for each in documents])
    assert (result.format, [c.value for c in result.candidates], result.issues) == ("array", documents, ())
    assert result.candidates[1].pointer == ("[1].server" if wrapped else "[1]")


def test_a_single_server_json_is_one_document() -> None:
    result = read(server())
    assert (result.format, only(result).pointer, only(result).value) == ("document", "", server())


@pytest.mark.parametrize(
    ("value", "one"),
    [
        (server(), True),
        ({"skill": skill()}, True),
        (upstream(servers=[server()]), False),
        ({"servers": [server()]}, False),
        ([server()], False),
        ({"unknown": 1}, False),
    ],
)
def test_only_a_single_document_may_take_the_times_of_its_file(value: Any, one: bool) -> None:
    text = json.dumps(value).encode()
    assert holds_one_document(text) == holds_one_document(b"\xef\xbb\xbf" + text) == one
    assert not holds_one_document(text[:-1])
    assert not holds_one_document(text + b" " * MAX_DOCUMENT_BYTES)


@pytest.mark.parametrize("kind", ["server", "skill", "plugin"])
def test_a_wrapped_document_has_its_kind_metadata_and_claims(kind: str) -> None:
    meta = {OFFICIAL_META: {"status": "deprecated"}}
    result = read({kind: {**skill(), "odd": 1.10}, "_meta": meta, "claims": {"org": "acme"}})
    candidate = only(result)
    assert (candidate.kind, candidate.pointer) == (kind, kind)
    assert (candidate.meta, candidate.claims) == (meta, {"org": "acme"})


def test_members_that_nobody_knows_and_the_spelling_of_numbers_are_kept() -> None:
    text = b'{"name": "com.example/a", "version": "1", "x": {"n": 1.10, "big": 12345678901234567890123}}'
    value = only(read(text)).value
    assert (value["x"]["n"].text, value["x"]["big"].text) == ("1.10", "12345678901234567890123")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_byte_order_marks_and_any_line_ends_are_fine(mark: bytes, end: bytes) -> None:
    text = mark + json.dumps(upstream(servers=[server()]), indent=1).encode().replace(b"\n", end)
    assert only(read(text)).value == server()


def test_a_toolhive_registry_is_mapped_and_sorted_by_name() -> None:
    native = {
        "version": "1.0.0",
        "last_updated": "2026-02-20T00:21:11Z",
        "servers": {
            "zebra": {"description": "Stripes", "image": "ghcr.io/x/zebra:1", "transport": "stdio"},
            "ns/antelope": {"description": "Runs", "image": "ghcr.io/x/antelope:1", "transport": "stdio"},
        },
        "remote_servers": {"bear": {"description": "Sleeps", "url": "https://bear.example/mcp", "transport": "sse"}},
        "groups": [{"name": "animals"}],
    }
    result = read(native)
    assert (result.format, result.last_updated) == ("native", "2026-02-20T00:21:11Z")
    assert [(c.value["name"], c.pointer, c.converted) for c in result.candidates] == [
        ("io.github.stacklok/bear", "remote_servers.bear", True),
        ("io.github.stacklok/zebra", "servers.zebra", True),
        ("ns/antelope", 'servers["ns/antelope"]', True),
    ]
    assert [(issue.severity, issue.message) for issue in result.issues] == [
        ("info", "members without a place in server.json were left out: groups")
    ]


def test_a_toolhive_entry_that_cannot_be_mapped_leaves_the_others() -> None:
    native = {
        "last_updated": "2026-02-20T00:21:11Z",
        "servers": {"a": None, "b": {"image": ""}, "c": {"image": "x:1"}, "": {"image": "x:2"}},
    }
    result = read(native)
    assert [c.pointer for c in result.candidates] == ["servers.c"]
    assert [(issue.pointer, issue.path, issue.message) for issue in result.issues] == [
        ("servers.a", "", "this entry is null, not an object"),
        ("servers.b", "image", "this entry has no image"),
        ('servers[""]', "name", "this entry has an empty name"),
    ]


# What is no registry


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("text", "a string"),
        (7, "a number"),
        (None, "null"),
        ({}, "an empty object"),
        ({"a": 1, "b": 2}, "an object with the keys 'a', 'b'"),
        ({"mcpServers": {}}, "the settings of an MCP client"),
    ],
)
def test_anything_else_is_an_issue_that_lists_what_would_be_right(value: Any, found: str) -> None:
    result = read(value)
    assert (result.format, result.candidates) == ("", ())
    (issue,) = result.issues
    assert (issue.severity, issue.reference, issue.message) == ("error", "unknown-format", f"the file holds {found}")
    assert "data.servers" in issue.expected
    assert (issue.source, issue.file) == ("team", "registry.json")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (b"", 0, "the file is empty"),
        (b" \n ", 0, "the file is empty"),
        (b'{"servers": [\n1\n2]}', 3, "not JSON: "),
        (b'{"a": 1,\n"a": 2}', 2, "the key 'a' stands twice"),
        ("{}".encode("utf-16"), 1, "the file is UTF-16"),
        (b"[" * 100_000, 0, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_an_issue_with_its_line(text: bytes, line: int, message: str) -> None:
    (issue,) = read(text).issues
    assert (issue.type, issue.line) == ("json", line)
    assert issue.message.startswith(message)


@pytest.mark.parametrize(
    ("value", "pointer", "text"),
    [
        (upstream(servers={"a": 1}), "data.servers", "'data.servers' is an object (expected an array of servers)"),
        (upstream(skills=7), "data.skills", "'data.skills' is a number (expected an array of skills)"),
        (upstream(), "data", "'data' has no entries (expected 'servers', 'skills' or 'plugins')"),
        (upstream(servers=["x"]), "data.servers[0]", "this entry is a string (expected a server object)"),
        (upstream(servers=[{"server": 1}]), "data.servers[0].server", "'server' is a number (expected an object)"),
        (
            upstream(servers=[{"skill": {}}]),
            "data.servers[0].skill",
            "a skill stands among the servers (expected a server)",
        ),
        ({"servers": "x"}, "servers", "'servers' is a string (expected an array of servers)"),
        ({"servers": [None]}, "servers[0]", "this entry is null (expected a server object)"),
        ([True], "[0]", "this entry is a boolean (expected a server object)"),
        ({"server": server(), "skill": skill()}, "", "this entry holds a server and a skill (expected one of them)"),
        ({"server": server(), "_meta": []}, "_meta", "'_meta' is an array (expected an object)"),
        ({"data": []}, "data", "'data' is an array (expected an object with 'servers', 'skills', 'plugins')"),
        ({"remote_servers": []}, "remote_servers", "'remote_servers' is an array (expected an object of servers)"),
        (skill(), "", "this entry does not say whether it is a skill or a plugin"),
    ],
)
def test_a_malformed_wrapper_is_an_issue_at_its_place(value: Any, pointer: str, text: str) -> None:
    found = complaints(read(value))
    assert any(at == pointer and severity == "error" and said.startswith(text) for at, severity, said in found), found


def test_a_malformed_entry_leaves_its_neighbours() -> None:
    result = read(upstream(servers=[server(), 7, server(version="2.0.0")]))
    assert [c.pointer for c in result.candidates] == ["data.servers[0]", "data.servers[2]"]


def test_an_entry_whose_claims_cannot_be_read_is_not_read_at_all() -> None:
    result = read({"server": server(), "claims": "org=acme"})
    assert result.candidates == ()
    assert complaints(result) == [("claims", "error", "'claims' is a string (expected an object)")]


@pytest.mark.parametrize(
    ("change", "pointer", "text"),
    [
        ({"version": "1.0"}, "version", "'version' is '1.0' (expected the file's own version, '1.0.0')"),
        ({"version": 1}, "version", "'version' is a number (expected the file's own version, '1.0.0')"),
        ({"meta": {}}, "", "the file has no 'meta.last_updated' (expected an RFC 3339 date-time"),
        ({"meta": {"last_updated": "May"}}, "meta.last_updated", "'meta.last_updated' is 'May' (expected an RFC 3339"),
        ({"meta": {"last_updated": 5}}, "", "'meta.last_updated' is a number (expected an RFC 3339"),
    ],
)
def test_what_the_registry_file_demands_around_its_entries_is_checked(
    change: dict[str, Any], pointer: str, text: str
) -> None:
    result = read({**upstream(servers=[server()]), **change})
    assert len(result.candidates) == 1
    ((at, severity, said),) = complaints(result)
    assert (at, severity) == (pointer, "error")
    assert said.startswith(text)


def test_limits_are_named_in_the_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MAX_ENTRIES", 2)
    assert complaints(read(upstream(servers=[1, 2], skills=[3]))) == [
        ("", "error", "the file has 3 entries (expected at most 2)")
    ]
    monkeypatch.setattr(registry, "MAX_DOCUMENT_BYTES", 200)
    large = read([server(), server(title="x" * 200)])
    assert ([c.pointer for c in large.candidates], large.issues[0].pointer) == (["[0]"], "[1]")
    monkeypatch.setattr(registry, "MAX_FILE_BYTES", 1 << 20)
    assert read(b" " * (2 << 20)).issues[0].message == "the file has 2 MiB"


# Older spellings


def legacy(**more: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA_2025_07_09, "name": "com.example/old", "description": "Old", "version": "1", **more}


def test_snake_case_members_of_the_first_schema_are_read_in_todays_spelling() -> None:
    old = legacy(
        website_url="https://example.com",
        packages=[
            {
                "registry_type": "npm",
                "registry_base_url": "https://registry.npmjs.org",
                "identifier": "old",
                "version": "1.0.0",
                "file_sha256": "00",
                "runtime_hint": "npx",
                "transport": {"type": "sse", "url": "http://x/", "headers": [{"name": "A", "is_secret": True}]},
                "runtime_arguments": [{"type": "positional", "value_hint": "dir", "is_repeated": True}],
                "package_arguments": [{"type": "named", "name": "-p", "variables": {"p_q": {"is_required": True}}}],
                "environment_variables": [{"name": "KEY", "is_required": True}],
            }
        ],
        remotes=[{"type": "sse", "url": "https://x/", "headers": [{"name": "B", "is_required": False}]}],
        _meta={PUBLISHER_META: {"registry_type": "stays"}},
        my_own={"runtime_hint": "stays"},
    )
    result = read(upstream(servers=[old]))
    candidate = only(result)
    assert candidate.converted
    assert [(issue.severity, issue.pointer) for issue in result.issues] == [("info", "data.servers[0]")]
    assert candidate.value == {
        "$schema": SCHEMA_2025_09_16,
        "name": "com.example/old",
        "description": "Old",
        "version": "1",
        "websiteUrl": "https://example.com",
        "packages": [
            {
                "registryType": "npm",
                "registryBaseUrl": "https://registry.npmjs.org",
                "identifier": "old",
                "version": "1.0.0",
                "fileSha256": "00",
                "runtimeHint": "npx",
                "transport": {"type": "sse", "url": "http://x/", "headers": [{"name": "A", "isSecret": True}]},
                "runtimeArguments": [{"type": "positional", "valueHint": "dir", "isRepeated": True}],
                "packageArguments": [{"type": "named", "name": "-p", "variables": {"p_q": {"isRequired": True}}}],
                "environmentVariables": [{"name": "KEY", "isRequired": True}],
            }
        ],
        "remotes": [{"type": "sse", "url": "https://x/", "headers": [{"name": "B", "isRequired": False}]}],
        "_meta": {PUBLISHER_META: {"registry_type": "stays"}},
        "my_own": {"runtime_hint": "stays"},
    }


@pytest.mark.parametrize(
    "value",
    [
        legacy(packages=[{"registryType": "npm"}]),
        server(website_url="https://example.com"),
        legacy(packages="none", remotes=[1, None, {"headers": {}}]),
    ],
)
def test_documents_of_other_schemas_and_without_snake_case_stay_the_same_object(value: dict[str, Any]) -> None:
    assert modernise(value) is value


def test_a_member_in_both_spellings_keeps_both() -> None:
    both = legacy(website_url="https://a.example", websiteUrl="https://b.example", packages=[{"registry_type": "npm"}])
    value = modernise(both)
    assert (value["website_url"], value["websiteUrl"]) == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("schema", [SCHEMA_2025_07_09, SCHEMA_2025_09_16])
def test_the_status_of_an_old_document_becomes_the_registrys_word(schema: str) -> None:
    old = {**legacy(status="deprecated"), "$schema": schema}
    candidate = only(read(upstream(servers=[old])))
    assert candidate.meta == {OFFICIAL_META: {"status": "deprecated"}}
    assert candidate.value == old


def test_the_registrys_block_outranks_the_status_of_an_old_document() -> None:
    meta = {OFFICIAL_META: {"status": "active", "publishedAt": "2026-01-01T00:00:00Z"}}
    assert only(read([{"server": legacy(status="deleted"), "_meta": meta}])).meta == meta


def test_the_status_of_a_present_document_says_nothing() -> None:
    candidate = only(read([server(status="deleted")]))
    assert (candidate.meta, candidate.value) == (None, server(status="deleted"))


def test_the_registrys_block_inside_an_old_document_moves_out_of_it() -> None:
    block = {"published_at": "2025-07-10T00:00:00Z", "is_latest": True, "id": "4b3a"}
    inner = {OFFICIAL_META: block, PUBLISHER_META: {"a": 1}}
    candidate = only(read([legacy(_meta=inner, status="active")]))
    assert candidate.value["_meta"] == {PUBLISHER_META: {"a": 1}}
    assert candidate.meta == {
        OFFICIAL_META: {"status": "active", "publishedAt": "2025-07-10T00:00:00Z", "isLatest": True}
    }


def test_flat_entries_of_old_lists_give_their_times_to_the_registrys_block() -> None:
    flat = server(published_at="2025-07-10T00:00:00Z", updated_at="2025-08-01T00:00:00Z", is_latest=False)
    candidate = only(read({"servers": [flat], "metadata": {"next_cursor": None}}))
    assert candidate.value == server()
    assert candidate.meta == {
        OFFICIAL_META: {
            "publishedAt": "2025-07-10T00:00:00Z",
            "updatedAt": "2025-08-01T00:00:00Z",
            "isLatest": False,
        }
    }


def test_a_block_in_snake_case_or_without_its_key_is_read() -> None:
    times = {"published_at": "2025-07-10T00:00:00Z", "is_latest": True}
    expected = {OFFICIAL_META: {"publishedAt": "2025-07-10T00:00:00Z", "isLatest": True}, "com.example/x": {}}
    nested = {"servers": [{"server": server(), "_meta": {OFFICIAL_META: times, "com.example/x": {}}}]}
    level = {"servers": [{"server": server(), "_meta": {**times, "com.example/x": {}}}]}
    assert only(read(nested)).meta == expected
    assert only(read(level)).meta == expected


# Real files


@pytest.mark.parametrize(
    ("file", "form", "count"),
    [
        ("upstream-registry-real.json", "upstream", 2862),
        ("server-list-real.json", "list", 1762),
        ("toolhive-native-real.json", "native", 71),
        ("upstream-registry-toolhive-example.json", "upstream", 12),
    ],
)
def test_every_entry_of_the_real_files_is_found_unchanged(file: str, form: str, count: int) -> None:
    if not (DATA / file).exists():
        pytest.skip("the real registry data is not beside the project")
    raw = RawFile(path=file, data=(DATA / file).read_bytes())
    result = read_candidates(raw)
    assert (result.format, len(result.candidates), result.issues) == (form, count, ())
    whole = json.loads(raw.data)
    for candidate in result.candidates if form != "native" else ():
        assert candidate.value == _at(whole, candidate.pointer)


def _at(value: Any, pointer: str) -> Any:
    for step in pointer.replace("[", ".").replace("]", "").split("."):
        value = value[int(step)] if step.isdecimal() else value[step]
    return value
