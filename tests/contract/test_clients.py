"""Clients that people use, from PyPI, against real servers: list, search, show, latest, exact version, absence.

Each runs in an environment of its own, made by `make test-hosts`, as a process that knows nothing of this one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contract.targets import TARGETS, Target
from edges.node import TOOLS
from varied import PLUS, SERVERS, UPPER, VERSIONS

pytestmark = pytest.mark.hosts

HOSTS = ("nginx", "caddy", "cloudflare-workers", "github-pages", "github-pages-below-a-path")
PLUS_VERSION = SERVERS[PLUS][1]


@dataclass(frozen=True)
class Served:
    """A registry that is served, and a home for clients.

    Attributes:
        base: its address, without a final slash.
        home: a folder that clients may write to.
        target: what serves it.
    """

    base: str
    home: Path
    target: Target

    def run(self, client: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program of a client's environment."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "NO_COLOR": "1",
            "COLUMNS": "300",
            "PYTHONWARNINGS": "ignore",
            **variables,
        }
        command = [str(TOOLS / client / "bin" / arguments[0]), *arguments[1:]]
        return subprocess.run(command, env=environment, cwd=self.home, capture_output=True, text=True, timeout=120)

    def script(self, client: str, code: str) -> Any:
        """Run Python code in a client's environment, which prints JSON; ``BASE`` is the address of the registry."""
        done = self.run(client, "python", "-c", f"BASE = {self.base!r}\n{code}")
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session", params=HOSTS)
def served(
    request: pytest.FixtureRequest, varied: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    target = next(target for target in TARGETS if target.name == request.param)
    if reason := target.missing():
        pytest.skip(reason)
    with target.serve(varied(target.host)) as base:
        yield Served(base, tmp_path_factory.mktemp("home"), target)


def needs(client: str) -> pytest.MarkDecorator:
    there = (TOOLS / client / ".ready").is_file()
    return pytest.mark.skipif(not there, reason=f"{client} is not installed here (make test-hosts says why)")


SDK = """
import asyncio, json
from mcpreg import RegistryClient
from mcpreg.exceptions import NotFoundError
from mcpreg.settings import RegistrySettings

async def missing(what):
    try:
        await what
    except NotFoundError:
        return True
    return False

async def main():
    async with RegistryClient(RegistrySettings(base_url=BASE)) as client:
        latest = await client.get_version(%(versions)r)
        exact = await client.get_version(%(plus)r, %(version)r)
        listed = await client.list_versions(%(versions)r)
        print(json.dumps({
            "names": [entry.server.name async for entry in client.iter_servers(version="latest")],
            "latest": latest.server.version,
            "exact": [exact.server.name, exact.server.version],
            "versions": [entry.server.version for entry in listed.servers],
            "missing": [await missing(client.get_version("com.example/none")),
                        await missing(client.get_version(%(versions)r, "9.9.9")),
                        await missing(client.list_versions("com.example/none"))],
            "found": [entry.server.name async for entry in client.iter_servers(search=%(upper)r)],
        }))

asyncio.run(main())
""" % {"versions": VERSIONS, "plus": PLUS, "version": PLUS_VERSION, "upper": UPPER}  # noqa: UP031 (braces are code)


@needs("mcp-registry-sdk")
def test_mcp_registry_sdk_lists_finds_and_misses(served: Served) -> None:
    said = served.script("mcp-registry-sdk", SDK)
    assert said["names"] == sorted(SERVERS)
    assert said["latest"] == SERVERS[VERSIONS][1]
    assert said["exact"] == [PLUS, PLUS_VERSION]
    assert said["versions"] == SERVERS[VERSIONS][0]
    assert said["missing"] == [True, True, True]
    assert UPPER in said["found"]


@pytest.fixture(scope="session")
def lightnow(served: Served) -> Callable[..., str]:
    folder = served.home / ".lightnow"
    folder.mkdir(mode=0o700, exist_ok=True)
    settings = {"registry_api_url": f"{served.base}/v0.1", "access_token": "none is needed"}
    (folder / "config.json").write_text(json.dumps(settings))

    def say(*arguments: str) -> str:
        done = served.run("lightnow-cli", "lightnow", *arguments, CI="1", LIGHTNOW_NO_UPDATE_CHECK="1")
        return done.stdout + done.stderr

    return say


@needs("lightnow-cli")
def test_lightnow_searches_and_shows(lightnow: Callable[..., str]) -> None:
    assert UPPER in lightnow("search", UPPER, "--limit", "500")
    # Without a version it takes the first of the list of versions: the newest publication.
    assert SERVERS[VERSIONS][0][0] in lightnow("info", VERSIONS)
    exact = lightnow("info", PLUS, "--version", PLUS_VERSION)
    assert PLUS in exact
    assert PLUS_VERSION in exact
    assert re.search("(?i)not found|404", lightnow("info", "com.example/none"))


@pytest.fixture(scope="session")
def apm(served: Served) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {"MCP_REGISTRY_URL": served.base, "MCP_REGISTRY_ALLOW_HTTP": "1"}
        return served.run("apm-cli", "apm", *arguments, **variables)

    return run


@needs("apm-cli")
def test_apm_lists_searches_and_shows(apm: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert "com.example.many/server-000" in apm("mcp", "list").stdout
    assert PLUS in apm("mcp", "search", PLUS, "--limit", "500").stdout
    # It looks for the exact name on the one page that a search gives.
    for name in (VERSIONS, UPPER, PLUS, max(SERVERS)):
        shown = apm("mcp", "show", name).stdout
        assert name in shown
        assert "not found" not in shown
    assert "not found in registry" in apm("mcp", "show", "com.example/none").stdout


@needs("apm-cli")
def test_apm_installs_from_the_registry(apm: Callable[..., subprocess.CompletedProcess[str]], served: Served) -> None:
    def install(name: str) -> subprocess.CompletedProcess[str]:
        (served.home / "apm.yml").write_text(f"name: demo\nversion: 1.0.0\ndependencies:\n  mcp:\n    - {name}\n")
        return apm("install", "--target", "vscode")

    (served.home / ".vscode").mkdir()
    done = install(VERSIONS)
    assert done.returncode == 0, done.stdout + done.stderr
    settings = json.loads((served.home / ".vscode" / "mcp.json").read_text())
    assert settings["servers"][VERSIONS]["url"] == "https://com.example/mcp"
    missing = install("com.example/none")
    assert missing.returncode != 0
    assert "com.example/none" in missing.stdout + missing.stderr


LANGCHAIN = """
import asyncio, json
from langchain_mcp_registry.client import MCPRegistryClient
from langchain_mcp_registry.exceptions import ServerNotFoundError

async def main():
    async with MCPRegistryClient(registry_url=BASE + "/v0.1/servers", cache_enabled=False) as client:
        try:
            missing = bool(await client.get_server_details("com.example/none"))
        except ServerNotFoundError:
            missing = None
        latest = await client.get_server_details(%(versions)r)
        exact = await client.get_server_details(%(plus)r, %(version)r)
        print(json.dumps({
            "found": [server.name for server in await client.search_servers(query=%(upper)r)],
            "latest": latest.version,
            "exact": [exact.name, exact.version],
            "versions": [server.version for server in await client.get_server_versions(%(versions)r)],
            "missing": missing,
        }))

asyncio.run(main())
""" % {"versions": VERSIONS, "plus": PLUS, "version": PLUS_VERSION, "upper": UPPER}  # noqa: UP031 (braces are code)


@needs("langchain-mcp-registry")
def test_langchain_mcp_registry_searches_shows_and_misses(served: Served) -> None:
    said = served.script("langchain-mcp-registry", LANGCHAIN)
    assert UPPER in said["found"]
    assert said["latest"] == SERVERS[VERSIONS][1]
    # It does not encode the version.
    assert said["exact"] == [PLUS, PLUS_VERSION]
    assert said["versions"] == SERVERS[VERSIONS][0]
    assert said["missing"] is None


@needs("mcp-lookup")
def test_mcp_lookup_searches_and_gets(served: Served) -> None:
    def lookup(*arguments: str) -> subprocess.CompletedProcess[str]:
        return served.run("mcp-lookup", "mcp-lookup", "--source", "registry", "--base-url", served.base, *arguments)

    assert UPPER in lookup("search", UPPER).stdout
    assert json.loads(lookup("get", VERSIONS).stdout)["server"]["version"] == SERVERS[VERSIONS][1]
    assert json.loads(lookup("get", UPPER).stdout)["server"]["name"] == UPPER
    missing = lookup("get", "com.example/none")
    if served.target.capabilities.filters:
        assert (missing.returncode != 0, missing.stdout) == (True, ""), missing
    else:
        # It takes the first of the list for what is missing: no file can help that.
        assert json.loads(missing.stdout)["server"]["name"] == min(SERVERS)


REGISTRY_CLI = """
import json
from mcp_registry_cli import api

kind = next(value for value in vars(api).values() if hasattr(value, "BASE_URL"))
kind.BASE_URL = BASE
client, names, cursor = kind(), [], None
while True:
    page = client.list_servers(cursor=cursor, limit=100)
    names += [server.name for server in page["servers"]]
    cursor = page["next_cursor"]
    if not cursor:
        break
print(json.dumps({
    "names": sorted(set(names)),
    "found": [server.name for server in client.search_servers(%(upper)r)["servers"]],
    "versions": [server.version for server in client.get_server_versions(%(versions)r)],
}))
""" % {"versions": VERSIONS, "upper": UPPER}  # noqa: UP031 (braces are code)


@needs("mcp-registry-cli")
def test_mcp_registry_cli_lists_and_searches_to_the_end(served: Served) -> None:
    said = served.script("mcp-registry-cli", REGISTRY_CLI)
    assert said["names"] == sorted(SERVERS)
    assert UPPER in said["found"]
    assert said["versions"] == SERVERS[VERSIONS][0]
