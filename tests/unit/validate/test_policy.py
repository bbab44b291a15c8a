"""Format against policy: what the official service demands, and how a site changes severities."""

import json
from typing import Any

import pytest

from builders import server
from regpress.model.entry import PUBLISHER_META
from regpress.model.issue import Issue
from regpress.validate.check import check_entry
from regpress.validate.policy import apply_policy, official_issues, override_problems
from regpress.validate.policy_package import DEMANDS, image_host
from regpress.validate.rulebook import RULES


def demands(**members: Any) -> set[tuple[str, str]]:
    return {(issue.path, issue.reference) for issue in official_issues(server(**members))}


def package(kind: str = "npm", **members: Any) -> dict[str, Any]:
    made = {"registryType": kind, "identifier": "a", "version": "1.0.0", "transport": {"type": "stdio"}, **members}
    return {key: value for key, value in made.items() if value is not None}


def issue(reference: str, severity: Any = "warning") -> Issue:
    return Issue(type="semantic", severity=severity, message="m", reference=reference)


GITHUB = "https://github.com/example/tides"


@pytest.mark.parametrize(
    "repository",
    [
        {"url": GITHUB, "source": "github"},
        {"url": "http://www.github.com/e_x/t.i-d/", "source": "github"},
        {"url": "https://gitlab.com/a/b/c/d", "source": "gitlab"},
        {},
        {"url": "", "source": ""},
        {"id": "1"},
    ],
)
def test_repositories_at_the_two_forges_and_absent_ones_are_accepted(repository: dict[str, str]) -> None:
    assert demands(repository=repository) == set()


@pytest.mark.parametrize(
    "repository",
    [
        {"url": GITHUB, "source": "gitlab"},
        {"url": GITHUB, "source": "git"},
        {"url": GITHUB},
        {"source": "github"},
        {"url": GITHUB + "/tree/main", "source": "github"},
        {"url": GITHUB + "//", "source": "github"},
        {"url": GITHUB + ".git?x=1", "source": "github"},
        {"url": "https://github.com/example", "source": "github"},
        {"url": "git@github.com:example/tides", "source": "github"},
        {"url": "https://github.com.evil.example/a/b", "source": "github"},
        {"url": "https://code.example/a/b", "source": "gitea"},
        {"url": GITHUB + "\n", "source": "github"},
    ],
)
def test_other_repositories_are_not(repository: dict[str, str]) -> None:
    assert demands(repository=repository) == {("repository.url", "invalid-repository-url")}


@pytest.mark.parametrize(
    "url", ["https://a.example/mcp", "https://{host}/mcp", "https://a.example:{port}", "HTTPS://A.example"]
)
def test_https_remotes_are_accepted(url: str) -> None:
    assert demands(remotes=[{"type": "sse", "url": url}]) == set()


@pytest.mark.parametrize(
    "url",
    ["http://a.example/mcp", "https://localhost/mcp", "https://LOCALHOST:8443", "https://dev.localhost", "https://127.0.0.1/",
     "https://[::1]/", "{scheme}://a.example", "ws://a.example", "a.example"],
)  # fmt: skip
def test_other_remotes_are_not(url: str) -> None:
    assert demands(remotes=[{"type": "sse", "url": url}]) == {("remotes[0].url", "invalid-remote-url")}


@pytest.mark.parametrize("name", ["com.example/x", "io.github.Some-One/x", "xn--p1ai.example/x", "dev.a--b.c1/x"])
def test_namespaces_that_somebody_can_own_are_accepted(name: str) -> None:
    assert demands(name=name, remotes=[]) == set()


@pytest.mark.parametrize(
    "name", ["example/x", "com..example/x", "com.-a/x", "com.a-/x", "1.example/x", ".com/x", "com." + "a" * 64 + "/x"]
)
def test_other_namespaces_are_not(name: str) -> None:
    assert demands(name=name, remotes=[]) == {("name", "namespace-not-a-domain")}


