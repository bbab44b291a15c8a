"""A tree of YAML values in which everything knows its line and its spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from regpress.record import record

Loc = tuple[str | int, ...]


@record(kw_only=True)
class Scalar:
    """A single value.

    Attributes:
        line: 1-based line on which it begins.
        text: the value as spelt.
        value: the value as read; the text itself for words and dates, which only YAML takes for something else.
        surprise: what YAML takes a word or date without quotes for; empty for other values.
    """

    line: int
    text: str
    value: str | int | float | bool | None
    surprise: str = ""


@record(kw_only=True)
class Items:
    """A list."""

    line: int
    items: tuple[Node, ...]


@record(kw_only=True)
class Keys:
    """A mapping.

    Attributes:
        members: values by key.
        key_lines: the line of each key.
        repeated: keys that stand again, with the line of the repetition.
    """

    line: int
    members: Mapping[str, Node]
    key_lines: Mapping[str, int]
    repeated: tuple[tuple[str, int], ...] = ()


Node = Scalar | Items | Keys


def value_of(node: Node) -> Any:
    """Return the value of a tree as dicts, lists and scalars."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [value_of(item) for item in node.items]
    return {key: value_of(member) for key, member in node.members.items()}


def tree_of(value: Any) -> Node:
    """Return the tree of dicts, lists and scalars that no text spells; all of it stands in the first line."""
    if isinstance(value, dict):
        members = {key: tree_of(member) for key, member in value.items()}
        return Keys(line=1, members=members, key_lines=dict.fromkeys(members, 1))
    if isinstance(value, list):
        return Items(line=1, items=tuple(map(tree_of, value)))
    return Scalar(line=1, text=str(value), value=value)


def line_of(root: Node, loc: Loc) -> int:
    """Return the line of the key or item at *loc*, or of the nearest thing around it that exists."""
    line, node = root.line, root
    for step in loc:
        if isinstance(node, Keys) and step in node.members:
            line, node = node.key_lines[str(step)], node.members[str(step)]
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            line = node.line
        else:
            break
    return line


def node_at(root: Node, loc: Loc) -> Node | None:
    """Return what stands at *loc*, or None."""
    node: Node | None = root
    for step in loc:
        if isinstance(node, Keys):
            node = node.members.get(str(step))
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def walk(node: Node, loc: Loc = ()) -> Iterator[tuple[Loc, Node]]:
    """Return every node with its place, outer before inner."""
    yield loc, node
    if isinstance(node, Items):
        for index, item in enumerate(node.items):
            yield from walk(item, (*loc, index))
    elif isinstance(node, Keys):
        for key, member in node.members.items():
            yield from walk(member, (*loc, key))
