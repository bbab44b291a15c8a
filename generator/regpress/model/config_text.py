"""YAML text to a tree that knows the line and the spelling of everything in it.

PyYAML's own loaders forget lines, take the last of two equal keys, and follow aliases without an end. This module
reads PyYAML's events instead: what the parser says, built into a tree under limits of depth and size.
"""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

import yaml

from regpress.errors import RegistryError
from regpress.model.config_tree import Items, Keys, Node, Scalar

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 100
#: What a tree may cost once its aliases are followed: one for each character and sixteen for each value.
_MAX_COST: Final = 32 * MAX_BYTES

_WORDS: Final = re.compile(r"(?i)yes|no|on|off")
_TAGS: Final = {f"tag:yaml.org,2002:{name}": name for name in ("str", "null", "bool", "int", "float", "timestamp")}
_MERGE: Final = "<<"


class YamlTextError(RegistryError):
    """A text cannot be read as one YAML document.

    Attributes:
        line: 1-based line of the place.
        what: what is wrong, one line.
        expected: what would be right; empty where *what* says it.
    """

    def __init__(self, line: int, what: str, expected: str = "") -> None:
        self.line = line
        self.what = what
        self.expected = expected
        super().__init__(f"line {line}: {what}")


def parse_yaml(text: str) -> Node | None:
    """Return the tree of a YAML document, None for an empty one.

    Raises:
        YamlTextError: the text is too long, not YAML, more than one document, nested too deeply, or uses what a
            configuration does not need: tags of its own, keys that are no texts, aliases that grow without end.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise YamlTextError(1, "the file is larger than 1 MiB", "registry documents in files of their own")
    text = text.removeprefix("\ufeff")
    try:
        return _Builder(text).document()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlTextError(line, f"the character U+{error.character:04X} is not allowed in YAML") from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, last_line=max(len(text.splitlines()), 1)) from None


class _Builder:
    """Events to nodes; an alias shares the node of its anchor."""

    def __init__(self, text: str) -> None:
        self._loader: Any = yaml.SafeLoader(text)  # its event methods have no types
        self._anchors: dict[str, Node] = {}
        #: What each node costs and how deep it is, with everything that its aliases stand for.
        self._sizes: dict[int, tuple[int, int]] = {}
        self._merged = 0

    def document(self) -> Node | None:
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        root = self._node(self._next(), 0)
        self._next()
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise YamlTextError(_line(after), "a second YAML document begins", "one document, without further '---'")
        return root

    def _next(self) -> Any:
        return self._loader.get_event()

    def _node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise YamlTextError(_line(event), "nested too deeply", f"at most {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise YamlTextError(_line(event), f"'*{event.anchor}' stands for no '&{event.anchor}' before it")
            return self._anchors[event.anchor]
        node = self._new(event, depth)
        self._measure(node)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _measure(self, node: Node) -> None:
        inner = [self._sizes[id(child)] for child in _inner(node)]
        cost = 16 + _own_cost(node) + sum(cost for cost, _ in inner)
        depth = 1 + max((depth for _, depth in inner), default=0)
        if cost > _MAX_COST or depth > MAX_DEPTH + 1:
            raise YamlTextError(node.line, "aliases grow to more than a configuration can need")
        self._sizes[id(node)] = cost, depth

    def _new(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if event.tag is not None and event.tag not in {"tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}:
            _refuse_tag(event)
        return self._items(event, depth) if isinstance(event, yaml.SequenceStartEvent) else self._keys(event, depth)

    def _items(self, start: Any, depth: int) -> Items:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Items(line=_line(start), items=tuple(items))

    def _keys(self, start: Any, depth: int) -> Keys:
        members: dict[str, Node] = {}
        lines: dict[str, int] = {}
        repeated: list[tuple[str, int]] = []
        merged: list[Keys] = []
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event)
            node = self._node(self._next(), depth + 1)
            if key == _MERGE and event.implicit[0]:
                merged.extend(self._merge_sources(node, event))
            elif key in members:
                repeated.append((key, _line(event)))
            else:
                members[key], lines[key] = node, _line(event)
        for base in merged:
            for key, node in base.members.items():
                members.setdefault(key, node)
                lines.setdefault(key, base.key_lines[key])
        return Keys(line=_line(start), members=members, key_lines=lines, repeated=tuple(repeated))

    def _key(self, event: Any) -> str:
        # A key is always a text: 'on:' and '404:' mean what they say.
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlTextError(_line(event), "a key is not a text", "'key: value'")
        return str(event.value)

    def _merge_sources(self, node: Node, event: Any) -> tuple[Keys, ...]:
        sources = node.items if isinstance(node, Items) else (node,)
        found = tuple(source for source in sources if isinstance(source, Keys))
        self._merged += sum(16 * len(source.members) for source in found)
        if len(found) != len(sources):
            raise YamlTextError(_line(event), "'<<' merges something that is not a mapping", "an alias of a mapping")
        if self._merged > _MAX_COST:
            raise YamlTextError(_line(event), "aliases grow to more than a configuration can need")
        return found

    def _scalar(self, event: Any) -> Scalar:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        kind = _TAGS.get(tag) or ("str" if event.implicit[0] else _refuse_tag(event))
        try:
            value, surprise = self._read(kind, event.value)
        except ValueError:
            what = f"{event.value[:40]!r} is not a number that can be read"
            raise YamlTextError(_line(event), what, "quotes around text") from None
        return Scalar(line=_line(event), text=event.value, value=value, surprise=surprise)

    def _read(self, kind: str, text: str) -> tuple[Any, str]:
        if kind == "null":
            return None, ""
        if kind == "bool":
            return (text, "true or false") if _WORDS.fullmatch(text) else (text.lower() == "true", "")
        if kind == "timestamp":
            return text, "a date"
        if kind in {"int", "float"}:
            node = yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", text)
            read = self._loader.construct_yaml_int if kind == "int" else self._loader.construct_yaml_float
            return read(node), ""
        return text, ""


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refuse_tag(event: Any) -> NoReturn:
    tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
    raise YamlTextError(_line(event), f"the YAML tag {tag[:80]!r} is not allowed", "plain values")


def _own_cost(node: Node) -> int:
    if isinstance(node, Scalar):
        return len(node.text)
    return sum(map(len, node.members)) if isinstance(node, Keys) else 0


def _inner(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Scalar):
        return ()
    return node.items if isinstance(node, Items) else tuple(node.members.values())


def _syntax_error(error: yaml.MarkedYAMLError, *, last_line: int) -> YamlTextError:
    problem, context = str(error.problem or "not YAML"), str(error.context or "")
    mark: Any = error.problem_mark or error.context_mark
    what, expected = f"not YAML: {problem}", ""
    if "'\\t'" in problem:
        what, expected = "a tab is used for indentation", "spaces"
    elif problem.startswith("found character"):
        what, expected = f"a text begins with {problem.split(' ')[2]}", "quotes around it"
    elif problem == "mapping values are not allowed here":
        what, expected = "a ': ' where no key can stand", "quotes around a text with ': ', or another indentation"
    elif problem == "could not find expected ':'":
        what, expected, mark = "a line without its ':'", "'key: value'", error.context_mark or mark
    elif "quoted scalar" in context:
        what, expected, mark = (
            "a quote is not closed",
            "a second one at the end of the text",
            error.context_mark or mark,
        )
    elif problem.startswith("expected <block end>"):
        what, expected = "a line does not fit to the ones before it", "the same indentation as its neighbours"
    elif problem.startswith("expected the node content"):
        what, expected = "a value is missing", "a value, or the end of a bracket before it"
    elif problem.startswith(("expected ',' or", "did not find expected")):
        what, expected, mark = "a bracket is not closed", "']' or '}'", error.context_mark or mark
    return YamlTextError(min(mark.line + 1, last_line) if mark else 1, what, expected)
