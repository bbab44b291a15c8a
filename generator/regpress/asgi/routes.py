"""Paths to what they are the address of: registries, entries and versions, whichever way a slash was sent.

A name has exactly one slash, so that its encoded, twice encoded and plain forms are told apart without doubt. Official
registry specification 2.3 and 3, ToolHive registry specification 1.5, 3 and 4.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from regpress.asgi.answers import InputError
from regpress.asgi.requests import decoded
from regpress.names import Kind
from regpress.query import Dialect

_KINDS: Final[dict[str, Kind]] = {"skills": "skill", "plugins": "plugin"}
_SPACE: Final = re.compile(r"[ \t\r\n]")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class ApiPath(NamedTuple):
    """An address below the API of one registry.

    Attributes:
        registry: the registry's name; empty for the default one.
        dialect: whose manners its errors have.
        parts: the segments behind the prefix, decoded once.
    """

    registry: str
    dialect: Dialect
    parts: tuple[str, ...]


class EntryPath(NamedTuple):
    """What a path names.

    Attributes:
        kind: of the entry.
        name: ``namespace/name``; empty for the list of a kind.
        version: a version, ``latest``, or empty for the list of versions.
        tail: what follows: ``status``, or empty.
        is_entry: whether the path ends at the name, without ``versions``.
    """

    kind: Kind
    name: str = ""
    version: str = ""
    tail: str = ""
    is_entry: bool = False


def api_path(path: bytes) -> ApiPath | None:
    """Return the address that a path is below some API prefix, None for one that is elsewhere.

    Raises:
        InputError: a segment is no UTF-8.
    """
    head, _, rest = path[1:].partition(b"/")
    if head in {b"v0.1", b"v0"}:
        return ApiPath("", "official", _decoded(rest, "official"))
    if head != b"registry":
        return None
    registry, _, rest = rest.partition(b"/")
    version, _, rest = rest.partition(b"/")
    if version not in {b"v0.1", b"v0"}:
        return None
    return ApiPath(decoded(registry) or "\0", "toolhive", _decoded(rest, "toolhive"))


def _decoded(rest: bytes, dialect: Dialect) -> tuple[str, ...]:
    if not rest:
        return ()
    parts = tuple(decoded(segment) for segment in rest.split(b"/"))
    if None in parts:
        raise InputError(400, _bad_encoding("server name", dialect))
    return parts  # type: ignore[return-value]  # just tested


def admin_path(path: bytes) -> tuple[str, ...] | None:
    """Return the segments of a path below ``/v1``, decoded; None for one that is elsewhere.

    Raises:
        InputError: a segment is no UTF-8, or has a broken escape.
    """
    if not path.startswith(b"/v1/"):
        return None
    segments = path[len(b"/v1/") :].split(b"/")
    if _ESCAPE.search(path.decode("latin-1")):
        raise InputError(400, "invalid URL encoding in name")
    found = [decoded(segment) for segment in segments]
    if None in found:
        raise InputError(400, "invalid URL encoding in name")
    return tuple(segment or "" for segment in found)


def entry_path(parts: tuple[str, ...], dialect: Dialect) -> EntryPath | None:
    """Return what the segments behind an API prefix name, None where they name nothing that there could be.

    Raises:
        InputError: a segment is no name or version in any encoding.
    """
    match parts:
        case ("servers",):
            return EntryPath("server")
        case ("servers", *rest):
            return _server_path(tuple(rest), dialect)
        case ("x", "dev.toolhive", plural) if plural in _KINDS:
            return EntryPath(_KINDS[plural])
        case ("x", "dev.toolhive", plural, namespace, name, *rest) if plural in _KINDS:
            return _collection_path(_KINDS[plural], namespace, name, rest)
    return None


def _server_path(parts: tuple[str, ...], dialect: Dialect) -> EntryPath | None:
    first = _again(parts[0], "server name", dialect)
    if "/" in first:
        name, rest = first, parts[1:]
    elif parts[2:3] in {("versions",), ("status",)}:
        name, rest = f"{first}/{_again(parts[1], 'server name', dialect)}", parts[2:]
    else:
        name, rest = first, parts[1:]
    if dialect == "toolhive":
        check_parameter("serverName", name)
    match rest:
        case ("versions",):
            return EntryPath("server", name)
        case ("versions", version):
            return EntryPath("server", name, _version(version, dialect))
        case ("versions", version, "status"):
            return EntryPath("server", name, _version(version, dialect), tail="status")
        case ("status",):
            return EntryPath("server", name, tail="status")
    return None


def _collection_path(kind: Kind, namespace: str, name: str, rest: list[str]) -> EntryPath | None:
    for label, text in (("namespace", namespace), ("name", name)):
        check_parameter(label, text)
    full = f"{namespace}/{name}"
    match rest:
        case []:
            return EntryPath(kind, full, is_entry=True)
        case ["versions"]:
            return EntryPath(kind, full)
        case ["versions", version]:
            return EntryPath(kind, full, _version(version, "toolhive"))
    return None


def _version(text: str, dialect: Dialect) -> str:
    version = _again(text, "version", dialect)
    if dialect == "toolhive":
        check_parameter("version", version)
    return version


def _again(text: str, what: str, dialect: Dialect) -> str:
    """Return *text* decoded once more: some clients and proxies encode what is encoded."""
    if "%" not in text:
        return text
    found = None if _ESCAPE.search(text) else decoded(text.encode())
    if found is None:
        raise InputError(400, _bad_encoding(what, dialect))
    return found


def _bad_encoding(what: str, dialect: Dialect) -> str:
    if dialect == "official":
        return f"Invalid {what} encoding"
    return f"invalid URL encoding in {'serverName' if what == 'server name' else what}"


def check_parameter(label: str, text: str) -> None:
    """Hold that a part of a path could be a name, ToolHive registry specification 1.5.

    Raises:
        InputError: it could not.
    """
    if not text.strip():
        raise InputError(400, f"{label} cannot be empty")
    if _SPACE.search(text):
        raise InputError(400, f"{label} cannot contain whitespace")


_NAMESPACE: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?")
_NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?")


def check_server_name(name: str) -> None:
    """Hold that a name that was not found could be one, ToolHive registry specification 1.5.

    Raises:
        InputError: it could not.
    """
    if problem := _name_problem(name):
        raise InputError(400, f"invalid server name format: {problem}")


def _name_problem(name: str) -> str:
    namespace, slash, rest = name.partition("/")
    if not slash:
        return "server name must be in format 'dns-namespace/name' (e.g., 'com.example.api/server')"
    if "/" in rest:
        return "server name must contain exactly one '/' separator"
    if not namespace or not rest:
        return f"{'name' if namespace else 'namespace'} part cannot be empty"
    if not 3 <= len(name) <= 200:
        few = len(name) < 3
        return "server name " + (
            "must be at least 3 characters long" if few else "exceeds maximum length of 200 characters"
        )
    if not _NAMESPACE.fullmatch(namespace):
        return (
            f"namespace '{namespace}' is invalid. Namespace must start and end with alphanumeric characters, and may "
            "contain dots and hyphens in the middle"
        )
    if not _NAME.fullmatch(rest):
        return (
            f"name '{rest}' is invalid. Name must start and end with alphanumeric characters, and may contain dots, "
            "underscores, and hyphens in the middle"
        )
    return ""
