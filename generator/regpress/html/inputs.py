"""Arguments, environment variables, headers and variables of a ``server.json`` to views: specification 9.8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from regpress.html.text import exact, mapping, texts, words
from regpress.html.views import FactView, InputsView, InputView

Input = dict[str, Any]
#: How an input of some use is called.
Naming = Callable[[Input], str]

#: The format of inputs that may be anything.
_TEXT: Final = "string"
_FACTS: Final = (("value", "value"), ("default", "default"), ("placeholder", "example"))
#: Members that give facts, besides the format, which most inputs have and which says nothing in most.
_WITH_FACTS: Final = ("value", "default", "placeholder", "choices")


def inputs_of(title: str, value: Any, naming: Naming) -> tuple[InputsView, ...]:
    """Return the inputs of a list under a title; nothing if there are none."""
    views: list[InputView] = []
    for item in value if type(value) is list else ():
        if type(item) is dict:
            views.append(_input(item, naming(item), False))
            if variables := item.get("variables"):
                views += _variables(variables, nested=True)
    return (InputsView(title, tuple(views)),) if views else ()


def variables_of(title: str, value: Any) -> tuple[InputsView, ...]:
    """Return the inputs of an object, name to input, under a title; nothing if there are none."""
    views = _variables(value, nested=False) if value else []
    return (InputsView(title, tuple(views)),) if views else ()


def plain_name(item: Input) -> str:
    """Return the name of an environment variable or header."""
    return exact(item.get("name"))


def argument_name(item: Input) -> str:
    """Return an argument as it is typed: ``--port <port>``, ``<folder>`` or a fixed word."""
    hint = exact(item.get("valueHint"))
    if item.get("type") != "named":
        return f"<{hint}>" if hint else exact(item.get("value"))
    name = exact(item.get("name"))
    return f"{name} <{hint}>" if hint else name


def _variables(value: Any, *, nested: bool) -> list[InputView]:
    return [_input(mapping(item), f"{{{exact(name)}}}", nested) for name, item in mapping(value).items()]


def _input(item: Input, name: str, nested: bool) -> InputView:
    get = item.get
    return InputView(
        name,
        words(get("description")),
        get("isRequired") is True,
        get("isSecret") is True,
        get("isRepeated") is True,
        nested,
        () if get("format", _TEXT) == _TEXT and item.keys().isdisjoint(_WITH_FACTS) else _facts(item, name),
    )


def _facts(item: Input, name: str) -> tuple[FactView, ...]:
    facts = []
    for member, label in _FACTS:
        given = item.get(member)
        # A positional argument without a hint is called by its value.
        if given is not None and (given != name or member != "value"):
            facts.append(FactView(label, (exact(given),)))
    if choices := item.get("choices"):
        facts.append(FactView("one of", texts(choices)))
    if (format_ := item.get("format")) and format_ != _TEXT:
        facts.append(FactView("format", (exact(format_),)))
    return tuple(facts)
