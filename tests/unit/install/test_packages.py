from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regpress.install.derive import launches_of, server_key
from regpress.install.launch import Launch
from regpress.install.plain import plain_server, start_command
from regpress.names import EntryName

EXAMPLES = Path(__file__).parents[2] / "examples" / "install"
NAME = EntryName("com.example", "tides")
STDIO = {"type": "stdio"}


def package(registry_type: str = "npm", identifier: str = "tides", **members: Any) -> dict[str, Any]:
    return {"registryType": registry_type, "identifier": identifier, "transport": STDIO, **members}


def launches(*packages: dict[str, Any]) -> tuple[Launch, ...]:
    return launches_of({"packages": list(packages)}, NAME)


def command_line(item: dict[str, Any]) -> str:
    """Return what a client runs for a package, as one line."""
    (launch,) = launches(item)
    server = plain_server(launch)
    return shlex.join([server["command"], *server["args"]])


def test_a_package_is_run_by_the_launcher_of_its_type_at_its_exact_version() -> None:
    found = {
        kind: command_line(package(kind, identifier, version="1.2.0"))
        for kind, identifier in (("npm", "@a/b"), ("pypi", "b"), ("nuget", "A.B"))
    }
    assert found == {"npm": "npx -y @a/b@1.2.0", "pypi": "uvx b@1.2.0", "nuget": "dnx A.B@1.2.0 --yes"}
    assert command_line(package("oci", "ghcr.io/a/b:1.2.0")) == "docker run -i --rm ghcr.io/a/b:1.2.0"


@pytest.mark.parametrize(
    ("image", "members", "expected"),
    [
        ("a/b", {"version": "1.0"}, "a/b:1.0"),
        ("localhost:5000/b", {"version": "1.0"}, "localhost:5000/b:1.0"),
        ("localhost:5000/b:2", {"version": "1.0"}, "localhost:5000/b:2"),
        ("a/b@sha256:00", {"version": "1.0"}, "a/b@sha256:00"),
        ("a/b:2", {"registryBaseUrl": "https://ghcr.io"}, "ghcr.io/a/b:2"),
        ("ghcr.io/a/b:2", {"registryBaseUrl": "https://ghcr.io"}, "ghcr.io/a/b:2"),
        ("a/b:2", {"registryBaseUrl": "https://docker.io"}, "a/b:2"),
    ],
)
def test_the_version_and_host_of_older_documents_become_part_of_the_image(
    image: str, members: dict[str, Any], expected: str
) -> None:
    (launch,) = launches(package("oci", image, **members))
    assert launch.target == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (package(version="1", runtimeHint="bun"), "bunx tides@1"),
        (package(version="1", runtimeHint="/bin/sh"), "npx -y tides@1"),
        (package("pypi", version="1", runtimeHint="python"), "uvx tides@1"),
        (package("oci", "a/b:1", runtimeHint="podman"), "podman run -i --rm a/b:1"),
        (package(version="1", runtimeHint="uvx"), "npx -y tides@1"),
    ],
)
def test_a_runtime_hint_chooses_among_known_launchers_only(item: dict[str, Any], expected: str) -> None:
    assert command_line(item) == expected


def test_what_a_publisher_wrote_of_the_launchers_own_words_stands_there_once() -> None:
    yes = {"type": "positional", "value": "--yes"}
    named = {"type": "positional", "value": "tides@1"}
    assert command_line(package(version="1", runtimeArguments=[yes])) == "npx --yes tides@1"
    assert command_line(package(version="1", runtimeArguments=[yes, named])) == "npx --yes tides@1"
    run = [{"type": "positional", "value": "run"}, {"type": "named", "name": "-i"}, {"type": "named", "name": "--rm"}]
    image = {"type": "positional", "value": "ghcr.io/a/b"}
    item = package("oci", "ghcr.io/a/b:1", runtimeArguments=[*run, image, {"type": "positional", "value": "serve"}])
    assert command_line(item) == "docker run -i --rm ghcr.io/a/b:1 serve"


def test_a_switch_is_told_from_an_argument_that_takes_a_value() -> None:
    arguments = [
        {"type": "named", "name": "--quiet"},
        {"type": "named", "name": "--user", "description": "Who you are"},
        {"type": "named", "name": "-e", "description": "Set a variable"},
        {"type": "positional", "value": "LEVEL"},
        {"type": "named", "name": "--port", "default": "80"},
    ]
    assert command_line(package(packageArguments=arguments)) == "npx -y tides --quiet -e LEVEL --port 80"


