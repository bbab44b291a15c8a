"""A server's document to its launches: the entrance of this package."""

from __future__ import annotations

import re
from typing import Any, Final

from regpress.install.inputs import Inputs
from regpress.install.launch import Launch
from regpress.install.packages import is_web_address, launch_of_package, transport_of
from regpress.names import EntryName

_NOT_IN_KEYS: Final = re.compile(r"[^A-Za-z0-9_-]+")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*[A-Za-z0-9_]")
#: Names that say nothing beside those of other servers.
_GENERIC: Final = frozenset({"mcp", "server", "mcp-server", "api", "mcp_server"})


def server_key(name: EntryName) -> str:
    """Return the short name of a server in the files of clients.

    Examples:
        >>> server_key(EntryName("com.example", "tide.tables"))
        'tide-tables'
        >>> server_key(EntryName("com.example", "mcp"))
        'example-mcp'
    """
    key = name.name
    if not _PLAIN.fullmatch(key):
        key = _NOT_IN_KEYS.sub("-", key).strip("-") or "server"
    if key.lower() in _GENERIC:
        owner = _NOT_IN_KEYS.sub("-", name.namespace.rpartition(".")[2]).strip("-")
        return f"{owner}-{key}" if owner else key
    return key


def launches_of(document: dict[str, Any], name: EntryName, key: str = "") -> tuple[Launch, ...]:
    """Return every way to use a server: packages, then remotes; what cannot be used is left out.

    Args:
        document: of the server.
        name: of it.
        key: its `server_key`, where that is known.
    """
    key = key or server_key(name)
    packages, remotes = document.get("packages"), document.get("remotes")
    found: list[Launch | None] = []
    if type(packages) is list:
        found += [launch_of_package(each, key) for each in packages if type(each) is dict]
    if type(remotes) is list:
        found += [_launch_of_remote(each, key) for each in remotes if type(each) is dict]
    return tuple([launch for launch in found if launch])


def _launch_of_remote(remote: dict[str, Any], key: str) -> Launch | None:
    kind = transport_of(remote)
    if kind == "stdio":
        return None
    inputs = Inputs(key)
    url = inputs.url(remote.get("url"), remote.get("variables"))
    if not is_web_address(url, inputs.found):
        return None
    host = url[0].partition("://")[2].partition("/")[0] if type(url[0]) is str else ""
    headers = inputs.headers(given) if (given := remote.get("headers")) else ()
    # By position: most servers have one.
    return Launch("remote", f"{kind} {host}".strip(), kind, "", (), "", (), (), url, headers, inputs.found)
