"""Advice: given where it helps, silent where it would be noise."""

from typing import Any

import pytest

from builders import server, skill
from regpress.validate.lint import lint_issues


def advice(document: Any) -> set[tuple[str, str]]:
    return {(issue.path, issue.reference) for issue in lint_issues("server", document)}


def package(**members: Any) -> dict[str, Any]:
    return {"registryType": "npm", "identifier": "a", "version": "1.0.0", "transport": {"type": "stdio"}, **members}


def image(identifier: str, **members: Any) -> dict[str, Any]:
    return {"registryType": "oci", "identifier": identifier, "transport": {"type": "stdio"}, **members}


def test_advice_never_makes_a_document_invalid() -> None:
    document = server(
        version="1", description="weather", packages=[image("a/b")], remotes=[{"type": "sse", "url": "x"}]
    )
    issues = lint_issues("server", document)
    assert len(issues) == 4
    assert {issue.type for issue in issues} == {"linter"}
    assert "error" not in {issue.severity for issue in issues}


@pytest.mark.parametrize(
    "version", ["1.0.0", "v1.0.0", "2021.11.15", "1.0.0-alpha.1", "1.0.0-pre-release", "1.0.0+b5", "0.0.0"]
)
def test_semantic_versions_get_no_advice(version: str) -> None:
    assert advice(server(version=version)) == set()


@pytest.mark.parametrize(
    "version", ["1", "1.0", "1.0.0.0", "a.0.0", "1.0.0-", "1.0.0-alpha@1", "2021.03.05", "snapshot", "1.0.0-01"]
)
def test_other_versions_of_servers_are_pointed_out(version: str) -> None:
    assert advice(server(version=version)) == {("version", "version-not-semantic")}
    # A skill's version is often a commit.
    assert "version-not-semantic" not in {issue.reference for issue in lint_issues("skill", skill(version=version))}


@pytest.mark.parametrize(
    ("members", "repeats"),
    [
        ({"description": "weather"}, True),
        ({"description": "Com.Example/Weather."}, True),
        ({"title": "The Weather", "description": "the weather."}, True),
        ({"title": "The Weather", "description": "The weather today"}, False),
        ({"title": "", "description": "Weather at sea"}, False),
        ({"description": ""}, False),
    ],
)
def test_a_description_that_only_repeats_is_pointed_out(members: dict[str, str], repeats: bool) -> None:
    assert advice(server(**members)) == ({("description", "description-repeats-name")} if repeats else set())


@pytest.mark.parametrize(("end", "cut"), [("wor", True), ("ts.", False), ("tsé", True), ("ts)", False)])
def test_a_description_of_just_100_characters_without_an_end_seems_cut(end: str, cut: bool) -> None:
    description = ("many words " * 10)[:97] + end
    assert advice(server(description=description)) == ({("description", "description-cut-off")} if cut else set())
    assert advice(server(description=description[1:])) == set()


@pytest.mark.parametrize("remotes", [None, []])
@pytest.mark.parametrize("packages", [None, []])
def test_a_server_with_nothing_to_run_is_pointed_out(packages: Any, remotes: Any) -> None:
    assert advice(server(packages=packages, remotes=remotes)) == {("", "nothing-to-run")}


@pytest.mark.parametrize(
    "identifier", ["ghcr.io/a/b:1.0", "a/b@sha256:" + "0" * 64, "localhost:5000/a/b:2", "b:latest-alpine"]
)
def test_pinned_images_get_no_advice(identifier: str) -> None:
    assert advice(server(packages=[image(identifier)])) == set()


@pytest.mark.parametrize("identifier", ["ghcr.io/a/b", "a/b:latest", "localhost:5000/a/b"])
def test_images_that_change_are_pointed_out(identifier: str) -> None:
    assert advice(server(packages=[image(identifier)])) == {("packages[0].identifier", "image-not-pinned")}
    # Older entries name the tag beside the identifier, skills the digest.
    assert advice(server(packages=[image(identifier, version="1.0.0")])) == set()
    assert lint_issues("skill", skill(packages=[image(identifier, digest="sha256:0")])) == ()


@pytest.mark.parametrize("members", [{"ref": "v1.0.0"}, {"commit": "4c1f0aa"}])
def test_a_git_package_with_a_ref_or_commit_is_pinned(members: dict[str, str]) -> None:
    git = {"registryType": "git", "url": "https://github.com/a/b"}
    assert lint_issues("skill", skill(packages=[{**git, **members}])) == ()
    (issue,) = lint_issues("plugin", skill(packages=[git]))
    assert (issue.path, issue.reference) == ("packages[0]", "git-package-not-pinned")


def test_runtime_arguments_want_a_runtime() -> None:
    arguments = [{"type": "positional", "value": "-y"}]
    assert advice(server(packages=[package(runtimeArguments=arguments, runtimeHint="npx")])) == set()
    assert advice(server(packages=[package(runtimeArguments=[])])) == set()
    assert advice(server(packages=[package(runtimeArguments=arguments)])) == {
        ("packages[0].runtimeHint", "runtime-hint-missing")
    }


