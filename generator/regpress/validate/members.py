"""Documents to members that the format does not know, for the official service refuses them (7.1) and typing errors.

The names are those of official registry specification 9.2 to 9.8 in the current form; publishers' own metadata is
open and not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, Literal, NamedTuple

from regpress.model.entry import PUBLISHER_META
from regpress.validate.findings import Finding, Part, key_path, shown, within

Form = Literal["one", "list", "map"]

#: Most unknown members that are reported of one object.
_MOST = 20


class Shape(NamedTuple):
    """The members of one kind of object.

    Attributes:
        known: all names.
        nested: members that hold objects: name, whether it is one, a list or a map of them, and their shape.
        flat: the other names; an object with none but these needs no second look.
    """

    known: frozenset[str]
    nested: tuple[tuple[str, Form, Shape], ...]
    flat: frozenset[str]


def unexpected_members(server: Part) -> Sequence[Finding]:
    """Return the members of a server document that no version of the format gives a meaning to."""
    return _walk(server, _SERVER)


def _walk(part: Part, shape: Shape) -> Sequence[Finding]:
    found: list[Finding] | None = None
    if not shape.known.issuperset(part):
        found = _unknown(part, shape.known)
    for name, form, inner in shape.nested:
        if name in part and (below := _FORMS[form](part[name], name, inner)):
            found = [*found, *below] if found else list(below)
    return found or ()


def _one(value: object, name: str, shape: Shape) -> Sequence[Finding]:
    if not isinstance(value, dict) or shape.flat.issuperset(value):
        return ()
    below = _walk(value, shape)
    return within(name, below) if below else ()


def _list(value: object, name: str, shape: Shape) -> Sequence[Finding]:
    if not isinstance(value, list):
        return ()
    found: list[Finding] = []
    flat = shape.flat
    for index, item in enumerate(value):
        if isinstance(item, dict) and not flat.issuperset(item) and (below := _walk(item, shape)):
            found += within(f"{name}[{index}]", below)
    return found


def _map(value: object, name: str, shape: Shape) -> Sequence[Finding]:
    if not isinstance(value, dict):
        return ()
    found: list[Finding] = []
    for key, item in value.items():
        if isinstance(item, dict) and (below := _walk(item, shape)):
            found += within(f"{name}{key_path(key)}", below)
    return found


_FORMS: Final = {"one": _one, "list": _list, "map": _map}


def _unknown(part: Mapping[str, object], known: frozenset[str]) -> list[Finding]:
    unknown = islice((key for key in part if key not in known), _MOST)
    return [_finding(key, known) for key in unknown]


def _finding(key: str, known: frozenset[str]) -> Finding:
    from difflib import get_close_matches  # noqa: PLC0415 - only for what is wrong

    close = get_close_matches(key, sorted(known), n=1, cutoff=0.75) if len(key) <= 40 else []
    path = key if key.isidentifier() and len(key) <= 40 else key_path(key)
    message = f"the format knows no member {shown(key)} here"
    return Finding(path, "unexpected-member", message, f"perhaps '{close[0]}'" if close else "")


def _shape(names: str, *nested: tuple[str, Form, Shape]) -> Shape:
    """Return the shape of objects with the members in *names* and those in *nested*."""
    flat = frozenset(names.split())
    return Shape(flat.union(name for name, _, _ in nested), nested, flat)


_INPUT = "description isRequired isSecret format value default placeholder choices"
_VARIABLE: Final = _shape(_INPUT)
_NAMED: Final = _shape(f"{_INPUT} name", ("variables", "map", _VARIABLE))
_ARGUMENT: Final = _shape(f"{_INPUT} name type valueHint isRepeated", ("variables", "map", _VARIABLE))
_TRANSPORT: Final = _shape("type url", ("headers", "list", _NAMED))
_REMOTE: Final = _shape("type url", ("headers", "list", _NAMED), ("variables", "map", _VARIABLE))
_PACKAGE: Final = _shape(
    "registryType registryBaseUrl identifier version fileSha256 runtimeHint",
    ("transport", "one", _TRANSPORT),
    ("environmentVariables", "list", _NAMED),
    ("runtimeArguments", "list", _ARGUMENT),
    ("packageArguments", "list", _ARGUMENT),
)
_SERVER: Final = _shape(
    "$schema name title description version websiteUrl",
    ("repository", "one", _shape("url source id subfolder")),
    ("icons", "list", _shape("src mimeType sizes theme")),
    ("packages", "list", _PACKAGE),
    ("remotes", "list", _REMOTE),
    ("_meta", "one", _shape(PUBLISHER_META)),
)
