"""Errors of records to lines that say where, what, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from regpress.model.config_checks import shorten
from regpress.model.config_tree import Keys, Loc, Node, Scalar, line_of, node_at, walk
from regpress.model.flaws import Flaw, choice_flaw, kind_of
from regpress.record import record

#: pydantic's type of the errors that already are in plain words, `regpress.model.config_reporting`.
PLAIN: Final = "plain"
_PLAIN_KEY: Final = "[A-Za-z0-9_-]+"
#: Required lists, of which an empty one would not do either.
_LISTS: Final = frozenset({"sources", "registries", "providers"})
#: By pydantic's error type: what a value of the right type is called.
_WANTED: Final = {
    "string_type": "text",
    "bool_type": "true or false",
    "dataclass_type": "keys and values",
    "dict_type": "keys and values",
    "mapping_type": "keys and values",
    "tuple_type": "a list",
}


@record(kw_only=True)
class Places:
    """Where the parts of a configuration stand.

    Attributes:
        file: the file as messages call it.
        root: its tree.
        variables: names of environment variables, by the place whose value they gave.
    """

    file: str
    root: Node
    variables: Mapping[Loc, str] = field(default_factory=dict)

    def lines(self, flaws: Iterable[Flaw]) -> tuple[str, ...]:
        """Return each flaw as one line of text, in the order of the file; environment variables come last."""
        keyed = {(self._order(flaw.at), self.describe(flaw)) for flaw in flaws}
        return tuple(text for _, text in sorted(keyed))

    def describe(self, flaw: Flaw) -> str:
        """Return one line: ``config.yaml:12: sources[1].git.branch: what (expected …)``."""
        return f"{self._prefix(flaw.at)}: {flaw.words}"

    def _prefix(self, at: Loc) -> str:
        if at in self.variables:
            return f"{self.variables[at]} (for {spell(at)})"
        where = f"{self.file}:{line_of(self.root, at)}"
        return f"{where}: {spell(at)}" if at else where

    def _order(self, at: Loc) -> tuple[bool, int]:
        return at in self.variables, line_of(self.root, at)


def spell(at: Loc) -> str:
    """Return a place as people write it: ``sources[1].git.branch``."""
    text = ""
    for step in at:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(_PLAIN_KEY, step):
            text += f".{step}" if text else step
        else:
            text += f"[{shorten(step)!r}]"
    return text


def flaws_of(lines: Iterable[Mapping[str, Any]], root: Node | None = None) -> Iterator[Flaw]:
    """Return the errors of records in plain words.

    Args:
        lines: what pydantic found, `pydantic.ValidationError.errors`.
        root: the tree that the values come from, if there is one.
    """
    for line in lines:
        at = line["loc"]
        node = node_at(root, at) if root is not None else None
        yield _flaw(line["type"], at, line, node)


def _flaw(kind: str, at: Loc, line: Mapping[str, Any], node: Node | None) -> Flaw:
    facts, value = line.get("ctx", {}), line["input"]
    if kind == PLAIN:
        return Flaw(at=at, what=facts["what"], expected=facts["expected"])
    if kind == "missing":
        return Flaw(at=at, what="is required", expected="at least one" if at[-1] in _LISTS else "")
    if kind == "literal_error":
        return _choice(at, value, facts["expected"], node)
    if kind == "string_type" and isinstance(node, Scalar) and node.value is not None:
        return _unquoted(at, node)
    if kind in _WANTED:
        return Flaw(at=at, what=f"is {kind_of(value)}", expected=_WANTED[kind])
    return Flaw(at=at, what=str(line["msg"]).replace("Input should be", "should be"))


def _choice(at: Loc, value: Any, expected: str, node: Node | None) -> Flaw:
    choices = re.findall(r"'([^']*)'", expected)
    spelt = value if isinstance(value, str) else node.text if isinstance(node, Scalar) else None
    if spelt is None:
        return Flaw(at=at, what=f"is {kind_of(value)}", expected="one of " + ", ".join(choices))
    return choice_flaw(f"{shorten(spelt)!r} is not a choice", spelt, choices, at=at)


def _unquoted(at: Loc, node: Scalar) -> Flaw:
    what = f"{shorten(node.text)} without quotes is {kind_of(node.value)} in YAML"
    return Flaw(at=at, what=what, expected=f"text in quotes: '{shorten(node.text)}'")


def repetitions(root: Node) -> Iterator[Flaw]:
    """Return keys that stand twice in one mapping."""
    for at, node in walk(root):
        if isinstance(node, Keys):
            for key, line in node.repeated:
                what = f"the key stands again on line {line}"
                yield Flaw(at=(*at, key), what=what, expected="each key once")


def surprises(root: Node, *, data: Iterable[Loc]) -> Iterator[Flaw]:
    """Return values without quotes that YAML takes for something else than most people do.

    Args:
        root: the tree.
        data: places of inline documents, in which a number may be a text that lost its quotes: ``1.10`` is 1.1.
    """
    inside = tuple(data)
    for at, node in walk(root):
        if not isinstance(node, Scalar):
            continue
        if node.surprise:
            what = f"{shorten(node.text)} without quotes is {node.surprise} in YAML"
            yield Flaw(at=at, what=what, expected=f"text in quotes: '{shorten(node.text)}'")
        elif _respelt(node) and any(at[: len(place)] == place for place in inside):
            what = f"{shorten(node.text)} without quotes is the number {node.value!r} in YAML"
            yield Flaw(
                at=at, what=what, expected=f"text in quotes, '{shorten(node.text)}', or the number as it is read"
            )


def _respelt(node: Scalar) -> bool:
    return isinstance(node.value, int | float) and not isinstance(node.value, bool) and repr(node.value) != node.text
