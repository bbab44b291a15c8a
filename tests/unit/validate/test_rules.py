"""Semantic rules: what they take, what they refuse, and that no document makes them fail."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders import server, skill
from regpress.errors import InvalidNameError
from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META
from regpress.names import parse_server_name, version_problem
from regpress.validate.check import check_entry
from regpress.validate.rules import semantic_issues
from regpress.validate.rules_identity import looks_like_range
from regpress.validate.urls import fill_template, is_plain_https, scheme_of, template_problems, url_problem

DATA = Path(__file__).parents[4] / "shared" / "data"
EXAMPLES = Path(__file__).parents[2] / "examples"


def found(document: Any) -> set[tuple[str, str]]:
    return {(issue.path, issue.reference) for issue in semantic_issues("server", document)}


def package(**members: Any) -> dict[str, Any]:
    return {"registryType": "npm", "identifier": "a", "version": "1.0.0", "transport": {"type": "stdio"}, **members}


@pytest.mark.parametrize(
    "version",
    ["^1.2.3", "~1.2", ">= 1.0.0", "<=2", "<v3.0", "=1", ">1.2.3.4", "^1.0.0-rc.1", " ^1 ", "1.2.3 - 2.0.0", "1 - 2",
     "1.2 || 1.3", "1||2||3", "1.x", "1.2.*", "*.*", "v1.X.3", "x.1", "1.x-beta"],
)  # fmt: skip
def test_ranges_are_recognised(version: str) -> None:
    assert looks_like_range(version)
    assert ("packages[0].version", "version-looks-like-range") in found(server(packages=[package(version=version)]))


@pytest.mark.parametrize(
    "version",
    ["1.2.3", "snapshot - 2025.09", "2021.03.15", "v1.0", "2025-06-18", "build7", "*", "x", "1.0.0+build",
     ">=1.0.0 <2.0.0", "1.0.0-linux", "2.0.0-experimental", "1.2.3-next", "v2.0.0-x.7", "1.2.3.4", "next - x"],
)  # fmt: skip
def test_exact_versions_are_not_ranges(version: str) -> None:
    assert not looks_like_range(version)
    assert found(server(packages=[package(version=version)])) == set()


NAMES = [
    *("com.example/weather", "a1/b2", "A.b/C_d", "com.example/w", "/x", "com.example/", "a/b/c", "weather", ".."),
    *("../..", "com.example/..", "com.example/index", "com.example/index.json", "index.html/aa", "com.example/nul"),
    *("aux.foo/bar", "com.example/we ather", "com.example/wétter", "x" * 200 + "/y", "com.example/" + "y" * 188),
    *("com.example/weather\n", "com.example./weather", "com1/weather", "com.example/x.", "com.example/con.txt"),
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_cannot_be_parsed_are_unsafe_and_no_others(name: str) -> None:
    try:
        parse_server_name(name)
    except InvalidNameError:
        unsafe = True
    else:
        unsafe = False
    assert (("name", "unsafe-name") in found(server(name=name, remotes=[]))) == unsafe


VERSIONS = [
    *("1.0.0", "v1", "1.2.3.4-rc.1", "latest", "", ".", "..", "a/b", "a\\b", "1%2F", "1?", "1#", " 1", "1 ", "index"),
    *("index.json", "1\n", "1.0.0\x7f", "9" * 256, "é" * 121, "1.0.0-" + "a" * 250, "0" * 240, "nul", "1:0", "1.0.0+b"),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_that_cannot_be_files_are_unsafe_and_no_others(version: str) -> None:
    unsafe = version_problem(version) is not None
    assert (("version", "unsafe-version") in found(server(version=version))) == unsafe


@pytest.mark.parametrize(
    ("name", "version"),
    [("com.example/aux", "1.0.0"), ("com1/weather", "1.0.0"), ("com.example/a", "1."), ("a.b/cc", "x<y")],
)
def test_windows_troubles_are_warnings(name: str, version: str) -> None:
    issues = semantic_issues("server", server(name=name, version=version, remotes=[]))
    assert [issue.severity for issue in issues if issue.reference == "awkward-path-segment"] == ["warning"]


def test_a_plus_in_a_version_is_only_a_remark() -> None:
    (issue,) = semantic_issues("server", server(version="1.0.0+build.7"))
    assert (issue.reference, issue.severity, issue.path) == ("plus-in-version", "info", "version")


@pytest.mark.parametrize(
    ("namespace", "name", "rules"),
    [
        ("com.example", "tie-knots", set()),
        ("com.example", "k", set()),
        ("com.example", "Knots", {"unsafe-name"}),
        ("co", "knots", {"unsafe-name"}),
        ("com/example", "knots", {"unsafe-name"}),
        ("...", "knots", {"awkward-path-segment"}),
        ("com.example", "con", {"awkward-path-segment"}),
    ],
)
def test_names_of_skills_are_judged_in_two_parts(namespace: str, name: str, rules: set[str]) -> None:
    document = {**skill(), "namespace": namespace, "name": name}
    assert {issue.reference for issue in semantic_issues("skill", document)} == rules
    assert {issue.reference for issue in semantic_issues("plugin", document)} == rules


@pytest.mark.parametrize("folder", ["mcp", "a/b.c/d_e-f", "...", ".hidden", "a/..b"])
def test_clean_subfolders_are_fine(folder: str) -> None:
    assert found(server(repository={"url": "https://github.com/a/b", "source": "github", "subfolder": folder})) == set()


@pytest.mark.parametrize("folder", ["/mcp", "mcp/", "a//b", "..", "a/../b", "./a", "a/.", "a b", "a\\b", "C:/x", "a\n"])
def test_subfolders_that_lead_elsewhere_are_refused(folder: str) -> None:
    repository = {"url": "https://github.com/a/b", "source": "github", "subfolder": folder}
    assert found(server(repository=repository)) == {("repository.subfolder", "invalid-subfolder-path")}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("https://{host}/x", "https://example.com/x"),
        ("http://localhost:{port}/mcp", "http://localhost:8080/mcp"),
        ("http://localhost:{--p}/mcp", "http://localhost:8080/mcp"),
        ("http://localhost:{p}", "http://localhost:8080"),
        ("{protocol}://a.example/{path}/{tenant}", "http://a.example/mcp/word"),
        ("https://a.example:{p}x/", "https://a.example:wordx/"),
    ],
)
def test_variables_are_filled_with_fitting_words(text: str, filled: str) -> None:
    assert fill_template(text) == filled


@pytest.mark.parametrize(
    "text", ["{scheme}://a.example/x", "http://{host}:{port}/{path}", "http://[::1]:{p}/", "HTTPS://A.example"]
)
def test_templates_with_defined_variables_are_fine(text: str) -> None:
    assert template_problems(text, {"scheme", "host", "port", "path", "p"}) == []


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("https://{a}.example/{b}/{a}", ["uses the undefined variable '{a}'", "uses the undefined variable '{b}'"]),
        ("https://a.example/{}", ["uses the undefined variable '{}'"]),
        ("https://a.example/{open", ["has a brace without its partner"]),
        ("https://a.example/{{ok}}", ["has a brace without its partner"]),
        ("ftp://a.example/", ["is not an http or https URL"]),
        ("a.example/mcp", ["is not an http or https URL"]),
        ("https:///mcp", ["has no host"]),
        ("https://a.example:port/", ["cannot be taken apart"]),
        ("https://a b/", ["contains ' '"]),
        ("https://a.example/%q1", ["has a '%' without two hexadecimal digits"]),
    ],
)
def test_all_problems_of_a_template_are_named(text: str, problems: list[str]) -> None:
    assert template_problems(text, {"ok"}) == problems


def test_undefined_variables_of_one_url_are_listed_up_to_a_limit() -> None:
    assert len(template_problems("https://a.example/" + "".join(f"{{v{i}}}" for i in range(1000)), set())) == 20


@pytest.mark.parametrize(
    "text",
    ["https://localhost/", "https://a.localhost/x", "https://127.0.0.1/x", "https://A.example/", "http://a.example/", "https://x",
     "https://a.example/{x}", "https://a.example/%zz", "https://a.example/ x", "https://a.example:99999/", "https://a.example\n",
     "https://user@a.example/", "https://[::1]/", "https://a.example\\@b.example/", "https://a..example/x y"],
)  # fmt: skip
def test_only_ordinary_addresses_take_the_short_way(text: str) -> None:
    assert not is_plain_https(text)


@pytest.mark.parametrize(
    "text", ["https://a.example", "https://a-b.c.example:8443/x/y.z?q=1&r=2#f", "https://a.example?x"]
)
def test_the_short_way_agrees_with_the_long_one(text: str) -> None:
    assert is_plain_https(text)
    assert (scheme_of(text), url_problem(text), template_problems(text, ())) == ("https", None, [])


@pytest.mark.parametrize("url", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,<b>", "vbscript:x"])
def test_links_that_run_something_are_refused_everywhere(url: str) -> None:
    document = server(websiteUrl=url, icons=[{"src": url}], repository={"url": url, "source": "github"})
    places = {path for path, rule in found(document) if rule == "dangerous-url-scheme"}
    assert places == {"websiteUrl", "icons[0].src", "repository.url"}
    (issue,) = semantic_issues("skill", skill(repository={"url": url}))
    assert (issue.path, issue.reference, issue.severity) == ("repository.url", "dangerous-url-scheme", "error")


def test_variables_of_a_package_url_come_from_its_own_inputs() -> None:
    transport = {"type": "streamable-http", "url": "http://localhost:{--port}/{PATH_}/{hint}"}
    inputs = {
        "environmentVariables": [{"name": "PATH_"}],
        "runtimeArguments": [{"type": "named", "name": "--port"}],
        "packageArguments": [{"type": "positional", "valueHint": "hint"}],
    }
    assert found(server(packages=[package(transport=transport, **inputs)])) == set()
    # Those of another package do not count.
    two = server(packages=[package(transport=transport), package(**inputs)])
    assert found(two) == {("packages[0].transport.url", "invalid-templated-url")}
    assert len(semantic_issues("server", two)) == 3


def test_a_missing_remote_url_is_reported_as_the_official_registry_does() -> None:
    expected = {("remotes[0].url", "remote-transport-url-required"), ("remotes[0].url", "invalid-templated-url")}
    assert found(server(remotes=[{"type": "sse"}])) == expected
    assert found(server(remotes=[{"type": "sse", "url": ""}])) == expected


def extension(key: str, **members: Any) -> dict[str, Any]:
    return {PUBLISHER_META: {TOOLHIVE_META: {key: {"status": "active", **members}}}}


def test_an_extension_belongs_to_a_package_or_remote_of_its_server() -> None:
    image = package(registryType="oci", identifier="ghcr.io/a/b:1")
    assert found(server(packages=[image], _meta=extension("ghcr.io/a/b:1", args=["x"]))) == set()
    assert found(server(_meta=extension("https://com.example/mcp", env_vars=[]))) == set()
    (issue,) = semantic_issues("server", server(packages=[image], _meta=extension("ghcr.io/a/b:2")))
    assert (issue.reference, issue.severity) == ("extension-key-unknown", "warning")
    assert "'ghcr.io/a/b:1'" in issue.expected
    (issue,) = semantic_issues("server", server(_meta=extension("https://com.example/mcp", args=["x"])))
    assert (issue.reference, issue.path.endswith('["https://com.example/mcp"].args')) == (
        "extension-field-misplaced",
        True,
    )


@pytest.mark.parametrize("kind", ["server", "skill", "plugin"])
@pytest.mark.parametrize("value", [None, True, 1, 1.5, "", "text", [], [{}]])
def test_a_document_that_is_no_object_has_no_semantic_issues(kind: Any, value: Any) -> None:
    assert semantic_issues(kind, value) == ()


def test_messages_stay_short_and_on_one_line_whatever_the_document_says() -> None:
    hostile = "\n\x1b[31m\u202e" + "a" * 100_000
    document = server(
        name=hostile, version=hostile + " - ", websiteUrl=hostile, repository={"url": hostile, "subfolder": hostile},
        packages=[package(identifier=hostile + " ", registryType=hostile, transport={"type": hostile, "url": hostile})],
        remotes=[{"type": hostile, "url": hostile}], _meta=extension(hostile),
    )  # fmt: skip
    issues = check_entry("server", document)
    assert len(issues) >= 10
    assert all(len(str(issue)) < 700 and str(issue).isprintable() for issue in issues)


def mutations(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value below *value*, itself included."""
    yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from mutations(item, (*place, key))


