"""Texts to names: parsed once, typed afterwards, and safe as parts of a path from then on.

A name or a version becomes a folder or a file on disks, in object stores and in URLs. What cannot be one on every
host is refused here, so that no later stage has to think about it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple, NewType

from regpress.errors import InvalidNameError

Kind = Literal["server", "skill", "plugin"]
KINDS: tuple[Kind, ...] = ("server", "skill", "plugin")

SourceName = NewType("SourceName", str)
RegistryName = NewType("RegistryName", str)
Version = NewType("Version", str)

MAX_SERVER_NAME = 200
MAX_VERSION = 255
#: Bytes of one path segment, so that ``<segment>.json`` and a compressed sibling stay within a file name's 255.
MAX_SEGMENT_BYTES = 240

_CONFIG_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SERVER_NAME = re.compile(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+")
_NAMESPACE = re.compile(r"[a-zA-Z0-9.-]+")
_SKILL_NAME = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]|[a-z0-9]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_RESERVED_SEGMENTS = frozenset({"index", "index.html", "index.json"})
_WINDOWS_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?")


class EntryName(NamedTuple):
    """A parsed name: ``namespace/name``.

    Attributes:
        namespace: the reverse-DNS part, a safe path segment.
        name: the part after the slash, a safe path segment.
    """

    namespace: str
    name: str

    def __str__(self) -> str:
        """Return the name as published."""
        return f"{self.namespace}/{self.name}"


@lru_cache(maxsize=200_000)
def segment_problem(segment: str) -> str | None:
    r"""Return why *segment* can never be one part of a path, or None.

    Examples:
        >>> segment_problem("..")
        'is a path step, not a name'
        >>> segment_problem("1.0/2")
        "contains '/'"
        >>> segment_problem("1.2.3+build") is None
        True
    """
    if not segment:
        return "is empty"
    if segment in {".", ".."}:
        return "is a path step, not a name"
    if found := _CONTROL.search(segment):
        return f"contains the control character U+{ord(found.group()):04X}"
    for character in "/\\%?#":
        if character in segment:
            return f"contains {character!r}"
    if segment != segment.strip():
        return "begins or ends with a space"
    if segment.lower() in _RESERVED_SEGMENTS:
        return "is the name of a directory index"
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        return f"is longer than {MAX_SEGMENT_BYTES} bytes"
    return None


@lru_cache(maxsize=200_000)
def segment_warning(segment: str) -> str | None:
    """Return why some disks or hosts have trouble with the otherwise usable *segment*, or None."""
    if segment.endswith("."):
        return "ends with a dot, which Windows drops"
    if _WINDOWS_DEVICE.fullmatch(segment):
        return "is the name of a device on Windows"
    for character in ':*"<>|':
        if character in segment:
            return f"contains {character!r}, which Windows does not allow in file names"
    return None


def version_problem(version: str) -> str | None:
    """Return why *version* cannot be published under an address of its own, or None."""
    if version == "latest":
        return "is an address of its own, not a version"
    if len(version) > MAX_VERSION:
        return f"is longer than {MAX_VERSION} characters"
    return segment_problem(version)


def parse_version(text: str) -> Version:
    """Return *text* as a version that can be part of a path.

    Raises:
        InvalidNameError: it cannot.
    """
    if reason := version_problem(text):
        raise InvalidNameError(text, reason)
    return Version(text)


@lru_cache(maxsize=200_000)
def parse_server_name(text: str) -> EntryName:
    """Return the parts of a server name as ``server.json`` defines it, ``^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$``.

    Raises:
        InvalidNameError: the text is no server name, or cannot be a path.
    """
    if not 3 <= len(text) <= MAX_SERVER_NAME:
        raise InvalidNameError(text[:80], f"has {len(text)} characters, not 3 to {MAX_SERVER_NAME}")
    if not _SERVER_NAME.fullmatch(text):
        raise InvalidNameError(text, "is not 'namespace/name' of letters, digits, '.', '-' and, after the slash, '_'")
    return _safe(EntryName(*text.split("/")), text)


def parse_collection_name(namespace: str, name: str) -> EntryName:
    """Return the name of a skill or plugin, whose namespace and name are two fields.

    Raises:
        InvalidNameError: one of them is malformed or cannot be part of a path.
    """
    text = f"{namespace}/{name}"
    if not 3 <= len(namespace) <= 128 or not _NAMESPACE.fullmatch(namespace):
        raise InvalidNameError(text, "has no namespace of 3 to 128 letters, digits, '.' and '-'")
    if not 1 <= len(name) <= 64 or not _SKILL_NAME.fullmatch(name):
        raise InvalidNameError(text, "has no name of 1 to 64 lower-case letters, digits and inner '-'")
    return _safe(EntryName(namespace, name), text)


def parse_entry_name(kind: Kind, text: str) -> EntryName:
    """Return the parts of ``namespace/name`` for any kind.

    Raises:
        InvalidNameError: the text is not such a name.
    """
    if kind == "server":
        return parse_server_name(text)
    namespace, _, name = text.partition("/")
    return parse_collection_name(namespace, name)


def parse_source_name(text: str) -> SourceName:
    """Return *text* as the name of a source: a DNS label of at most 63 characters.

    Raises:
        InvalidNameError: it is not.
    """
    return SourceName(_config_name(text))


def parse_registry_name(text: str) -> RegistryName:
    """Return *text* as the name of a registry: a DNS label of at most 63 characters.

    Raises:
        InvalidNameError: it is not.
    """
    return RegistryName(_config_name(text))


def _config_name(text: str) -> str:
    if not _CONFIG_NAME.fullmatch(text):
        raise InvalidNameError(text, "is not 1 to 63 lower-case letters, digits and inner hyphens")
    return text


def _safe(parsed: EntryName, text: str) -> EntryName:
    for part in parsed:
        if reason := segment_problem(part):
            raise InvalidNameError(text, f"has a part that {reason}")
    return parsed