@pytest.mark.parametrize("value", ["hunter2", "postgres://user:pw@db/x"])
def test_secrets_with_a_value_of_their_own_are_pointed_out(value: str) -> None:
    variable = {"name": "X", "isSecret": True, "default": value}
    (issue,) = lint_issues("server", server(packages=[package(environmentVariables=[variable])]))
    assert (issue.path, issue.reference) == ("packages[0].environmentVariables[0].default", "secret-has-value")
    assert (issue.severity, value in str(issue)) == ("warning", False)


@pytest.mark.parametrize(
    "value", ["", "<token>", "${TOKEN}", "Bearer {token}", "your-api-key", "sk-xxxxx", "[secret]", "changeme"]
)
def test_secrets_with_a_placeholder_are_not(value: str) -> None:
    assert (
        advice(server(packages=[package(environmentVariables=[{"name": "X", "isSecret": True, "value": value}])]))
        == set()
    )


CREDENTIALS = [
    "ghp_" + "a1" * 18,
    "Bearer glpat-" + "a" * 20,
    "sk-proj-" + "A9" * 20,
    "AKIA" + "B" * 16,
    "xoxb-" + "1" * 24,
    "eyJ" + "a" * 20 + ".eyJ" + "b" * 20,
    "key=AIza" + "c" * 35,
]


@pytest.mark.parametrize("value", CREDENTIALS)
def test_credentials_in_a_public_document_are_pointed_out_without_repeating_them(value: str) -> None:
    header = {"name": "X", "value": value}
    remote = {"type": "streamable-http", "url": "https://a.example", "headers": [header]}
    (issue,) = lint_issues("server", server(remotes=[remote]))
    assert (issue.path, issue.reference) == ("remotes[0].headers[0].value", "published-credential")
    assert value not in str(issue)


@pytest.mark.parametrize(
    "value", ["task-" + "a" * 40, "ghp_short", "sk-learn", "https://example.org/eyJhbGciOi", "AKIA"]
)
def test_ordinary_values_are_not_taken_for_credentials(value: str) -> None:
    argument = {"type": "positional", "value": value}
    assert advice(server(packages=[package(packageArguments=[argument])])) == set()


@pytest.mark.parametrize(
    "name", ["API_KEY", "GITHUB_TOKEN", "X-Api-Key", "db.password", "SECRET", "AWS_ACCESS_KEY", "Authorization"]
)
def test_names_of_secrets_want_a_mark(name: str) -> None:
    found = advice(server(packages=[package(environmentVariables=[{"name": name, "isRequired": True}])]))
    assert found == {("packages[0].environmentVariables[0].isSecret", "secret-not-marked")}


@pytest.mark.parametrize("name", ["API_KEY_NAME", "TOKENIZER", "MAX_TOKENS", "KEYWORDS", "PASSWORDLESS", "MONKEY"])
def test_names_that_only_sound_like_secrets_do_not(name: str) -> None:
    assert advice(server(packages=[package(environmentVariables=[{"name": name, "isRequired": True}])])) == set()


def test_a_publisher_who_says_that_it_is_no_secret_is_believed() -> None:
    variable = {"name": "PAGE_TOKEN", "isSecret": False}
    assert advice(server(packages=[package(environmentVariables=[variable])])) == set()


def test_environment_variables_without_any_mark_are_pointed_out_once() -> None:
    variables = [{"name": "AREA"}, {"name": "MODE"}, {"name": "PORT"}]
    assert advice(server(packages=[package(environmentVariables=variables)])) == {
        ("packages[0].environmentVariables", "input-not-marked")
    }
    # Where one is marked, the others are optional on purpose.
    marked = [*variables, {"name": "LANG_", "isRequired": True}]
    assert advice(server(packages=[package(environmentVariables=marked)])) == set()


def test_repeated_variables_and_remotes_are_pointed_out_at_their_second_place() -> None:
    variables = [{"name": "A", "isRequired": True}, {"name": "B"}, {"name": "A"}]
    remote = {"type": "streamable-http", "url": "https://a.example/mcp"}
    document = server(
        packages=[package(environmentVariables=variables)],
        remotes=[remote, {**remote, "url": "https://b.example"}, remote],
    )
    assert advice(document) == {
        ("packages[0].environmentVariables[2].name", "repeated-environment-variable"),
        ("remotes[2].url", "repeated-remote"),
    }


def test_one_address_may_speak_both_transports() -> None:
    url = "https://a.example/mcp"
    remotes = [{"type": "streamable-http", "url": url}, {"type": "sse", "url": url}]
    assert advice(server(remotes=remotes)) == {("remotes[1].type", "sse-transport")}


def test_anything_but_an_object_gets_no_advice() -> None:
    assert [lint_issues("server", value) for value in (None, [], "x", 1)] == [(), (), (), ()]
