"""Installing, in a real browser: what each client is given, the form that fills it in, and reading without scripts."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

import hostile
from fakes_catalog import make_catalog, make_server, make_skill, make_version
from html_site import render_site
from regpress.hosts.layouts import flat
from regpress.install.derive import launches_of, server_key
from regpress.install.encode import encode
from regpress.install.plain import plain_server
from regpress.install.settings import CHECKED
from regpress.names import EntryName

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]

EXAMPLES = Path(__file__).parents[1] / "examples" / "install"
FILES = sorted(EXAMPLES.glob("*.json"))
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "install.md"
REAL = Path(__file__).parents[2] / "../shared/data"
REAL_FILES = (
    "upstream-registry-real.json",
    "upstream-registry-enriched-real.json",
    "upstream-registry-toolhive-example.json",
    "upstream-registry-docs-examples.json",
)
#: What would do something if it left its quotes.
SHELL_ATTACKS = (
    "a'; touch pwned; '",
    'a"; touch pwned; "',
    "a$(touch pwned)`touch pwned`${IFS}",
    "a\ntouch pwned\n#",
    "a\x15touch pwned\x1b[A",
    "a|touch pwned&touch pwned>pwned\\",
    "a !touch ~ * ? [a] {a,b}",
)


@dataclass
class Visit:
    """A page of the site, and what happened on it."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the site."""
        self.page.goto(self.address + path)

    def choose(self, client: str) -> None:
        """Choose a client."""
        self.page.get_by_label(client, exact=True).check()

    def copied(self) -> str:
        """Return what a click on a button copies; the clipboard is empty before."""
        text = self.page.wait_for_function("navigator.clipboard.readText()").json_value()
        return str(text)

    @property
    def code(self) -> list[str]:
        """Return the snippets that are shown."""
        return self.page.locator(".install pre:visible").all_inner_texts()


@dataclass
class Module:
    """The script of the pages, called from outside."""

    page: Page

    @cached_property
    def clients(self) -> list[dict[str, Any]]:
        """Return the table of clients."""
        return list(self._call("(module) => module.CLIENTS", None))

    @cached_property
    def checked(self) -> str:
        """Return the date of the table."""
        return str(self._call("(module) => module.CHECKED", None))

    def configure(
        self, servers: list[dict[str, Any]], values: dict[str, Any] | None = None
    ) -> list[list[list[dict[str, Any]]]]:
        """Return what each client is given for each launch of each server."""
        made: list[list[list[dict[str, Any]]]] = self._call(
            """(module, [servers, values]) => servers.map((data) => data.o.map((launch) =>
               module.CLIENTS.map((client) => module.configure(client, data, launch, values))))""",
            [servers, values or {}],
        )
        return made

    def _call(self, function: str, argument: Any) -> Any:
        return self.page.evaluate(
            f"async ([argument]) => ({function})(await import("
            "document.querySelector('script[src*=\"install.\"]').src), argument)",
            [argument],
        )


class Given(NamedTuple):
    """What clients are given for one server.

    Attributes:
        document: of the server.
        data: what its page hands to the script.
        made: for each launch, for each client.
    """

    document: dict[str, Any]
    data: dict[str, Any]
    made: list[list[dict[str, Any]]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> str:
    """Return the address of a site with the examples, which lies below a folder of its host."""
    folder = tmp_path_factory.mktemp("install")
    examples = [
        make_version("server", EntryName(*document["name"].split("/")), document) for document in map(_read, FILES)
    ]
    package = {"registryType": "git", "url": "https://github.com/example/skills", "subfolder": "skills/review"}
    catalogs = (
        make_catalog(*examples, make_skill("com.example/review", packages=[package]), make_server("com.example/bare")),
        make_catalog(make_server("com.example/other"), registry="team", is_default=False),
    )
    for artifact in render_site(*catalogs, base_path="/my-registry").values():
        file = folder / "my-registry" / flat(artifact.address, artifact.form)[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.body)
    return serve(folder) + "/my-registry/"


@pytest.fixture(scope="module")
def module(browser: Browser, site: str) -> Iterator[Module]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}servers/com.example/remotes/")
    yield Module(page)
    context.close()


@pytest.fixture(scope="module")
def given(module: Module) -> list[Given]:
    """Return what clients are given for the examples, for attacks, and for real servers where they are at hand."""
    documents = [*every_server(), *attacks()]
    servers = [encoded(document) for document in documents]
    return [Given(*one) for one in zip(documents, servers, module.configure(servers), strict=True)]


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    made = Visit(page, site)
    page.on("console", lambda message: made.complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: made.complaints.append(f"{page.url}: {error}"))
    page.on("request", lambda request: made.requests.append(request.url))
    page.goto(f"{site}404.html")
    page.evaluate("navigator.clipboard.writeText('')")
    yield made
    assert made.complaints == []
    context.close()


