"""Environment variables to values of the ``site`` section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from regpress.model.config_tree import Loc
from regpress.model.config_types import ConfigRecord
from regpress.model.flaws import choice_flaw
from regpress.record import record

PREFIX: Final = "REGPRESS_SITE_"
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


@record(kw_only=True)
class Variable:
    """One environment variable.

    Attributes:
        name: ``REGPRESS_SITE_BASE_URL``.
        at: the place whose value it gives, ``("site", "baseUrl")``.
        boolean: whether its text means true or false.
    """

    name: str
    at: Loc
    boolean: bool


def variables(record: type[ConfigRecord], at: Loc, prefix: str = PREFIX) -> Iterator[Variable]:
    """Return a variable for every single value of *record* and of the records in it; lists have none."""
    annotations = get_type_hints(record)
    for key, name in record.keys().items():
        place, variable, annotation = (*at, key), prefix + name.upper(), annotations[name]
        if isinstance(annotation, type) and issubclass(annotation, ConfigRecord):
            yield from variables(annotation, place, variable + "_")
        elif kinds := _kinds(annotation):
            yield Variable(name=variable, at=place, boolean=bool in kinds)


def given_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that give values, and those that look as if they should."""
    return {name: value for name, value in environ.items() if name.startswith(PREFIX)}


def overlay(given: dict[str, Any], environ: Mapping[str, str], known: tuple[Variable, ...]) -> dict[Loc, str]:
    """Put the values of the environment into *given*, and return which variable gave the value of which place.

    An empty variable counts as unset: workflows pass on what may not be there.
    """
    used: dict[Loc, str] = {}
    for variable in known:
        text = environ.get(variable.name, "")
        if text and _set(given, variable.at, _BOOLEANS.get(text.lower(), text) if variable.boolean else text):
            used[variable.at] = variable.name
    return used


def unknown_variables(environ: Mapping[str, str], known: tuple[Variable, ...]) -> Iterator[str]:
    """Return a line for each variable that begins as ours do and is none."""
    names = {variable.name for variable in known}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in names:
            flaw = choice_flaw("is not a known variable and ignored", name, sorted(names), others=False)
            yield f"{name}: {flaw.what}"


def _set(given: dict[str, Any], at: Loc, value: Any) -> bool:
    inner: Any = given
    for step in at[:-1]:
        if inner.get(step) is None:
            inner[step] = {}
        inner = inner[step]
        if not isinstance(inner, dict):
            return False  # the file is wrong here, and will be refused for that
    inner[at[-1]] = value
    return True


def _kinds(annotation: Any) -> frozenset[type]:
    """Return the types of a single value; none for lists and mappings."""
    origin = get_origin(annotation)
    if origin is Literal:
        return frozenset(type(choice) for choice in get_args(annotation))
    if origin in {Union, UnionType}:
        parts = [_kinds(part) for part in get_args(annotation) if part is not NoneType]
        return frozenset().union(*parts) if all(parts) else frozenset()
    return frozenset({annotation}) if annotation in {str, bool} else frozenset()