def test_a_container_gets_variables_by_name_and_its_port_from_the_machine_itself() -> None:
    variables = [{"name": "KEY", "isRequired": True, "isSecret": True}, {"name": "PORT", "default": "8080"}]
    transport = {"type": "streamable-http", "url": "http://localhost:{PORT}/mcp"}
    (launch,) = launches(package("oci", "a/b:1", environmentVariables=variables, transport=transport))
    assert start_command(launch) == (
        "env 'KEY=<KEY>' PORT=8080 docker run --rm -p 127.0.0.1:8080:8080 -e KEY -e PORT a/b:1"
    )
    assert plain_server(launch) == {"type": "http", "url": "http://localhost:8080/mcp"}


def test_a_variable_that_the_publisher_hands_on_already_is_not_handed_on_twice() -> None:
    own = [{"type": "named", "name": "-e", "value": "KEY={key}", "variables": {"key": {"isSecret": True}}}]
    item = package("oci", "a/b:1", runtimeArguments=own, environmentVariables=[{"name": "KEY", "isRequired": True}])
    assert command_line(item) == "docker run -i --rm -e 'KEY=<key>' a/b:1"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "//host/mcp", "", 7, None])
def test_an_address_that_is_not_http_gives_nothing(address: Any) -> None:
    assert launches(package(transport={"type": "sse", "url": address})) == ()
    assert launches_of({"remotes": [{"type": "sse", "url": address}]}, NAME) == ()
    assert launches(package("mcpb", address)) == ()


@pytest.mark.parametrize(
    "item",
    [
        package("npm", "--call=touch pwned"),
        package("oci", "--privileged"),
        package("cargo", "A=1"),
        package("cargo", "../bin/sh"),
        package("unheard-of", "x"),
        package("npm", ""),
        {"registryType": ["npm"], "identifier": {}, "transport": []},
        {},
    ],
)
def test_what_cannot_be_run_safely_gives_nothing(item: dict[str, Any]) -> None:
    assert launches(item) == ()


def test_control_characters_and_invisible_ones_are_spelt_out() -> None:
    assert command_line(package("npm", "a\x15b\u202e\n")) == "npx -y 'a[U+0015]b[U+202E][U+000A]'"


@pytest.mark.parametrize("broken", [None, 7, "text", [None, 7, []], {"a": 1}, [{"type": "named"}], [{"name": 7}]])
def test_members_of_unexpected_types_are_left_out(broken: Any) -> None:
    item = package(environmentVariables=broken, packageArguments=broken, runtimeArguments=broken)
    assert command_line(item) == "npx -y tides"
    assert launches_of({"packages": broken, "remotes": broken}, NAME) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("com.example/tides", "tides"),
        ("com.example/tide.tables", "tide-tables"),
        ("com.example/mcp", "example-mcp"),
        ("io.github.Harbour/mcp-server", "Harbour-mcp-server"),
        ("com.example/...", "example-server"),
    ],
)
def test_the_short_name_suits_every_client_and_says_whose_server_it_is(name: str, expected: str) -> None:
    assert server_key(EntryName(*name.split("/"))) == expected


def variants(value: Any) -> Iterator[Any]:
    """Yield a value with each of its members in turn replaced by what nobody expects there."""
    yield from (None, 7, True, "", "{x}", [], [[]], {}, {"a": []})
    if isinstance(value, dict):
        for name, member in value.items():
            yield from ({**value, name: other} for other in variants(member))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from ([*value[:at], other, *value[at + 1 :]] for other in variants(item))


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_no_member_of_an_unexpected_type_stops_a_page(file: Path) -> None:
    document = json.loads(file.read_text())
    for part in ("packages", "remotes"):
        for other in variants(document.get(part)):
            for launch in launches_of({part: other}, NAME):
                assert launch.transport == "bundle" or plain_server(launch)
                assert start_command(launch).isprintable()


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_every_way_of_an_example_is_derived(file: Path) -> None:
    document = json.loads(file.read_text())
    ways = [*document.get("packages", []), *document.get("remotes", [])]
    assert len(launches_of(document, EntryName(*document["name"].split("/")))) == len(ways)
