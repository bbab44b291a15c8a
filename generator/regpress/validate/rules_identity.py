"""Names and versions to findings: can they be published, and are they what the format means by them.

Official registry specification 10.2 and 10.3; what can be a path: static hosting specification section 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from regpress.errors import InvalidNameError
from regpress.names import (
    MAX_SERVER_NAME,
    parse_collection_name,
    parse_server_name,
    segment_problem,
    segment_warning,
    version_problem,
)
from regpress.validate.findings import Check, Finding, Part, run, shown, text_of

# A slow path follows each of these two: they decide the usual case, and only in favour of a document.
_NO_DEVICE_OR_INDEX = r"(?!(?i:index|con|prn|aux|nul|com[1-9]|lpt[1-9])(?:[./]|\Z))"
_PLAIN_NAME = re.compile(
    rf"{_NO_DEVICE_OR_INDEX}[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9]"
    rf"/{_NO_DEVICE_OR_INDEX}[a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z0-9]"
)
_PLAIN_VERSION = re.compile(r"v?[0-9]{1,20}(?:\.[0-9]{1,20}){0,3}(?:-(?:[0-9A-Za-z.-]{0,100}[0-9A-Za-z]))?")

_NAMESPACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9]")
_NAME_PART = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z0-9]")

_NUMBERED = r"v?[0-9]+(?:\.[0-9]+){0,3}(?:-[0-9A-Za-z.-]+)?"
_RANGES: Final = (
    rf"(?:\^|~|>=|<=|>|<|=)\s*{_NUMBERED}",
    rf"{_NUMBERED}\s+-\s*{_NUMBERED}",
    rf"{_NUMBERED}(?:\s*\|\|\s*{_NUMBERED})+",
    # Only the dotted part counts: 1.0.0-linux is exact though it has an x.
    r"v?(?=[^-]*[xX*])(?:[0-9]+|[xX*])(?:\.(?:[0-9]+|[xX*])){1,2}(?:-[0-9A-Za-z.-]+)?",
)
#: Longest version that is looked at as a range: patterns take time on hostile texts, and longer ones are refused.
_MAX_RANGE = 300


def server_name_findings(server: Part) -> Sequence[Finding]:
    """Return what is wrong with a server's name."""
    name = server.get("name")
    if not isinstance(name, str) or (is_plain_name(name) and len(name) <= MAX_SERVER_NAME):
        return ()
    return run(_SERVER_NAME_CHECKS, server)


def collection_name_findings(entry: Part) -> Sequence[Finding]:
    """Return what is wrong with the name of a skill or plugin."""
    return run(_COLLECTION_NAME_CHECKS, entry)


def entry_version_findings(entry: Part) -> Sequence[Finding]:
    """Return what is wrong with the version of a document."""
    return _unless_plain(entry, _ENTRY_VERSION_CHECKS)


def package_version_findings(package: Part) -> Sequence[Finding]:
    """Return what is wrong with the version of a package, which is never part of a path."""
    return _unless_plain(package, _VERSION_CHECKS)


def is_plain_name(name: str) -> bool:
    """Return whether no rule finds anything wrong with the form of a server's name; False says nothing."""
    return _PLAIN_NAME.fullmatch(name) is not None


def is_plain_version(version: str) -> bool:
    """Return whether no rule finds anything wrong with a version; False says nothing."""
    return _PLAIN_VERSION.fullmatch(version) is not None


def looks_like_range(version: str) -> bool:
    """Return whether *version* has a form of official registry specification 10.3."""
    trimmed = version.strip()
    return len(trimmed) <= _MAX_RANGE and any(pattern.fullmatch(trimmed) for pattern in _ranges())


@cache
def _ranges() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of ranges, compiled when a version is not plain: in most builds none is."""
    return tuple(map(re.compile, _RANGES))


def _unless_plain(part: Part, checks: tuple[Check, ...]) -> Sequence[Finding]:
    version = part.get("version")
    if not isinstance(version, str) or is_plain_version(version):
        return ()
    return run(checks, part)


def _server_name_is_well_formed(server: Part) -> Sequence[Finding]:
    name = text_of(server, "name")
    parts = name.split("/")
    if len(parts) == 2 and _NAMESPACE.fullmatch(parts[0]) and _NAME_PART.fullmatch(parts[1]):
        return ()
    if len(parts) != 2:
        what = "has no '/'" if len(parts) == 1 else "has more than one '/'"
    else:
        what = "has a part of less than two characters, or one that begins or ends with none of a-z, A-Z and 0-9"
    expected = "'namespace/name', each of letters, digits, '.', '-' (and '_' in the name), without them at its ends"
    return [Finding("name", "invalid-server-name", f"{shown(name)} {what}", expected)]


def _server_name_is_safe(server: Part) -> Sequence[Finding]:
    return _unsafe_name(lambda: parse_server_name(text_of(server, "name")), text_of(server, "name"))


def _collection_name_is_safe(entry: Part) -> Sequence[Finding]:
    namespace, name = entry.get("namespace"), entry.get("name")
    if not isinstance(namespace, str) or not isinstance(name, str):
        return ()
    return _unsafe_name(lambda: parse_collection_name(namespace, name), f"{namespace}/{name}")


def _unsafe_name(parse: Callable[[], object], text: str) -> Sequence[Finding]:
    try:
        parse()
    except InvalidNameError as error:
        return [Finding("name", "unsafe-name", f"{shown(text)} {error.reason}")]
    return ()


def _name_is_portable(entry: Part) -> Sequence[Finding]:
    name = text_of(entry, "name")
    namespace = text_of(entry, "namespace")
    parts = [namespace, name] if namespace else name.split("/")[:2]
    return [finding for part in parts for finding in _awkward("name", part)]


def _version_is_not_reserved(part: Part) -> Sequence[Finding]:
    if part["version"] != "latest":
        return ()
    return [Finding("version", "reserved-version-string", "'latest' is not a version", "an exact one such as '1.2.3'")]


def _version_is_not_a_range(part: Part) -> Sequence[Finding]:
    version: str = part["version"]
    if not looks_like_range(version):
        return ()
    message = f"{shown(version)} is a range of versions"
    return [Finding("version", "version-looks-like-range", message, "an exact one such as '1.2.3'")]


def _version_is_safe(entry: Part) -> Sequence[Finding]:
    version: str = entry["version"]
    if reason := version_problem(version):
        return [Finding("version", "unsafe-version", f"{shown(version)} {reason}")]
    return ()


def _version_is_portable(entry: Part) -> Sequence[Finding]:
    version: str = entry["version"]
    found = _awkward("version", version)
    if "+" in version:
        message = f"{shown(version)} has a '+', which some hosts read as a space"
        return [*found, Finding("version", "plus-in-version", message)]
    return found


def _awkward(path: str, segment: str) -> list[Finding]:
    reason = None if segment_problem(segment) else segment_warning(segment)
    return [Finding(path, "awkward-path-segment", f"{shown(segment)} {reason}")] if reason else []


_SERVER_NAME_CHECKS: Final[tuple[Check, ...]] = (
    _server_name_is_well_formed,
    _server_name_is_safe,
    _name_is_portable,
)
_COLLECTION_NAME_CHECKS: Final[tuple[Check, ...]] = (_collection_name_is_safe, _name_is_portable)
_VERSION_CHECKS: Final[tuple[Check, ...]] = (_version_is_not_reserved, _version_is_not_a_range)
_ENTRY_VERSION_CHECKS: Final[tuple[Check, ...]] = (*_VERSION_CHECKS, _version_is_safe, _version_is_portable)