@pytest.mark.parametrize("kind", ["npm", "pypi", "nuget", "cargo"])
def test_packages_of_public_registries(kind: str) -> None:
    assert demands(packages=[package(kind)]) == set()
    assert demands(packages=[package(kind, registryBaseUrl=DEMANDS[kind].base_url)]) == set()
    assert demands(
        packages=[package(kind, version=None, registryBaseUrl="https://x.example", fileSha256="0" * 64)]
    ) == {
        ("packages[0].version", "package-version-required"),
        ("packages[0].registryBaseUrl", "unsupported-registry-base-url"),
        ("packages[0].fileSha256", "package-hash-not-allowed"),
    }


@pytest.mark.parametrize(
    ("identifier", "host"),
    [("a", "docker.io"), ("a/b:1", "docker.io"), ("ghcr.io/a/b", "ghcr.io"), ("localhost/a", "localhost"),
     ("registry:5000/a", "registry:5000"), ("x.azurecr.io/a", "x.azurecr.io")],
)  # fmt: skip
def test_the_host_of_an_image_is_docker_hub_unless_named(identifier: str, host: str) -> None:
    assert image_host(identifier) == host


@pytest.mark.parametrize(
    "identifier", ["ghcr.io/a/b:1", "a/b@sha256:0", "mcr.microsoft.com/a:1", "eu.pkg.dev/a/b", "x.azurecr.io/a"]
)
def test_images_on_known_hosts_are_accepted(identifier: str) -> None:
    assert demands(packages=[package("oci", identifier=identifier, version=None)]) == set()


@pytest.mark.parametrize(
    "identifier", ["quay.io/a/b", "public.ecr.aws/a", "gcr.io/a/b", "pkg.dev.example/a", "localhost:5000/a"]
)
def test_images_on_other_hosts_are_not(identifier: str) -> None:
    assert demands(packages=[package("oci", identifier=identifier, version=None)]) == {
        ("packages[0].identifier", "unsupported-package-host")
    }


@pytest.mark.parametrize(
    ("identifier", "rule"),
    [
        ("https://github.com/a/b/releases/download/v1/x.mcpb", None),
        ("https://www.github.com/a/mcp/releases/download/v1/x.zip", None),
        ("https://gitlab.com/a/b/c/-/releases/v1/downloads/x.mcpb", None),
        ("https://gitlab.com/a/mcp/-/package_files/12/download", None),
        ("http://github.com/a/b/releases/download/v1/x.mcpb", "invalid-mcpb-url"),
        ("https://github.com/a/b/releases/download/v1/x.zip", "invalid-mcpb-url"),
        ("https://github.com/a/b/archive/mcp.zip", "invalid-mcpb-url"),
        ("https://gitlab.com/a/b/releases/mcp", "invalid-mcpb-url"),
        ("https://files.example/x.mcpb", "unsupported-package-host"),
        ("x.mcpb", "unsupported-package-host"),
    ],
)
def test_bundles_are_release_assets(identifier: str, rule: str | None) -> None:
    bundle = package("mcpb", identifier=identifier, version=None, fileSha256="0" * 64)
    assert demands(packages=[bundle]) == ({("packages[0].identifier", rule)} if rule else set())


def test_a_registry_type_in_capitals_is_corrected() -> None:
    (found,) = official_issues(server(packages=[package("PyPI")]))
    assert (found.reference, found.expected) == ("unsupported-registry-type", "'pypi'")


@pytest.mark.parametrize(("size", "rules"), [
    (4096, set()),
    (4097, {"publisher-metadata-too-large"}),
    (262_144, {"publisher-metadata-too-large"}),
    (262_145, {"publisher-metadata-too-large", "publisher-metadata-over-256-kib"}),
])  # fmt: skip
@pytest.mark.parametrize("filler", ["a", 10**30])
def test_publisher_metadata_is_measured_as_compact_json(size: int, rules: set[str], filler: Any) -> None:
    block = {"org.example": {"a": filler, "b": ""}}
    block["org.example"]["b"] = "x" * (size - len(json.dumps(block, separators=(",", ":"))))
    assert {rule for _, rule in demands(_meta={PUBLISHER_META: block})} == rules


