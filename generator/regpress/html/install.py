"""How an entry comes into a client: launches and commands to the view of ``install.html``."""

from __future__ import annotations

import shlex
from itertools import groupby
from typing import Any, Final

import orjson
from markupsafe import Markup

from regpress.html.text import web_address
from regpress.html.views import InstallOptionView, InstallView, SnippetView
from regpress.install.derive import launches_of, server_key
from regpress.install.encode import encode
from regpress.install.launch import Launch
from regpress.install.plain import plain_server, start_command
from regpress.install.skills import commands_of
from regpress.model.document import escape_html_in_json
from regpress.names import EntryName, Kind

#: Of the pages that have something to install.
SCRIPT: Final = "install.js"

_NOTHING: Final = InstallView((), Markup())
_INDENTED: Final = orjson.OPT_INDENT_2
#: Ways that are offered at most; real entries have up to four.
_MOST: Final = 12


def install_view(document: dict[str, Any], kind: Kind, name: EntryName) -> InstallView:
    """Return how an entry is installed.

    Args:
        document: of its latest version.
        kind: of the entry.
        name: of the entry.
    """
    if kind != "server":
        return _commands(document, kind, name)
    key = server_key(name)
    launches = launches_of(document, name, key)[:_MOST]
    if not launches:
        return _NOTHING
    data = escape_html_in_json(orjson.dumps(encode(str(name), key, launches))).decode()
    return InstallView(
        tuple([_option(launch, key, launch is launches[0]) for launch in launches]),
        # JSON without a character that HTML gives a meaning to; what `Markup` does, without a call of Python for each.
        str.__new__(Markup, data),
    )


def _option(launch: Launch, key: str, first: bool) -> InstallOptionView:
    if launch.transport == "bundle":
        url = web_address(launch.url[0])
        check = (SnippetView("SHA-256 of the file", launch.sha256),) if launch.sha256 else ()
        return InstallOptionView(launch.label, url, check, first)
    config = {"mcpServers": {key: plain_server(launch)}}
    snippets: tuple[SnippetView, ...] = (SnippetView("mcp.json", orjson.dumps(config, option=_INDENTED).decode()),)
    if launch.command and launch.transport != "stdio":
        snippets = (SnippetView("Start it in a terminal", start_command(launch)), *snippets)
    if launch.setup:
        snippets = (SnippetView("Once before, in a terminal", shlex.join(launch.setup)), *snippets)
    return InstallOptionView(launch.label, "", snippets, first)


def _commands(document: dict[str, Any], kind: Kind, name: EntryName) -> InstallView:
    found = commands_of(document, kind, name)[:_MOST]
    if not found:
        return _NOTHING
    options: list[InstallOptionView] = []
    for label, group in groupby(found, key=lambda one: one.label):
        snippets = tuple([SnippetView(one.title, "\n".join(one.lines)) for one in group])
        options.append(InstallOptionView(label, "", snippets, not options))
    return InstallView(tuple(options), _NOTHING.data)
