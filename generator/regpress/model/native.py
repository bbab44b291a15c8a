"""ToolHive's native registry format to ``server.json`` documents, ToolHive specification 17.

The native format has one nameless version for each server, in two maps: container images and remote addresses. What
has no counterpart in ``server.json`` goes to ToolHive's extension block, keyed by the image or the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META
from regpress.record import record

#: The schema that mapped documents declare.
SERVER_SCHEMA: Final = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
#: The version of every mapped document: the native format has none.
NATIVE_VERSION: Final = "1.0.0"
#: What stands before a key that is not ``namespace/name``.
NATIVE_NAMESPACE: Final = "io.github.stacklok"

Section = Literal["servers", "remote_servers"]

#: Members that move to the extension block as they are.
_EXTENSION: Final = (
    *("tier", "tools", "tags", "overview", "tool_definitions", "metadata", "custom_metadata", "permissions", "args"),
    *("provenance", "docker_tags", "proxy_port", "stateless", "oauth_config"),
)
_MAPPED: Final = {"name", "title", "description", "repository_url", "status", "transport", "env_vars", *_EXTENSION}
_KNOWN: Final[Mapping[Section, frozenset[str]]] = {
    "servers": frozenset(_MAPPED | {"image", "target_port"}),
    "remote_servers": frozenset(_MAPPED | {"url", "headers"}),
}


class NativeError(ValueError):
    """A native entry cannot be mapped.

    Attributes:
        path: place in the entry, ``env_vars[0]``; empty for the whole.
        expected: what would be right.
    """

    def __init__(self, path: str, reason: str, expected: str) -> None:
        self.path = path
        self.expected = expected
        super().__init__(reason)


@record(kw_only=True)
class Mapped:
    """One mapped entry.

    Attributes:
        value: the ``server.json`` document.
        dropped: members of the native entry that have no place in it.
    """

    value: dict[str, Any]
    dropped: tuple[str, ...]


def map_native(section: Section, key: str, entry: Any) -> Mapped:
    """Return a native entry as a ``server.json`` document.

    Args:
        section: the map that it stands in.
        key: its key there.
        entry: the entry.

    Raises:
        NativeError: it is no object, has no name, image or address, or a part of it is not what it should be.
    """
    if not isinstance(entry, dict):
        raise NativeError("", f"is {json_type(entry)}, not an object", "a server object")
    target = "image" if section == "servers" else "url"
    identifier = _text(entry, target)
    if not identifier:
        raise NativeError(target, f"has no {target}", f"the {'container image' if target == 'image' else 'address'}")
    value: dict[str, Any] = {"$schema": SERVER_SCHEMA, "name": _name(key, entry)}
    value.update({member: entry[member] for member in ("title", "description") if entry.get(member)})
    value["version"] = NATIVE_VERSION
    if repository := _text(entry, "repository_url"):
        value["repository"] = {"url": repository, "source": "github"}
    if section == "servers":
        value["packages"] = [_package(identifier, entry)]
    else:
        value["remotes"] = [_remote(identifier, entry)]
    extension = _extension(section, entry)
    value["_meta"] = {PUBLISHER_META: {TOOLHIVE_META: {identifier: extension}}}
    return Mapped(value=value, dropped=tuple(member for member in entry if member not in _KNOWN[section]))


def _name(key: str, entry: Mapping[str, Any]) -> str:
    name = _text(entry, "name")
    if name:
        return name
    if not key:
        raise NativeError("name", "has an empty name", "a name, as the key or as 'name'")
    return key if "/" in key else f"{NATIVE_NAMESPACE}/{key}"


def _package(image: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    package: dict[str, Any] = {"registryType": "oci", "identifier": image, "transport": _transport(entry)}
    if variables := _inputs(entry, "env_vars"):
        package["environmentVariables"] = variables
    return package


def _transport(entry: Mapping[str, Any]) -> dict[str, Any]:
    kind = _text(entry, "transport") or "stdio"
    if kind not in {"sse", "streamable-http"}:
        return {"type": kind}
    port = entry.get("target_port") or 0
    if not isinstance(port, int) or isinstance(port, bool):
        raise NativeError("target_port", f"is {json_type(port)}, not a port", "a number from 1 to 65535")
    return {"type": kind, "url": f"http://localhost:{port}" if port > 0 else "http://localhost"}


def _remote(url: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    remote: dict[str, Any] = {"type": _text(entry, "transport"), "url": url}
    if headers := _inputs(entry, "headers"):
        remote["headers"] = headers
    return remote


def _inputs(entry: Mapping[str, Any], member: str) -> list[dict[str, Any]]:
    given = entry.get(member) or []
    if not isinstance(given, list):
        raise NativeError(member, f"is {json_type(given)}, not an array", "an array of objects with a name")
    return [_input(f"{member}[{index}]", item) for index, item in enumerate(given)]


def _input(path: str, item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise NativeError(path, f"is {json_type(item)}, not an object", "an object with a name")
    made: dict[str, Any] = {}
    for member, name in (
        ("name", "name"),
        ("description", "description"),
        ("required", "isRequired"),
        ("secret", "isSecret"),
        ("default", "default"),
        ("choices", "choices"),
    ):
        if item.get(member):  # false, empty and null are what the absence means
            made[name] = item[member]
    return made


def _extension(section: Section, entry: Mapping[str, Any]) -> dict[str, Any]:
    extension: dict[str, Any] = {"status": entry.get("status") or "active"}
    extension.update({member: entry[member] for member in _EXTENSION if entry.get(member)})
    if section == "remote_servers" and entry.get("env_vars"):
        extension["env_vars"] = entry["env_vars"]
    return extension


def _text(entry: Mapping[str, Any], member: str) -> str:
    value = entry.get(member)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NativeError(member, f"is {json_type(value)}, not a string", "a string")
    return value


def json_type(value: Any) -> str:
    """Return what JSON calls the type of a value."""
    for types, name in (((dict,), "an object"), ((list,), "an array"), ((str,), "a string"), ((bool,), "a boolean")):
        if isinstance(value, types):
            return name
    return "null" if value is None else "a number"