def test_an_unknown_member_is_shown_the_name_it_resembles() -> None:
    (found,) = official_issues(server(websiteURL="https://a.example"))
    assert (found.path, found.severity, found.expected) == ("websiteURL", "info", "perhaps 'websiteUrl'")


def test_unknown_members_of_one_object_are_listed_up_to_a_limit() -> None:
    assert len(official_issues(server(**{f"x{number}": 1 for number in range(1000)}))) == 20


def test_the_official_policy_makes_its_demands_errors() -> None:
    document = server(remotes=[{"type": "streamable-http", "url": "http://intranet.example/mcp"}])
    assert [found.severity for found in check_entry("server", document)] == ["warning"]
    assert [found.severity for found in check_entry("server", document, level="official")] == ["error"]


def test_a_missing_schema_is_an_error_for_the_official_service_only() -> None:
    document = server()
    del document["$schema"]
    for level, severity in (("default", "warning"), ("official", "error")):
        (found,) = check_entry("server", document, level=level)
        assert (found.path, found.reference, found.severity) == ("schema", "schema-field-required", severity)


def test_overrides_change_and_drop_single_rules() -> None:
    issues = (
        issue("invalid-remote-url"),
        issue("sse-transport", "info"),
        issue("schema:format", "error"),
        issue("other"),
    )
    changed = apply_policy(
        issues, "default", {"invalid-remote-url": "off", "sse-transport": "error", "schema:format": "info"}
    )
    assert [(found.reference, found.severity) for found in changed] == [
        ("sse-transport", "error"),
        ("schema:format", "info"),
        ("other", "warning"),
    ]


def test_overrides_win_over_the_official_policy() -> None:
    assert (
        apply_policy((issue("invalid-remote-url"),), "official", {"invalid-remote-url": "info"})[0].severity == "info"
    )


def test_the_official_policy_leaves_schema_failures_and_unknown_rules_alone() -> None:
    issues = (issue("schema:maxLength", "error"), issue("something-new"), issue("schema:type", "warning"))
    assert apply_policy(issues, "official", {}) == issues


@pytest.mark.parametrize("rule", ["unsafe-name", "unsafe-version", "not-an-object"])
@pytest.mark.parametrize("severity", ["warning", "info", "off"])
def test_what_protects_the_output_can_never_be_lowered(rule: str, severity: Any) -> None:
    found = issue(rule, "error")
    assert apply_policy((found,), "default", {rule: severity}) == (found,)
    (problem,) = override_problems({rule: severity})
    assert problem.startswith(f"{rule}: ")


def test_a_reserved_version_stays_an_error_when_its_rule_is_off() -> None:
    issues = check_entry("server", server(version="latest"), overrides={"reserved-version-string": "off"})
    assert [(found.reference, found.severity) for found in issues if found.severity == "error"] == [
        ("unsafe-version", "error")
    ]


def test_unknown_rules_are_named_with_a_suggestion() -> None:
    assert override_problems({"invalid-remote-urls": "off", "zzz": "off"}) == (
        "'invalid-remote-urls' is not a rule (did you mean 'invalid-remote-url'?)",
        "'zzz' is not a rule",
    )


def test_unknown_severities_are_named() -> None:
    assert override_problems({"sse-transport": "fatal"}) == (
        "sse-transport: 'fatal' is not a severity (expected error, warning, info or off)",
    )


def test_known_rules_and_schema_keywords_can_be_set() -> None:
    settable = {name: "off" for name, rule in RULES.items() if not rule.is_fixed}
    assert override_problems({**settable, "schema:maxLength": "warning", "unsafe-name": "error"}) == ()


def test_the_official_policy_is_never_milder() -> None:
    order = ("info", "warning", "error")
    assert all(order.index(rule.official) >= order.index(rule.default) for rule in RULES.values())


def test_every_rule_says_what_it_asks_for_in_one_line() -> None:
    for name, rule in RULES.items():
        assert len(rule.summary) > 10, name
        assert "\n" not in rule.summary
        assert not rule.summary.endswith(".")
