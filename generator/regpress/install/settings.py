"""What programs are told so that they use a registry: static hosting specification section 2, as of `CHECKED`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Final, NamedTuple

from regpress import paths

#: When the facts of this module were last compared with the programs.
CHECKED: Final = "2026-11-25"
#: Stands for the address of a site that does not know it; ``install.js`` puts the real one there.
UNKNOWN_ADDRESS: Final = "https://registry.example.org"


class Setting(NamedTuple):
    """What one program is told.

    Attributes:
        id: of its heading in a page.
        name: of the program.
        about: what to do, and what it gives.
        snippets: where something goes, and what goes there.
        traps: what goes wrong otherwise.
    """

    id: str
    name: str
    about: str
    snippets: tuple[tuple[str, str], ...]
    traps: tuple[str, ...]


def settings_of(address: str, *, legacy: bool) -> tuple[Setting, ...]:
    """Return the settings of every program.

    Args:
        address: of the registry, absolute and without a final slash.
        legacy: whether it also answers below ``/v0``.
    """
    return tuple(_settings(address, legacy=legacy))


def _settings(address: str, *, legacy: bool) -> Iterator[Setting]:
    yield Setting(
        "vscode",
        "VS Code",
        "The Extensions view shows the registry when you search for @mcp. With “chat.mcp.access” as here, VS Code "
        "runs nothing else.",
        (("settings.json", _json({"chat.mcp.gallery.serviceUrl": address, "chat.mcp.access": "registry"})),),
        (
            "The address goes without /v0.1: VS Code adds it.",
            "VS Code reads the registry without a login: it must be readable for everyone who uses it.",
            "A list that cannot be read shows as an empty gallery, without a message.",
        ),
    )
    yield Setting(
        "copilot",
        "GitHub Copilot for organisations and enterprises",
        "An owner enters the address as “MCP Registry URL” among the Copilot policies of the organisation or "
        "enterprise, and chooses there whether members may use other servers too.",
        (("MCP Registry URL", address),),
        (
            "The address goes without /v0.1.",
            "Copilot has no login for the registry: it must be readable for everyone, or from within your network.",
            "Servers are compared by their exact name: the one in mcp.json must be the one of the registry.",
            "Enforced from VS Code 1.109.3, Visual Studio 18.4, JetBrains 1.5.64, Copilot CLI 1.0.11 and others on.",
        ),
    )
    yield Setting(
        "toolhive",
        "ToolHive",
        "Reads the whole registry as one file, skills and plugins included. The desktop program has the same setting "
        "under Settings, Registry.",
        (
            ("Terminal", f"thv config set-registry {shlex.quote(f'{address}/{paths.REGISTRY_FILE}')}"),
            ("As an API, where the host answers with JSON", f"thv config set-registry {shlex.quote(address)}"),
        ),
        (
            "ToolHive runs container images and remote servers. Servers with other packages are listed only.",
            "An address without https, or inside a private network, needs --allow-private-ip.",
        ),
    )
    yield Setting(
        "apm",
        "apm",
        "The package manager for agents finds and installs servers of the registry by their names.",
        (
            ("Terminal", f"apm config set mcp-registry-url {shlex.quote(address)}"),
            ("Or in the environment", f"export MCP_REGISTRY_URL={shlex.quote(address)}"),
        ),
        (
            "The address goes without /v0.1, and has neither a query nor a fragment.",
            "An address without https needs MCP_REGISTRY_ALLOW_HTTP=1.",
            "apm keeps what it read for as long as the host allows, so that a new server may show later.",
        ),
    )
    yield Setting(
        "libraries",
        "Libraries and tools with the official API",
        "Programs differ in the part of the address that they expect.",
        (
            ("mcp-registry-sdk, go-mcp-registry", address),
            ("lightnow-cli", f"{address}/{paths.API}"),
            ("langchain-mcp-registry", f"{address}/{paths.API}/servers"),
        ),
        ("mcp-registry-sdk and lightnow-cli do not follow redirects, which GitHub Pages answers some addresses with.",),
    )
    yield _legacy(address, legacy=legacy)
    yield Setting(
        "others",
        "Cursor, Claude, Windsurf, JetBrains and others",
        "These have no setting for a registry, or none that is documented. The page of each server has the "
        "configuration to copy, and install links where a client knows them.",
        (),
        (),
    )


def _legacy(address: str, *, legacy: bool) -> Setting:
    name = f"Programs that ask below /{paths.LEGACY_API}"
    programs = "The Docker MCP gateway, LangChain4j and mcp-lookup know only the older form of the API."
    if not legacy:
        return Setting(
            "legacy", name, f"{programs} This registry does not answer there, so that they cannot use it.", (), ()
        )
    return Setting(
        "legacy",
        name,
        f"{programs} This registry answers there too.",
        (
            ("LangChain4j, mcp-lookup", address),
            ("Docker MCP gateway", f"{address}/{paths.LEGACY_API}/servers"),
        ),
        ("mcp-lookup prints some other server where the one that you ask for does not exist: compare the name.",),
    )


def _json(value: dict[str, str]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
