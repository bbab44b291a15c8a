"""The schema tier: which documents pass, and how the failures of the others read."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from regpress.model.entry import PUBLISHER_META
from regpress.model.issue import Issue
from regpress.names import Kind
from regpress.validate import schema, wording

EXAMPLES = Path(__file__).parents[2] / "examples"
CURRENT_ADDRESS = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
PUBLISHER = f'_meta["{PUBLISHER_META}"]'
REMOVED = object()


def make_server(**members: Any) -> dict[str, Any]:
    server = {
        "$schema": CURRENT_ADDRESS,
        "name": "com.example/tides",
        "description": "Tide tables",
        "version": "1.2.0",
        "packages": [
            {
                "registryType": "npm",
                "identifier": "@example/tides",
                "version": "1.2.0",
                "transport": {"type": "stdio"},
                "packageArguments": [{"type": "named", "name": "--port"}],
            }
        ],
        "remotes": [{"type": "sse", "url": "https://tides.example.com/sse"}],
    }
    return {key: value for key, value in (server | members).items() if value is not REMOVED}


def make_skill(**members: Any) -> dict[str, Any]:
    skill = {"namespace": "com.example", "name": "knots", "description": "Tie knots", "version": "1.0.0"}
    return {key: value for key, value in (skill | members).items() if value is not REMOVED}


def with_package(**members: Any) -> dict[str, Any]:
    server = make_server()
    package = server["packages"][0] | members
    server["packages"] = [{key: value for key, value in package.items() if value is not REMOVED}]
    return server


def with_publisher(block: Any) -> dict[str, Any]:
    return make_server(_meta={PUBLISHER_META: block})


def only(issues: tuple[Issue, ...]) -> Issue:
    assert len(issues) == 1, [str(issue) for issue in issues]
    return issues[0]


def references(issues: tuple[Issue, ...]) -> list[str]:
    return [issue.reference for issue in issues]


# The schemas themselves


@pytest.mark.parametrize("name", schema.schema_names())
def test_a_schema_is_named_after_its_file_and_valid(name: str) -> None:
    document = json.loads(schema.schema_bytes(name))

    assert document["$id"] == name
    assert document["description"]
    jsonschema.validators.validator_for(document).check_schema(document)


@pytest.mark.parametrize("name", schema.schema_names())
def test_a_schema_refers_only_to_itself_and_to_published_siblings(name: str) -> None:
    document = json.loads(schema.schema_bytes(name))
    for reference in values_of(document, "$ref"):
        file, _, pointer = reference.partition("#")
        target = json.loads(schema.schema_bytes(file)) if file else document
        for step in pointer.split("/")[1:]:
            target = target[step]


def test_every_pattern_of_the_schemas_has_plain_words() -> None:
    used = {
        pattern
        for name in schema.schema_names()
        if not name.startswith("regpress-")  # those of our own documents describe, they do not validate input
        for pattern in values_of(json.loads(schema.schema_bytes(name)), "pattern")
    }

    suffix_of_hosts = "^\\.[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$"  # one of two alternatives, worded together
    assert used - {suffix_of_hosts} == set(wording.PATTERNS)


def test_every_form_and_kind_has_a_schema() -> None:
    names = set(schema.schema_names())

    assert {f"server-{dialect}.schema.json" for dialect in schema.DIALECTS} < names
    assert {
        "skill.schema.json",
        "plugin.schema.json",
        "publisher-provided.schema.json",
        "upstream-registry.schema.json",
        "server-list.schema.json",
    } < names


@pytest.mark.parametrize("name", ["nothing.schema.json", "../errors.py", "", "__init__.py"])
def test_only_schemas_are_handed_out(name: str) -> None:
    with pytest.raises(KeyError):
        schema.schema_bytes(name)


def values_of(value: Any, key: str) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in values_of(item, key)]
    if not isinstance(value, dict):
        return []
    own = [value[key]] if isinstance(value.get(key), str) else []
    return own + [found for item in value.values() for found in values_of(item, key)]


# Examples


def kind_of(path: Path) -> Kind:
    return "skill" if "-skill-" in path.name else "plugin" if "-plugin-" in path.name else "server"


def example_issues(path: Path) -> list[dict[str, str]]:
    document = json.loads(path.read_text())
    found = [*schema.schema_issues(kind_of(path), document), *schema.publisher_issues(document)]
    return [{"path": issue.path, "reference": issue.reference} for issue in found]


@pytest.mark.parametrize("path", sorted((EXAMPLES / "valid").glob("schema-*.json")), ids=lambda path: path.stem)
def test_a_valid_example_has_no_issues(path: Path) -> None:
    assert example_issues(path) == []


@pytest.mark.parametrize(
    "path",
    sorted(path for path in (EXAMPLES / "invalid").glob("schema-*.json") if not path.name.endswith(".issues.json")),
    ids=lambda path: path.stem,
)
def test_an_invalid_example_has_the_issues_beside_it(path: Path) -> None:
    assert example_issues(path) == json.loads(path.with_suffix(".issues.json").read_text())


# Messages


@pytest.mark.parametrize(
    ("server", "path", "reference", "message", "expected"),
    [
        (make_server(version=REMOVED), "", "required", "the document lacks the required member 'version'", ""),
        (
            make_server(version=REMOVED, Version="1.2.0"),
            "",
            "required",
            "the document lacks the required member 'version'",
            "the spelling 'version', not 'Version'",
        ),
        (
            with_package(transport=REMOVED),
            "packages[0]",
            "required",
            "packages[0] lacks the required member 'transport'",
            "",
        ),
        (
            make_server(description="d" * 131),
            "description",
            "maxLength",
            "description has 131 characters, at most 100 allowed",
            "",
        ),
        (make_server(description=""), "description", "minLength", "description is empty", "at least 1 character"),
        (make_server(version=3), "version", "type", "version is the number 3", "a string"),
        (make_server(version=None), "version", "type", "version is null", "a string"),
        (make_server(packages={}), "packages", "type", "packages is an empty object", "an array"),
        (make_server(remotes=[True]), "remotes[0]", "type", "remotes[0] is true", "an object"),
        (
            make_server(name="tides-without-slash"),
            "name",
            "pattern",
            "name 'tides-without-slash' is not of the right form",
            "'namespace/name' of letters, digits, '.', '-' and, after the slash, '_'",
        ),
        (
            make_server(websiteUrl="example.com"),
            "websiteUrl",
            "format",
            "websiteUrl 'example.com' is not an absolute URI: it has no scheme such as 'https:'",
            "e.g. 'https://example.com/docs'",
        ),
        (
            make_server(websiteUrl="https://example.com/a b"),
            "websiteUrl",
            "format",
            "websiteUrl 'https://example.com/a b' is not an absolute URI: ' ' must be percent-encoded",
            "e.g. 'https://example.com/docs'",
        ),
        (
            make_server(icons=[{"src": "https://example.com/i.png", "sizes": ["48x48", "big"]}]),
            "icons[0].sizes[1]",
            "pattern",
            "sizes[1] 'big' is not of the right form",
            "a size such as '48x48', or 'any'",
        ),
        (
            with_package(transport={"type": "http", "url": 5}),
            "packages[0].transport.type",
            "enum",
            "type 'http' is none of the known values",
            "'stdio', 'streamable-http' or 'sse'",
        ),
        (
            with_package(transport={"type": "sse"}),
            "packages[0].transport",
            "required",
            "transport lacks the required member 'url'",
            "",
        ),
        (
            make_server(remotes=[{"type": "streamable-http", "url": "tides.example.com"}]),
            "remotes[0].url",
            "pattern",
            "url 'tides.example.com' is not of the right form",
            "an address that begins with 'http://' or 'https://' and has no spaces",
        ),
        (
            with_package(version="latest"),
            "packages[0].version",
            "not",
            "version is the reserved word 'latest'",
            "an exact version, e.g. '1.2.3'",
        ),
        (
            with_package(runtimeArguments=[{"type": "positional"}]),
            "packages[0].runtimeArguments[0]",
            "anyOf",
            "runtimeArguments[0] is a positional argument with neither 'value' nor 'valueHint'",
            "at least one of them",
        ),
        (
            with_package(packageArguments=[{"type": "named", "value": "8080"}]),
            "packages[0].packageArguments[0]",
            "required",
            "packageArguments[0] lacks the required member 'name'",
            "",
        ),
        (
            with_package(environmentVariables=[{"name": "A", "variables": {"b c": {"format": "int"}}}]),
            'packages[0].environmentVariables[0].variables["b c"].format',
            "enum",
            "format 'int' is none of the known values",
            "'string', 'number', 'boolean' or 'filepath'",
        ),
        ([], "", "type", "the document is an array", "an object"),
    ],
)
def test_a_failure_says_what_was_found_and_what_would_be_right(
    server: Any, path: str, reference: str, message: str, expected: str
) -> None:
    issue = only(schema.schema_issues("server", server))

    assert (issue.type, issue.severity, issue.path) == ("schema", "error", path)
    assert (issue.reference, issue.message, issue.expected) == (f"schema:{reference}", message, expected)


@pytest.mark.parametrize(
    ("kind", "document", "path", "message"),
    [
        ("skill", make_skill(name="K"), "name", "name 'K' is not of the right form"),
        ("skill", make_skill(allowedTools=["a", "a"]), "allowedTools", "allowedTools holds the same item twice"),
        ("skill", make_skill(status="ACTIVE"), "status", "status 'ACTIVE' is none of the known values"),
        (
            "skill",
            make_skill(provenance={"signer": "x"}),
            "provenance",
            "provenance has members that this schema does not allow there: 'signer'",
        ),
        ("plugin", make_skill(packages=[{"registryType": "npm"}]), "packages[0].registryType", "'npm' is none of"),
    ],
)
def test_skills_and_plugins_are_checked_by_their_own_schemas(
    kind: Kind, document: dict[str, Any], path: str, message: str
) -> None:
    issue = only(schema.schema_issues(kind, document))

    assert issue.path == path
    assert message in issue.message


def test_all_failures_are_listed_once_and_in_order() -> None:
    server = with_package(identifier=None, packageArguments=[3]) | {"title": "", "name": 4}

    issues = schema.schema_issues("server", server)

    assert [issue.path for issue in issues] == [
        "name",
        "packages[0].identifier",
        "packages[0].packageArguments[0]",
        "title",
    ]


def test_messages_repeat_no_long_texts_and_no_control_characters() -> None:
    server = make_server(websiteUrl="x\x1b\u202e\n" + "y" * 5000, title={"z" * 5000: 1}, repository={"\n" * 500: 1})
    server["name"] = "\u2028" * 150

    for issue in schema.schema_issues("server", server):
        assert len(str(issue)) < 600
        assert str(issue).isprintable()


def test_a_document_with_countless_failures_gets_a_bounded_report() -> None:
    server = make_server(packages=[None] * (schema.MAX_FAILURES + 10))

    assert len(schema.schema_issues("server", server)) == schema.MAX_FAILURES


def test_what_the_validator_cannot_read_is_an_issue_too() -> None:
    assert references(schema.schema_issues("server", make_server(name="\ud800/x"))) == ["schema:json"]

    nested: Any = 1
    for _ in range(500):
        nested = [nested]
    assert references(schema.schema_issues("server", make_server(version=1, x=nested)))


def test_unknown_members_and_large_numbers_pass() -> None:
    assert schema.schema_issues("server", make_server(x=10**30, y=float("inf"), z={"deep": [None]})) == ()


def test_checking_leaves_the_document_as_it_was() -> None:
    server = with_publisher({"io.github.stacklok": {"x": {}}})
    before = copy.deepcopy(server)

    schema.schema_issues("server", server)
    schema.publisher_issues(server)
    schema.registry_file_issues({"data": {"servers": [server]}})

    assert server == before


# $schema


def address(dialect: str) -> str:
    return f"https://static.modelcontextprotocol.io/schemas/{dialect}/server.schema.json"


@pytest.mark.parametrize(
    ("declared", "dialect", "expected"),
    [
        (CURRENT_ADDRESS, "2025-12-11", []),
        ("", "2025-12-11", ["semantic schema-field-required"]),
        (address("2025-09-29"), "2025-09-29", ["semantic schema-version-deprecated"]),
        # Only the exact address escapes the warning; the host is not compared when looking the version up.
        (
            "http://example.org/schemas/2025-12-11/server.schema.json",
            "2025-12-11",
            ["semantic schema-version-deprecated"],
        ),
        (address("draft"), "draft", ["schema schema-version-not-available"]),
        (
            "https://raw.githubusercontent.com/x/registry/main/docs/reference/server-json/draft/server.schema.json",
            "draft",
            ["schema schema-version-not-available"],
        ),
        (
            address("2031-01-01"),
            "2025-12-11",
            ["semantic schema-version-deprecated", "schema schema-version-not-available"],
        ),
        ("https://example.org/server.json", "2025-12-11", ["schema schema-version-extraction-error"]),
        (
            "https://example.org/schemas/a/b/server.schema.json",
            "2025-12-11",
            ["schema schema-version-extraction-error"],
        ),
    ],
)
def test_the_named_schema_decides_the_form(declared: str, dialect: str, expected: list[str]) -> None:
    found = schema.declared_schema(declared)

    assert found.dialect == dialect
    assert [f"{issue.type} {issue.reference}" for issue in found.issues] == expected
    assert {issue.path for issue in found.issues} <= {"schema"}
    # An older schema is advice: nearly every registry holds such entries.
    advice = {issue.reference for issue in found.issues if issue.severity == "info"}
    assert advice <= {"schema-version-deprecated"}
    assert not any(issue.severity == "error" for issue in found.issues)


def test_a_document_without_schema_is_checked_against_the_current_one() -> None:
    assert references(schema.schema_issues("server", make_server(**{"$schema": REMOVED}))) == ["schema-field-required"]
    broken = make_server(**{"$schema": REMOVED, "version": 1})
    assert references(schema.schema_issues("server", broken)) == ["schema-field-required", "schema:type"]


def test_a_schema_that_is_no_text_is_a_wrong_type() -> None:
    issue = only(schema.schema_issues("server", make_server(**{"$schema": 5})))

    assert (issue.path, issue.reference) == ("$schema", "schema:type")


def test_an_old_document_may_have_its_old_form() -> None:
    server = {
        "$schema": address("2025-07-09"),
        "name": "com.example/tides",
        "description": "Tide tables",
        "version": "1.2.0",
        "website_url": "https://example.com",
        "packages": [
            {"registry_type": "npm", "identifier": "tides", "version": "1", "transport": {"type": "stdio"}},
        ],
    }

    issue = only(schema.schema_issues("server", server))
    assert issue.reference == "schema-version-deprecated"
    assert "snake_case" in issue.message

    server["website_url"] = "nowhere"
    assert references(schema.schema_issues("server", server)) == ["schema-version-deprecated", "schema:format"]
    # The same members are unknown to later forms.
    assert "schema:required" in references(schema.schema_issues("server", server, dialect="2025-09-16"))


def test_an_entry_converted_in_place_gets_advice_instead_of_errors() -> None:
    server = with_package(version=REMOVED) | {"$schema": address("2025-09-29")}

    issues = schema.schema_issues("server", server)

    assert references(issues) == ["schema-version-deprecated", "schema-mismatch-declared"]
    assert {issue.severity for issue in issues} == {"info"}
    assert "packages[0] lacks the required member 'version'" in issues[1].message


def test_a_converted_entry_with_a_defect_is_judged_by_the_current_schema() -> None:
    server = with_package(version=REMOVED) | {"$schema": address("2025-09-29"), "description": ""}

    assert references(schema.schema_issues("server", server)) == [
        "schema-version-deprecated",
        "schema-mismatch-declared",
        "schema:minLength",
    ]


def test_a_given_dialect_counts_instead_of_the_named_one() -> None:
    server = with_package(version=REMOVED)

    assert references(schema.schema_issues("server", server, dialect="2025-09-29")) == ["schema:required"]
    assert schema.schema_issues("server", server, dialect="2025-10-11") == ()
    with pytest.raises(KeyError):
        schema.schema_issues("server", server, dialect="2031-01-01")


def test_only_the_draft_lets_an_address_begin_with_a_variable() -> None:
    server = make_server(remotes=[{"type": "sse", "url": "{base}/sse", "variables": {"base": {}}}])

    assert references(schema.schema_issues("server", server)) == ["schema:pattern"]
    assert schema.schema_issues("server", server, dialect="draft") == ()


def test_addresses_of_sse_were_plain_uris_before_they_were_templates() -> None:
    server = make_server(remotes=[{"type": "sse", "url": "https://{region}.example.com/sse"}])

    assert schema.schema_issues("server", server) == ()
    issue = only(schema.schema_issues("server", server, dialect="2025-10-17"))
    assert (issue.path, issue.reference) == ("remotes[0].url", "schema:format")


# Publisher-provided metadata


EXTENSION = {"status": "active", "tier": "Community", "tags": ["sea-tides"], "tools": ["next_tide"]}


def test_metadata_that_toolhive_understands_passes() -> None:
    assert schema.publisher_issues(with_publisher({"io.github.stacklok": {"ghcr.io/x/y:1": EXTENSION}})) == ()
    assert schema.publisher_issues(make_server()) == ()
    assert schema.publisher_issues(make_server(_meta=[])) == ()
    assert schema.publisher_issues(None) == ()


@pytest.mark.parametrize(
    ("member", "path", "reference", "message"),
    [
        ({"status": "gone"}, ".status", "enum", "status 'gone' is none of the known values"),
        ({"tags": ["Sea"]}, ".tags[0]", "pattern", "tags[0] 'Sea' is not of the right form"),
        ({"proxy_port": 70000}, ".proxy_port", "maximum", "at most 65535 allowed"),
        ({"proxy_port": 0}, ".proxy_port", "minimum", "at least 1 needed"),
        ({"metadata": {"last_updated": "today"}}, ".metadata.last_updated", "format", "not an RFC 3339 date-time"),
        ({"metadata": {"kubernetes": {"uid": "1"}}}, ".metadata.kubernetes.uid", "format", "'1' is not a UUID"),
        (
            {"permissions": {"network": {"outbound": {"allow_host": ["*.com"]}}}},
            ".permissions.network.outbound.allow_host[0]",
            "anyOf",
            "allow_host[0] '*.com' is not a host",
        ),
        ({"permissions": {"read": ["data"]}}, ".permissions.read[0]", "pattern", "read[0] 'data' is not of the right"),
    ],
)
def test_a_broken_toolhive_extension_is_an_error(
    member: dict[str, Any], path: str, reference: str, message: str
) -> None:
    server = with_publisher({"io.github.stacklok": {"https://x": EXTENSION | member}})

    issue = only(schema.publisher_issues(server))

    assert issue.path == f'{PUBLISHER}["io.github.stacklok"]["https://x"]{path}'
    assert (issue.severity, issue.reference) == ("error", f"schema:{reference}")
    assert message in issue.message


def test_other_publishers_metadata_is_theirs() -> None:
    issue = only(schema.publisher_issues(with_publisher({"tool": "publisher-cli"})))

    assert (issue.severity, issue.path) == ("warning", f"{PUBLISHER}.tool")
    assert "ToolHive" in issue.expected


def test_a_block_that_is_no_object_is_found_once_by_both_checks() -> None:
    server = with_publisher("text")

    assert schema.publisher_issues(server) == schema.schema_issues("server", server)


# Frames of files with many entries


FRAME = {"version": "1.0.0", "meta": {"last_updated": "2026-05-01T06:00:00Z"}, "data": {"servers": []}}


def test_the_frame_of_a_registry_file_is_checked_without_its_entries() -> None:
    broken_entries = {"servers": [None, {}], "skills": [5], "plugins": [{}], "x": {}}

    assert schema.registry_file_issues(FRAME) == ()
    assert schema.registry_file_issues(FRAME | {"data": broken_entries, "$schema": "https://example.org/x"}) == ()


@pytest.mark.parametrize(
    ("frame", "path", "reference"),
    [
        ([], "", "type"),
        ({}, "", "required"),
        (FRAME | {"version": "1.0"}, "version", "pattern"),
        (FRAME | {"meta": {"last_updated": "2026-05-01"}}, "meta.last_updated", "format"),
        (FRAME | {"data": {}}, "data", "required"),
        (FRAME | {"data": {"servers": {}}}, "data.servers", "type"),
        (FRAME | {"data": {"servers": [], "skills": None}}, "data.skills", "type"),
        (FRAME | {"data": []}, "data", "type"),
    ],
)
def test_a_broken_frame_of_a_registry_file_is_found(frame: Any, path: str, reference: str) -> None:
    assert (path, f"schema:{reference}") in [
        (issue.path, issue.reference) for issue in schema.registry_file_issues(frame)
    ]


@pytest.mark.parametrize("cursor", ["", None, "c2Vydm"])
def test_the_frame_of_a_list_takes_any_spelling_of_the_end(cursor: str | None) -> None:
    page = {"servers": [None], "metadata": {"count": 1, "nextCursor": cursor}}

    assert schema.server_list_issues(page) == ()


def test_a_broken_frame_of_a_list_is_found() -> None:
    assert references(schema.server_list_issues({"metadata": {"count": "1"}})) == ["schema:required", "schema:type"]
    assert references(schema.server_list_issues(None)) == ["schema:type"]


# What clients tolerate


def harmless(server: Any) -> set[bool]:
    issues = (*schema.schema_issues("server", server), *schema.publisher_issues(server))
    return {schema.is_harmless(issue, server) for issue in issues}


@pytest.mark.parametrize(
    "server",
    [
        make_server(repository={}),
        make_server(repository={"url": "https://github.com/x/y"}),
        make_server(repository={"url": "x y", "source": "github"}),
        make_server(description="d" * 101),
        make_server(title="t" * 101),
        make_server(title=""),
        make_server(websiteUrl="example.com"),
        make_server(icons=[{"src": "icon.png", "mimeType": "image/gif", "sizes": ["big"], "theme": "blue"}]),
        make_server(**{"$schema": REMOVED}),
        make_server(**{"$schema": address("2025-09-29")}),
        with_package(version=REMOVED) | {"$schema": address("2025-09-29")},
        with_publisher({"io.github.stacklok": {"x": {"status": 5}}, "tool": "x"}),
    ],
)
def test_defects_that_clients_tolerate_are_harmless(server: dict[str, Any]) -> None:
    assert harmless(server) == {True}


@pytest.mark.parametrize(
    "server",
    [
        None,
        make_server(name=REMOVED),
        make_server(name="x" * 201 + "/y"),
        make_server(version=REMOVED),
        make_server(version=1),
        make_server(description=REMOVED),
        make_server(description=""),
        make_server(title=5),
        make_server(repository="https://github.com/x/y"),
        make_server(repository={"url": 5, "source": "github"}),
        make_server(icons=[{}]),
        make_server(_meta=[]),
        with_publisher([]),
        make_server(packages={}),
        make_server(remotes=[None]),
        make_server(remotes=[{"type": "sse"}]),
        with_package(registryType=REMOVED),
        with_package(identifier=REMOVED),
        with_package(transport=REMOVED),
        with_package(transport={"type": "pipe"}),
        with_package(fileSha256="0"),
        with_package(version="latest"),
    ],
)
def test_defects_that_void_a_clients_page_are_not_harmless(server: Any) -> None:
    assert harmless(server) == {False}


def test_the_old_rule_that_a_package_has_a_version_harms_nobody() -> None:
    server = with_package(version=REMOVED)
    without_version = only(schema.schema_issues("server", server, dialect="2025-09-29"))
    assert schema.is_harmless(without_version, server)

    server = with_package(transport=REMOVED)
    without_transport = only(schema.schema_issues("server", server, dialect="2025-09-29"))
    assert not schema.is_harmless(without_transport, server)


def test_issues_of_other_tiers_are_not_judged_here() -> None:
    issue = Issue(type="semantic", severity="error", path="title", message="blank", reference="title-whitespace-only")

    assert not schema.is_harmless(issue, make_server())


def test_states_of_skills_in_capitals_are_harmless() -> None:
    skill = make_skill(status="ACTIVE", license="l" * 300)

    assert [schema.is_harmless(issue, skill) for issue in schema.schema_issues("skill", skill)] == [True, True]


def test_places_are_spelled_as_the_official_registry_spells_them() -> None:
    assert wording.place(["packages", 1, "runtimeArguments", 0, "name"]) == "packages[1].runtimeArguments[0].name"
    assert wording.place(["$schema"]) == "$schema"
    assert wording.place([]) == ""
    assert re.fullmatch(r'_meta\["a/b"\]\["1"\]\.c', wording.place(["_meta", "a/b", "1", "c"]))
