from __future__ import annotations

import pytest

from regpress.html.options import packages_of, remotes_of
from regpress.html.views import FactView, InputsView


def inputs_by_title(inputs: tuple[InputsView, ...]) -> dict[str, InputsView]:
    return {group.title: group for group in inputs}


def test_a_package_shows_what_is_needed_to_run_it() -> None:
    (package,) = packages_of(
        [
            {
                "registryType": "npm",
                "identifier": "@acme/tides",
                "version": "1.2.0",
                "runtimeHint": "npx",
                "transport": {"type": "streamable-http", "url": "http://localhost:{port}/mcp"},
                "environmentVariables": [
                    {"name": "KEY", "description": "From your account", "isRequired": True, "isSecret": True},
                    {"name": "PORT", "default": "8700", "format": "number", "choices": ["8700", "8701"]},
                ],
                "packageArguments": [
                    {"type": "named", "name": "--port", "valueHint": "port", "isRepeated": True},
                    {"type": "positional", "value": "serve"},
                    {"type": "positional", "valueHint": "folder", "placeholder": "/data"},
                ],
                "runtimeArguments": [{"type": "named", "name": "-y"}],
            }
        ]
    )
    assert (package.type, package.name, package.version) == ("npm", "@acme/tides", "1.2.0")
    assert package.href == "https://www.npmjs.com/package/@acme/tides"
    assert package.facts == (
        FactView("Transport", ("streamable-http",)),
        FactView("Address", ("http://localhost:{port}/mcp",)),
        FactView("Runtime", ("npx",)),
    )
    groups = inputs_by_title(package.inputs)
    key, port = groups["Environment variables"].inputs
    assert (key.name, key.description, key.required, key.secret) == ("KEY", "From your account", True, True)
    assert (port.required, port.secret) == (False, False)
    assert port.facts == (
        FactView("default", ("8700",)),
        FactView("one of", ("8700", "8701")),
        FactView("format", ("number",)),
    )
    named, fixed, positional = groups["Package arguments"].inputs
    assert (named.name, named.repeated) == ("--port <port>", True)
    assert (fixed.name, fixed.facts) == ("serve", ())
    assert (positional.name, positional.facts) == ("<folder>", (FactView("example", ("/data",)),))
    assert groups["Runtime arguments"].inputs[0].name == "-y"


def test_variables_follow_the_header_that_they_fill_in() -> None:
    (remote,) = remotes_of(
        [
            {
                "type": "sse",
                "url": "https://{area}.example.org/mcp",
                "headers": [
                    {"name": "Authorization", "value": "Bearer {token}", "variables": {"token": {"isSecret": True}}}
                ],
                "variables": {"area": {"choices": ["north"], "isRequired": True}},
            }
        ]
    )
    assert (remote.type, remote.name, remote.href) == ("sse", "https://{area}.example.org/mcp", "")
    groups = inputs_by_title(remote.inputs)
    header, token = groups["Headers"].inputs
    assert header.facts == (FactView("value", ("Bearer {token}",)),)
    assert (token.name, token.nested, token.secret) == ("{token}", True, True)
    (area,) = groups["Variables"].inputs
    assert (area.name, area.nested, area.required) == ("{area}", False, True)


def test_headers_of_a_package_are_shown() -> None:
    (package,) = packages_of(
        [{"registryType": "oci", "identifier": "x", "transport": {"type": "sse", "headers": [{"name": "X-Key"}]}}]
    )
    assert inputs_by_title(package.inputs)["Headers"].inputs[0].name == "X-Key"


def test_a_git_package_of_a_skill_shows_where_it_is() -> None:
    (package,) = packages_of(
        [
            {
                "registryType": "git",
                "url": "https://example.org/s.git",
                "ref": "main",
                "commit": "abc",
                "subfolder": "a/b",
            }
        ]
    )
    assert (package.type, package.name, package.href) == (
        "Git",
        "https://example.org/s.git",
        "https://example.org/s.git",
    )
    assert [fact.values[0] for fact in package.facts] == ["main", "abc", "a/b"]


@pytest.mark.parametrize(
    ("package", "href"),
    [
        ({"registryType": "pypi", "identifier": "tides"}, "https://pypi.org/project/tides/"),
        ({"registryType": "nuget", "identifier": "Acme.Tides"}, "https://www.nuget.org/packages/Acme.Tides"),
        (
            {"registryType": "npm", "identifier": "a", "registryBaseUrl": "https://registry.npmjs.org"},
            "https://www.npmjs.com/package/a",
        ),
        ({"registryType": "npm", "identifier": "a", "registryBaseUrl": "https://npm.acme.example"}, ""),
        ({"registryType": "npm", "identifier": "../login?x"}, ""),
        ({"registryType": "npm", "identifier": 'a"><b'}, "https://www.npmjs.com/package/a%22%3E%3Cb"),
        ({"registryType": "pypi", "identifier": 5}, ""),
        ({"registryType": "oci", "identifier": "ghcr.io/acme/tides:1"}, ""),
        ({"registryType": "mcpb", "identifier": "https://example.org/t.mcpb"}, "https://example.org/t.mcpb"),
        ({"registryType": "mcpb", "identifier": "javascript:alert(1)"}, ""),
        ({"registryType": "unheard-of", "identifier": "a"}, ""),
    ],
)
def test_a_package_links_to_its_page_only_where_that_is_known(package: dict[str, object], href: str) -> None:
    assert packages_of([package])[0].href == href


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        5,
        {"a": 1},
        [None, 1, "x"],
    ],
)
def test_what_is_no_list_of_objects_has_no_options(value: object) -> None:
    assert packages_of(value) == remotes_of(value) == ()


@pytest.mark.parametrize("junk", [None, 5, "text", [], {}, [5], [[]], {"a": 5}, True])
def test_members_of_the_wrong_type_do_not_stop_a_page(junk: object) -> None:
    members = (
        "registryType identifier version registryBaseUrl transport environmentVariables packageArguments"
        " runtimeArguments fileSha256 type url headers variables"
    )
    broken = dict.fromkeys(members.split(), junk)
    deeper = {"environmentVariables": [dict.fromkeys(("name", "variables", "choices", "format", "isRequired"), junk)]}
    assert len(packages_of([broken, deeper])) == 2
    assert len(remotes_of([broken])) == 1
