"""Documents that are taken for ordinary are those that no rule finds anything about."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders import server, skill
from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META
from regpress.model.issue import Issue
from regpress.names import Kind
from regpress.twins import pattern_of
from regpress.validate.check import check_entry, rule_issues
from regpress.validate.plain import is_plain, plain_findings
from regpress.validate.rulebook import issues_of
from regpress.validate.schema import publisher_issues

EXAMPLES = Path(__file__).parents[2] / "examples"
TOKEN = "ghp_" + "a1" * 20

#: Ordinary documents that between them have every member that ordinary ones may have.
ORDINARY = [
    server(),
    server(
        title="Weather",
        description="Tells the weather of a place, for today and for tomorrow",
        version="v1.2.3-rc.1",
        websiteUrl="https://www.example.com/weather",
        repository={"url": "https://github.com/acme/weather", "source": "github", "id": "7", "subfolder": "src/mcp"},
        packages=[
            {
                "registryType": "npm",
                "identifier": "@acme/weather",
                "registryBaseUrl": "https://registry.npmjs.org",
                "version": "1.2.3",
                "runtimeHint": "npx",
                "transport": {"type": "stdio"},
                "runtimeArguments": [{"type": "positional", "value": "-y", "valueHint": "yes"}],
                "packageArguments": [
                    {"type": "named", "name": "--port", "default": "80", "isRepeated": False},
                    {"type": "named", "name": "--key", "description": "Your key", "isSecret": True},
                ],
                "environmentVariables": [
                    {"name": "API_KEY", "isSecret": True, "isRequired": True, "format": "string"},
                    {"name": "CITY", "default": "Oslo", "choices": ["Oslo", "Rome"], "placeholder": "a city"},
                ],
            },
            {
                "registryType": "oci",
                "identifier": "ghcr.io/acme/weather:1.2.3",
                "transport": {"type": "streamable-http", "url": "http://localhost:8080/mcp"},
                "environmentVariables": [{"name": "CITY", "isRequired": True}],
            },
            {
                "registryType": "mcpb",
                "identifier": "https://github.com/acme/weather-mcp/releases/download/v1/weather-mcp.mcpb",
                "fileSha256": "ab" * 32,
                "transport": {"type": "stdio"},
            },
        ],
        remotes=[
            {
                "type": "streamable-http",
                "url": "https://mcp.example.com/mcp",
                "headers": [{"name": "Authorization", "value": "Bearer {token}", "isSecret": True, "isRequired": True}],
            },
            {"type": "streamable-http", "url": "https://mcp.example.com/other"},
        ],
    ),
]

#: Ordinary documents about which there is advice.
ADVISED = [
    server(packages=[], remotes=[]),
    server(
        description="x" * 100,
        version="1.2",
        icons=[
            {"src": "https://www.example.com/icon.png", "mimeType": "image/png", "sizes": ["48x48"], "theme": "dark"}
        ],
        packages=[
            {
                "registryType": "npm",
                "identifier": "@acme/weather",
                "version": "1.2.3",
                "transport": {"type": "sse", "url": "http://localhost:8080/sse"},
                "environmentVariables": [{"name": "CITY"}, {"name": "COUNTRY", "description": "Where"}],
            },
        ],
        remotes=[
            {"type": "sse", "url": "https://mcp.example.com/sse"},
            {"type": "streamable-http", "url": "https://mcp.example.com/mcp"},
            {"type": "streamable-http", "url": "https://mcp.example.com/mcp"},
        ],
        _meta={
            PUBLISHER_META: {
                TOOLHIVE_META: {"@acme/weather": {"oauth_config": {}}, "elsewhere": {}},
                "com.example": {"text": "x" * 5000},
                "com.example.none": 1,
            }
        },
    ),
]

#: Of which one more character would be too much.
AT_THE_LIMIT = server(_meta={PUBLISHER_META: {"com.example": {"version": "1.2.3", "text": "x" * 4051}}})

SKILLS = [
    skill(),
    skill(
        title="Review",
        status="deprecated",
        license="MIT",
        compatibility="any",
        allowedTools=["bash"],
        repository={"url": "https://github.com/acme/skills", "type": "git"},
        icons=[{"src": "https://example.com/icon.png", "type": "image/png"}],
        packages=[
            {"registryType": "oci", "identifier": "ghcr.io/acme/review:1.2.3", "mediaType": "application/zip"},
            {"registryType": "git", "url": "https://github.com/acme/skills", "ref": "main", "version": "1.2.3"},
        ],
    ),
]

#: Values that some rule somewhere minds, and values of every type.
VALUES: list[Any] = [
    None, True, False, 0, 1.5, [], {}, [{}], [[]], "", " ", "a b", "x" * 99 + ".", "x" * 100, "y" * 300, "latest",
    "^1.2", "1.x", "1.0", "v1.2.3+b", "01.2.3", "1.2.3-01", "1.2.3-é", "9" * 30 + ".0.0", "..", "../x", "a//b",
    "a/index", "con/a", "com.example/x", "com.example/aux.x", "localhost/x", "a/b/c", "Com.Example/_x",
    "com.exa_mple/xy", "https://example.com", "http://example.com", "https://localhost/x", "https://127.0.0.1/x",
    "ftp://a.example/x", "https://{host}/x", "https://a.example/{b", "//a.example", "javascript:alert(1)",
    "data:text/html,x", "https://a b.example", "https://github.com/acme/weather", "https://gitlab.com/acme/weather",
    "github", "gitlab", "stdio", "sse", "streamable-http", "http", "npm", "pypi", "nuget", "cargo", "oci", "mcpb",
    "git", "NPM", "https://pypi.org", "https://registry.npmjs.org", "acme/weather", "acme/weather:latest",
    "ghcr.io/acme/x:1", "registry.example/x:1", "--port", "--port=1", "--port <n>", "$PORT", "named", "positional",
    "TOKEN", "API_KEY", "my-secret", "KEY_NAME", "Authorization", TOKEN, f"Bearer {TOKEN}", "<your key>", "${KEY}",
    "hunter22", {"type": "stdio"}, {"type": "sse"}, {"type": "stdio", "url": "http://x.example"}, {"name": "X"},
    {"name": "TOKEN", "value": "abcdef"}, "Weather", "weather.", "com.example/weather", "icons",
    {"type": "sse", "url": "http://localhost:1/sse"}, "com.example/" + "x" * 200,
]  # fmt: skip
KEYS = [
    "icons", "_meta", "license", "status", "variables", "value", "default", "isSecret", "isRequired", "name", "url",
    "type", "version", "headers", "subfolder", "fileSha256", "registryBaseUrl", "websiteUrl", "title",
    "environment_variables", "packages", "remotes", "repository", "transport", "runtimeArguments", "packageArguments",
    "environmentVariables",
]  # fmt: skip


def containers(value: Any) -> Iterator[Any]:
    """Return the objects and lists in a value."""
    if isinstance(value, dict | list):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def changed(document: Any, random_: random.Random) -> Any:
    """Return a document with one member or item more, less, or other."""
    document = copy.deepcopy(document)
    place = random_.choice(list(containers(document)))
    value = copy.deepcopy(random_.choice(VALUES))
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    match random_.randrange(4):
        case 0 if keys:
            del place[random_.choice(keys)]
        case 1 if isinstance(place, dict):
            place[random_.choice(KEYS)] = value
        case 1 if place:
            place.append(copy.deepcopy(random_.choice(place)))
        case _ if keys:
            place[random_.choice(keys)] = value
    return document


@pytest.mark.parametrize("document", ORDINARY)
def test_ordinary_documents_are_recognised(document: Any) -> None:
    assert is_plain(document)
    assert not rule_issues("server", document)


@pytest.mark.parametrize("seed", range(10))
def test_no_rule_finds_anything_about_documents_that_are_taken_for_ordinary(seed: int) -> None:
    random_ = random.Random(seed)
    plain = 0
    for _ in range(1500):
        document = random_.choice(ORDINARY)
        for _ in range(random_.choice((1, 1, 1, 2))):
            document = changed(document, random_)
        if isinstance(document, dict) and is_plain(document):
            plain += 1
            assert rule_issues("server", document) == (), json.dumps(document)
    assert plain > 150


def issues_without_rules(document: Any) -> list[Issue] | None:
    """Return what is to be said about an ordinary document, None for others."""
    found = plain_findings(document)
    return None if found is None else sorted((*issues_of(found), *publisher_issues(document)), key=Issue.sort_key)


@pytest.mark.parametrize("document", ADVISED)
def test_advice_about_ordinary_documents_is_what_the_rules_find(document: Any) -> None:
    issues = issues_without_rules(document)
    assert issues
    assert issues == sorted(rule_issues("server", document), key=Issue.sort_key)


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_said_about_documents_that_are_taken_for_ordinary_is_what_the_rules_find(seed: int) -> None:
    random_ = random.Random(seed)
    advised = 0
    for _ in range(1500):
        document = random_.choice(ORDINARY + ADVISED)
        for _ in range(random_.choice((1, 1, 1, 2))):
            document = changed(document, random_)
        if isinstance(document, dict) and (issues := issues_without_rules(document)) is not None:
            advised += bool(issues)
            assert issues == sorted(rule_issues("server", document), key=Issue.sort_key), json.dumps(document)
    assert advised > 200


@pytest.mark.parametrize("seed", range(10))
def test_no_rule_looks_at_the_digits_of_a_version(seed: int) -> None:
    random_ = random.Random(seed)
    alike = 0
    for _ in range(500):
        kind: Kind = random_.choice(("server", "server", "server", "skill", "plugin"))
        document = {**random_.choice([*ORDINARY, *ADVISED, AT_THE_LIMIT]), "version": "1.2.3"}
        if kind != "server":
            document = {**random_.choice(SKILLS), "version": "1.2.3"}
        for _ in range(random_.choice((0, 1, 1, 2))):
            document = changed(document, random_)
        text, issues = json.dumps(document).encode(), check_entry(kind, document)
        pattern = pattern_of(document, text)
        if pattern is None or any(issue.type in {"json", "schema"} for issue in issues):
            continue
        for version in (b"0.0.0", b"1.2.4", b"999999999.20.300"):
            made = (pattern.member + version + b'"').join(pattern.parts)
            twin = pattern.find(b"[" + made, 1)
            assert twin
            assert check_entry(kind, json.loads(twin.document)) == issues, made
            alike += twin.version in twin.document
    assert alike > 500


@pytest.mark.parametrize("file", sorted((EXAMPLES / "invalid").glob("**/*.json")), ids=lambda file: file.stem)
def test_examples_that_a_rule_minds_are_not_ordinary(file: Path) -> None:
    document = json.loads(file.read_bytes())
    if isinstance(document, dict) and is_plain(document):
        assert rule_issues("server", document) == ()
