"""Packages, their arguments and transports to findings, official registry specification 9.5 to 9.8 and 10.2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from regpress.validate.findings import Check, Finding, Part, run, run_each, shown, text_of, within
from regpress.validate.rules_identity import package_version_findings
from regpress.validate.urls import template_problems

ARGUMENT_LISTS: Final = ("runtimeArguments", "packageArguments")

_HTTP_TRANSPORTS: Final = ("streamable-http", "sse")
_TRANSPORTS: Final = ("stdio", *_HTTP_TRANSPORTS)
_BARE_STDIO: Final = {"type": "stdio"}


def template_findings(path: str, url: str, defined: set[str]) -> Sequence[Finding]:
    """Return what is wrong with a transport URL; *defined* are the names that may stand in braces."""
    problems = template_problems(url, defined)
    if not problems:
        return ()
    known = ", ".join(f"'{{{name[:40]}}}'" for name in sorted(defined)[:5])
    expected = f"an http or https URL, with variables only from {known}" if known else "an http or https URL"
    return [Finding(path, "invalid-templated-url", f"{shown(url)} {problem}", expected) for problem in problems]


def _identifier_has_no_spaces(package: Part) -> Sequence[Finding]:
    identifier = package.get("identifier")
    if not isinstance(identifier, str) or " " not in identifier:
        return ()
    return [Finding("identifier", "package-name-has-spaces", f"{shown(identifier)} has a space")]


def transport_is_sound(package: Part) -> Sequence[Finding]:
    """Return what is wrong with the transport of a package."""
    transport = package.get("transport")
    if not isinstance(transport, dict) or transport == _BARE_STDIO:
        return ()
    found = run(_TRANSPORT_CHECKS, transport)
    url = text_of(transport, "url")
    if url and transport.get("type") != "stdio":
        found = [*found, *template_findings("url", url, _variables_of(package))]
    return within("transport", found) if found else ()


def _transport_type_is_known(transport: Part) -> Sequence[Finding]:
    kind = transport.get("type", "")
    if not isinstance(kind, str) or kind in _TRANSPORTS:
        return ()
    message = f"{shown(kind)} is not a transport of packages"
    return [Finding("type", "unsupported-transport-type", message, "stdio, streamable-http or sse")]


def _stdio_has_no_url(transport: Part) -> Sequence[Finding]:
    url = text_of(transport, "url")
    if not url or transport.get("type") != "stdio":
        return ()
    return [Finding("url", "stdio-transport-url-not-empty", f"a stdio transport has the URL {shown(url)}", "none")]


def _http_has_url(transport: Part) -> Sequence[Finding]:
    kind = transport.get("type")
    if kind not in _HTTP_TRANSPORTS or not is_blank(transport.get("url")):
        return ()
    return [Finding("url", "streamable-transport-url-required", f"a {kind} transport has no URL", "its address")]


def is_blank(value: object) -> bool:
    """Return whether a member is absent, null or an empty text; of another type it is the JSON Schema's business."""
    return value is None or value == ""


def _variables_of(package: Part) -> set[str]:
    """Return the names that may stand in braces in a package's URL, 9.6."""
    names: set[str] = set()
    for part in _objects(package.get("environmentVariables")):
        names.add(text_of(part, "name"))
    for key in ARGUMENT_LISTS:
        for part in _objects(package.get(key)):
            names.update((text_of(part, "name"), text_of(part, "valueHint")))
    return names - {""}


def _objects(parts: object) -> Iterator[Part]:
    return (part for part in parts if isinstance(part, dict)) if isinstance(parts, list) else iter(())


def _arguments_are_sound(package: Part) -> Sequence[Finding]:
    found: list[Finding] = []
    for key in ARGUMENT_LISTS:
        if key in package:
            found += run_each(_ARGUMENT_CHECKS, package[key], key)
    return found or ()


def named_argument_is_sound(argument: Part) -> Sequence[Finding]:
    """Return what is wrong with an argument, if it is a named one."""
    if argument.get("type") != "named":
        return ()
    return run(_NAMED_ARGUMENT_CHECKS, argument)


def _named_argument_has_name(argument: Part) -> Sequence[Finding]:
    if not is_blank(argument.get("name")):
        return ()
    message = "a named argument has no name"
    return [Finding("name", "named-argument-name-required", message, "a name with its dashes, such as '--port'")]


def _argument_name_is_a_word(argument: Part) -> Sequence[Finding]:
    name = text_of(argument, "name")
    for character in "<>$ ":
        if character in name:
            message = f"{shown(name)} contains {character!r}"
            return [Finding("name", "invalid-named-argument-name", message, "a name alone, such as '--port'")]
    return ()


def _argument_does_not_repeat_name(argument: Part) -> Sequence[Finding]:
    name = text_of(argument, "name")
    if not name:
        return ()
    return [
        Finding(key, f"argument-{key}-starts-with-name", f"{shown(text)} begins with the argument's name", "the rest")
        for key in ("value", "default")
        if (text := text_of(argument, key)).startswith(name)
    ]


_NAMED_ARGUMENT_CHECKS: Final[tuple[Check, ...]] = (
    _named_argument_has_name,
    _argument_name_is_a_word,
    _argument_does_not_repeat_name,
)
_ARGUMENT_CHECKS: Final[tuple[Check, ...]] = (named_argument_is_sound,)
_TRANSPORT_CHECKS: Final[tuple[Check, ...]] = (_transport_type_is_known, _stdio_has_no_url, _http_has_url)
#: The rules for one package of a server.
PACKAGE_CHECKS: Final[tuple[Check, ...]] = (
    _identifier_has_no_spaces,
    package_version_findings,
    transport_is_sound,
    _arguments_are_sound,
)
