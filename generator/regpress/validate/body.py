"""A request's document to what the official service's body rules say about it, official registry specification 7.1.

They come before everything else: which members there are, of which type, how long. Their texts are those that clients
of the official registry know; findings of `regpress.validate.check` say the same to people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final, Literal, NamedTuple

from regpress.model.entry import PUBLISHER_META
from regpress.record import record
from regpress.validate.urls import url_problem

Type = Literal["string", "boolean", "object", "array", "map"]

#: Most problems that one answer lists.
_MOST: Final = 100


class BodyProblem(NamedTuple):
    """One thing that is wrong with a body.

    Attributes:
        message: a text of the official service.
        location: ``body.packages[0].transport``.
        value: what is there.
    """

    message: str
    location: str
    value: Any


@record(kw_only=True)
class Rule:
    """What a member must be.

    Attributes:
        type: of the value; a ``map`` is an object whose members all follow *items*.
        required: whether it must be there.
        least, most: length of a string.
        pattern: what a string matches as a whole, as it is shown.
        choices: the values of an enumeration.
        uri: whether a string is a URI.
        items: rule of items of an array, or of members of a map.
        members: rules of the members of an object; None for one that may hold anything.
    """

    type: Type = "string"
    required: bool = False
    least: int = 0
    most: int = 0
    pattern: str = ""
    choices: tuple[str, ...] = ()
    uri: bool = False
    items: Rule | None = None
    members: Mapping[str, Rule] | None = field(default=None)


def body_problems(value: Any, rule: Rule, *, location: str = "body") -> tuple[BodyProblem, ...]:
    """Return what is wrong with a body; nothing for one that may be looked at.

    Args:
        value: plain JSON values.
        rule: what it should be: `SERVER`, `STATUS`, ….
        location: where it stands.
    """
    found: list[BodyProblem] = []
    for problem in _problems(value, rule, location):
        found.append(problem)
        if len(found) == _MOST:
            break
    return tuple(found)


def _problems(value: Any, rule: Rule, location: str) -> Iterator[BodyProblem]:
    if not isinstance(value, _TYPES[rule.type]):
        yield BodyProblem(f"expected {_NAMES.get(rule.type, rule.type)}", location, value)
    elif rule.type == "string":
        yield from _text_problems(value, rule, location)
    elif rule.type == "array" and rule.items:
        for index, item in enumerate(value):
            yield from _problems(item, rule.items, f"{location}[{index}]")
    elif rule.type == "map" and rule.items:
        for key, item in value.items():
            yield from _problems(item, rule.items, f"{location}.{key}")
    elif rule.type == "object" and rule.members is not None:
        yield from _member_problems(value, rule.members, location)


def _member_problems(value: Mapping[str, Any], members: Mapping[str, Rule], location: str) -> Iterator[BodyProblem]:
    for name, rule in members.items():
        if rule.required and name not in value:
            yield BodyProblem(f"expected required property {name} to be present", location, value)
    for name, item in value.items():
        known = members.get(name)
        if known is None:
            yield BodyProblem("unexpected property", f"{location}.{name}", value)
        elif item is not None or known.type not in {"array", "map"} or known.required:
            # Arrays accept null on input.
            yield from _problems(item, known, f"{location}.{name}")


def _text_problems(value: str, rule: Rule, location: str) -> Iterator[BodyProblem]:
    if len(value) < rule.least:
        yield BodyProblem(f"expected length >= {rule.least}", location, value)
    if rule.most and len(value) > rule.most:
        yield BodyProblem(f"expected length <= {rule.most}", location, value)
    if rule.pattern and not re.fullmatch(rule.pattern.removeprefix("^").removesuffix("$"), value):
        yield BodyProblem(f"expected string to match pattern {rule.pattern}", location, value)
    if rule.choices and value not in rule.choices:
        yield BodyProblem(f'expected value to be one of "{", ".join(rule.choices)}"', location, value)
    if rule.uri and value and url_problem(value):
        yield BodyProblem("expected string to be RFC 3986 uri", location, value)


_TYPES: Final[Mapping[Type, Any]] = {
    "string": str,
    "boolean": bool,
    "object": dict,
    "array": list,
    "map": dict,
}
_NAMES: Final = {"map": "object"}

_TEXT: Final = Rule()
_FLAG: Final = Rule(type="boolean")
_TEXTS: Final = Rule(type="array", items=_TEXT)
_INPUT: Final[Mapping[str, Rule]] = {
    "description": _TEXT,
    "isRequired": _FLAG,
    "isSecret": _FLAG,
    "format": Rule(choices=("string", "number", "boolean", "filepath")),
    "value": _TEXT,
    "default": _TEXT,
    "placeholder": _TEXT,
    "choices": _TEXTS,
}
_VARIABLES: Final = Rule(type="map", items=Rule(type="object", members=_INPUT))
_NAMED: Final = Rule(
    type="array",
    items=Rule(type="object", members={**_INPUT, "name": Rule(required=True), "variables": _VARIABLES}),
)
_ARGUMENTS: Final = Rule(
    type="array",
    items=Rule(
        type="object",
        members={
            **_INPUT,
            "type": Rule(required=True, choices=("positional", "named")),
            "name": _TEXT,
            "valueHint": _TEXT,
            "isRepeated": _FLAG,
            "variables": _VARIABLES,
        },
    ),
)
_TRANSPORT: Final[Mapping[str, Rule]] = {"type": Rule(required=True), "url": _TEXT, "headers": _NAMED}
_PACKAGE: Final = Rule(
    type="object",
    members={
        "registryType": Rule(required=True, least=1),
        "registryBaseUrl": Rule(uri=True),
        "identifier": Rule(required=True, least=1),
        "version": Rule(least=1),
        "fileSha256": Rule(pattern="^[a-f0-9]{64}$"),
        "runtimeHint": _TEXT,
        "transport": Rule(type="object", required=True, members=_TRANSPORT),
        "runtimeArguments": _ARGUMENTS,
        "packageArguments": _ARGUMENTS,
        "environmentVariables": _NAMED,
    },
)
_ICON: Final = Rule(
    type="object",
    members={
        "src": Rule(required=True, most=255, uri=True),
        "mimeType": Rule(choices=("image/png", "image/jpeg", "image/jpg", "image/svg+xml", "image/webp")),
        "sizes": Rule(type="array", items=Rule(pattern="^(\\d+x\\d+|any)$")),
        "theme": Rule(choices=("light", "dark")),
    },
)

#: A complete ``server.json``, specification 9.2.
SERVER: Final = Rule(
    type="object",
    members={
        "$schema": Rule(required=True, least=1, uri=True),
        "name": Rule(required=True, least=3, most=200, pattern="^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$"),
        "description": Rule(required=True, least=1, most=100),
        "title": Rule(least=1, most=100),
        "version": Rule(required=True, most=255),
        "repository": Rule(type="object", members={"url": _TEXT, "source": _TEXT, "id": _TEXT, "subfolder": _TEXT}),
        "websiteUrl": Rule(uri=True),
        "icons": Rule(type="array", items=_ICON),
        "packages": Rule(type="array", items=_PACKAGE),
        "remotes": Rule(type="array", items=Rule(type="object", members={**_TRANSPORT, "variables": _VARIABLES})),
        "_meta": Rule(type="object", members={PUBLISHER_META: Rule(type="object")}),
    },
)
#: A change of status, specification 7.5.
STATUS: Final = Rule(
    type="object",
    members={
        "status": Rule(required=True, choices=("active", "deprecated", "deleted")),
        "statusMessage": Rule(most=500),
    },
)


def without_foreign_meta(value: Any) -> Any:
    """Return a server document whose ``_meta`` holds nothing but what publishers may say, specification 7.2."""
    meta = value.get("_meta") if isinstance(value, dict) else None
    if not isinstance(meta, dict) or meta.keys() <= {PUBLISHER_META}:
        return value
    kept = {key: item for key, item in meta.items() if key == PUBLISHER_META}
    rest = {key: item for key, item in value.items() if key != "_meta"}
    return {**rest, "_meta": kept} if kept else rest