def _read(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def encoded(document: dict[str, Any]) -> dict[str, Any]:
    """Return what the page of a server hands to the script."""
    name = EntryName(*document["name"].split("/"))
    return encode(str(name), server_key(name), launches_of(document, name))


# What clients are given.


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_client_is_given_what_it_reads(file: Path, module: Module, request: pytest.FixtureRequest) -> None:
    data = encoded(_read(file))
    made = module.configure([data])[0]
    lines: list[str] = []
    for launch, per_client in zip(data["o"], made, strict=True):
        lines.append(f"==== {launch['l']}")
        for client, one in zip(module.clients, per_client, strict=True):
            lines += ["", f"---- {client['name']}"]
            lines += [line for block in one["blocks"] for line in (f"[{block['title']}]", block["code"])]
            lines += [f"link: {one['link']}"] if one.get("link") else []
            lines += [f"file: {one['bundle']}"] if one.get("bundle") else []
            lines += [f"note: {note}" for note in one["notes"]]
        lines.append("")
    expected = file.with_suffix(".txt")
    if request.config.getoption("--refresh-golden"):
        expected.write_text("\n".join(lines), encoding="utf-8")
    assert "\n".join(lines) == expected.read_text(encoding="utf-8")


def every_server() -> list[dict[str, Any]]:
    """Return the examples, and the real collection where it is at hand."""
    documents = [_read(file) for file in FILES]
    for name in REAL_FILES:
        if (REAL / name).exists():
            # Versions of a server differ little: one of every other server is enough for all clients.
            servers = json.loads((REAL / name).read_bytes())["data"]["servers"]
            documents += list({server["name"]: server for server in servers}.values())[::2]
    return documents


def attacks() -> list[dict[str, Any]]:
    """Return servers whose every text tries to leave its place."""
    found = []
    for number, text in enumerate((*SHELL_ATTACKS, *hostile.ATTACKS)):
        members = {**hostile.hostile_members(text), "name": f"com.example/attack-{number}"}
        for kind in ("npm", "pypi", "oci", "nuget"):
            for transport in ({"type": "stdio"}, {"type": "streamable-http", "url": f"http://localhost:8080/{text}"}):
                package = {**members["packages"][0], "registryType": kind, "transport": transport}
                package["environmentVariables"] = [
                    {"name": "LEVEL", "value": text},
                    {"name": "TIDES_KEY", "isSecret": True, "isRequired": True},
                ]
                found.append({**members, "packages": [package], "remotes": []})
        header = {"name": "X-Level", "value": text}
        secret = {"name": "X-Key", "isRequired": True, "isSecret": True}
        remote = {"type": "sse", "url": f"https://tides.example/{text}", "headers": [header, secret]}
        found.append({**members, "packages": [], "remotes": [remote]})
    return found


def test_a_reader_without_scripts_and_one_with_them_get_the_same(module: Module, given: list[Given]) -> None:
    plain = next(at for at, client in enumerate(module.clients) if client["id"] == "json")
    for document, data, made in given:
        launches = launches_of(document, EntryName(*document["name"].split("/")))
        for launch, per_client in zip(launches, made, strict=True):
            if launch.transport != "bundle":
                code = json.loads(per_client[plain]["blocks"][-1]["code"])
                assert code == {"mcpServers": {data["k"]: plain_server(launch)}}


def test_every_configuration_can_be_read_by_its_own_format(module: Module, given: list[Given]) -> None:
    read: dict[str, Callable[[str], Any]] = {"codex": tomllib.loads, "goose": yaml.safe_load}
    roots = {"codex": "mcp_servers", "goose": "extensions"}
    for _, data, made in given:
        for launch, per_client in zip(data["o"], made, strict=True):
            for client, one in zip(module.clients, per_client, strict=True):
                if launch["x"] == "bundle" or client["form"] == "toolhive":
                    continue
                if launch["x"].removeprefix("streamable-") not in client:
                    assert one["notes"], (client["id"], data["n"])
                    continue
                config = read.get(client["id"], json.loads)(one["blocks"][-1]["code"])
                (server,) = config[roots.get(client["id"]) or client["root"]].values()
                assert server.keys() & {"command", "cmd", "url", "uri", "httpUrl", "serverUrl"}


def test_no_text_is_undefined(given: list[Given]) -> None:
    for _, data, made in given:
        text, source = json.dumps(made), json.dumps(data)
        for word in ("undefined", "[object ", "NaN", "function"):
            assert word not in text or word in source, (data["n"], word)


def test_no_text_of_a_publisher_leaves_its_word_in_a_shell(given: list[Given], tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    hostile_ones = [one for one in given if one.data["n"].startswith("com.example/attack-")]
    assert len(hostile_ones) > 100
    for one in hostile_ones:
        for per_client in one.made:
            for block in (block for client in per_client for block in client["blocks"]):
                if block["title"].startswith(("Terminal", "By its")):
                    assert all(line.isprintable() for line in block["code"].split("\n"))
                    shell.add(block["code"])
    calls = shell.run()
    assert {call[0] for call in calls} == {"claude", "thv", "env"}
    assert not (tmp_path / "pwned").exists()
    targets = {launch["p"] for one in hostile_ones for launch in one.data["o"] if launch.get("p")}
    words = {word.removeprefix("npx://").removeprefix("uvx://") for call in calls for word in call}
    assert len(targets - words) == 0


def test_a_secret_reaches_the_client_from_the_environment(module: Module, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    claude = next(at for at, client in enumerate(module.clients) if client["id"] == "claude-code")
    server = encoded(_read(EXAMPLES / "npm-arguments.json"))
    remotes = encoded(_read(EXAMPLES / "remotes.json"))
    for one in (module.configure([server])[0][0][claude], module.configure([remotes])[0][0][claude]):
        shell.add(one["blocks"][0]["code"])
    local, remote = shell.run(TIDES_KEY="it's $5", REMOTES_TOKEN='"x" y')
    assert local[:4] == ["claude", "mcp", "add", "--env"]
    assert "TIDES_KEY=it's $5" in local
    assert local[local.index("--") + 1 :] == [
        "npx", "-y", "@harbour/tides@1.4.0", "serve", "<folder>", "--units", "metric", "--verbose",
    ]  # fmt: skip
    assert 'Authorization: Bearer "x" y' in remote
    assert remote[-1] == "https://north.harbour.example/mcp"


class Shell:
    """Runs command lines in a real shell in which programs only write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._record = folder / "record"
        self._script = folder / "script"
        self._bin = folder / "bin"
        self._bin.mkdir()
        for name in ("claude", "thv", "env", "npx", "uvx", "docker", "dnx", "touch", "curl", "sha256sum"):
            stub = self._bin / name
            stub.write_text(
                f"#!/bin/sh\nprintf '%s\\0' {name} \"$@\" >> '{self._record}'\nprintf '\\1' >> '{self._record}'\n"
            )
            stub.chmod(0o755)
        self._lines: dict[str, None] = {}

    def add(self, code: str) -> None:
        """Take a command line to be run."""
        self._lines[code] = None

    def run(self, **environment: str) -> list[list[str]]:
        """Return how programs were called, by bash and by the system's plain shell alike."""
        self._script.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
        found = []
        for program in ("sh", "bash"):
            self._record.write_bytes(b"")
            subprocess.run(
                [program, str(self._script)],
                cwd=self._folder,
                env={"PATH": f"{self._bin}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", **environment},
                check=True,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=60,
            )
            calls = self._record.read_bytes().decode().split("\1")[:-1]
            found.append([call.split("\0")[:-1] for call in calls])
        # Compared outside the assertion: the difference of two such lists is long in the making.
        same = found[0] == found[1]
        assert same
        return found[0]


def test_install_links_carry_the_configuration_and_no_secret(module: Module) -> None:
    (made,) = module.configure([encoded(_read(EXAMPLES / "remotes.json"))])
    by_client = {client["id"]: one for client, one in zip(module.clients, made[0], strict=True)}
    scheme, _, query = by_client["vscode"]["link"].partition("?")
    assert scheme == "vscode:mcp/install"
    config = json.loads(unquote(query))
    assert (config["name"], config["type"]) == ("com.example/remotes", "http")
    assert config["headers"]["Authorization"] == "Bearer ${input:remotes-token}"
    assert [(one["id"], one["password"]) for one in config["inputs"]] == [("remotes-token", True)]
    link = urlsplit(by_client["cursor"]["link"])
    assert (link.scheme, link.netloc, link.path) == ("cursor", "anysphere.cursor-deeplink", "/mcp/install")
    parameters = parse_qs(link.query)
    assert parameters["name"] == ["remotes"]
    assert json.loads(base64.b64decode(parameters["config"][0]))["url"] == "https://north.harbour.example/mcp"
    assert {client for client, one in by_client.items() if one.get("link")} == {"vscode", "cursor"}


def test_text_that_a_client_would_expand_is_pointed_out_and_gets_no_link(module: Module) -> None:
    document = {"name": "com.example/a", "remotes": [{"type": "sse", "url": "https://a.example/?x=${env:HOME}"}]}
    for client, one in zip(module.clients, module.configure([encoded(document)])[0][0], strict=True):
        assert not one.get("link")
        expands = bool(client.get("env") or client.get("input"))
        assert any("“$”" in note for note in one["notes"]) == (expands and "sse" in client), client["id"]


def test_the_documentation_has_the_clients_of_the_table_and_its_date(module: Module) -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([^|`]+?) \| (.+) \|$", text.partition("## Clients")[2], flags=re.MULTILINE))
    assert [name for name in rows if name not in {"client", "---"}] == [client["name"] for client in module.clients]
    assert module.checked == CHECKED
    assert f"Last compared: {CHECKED}." in text
    for client in module.clients:
        transports = rows[client["name"]].split(" | ")[2].split(", ")
        assert [kind for kind in ("stdio", "http", "sse") if kind in client] == [
            kind for kind in transports if kind != "bundles"
        ], client["name"]


# The form.


def test_what_is_filled_in_shows_in_the_configuration(visit: Visit) -> None:
    visit.open("servers/com.example/npm-arguments/")
    visit.choose("Other (JSON)")
    assert '"<folder>"' in visit.code[0]
    expect(visit.page.get_by_text("Still to fill in: folder.")).to_be_visible()
    visit.page.get_by_label("folder").fill("/charts of the sea")
    visit.page.get_by_label("--area").fill("north\nsouth")
    visit.page.get_by_label("--units").select_option("imperial")
    visit.page.get_by_label("TIDES_REGION").fill('a "b"')
    server = json.loads(visit.code[0])["mcpServers"]["npm-arguments"]
    assert server["args"][2:] == [
        "serve", "/charts of the sea", "--area", "north", "--area", "south", "--units", "imperial", "--verbose",
    ]  # fmt: skip
    assert server["env"] == {"TIDES_KEY": "<TIDES_KEY>", "TIDES_REGION": 'a "b"'}
    assert visit.page.get_by_text("Still to fill in").count() == 0
    visit.choose("Codex CLI")
    config = tomllib.loads(visit.code[0])["mcp_servers"]["npm-arguments"]
    assert config["env"] == {"TIDES_REGION": 'a "b"'}
    assert config["env_vars"] == ["TIDES_KEY"]
    visit.page.get_by_label("folder").fill("")
    assert '"<folder>"' in visit.code[0]


def test_an_optional_secret_is_used_on_request_and_never_typed(visit: Visit) -> None:
    visit.open("servers/com.example/npm-arguments/")
    visit.choose("Cursor")
    env = json.loads(visit.code[0])["mcpServers"]["npm-arguments"]["env"]
    assert env == {"TIDES_KEY": "${env:TIDES_KEY}", "TIDES_REGION": "north sea"}
    visit.page.get_by_label("Use TIDES_PROXY, a secret").check()
    assert '"TIDES_PROXY": "${env:TIDES_PROXY}"' in visit.code[0]
    assert visit.page.locator(".fields :is(input:not([type=checkbox]), textarea)").count() == 3
    visit.choose("VS Code")
    prompts = {prompt["id"]: prompt["password"] for prompt in json.loads(visit.code[0])["inputs"]}
    assert prompts["npm-arguments-TIDES_KEY"] is True
    assert prompts["npm-arguments-folder"] is False


def test_values_stay_in_the_page(visit: Visit) -> None:
    visit.open("servers/com.example/npm-arguments/")
    before = len(visit.requests)
    visit.page.get_by_label("folder").fill("only here")
    visit.page.get_by_label("folder").press("Enter")
    visit.choose("Goose")
    assert "only here" in visit.code[0]
    assert [url for url in visit.requests[before:] if not url.endswith(".svg")] == []
    assert "only" not in visit.page.url
    assert "only here" not in visit.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    visit.page.reload()
    assert visit.page.get_by_label("folder").input_value() == ""


def test_a_chosen_client_is_still_chosen_on_the_next_page(visit: Visit) -> None:
    visit.open("servers/com.example/nuget/")
    visit.choose("Claude Code")
    visit.open("servers/com.example/cargo/")
    expect(visit.page.get_by_label("Claude Code", exact=True)).to_be_checked()
    assert visit.code[0] == "cargo install harbour-tides --version 1.4.0"


def test_the_clients_are_reached_with_the_keyboard_alone(visit: Visit) -> None:
    visit.open("servers/com.example/nuget/")
    visit.page.get_by_label("VS Code", exact=True).focus()
    visit.page.keyboard.press("ArrowRight")
    visit.page.keyboard.press("ArrowRight")
    expect(visit.page.get_by_label("Cursor", exact=True)).to_be_checked()
    expect(visit.page.get_by_role("link", name="Install in Cursor")).to_be_visible()
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Install in Cursor"
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Enter")
    assert '"Harbour.Tides@1.4.0"' in visit.copied()


def test_a_server_with_several_ways_lets_a_reader_choose(visit: Visit) -> None:
    visit.open("servers/com.example/remotes/")
    visit.choose("Claude Code")
    assert "--transport http remotes https://north.harbour.example/mcp" in visit.code[0]
    visit.page.get_by_label("area").select_option("south")
    assert "https://south.harbour.example/mcp" in visit.code[0]
    visit.page.get_by_label("sse harbour.example").check()
    assert "--transport sse remotes https://harbour.example/sse" in visit.code[0]
    visit.choose("Codex CLI")
    expect(visit.page.get_by_text("Codex CLI does not speak sse.")).to_be_visible()
    assert visit.code == []


def test_a_bundle_is_downloaded_and_can_be_checked(visit: Visit) -> None:
    visit.open("servers/com.example/bundle/")
    link = visit.page.get_by_role("link", name="Download the bundle")
    assert link.get_attribute("href") == "https://github.com/harbour/tides/releases/download/v1.4.0/tides.mcpb"
    assert f"{'0f' * 32}  tides.mcpb" in visit.code[0]


def test_the_commands_of_a_skill_can_be_copied(visit: Visit) -> None:
    visit.open("skills/com.example/review/")
    visit.page.get_by_role("button", name="Copy", exact=True).first.click()
    assert visit.copied() == "thv skill install 'git://github.com/example/skills#skills/review'"


def test_links_of_the_page_are_of_known_schemes(visit: Visit) -> None:
    for name in ("remotes", "bundle", "image"):
        visit.open(f"servers/com.example/{name}/")
        for client in ("VS Code", "Cursor", "Claude Desktop"):
            visit.choose(client)
            schemes = visit.page.evaluate("[...document.links].map((link) => link.protocol)")
            assert set(schemes) <= {"http:", "https:", "vscode:", "cursor:"}


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_is_wider_than_its_window(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    for path in (*(f"servers/com.example/{file.stem}/" for file in FILES), "skills/com.example/review/", "use/"):
        visit.open(path)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_server_without_packages_and_remotes_has_nothing_to_install(visit: Visit) -> None:
    visit.open("servers/com.example/bare/")
    assert visit.page.get_by_role("heading", name="Install").count() == 0


# Without scripts.


def test_a_page_can_be_read_without_scripts(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}servers/com.example/npm-http/")
    codes = page.locator(".install pre").all_inner_texts()
    assert codes[0] == "env 'TIDES_KEY=<TIDES_KEY>' npx -y harbour-tides@1.4.0 --port 8700"
    assert json.loads(codes[1]) == {"mcpServers": {"npm-http": {"type": "http", "url": "http://127.0.0.1:8700/mcp"}}}
    page.goto(f"{site}use/")
    assert page.get_by_text("The site was built without its own address").is_visible()
    assert "thv config set-registry https://registry.example.org/registry.json" in page.locator("pre").all_inner_texts()
    context.close()


# How the registry is used.


def test_a_site_that_does_not_know_its_address_shows_where_the_reader_sees_it(visit: Visit) -> None:
    visit.open("servers/")
    visit.page.get_by_role("navigation", name="Site").get_by_role("link", name="Use").click()
    visit.page.wait_for_url("**/use/")
    codes = visit.page.locator("pre").all_inner_texts()
    base = visit.address.rstrip("/")
    assert codes[0] == base
    assert f"thv config set-registry {base}/registry.json" in codes
    assert not [code for code in codes if "registry.example.org" in code]
    visit.open("registry/team/use/")
    assert visit.page.locator("pre").first.inner_text() == f"{base}/registry/team"


def test_the_address_can_be_copied(visit: Visit) -> None:
    visit.open("use/")
    visit.page.get_by_title("Copy: Address of the registry").click()
    assert visit.copied() == visit.address.rstrip("/")