STRANGERS: tuple[Any, ...] = (
    None, True, 0, 1.5, 10**40, "", " ", "\ud800", "{", "//[", [], [None], [[]], {}, {"": {"": None}}, [{"type": []}],
)  # fmt: skip


@pytest.mark.parametrize("path", sorted((EXAMPLES / "valid").glob("rules-*.json")), ids=lambda path: path.stem)
def test_no_tier_fails_on_any_member_of_any_type(path: Path) -> None:
    kind: Any = "skill" if "-skill-" in path.name else "server"
    document = json.loads(path.read_text())
    for *above, last in (place for place in mutations(document) if place):
        changed = copy.deepcopy(document)
        holder = changed
        for step in above:
            holder = holder[step]
        for stranger in STRANGERS:
            holder[last] = stranger
            for issue in check_entry(kind, changed):
                assert issue.message
                assert issue.reference
        if isinstance(holder, dict):
            del holder[last]
            check_entry(kind, changed)


@pytest.mark.skipif(not DATA.is_dir(), reason="real registry data is not present")
@pytest.mark.parametrize(
    "file", ["upstream-registry-real", "upstream-registry-docs-examples", "upstream-registry-toolhive-example"]
)
def test_published_entries_have_no_semantic_errors(file: str) -> None:
    data = json.loads((DATA / f"{file}.json").read_text())["data"]
    for kind, documents in (("server", data["servers"]), ("skill", data.get("skills", []))):
        for document in documents:
            errors = [str(issue) for issue in semantic_issues(kind, document) if issue.severity == "error"]
            assert not errors, document["name"]
