"""Arguments, environment variables, headers and variables of a ``server.json`` to views: specification 9.8."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from regpress.html.text import exact, mapping, records, texts, words
from regpress.html.views import FactView, InputsView, InputView

Input = dict[str, Any]
#: How an input of some use is called.
Naming = Callable[[Input], str]

_FACTS: Final = (("value", "value"), ("default", "default"), ("placeholder", "example"))
_WITH_FACTS: Final = ("value", "default", "placeholder", "choices", "format")


def inputs_of(title: str, value: Any, naming: Naming) -> Iterator[InputsView]:
    """Yield the inputs of a list under a title; nothing if there are none."""
    if value and (items := records(value)):
        yield InputsView(title, tuple(view for item in items for view in _with_variables(item, naming(item))))


def variables_of(title: str, value: Any) -> Iterator[InputsView]:
    """Yield the inputs of an object, name to input, under a title; nothing if there are none."""
    if value and (inputs := tuple(_variables(value, nested=False))):
        yield InputsView(title, inputs)


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


def _with_variables(item: Input, name: str) -> Iterable[InputView]:
    view = _input(item, name, nested=False)
    if variables := item.get("variables"):
        return (view, *_variables(variables, nested=True))
    return (view,)


def _variables(value: Any, *, nested: bool) -> Iterator[InputView]:
    for name, item in mapping(value).items():
        yield _input(mapping(item), f"{{{exact(name)}}}", nested=nested)


def _input(item: Input, name: str, *, nested: bool) -> InputView:
    get = item.get
    return InputView(
        name,
        words(get("description")),
        get("isRequired") is True,
        get("isSecret") is True,
        get("isRepeated") is True,
        nested,
        tuple(_facts(item, name)) if not item.keys().isdisjoint(_WITH_FACTS) else (),
    )


def _facts(item: Input, name: str) -> Iterator[FactView]:
    for member, label in _FACTS:
        given = item.get(member)
        # A positional argument without a hint is called by its value.
        if given is not None and (given != name or member != "value"):
            yield FactView(label, (exact(given),))
    if choices := item.get("choices"):
        yield FactView("one of", texts(choices))
    if (format_ := item.get("format")) and format_ != "string":
        yield FactView("format", (exact(format_),))
