from __future__ import annotations

import json
import shlex

from regpress.install.settings import Setting, settings_of

ADDRESS = "https://mcp.example/harbour"


def settings(address: str = ADDRESS, *, legacy: bool = False) -> dict[str, Setting]:
    return {setting.id: setting for setting in settings_of(address, legacy=legacy)}


def test_editors_get_the_address_without_a_version() -> None:
    (snippet,) = settings()["vscode"].snippets
    assert json.loads(snippet[1]) == {"chat.mcp.gallery.serviceUrl": ADDRESS, "chat.mcp.access": "registry"}
    assert settings()["copilot"].snippets == (("MCP Registry URL", ADDRESS),)
    assert all(any("/v0.1" in trap for trap in settings()[name].traps) for name in ("vscode", "copilot", "apm"))


def test_toolhive_gets_the_file_that_every_host_serves_alike() -> None:
    assert shlex.split(settings()["toolhive"].snippets[0][1])[-1] == f"{ADDRESS}/registry.json"


def test_libraries_get_the_part_of_the_address_that_they_expect() -> None:
    assert [code for _, code in settings()["libraries"].snippets] == [
        ADDRESS,
        f"{ADDRESS}/v0.1",
        f"{ADDRESS}/v0.1/servers",
    ]


def test_programs_that_ask_below_v0_are_told_whether_the_registry_answers_there() -> None:
    assert settings()["legacy"].snippets == ()
    assert "does not answer there" in settings()["legacy"].about
    assert (
        "Docker MCP gateway",
        f"{ADDRESS}/v0/servers",
    ) in settings(legacy=True)["legacy"].snippets


def test_an_address_cannot_leave_its_word() -> None:
    hostile = "https://mcp.example/a'b$(c)&d"
    for setting in settings(hostile, legacy=True).values():
        for title, code in setting.snippets:
            if title.startswith(("Terminal", "As an API", "Or in")):
                assert any(hostile in word for word in shlex.split(code)), title
