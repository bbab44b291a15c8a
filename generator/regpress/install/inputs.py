"""Arguments, variables and headers of a ``server.json`` to words and values: specification 9.8."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from regpress.install.launch import NO_VALUE, Input, Pair, Value, Words, literal

Item = dict[str, Any]

#: Longest description that is carried along; the page has the complete one.
_DESCRIPTION: Final = 160
#: Fewer words are what many servers have in common.
_WORDS_OF_A_NAME: Final = 3
_BRACES: Final = re.compile(r"\{([^{}]+)\}")
_ENVIRONMENT_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
#: RFC 9110 section 5.1, without what a command line could take for an option.
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~][A-Za-z0-9!#$%&'*+.^_`|~-]*")
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9]+")
#: Members that say that a named argument takes a value; without any of them it is a switch.
_TAKES_VALUE: Final = ("value", "default", "valueHint", "choices", "placeholder", "variables", "isSecret")
_NO_WORDS: Final = Words(())
_NOTHING: Final[Item] = {}


class Inputs:
    """The inputs of one launch, collected while its parts are read.

    Args:
        key: the short name of the server, for the names of variables.
    """

    def __init__(self, key: str) -> None:
        self._prefix = key
        self._found: list[Input] = []
        #: Names of those that were found.
        self._names: set[str] = set()
        self._values: dict[str, Value] = {}

    @property
    def found(self) -> tuple[Input, ...]:
        """Return the inputs in the order in which they were met."""
        return tuple(self._found)

    def environment(self, items: Any) -> tuple[Pair, ...]:
        """Return environment variables; what cannot be the name of one is left out."""
        return self._pairs(items, _ENVIRONMENT_NAME, environment=True)

    def headers(self, items: Any) -> tuple[Pair, ...]:
        """Return headers; what cannot be the name of one is left out."""
        return self._pairs(items, _HEADER_NAME, environment=False)

    def arguments(self, items: Any) -> tuple[Words, ...]:
        """Return the words of arguments."""
        if type(items) is not list:
            return ()
        given = [item for item in items if type(item) is dict]
        following = [*given[1:], _NOTHING]
        made = [self._argument(item, after) for item, after in zip(given, following, strict=False)]
        return tuple([words for words in made if words.words])

    def url(self, text: Any, variables: Any) -> Value:
        """Return an address whose braces name its variables, or an argument or environment variable read before."""
        if type(text) is not str:
            return NO_VALUE
        if "{" not in text:
            return (literal(text),)
        return self._template(text, variables if type(variables) is dict else {}, secret=False, known=self._values)

    def _pairs(self, items: Any, names: re.Pattern[str], *, environment: bool) -> tuple[Pair, ...]:
        pairs = []
        for item in items if type(items) is list else ():
            if type(item) is not dict or type(name := item.get("name")) is not str:
                continue
            # Nearly all names are plain, and those are fine everywhere.
            is_plain = _is_variable(name)
            if is_plain or names.fullmatch(name):
                value, needs = self._value(item, name, name if environment and is_plain else "", not environment)
                self._values.setdefault(name, value)
                pairs.append(Pair(name, value, needs))
        return tuple(pairs)

    def _argument(self, item: Item, after: Item) -> Words:
        get = item.get
        repeated = get("isRepeated") is True
        hint = "" if (given := get("valueHint")) is None else literal(given)
        if get("type") != "named":
            value, needs = self._value(item, hint or "value")
            self._values.setdefault(hint, value)
            return Words((value,), needs, repeated) if value else _NO_WORDS
        name = literal(get("name"))
        if not name:
            return _NO_WORDS
        if _is_switch(item, after):
            return Words(((name,),))
        value, needs = self._value(item, name)
        self._values.setdefault(name, value)
        self._values.setdefault(hint, value)
        return Words(((name,), value), needs, repeated)

    def _value(
        self, item: Item, name: str, variable: str = "", is_header: bool = False
    ) -> tuple[Value, tuple[int, ...]]:
        """Return the value of an input with variables, and the inputs without which it is left out.

        Args:
            item: as the document has it.
            name: of the input.
            variable: the environment variable that stands for it, where that is known.
            is_header: whether it is one.
        """
        get = item.get
        text, secret = get("value"), get("isSecret") is True
        if text is not None and text != "":
            variables = get("variables")
            declared = variables if type(variables) is dict else _NOTHING
            # Publishers write ``Bearer {token}`` and declare nothing: braces in headers are not sent as they are.
            undeclared = is_header and not declared and type(text) is str and bool(_BRACES.search(text))
            if value := self._template(literal(text), declared, secret=secret or undeclared):
                return value, ()
            # A secret that the publisher wrote down is still not ours to hand out.
            return (self._add(item, name, variable, required=True, secret=True),), ()
        required = get("isRequired") is True
        found = self._add(item, name, variable, required, secret)
        return (found,), () if required or self._found[found].default else (found,)

    def _template(self, text: str, variables: Item, *, secret: bool, known: dict[str, Value] | None = None) -> Value:
        """Return a text with its variables; nothing if it is a secret without any.

        Braces that name no variable stay as they are, unless the text is a secret: then they are its blanks.
        """
        if "{" not in text:
            return NO_VALUE if secret else (literal(text),)
        hidden = secret and not any(_is_secret(item) for item in variables.values())
        parts: list[str | int] = []
        last = 0
        for found in _BRACES.finditer(text):
            name = found.group(1)
            item = variables.get(name)
            if type(item) is dict and item.get("value") and not (hidden or _is_secret(item)):
                value: Value = (literal(item["value"]),)
            elif type(item) is dict or (secret and not variables):
                shown = item if type(item) is dict else {}
                value = (self._add(shown, literal(name), "", required=True, secret=hidden or _is_secret(shown)),)
            elif known and name in known:
                value = known[name]
            else:
                continue
            parts += [literal(text[last : found.start()]), *value]
            last = found.end()
        if secret and not any(type(part) is int for part in parts):
            return NO_VALUE
        parts.append(literal(text[last:]))
        return tuple(part for part in parts if part != "")

    def _add(self, item: Item, name: str, variable: str, required: bool, secret: bool) -> int:
        """Return the index of an input, which is the one that was met before if it is the same.

        Args:
            item: as the document has it.
            name: of the input.
            variable: the environment variable that stands for it, empty where one is to be made up.
            required: whether nothing works without it.
            secret: whether it must never be written down.
        """
        get = item.get
        description, default = get("description"), get("default")
        placeholder, choices = get("placeholder"), get("choices")
        # By position, and without a call for what is not there: a site has tens of thousands of these.
        found = Input(
            name,
            variable or self._variable(name),
            _shortened(description) if description else "",
            required,
            secret,
            "" if default is None or secret else literal(default),
            "" if placeholder is None or secret else literal(placeholder),
            tuple(map(literal, choices)) if type(choices) is list and not secret else (),
            "string" if (format_ := get("format")) is None else _format(format_),
        )
        if name in self._names:
            return self._add_again(found)
        self._names.add(name)
        self._found.append(found)
        return len(self._found) - 1

    def _add_again(self, found: Input) -> int:
        """Return the index of an input of whose name there are others."""
        places = [at for at, other in enumerate(self._found) if other.name == found.name]
        for place in places:
            if self._found[place] == found:
                return place
        self._found.append(replace(found, variable=f"{found.variable}_{len(places) + 1}"))
        return len(self._found) - 1

    def _variable(self, name: str) -> str:
        own = _joined(name)
        # ``token`` could be anybody's, ``smithery_api_key`` says whose it is.
        is_telling = own.count("_") >= _WORDS_OF_A_NAME - 1
        made = (own if is_telling else _joined(f"{self._prefix}_{own}")).upper()
        return made if _is_variable(made) else f"MCP_{made}"


def _is_switch(item: Item, after: Item) -> bool:
    """Return whether a named argument stands for itself: ``--verbose``, or ``-e`` whose value is the next argument."""
    for member in _TAKES_VALUE:
        if item.get(member) not in (None, "", False):
            return False
    return not item.get("description") or bool(after.get("type") == "positional" and after.get("value"))


def _is_secret(item: Any) -> bool:
    return type(item) is dict and item.get("isSecret") is True


def _is_variable(name: str) -> bool:
    """Return whether shells have variables of that name: ASCII letters, digits and underscores, no digit in front."""
    return name.isascii() and name.isidentifier()


def _joined(text: str) -> str:
    """Return the letters and digits of a text with single underscores between them."""
    return _NOT_IN_NAMES.sub("_", text).strip("_")


def _shortened(value: Any) -> str:
    # The only space in a printable text is the plain one.
    if type(value) is str and value.isprintable() and "  " not in value and value == value.strip():
        text = value
    else:
        text = literal(" ".join(value.split()) if type(value) is str else value)
    return text if len(text) <= _DESCRIPTION else text[: _DESCRIPTION - 1].rstrip() + "…"


def _format(value: Any) -> str:
    return value if type(value) is str and value in {"number", "boolean", "filepath"} else "string"
