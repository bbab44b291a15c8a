"""Every package and remote that people published, where the collection is at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regpress.install.derive import launches_of
from regpress.install.plain import plain_server, start_command
from regpress.install.skills import commands_of
from regpress.names import EntryName

DATA = Path(__file__).parents[3] / "../shared/data"
FILES = (
    "upstream-registry-real.json",
    "upstream-registry-enriched-real.json",
    "upstream-registry-toolhive-example.json",
    "upstream-registry-docs-examples.json",
)


def data_of(file: str) -> dict[str, Any]:
    if not (DATA / file).exists():
        pytest.skip(f"{file} is not at hand")
    data: dict[str, Any] = json.loads((DATA / file).read_bytes())["data"]
    return data


def inputs_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("isSecret") is True:
            yield value
        for member in value.values():
            yield from inputs_in(member)
    elif isinstance(value, list):
        for item in value:
            yield from inputs_in(item)


@pytest.mark.parametrize("file", FILES)
def test_every_package_and_remote_of_real_servers_can_be_installed(file: str) -> None:
    for server in data_of(file)["servers"]:
        launches = launches_of(server, EntryName(*server["name"].split("/")))
        ways = [*server.get("packages", []), *server.get("remotes", [])]
        assert len(launches) == len(ways), server["name"]
        for launch in launches:
            assert launch.transport == "bundle" or plain_server(launch)
            assert launch.command or launch.url
            assert start_command(launch).isprintable()


@pytest.mark.parametrize("file", FILES)
def test_no_secret_of_a_real_server_is_written_down(file: str) -> None:
    for server in data_of(file)["servers"]:
        launches = repr(launches_of(server, EntryName(*server["name"].split("/"))))
        for secret in inputs_in({"packages": server.get("packages"), "remotes": server.get("remotes")}):
            if default := secret.get("default"):
                assert repr(default) not in launches, server["name"]


@pytest.mark.parametrize("file", FILES)
def test_every_real_skill_has_a_command(file: str) -> None:
    for skill in data_of(file).get("skills", []):
        found = commands_of(skill, "skill", EntryName(skill["namespace"], skill["name"]))
        assert len(found) >= len(skill["packages"]), skill["name"]
