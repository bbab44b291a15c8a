"""Launches as the JSON that the page hands to ``install.js``: short keys, nothing that says what is so anyway.

| key | of | means |
|---|---|---|
| ``n``, ``k`` | all | name and short name of the server |
| ``o`` | all | the launches |
| ``t``, ``l``, ``x`` | launch | type, label, transport |
| ``c``, ``b``, ``p``, ``a`` | launch | command, words before the package, package, words after it |
| ``e``, ``u``, ``h`` | launch | environment variables, address, headers |
| ``s``, ``d``, ``i`` | launch | setup command, SHA-256, inputs |

A value is a text, or a list in which a number is the index of an input. Words are a value, or ``{w, q, r}``: several
words, the inputs that they need, whether they may be repeated. A pair is ``[name, value]`` or ``[name, value, needs]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from regpress.install.launch import Input, Launch, Pair, Value, Words


def encode(name: str, key: str, launches: Iterable[Launch]) -> dict[str, Any]:
    """Return the launches of a server as an object that JSON can hold."""
    return {"n": name, "k": key, "o": [_launch(launch) for launch in launches]}


def _launch(launch: Launch) -> dict[str, Any]:
    members = {
        "t": launch.type,
        "l": launch.label,
        "x": launch.transport,
        "c": launch.command,
        "b": list(_groups(launch.before)),
        "p": launch.target,
        "a": list(_groups(launch.after)),
        "e": [_pair(pair) for pair in launch.env],
        "u": _value(launch.url) if launch.url else "",
        "h": [_pair(pair) for pair in launch.headers],
        "s": launch.setup,
        "d": launch.sha256,
        "i": [_input(found) for found in launch.inputs],
    }
    return {key: member for key, member in members.items() if member}


def _groups(groups: tuple[Words, ...]) -> Iterator[Any]:
    for group in groups:
        if group.needs or group.repeated:
            yield {
                "w": [_value(word) for word in group.words],
                **({"q": group.needs} if group.needs else {}),
                **({"r": 1} if group.repeated else {}),
            }
        else:
            for word in group.words:
                yield _value(word)


def _pair(pair: Pair) -> list[Any]:
    return [pair.name, _value(pair.value), pair.needs] if pair.needs else [pair.name, _value(pair.value)]


def _value(value: Value) -> Any:
    return value[0] if len(value) == 1 and type(value[0]) is str else value


def _input(found: Input) -> dict[str, Any]:
    name, variable, description, required, secret, default, placeholder, choices, form = found
    members: dict[str, Any] = {"n": name} if name else {}
    if variable:
        members["v"] = variable
    if description:
        members["d"] = description
    if required:
        members["q"] = 1
    if secret:
        members["s"] = 1
    if default:
        members["f"] = default
    if placeholder:
        members["p"] = placeholder
    if choices:
        members["c"] = choices
    if form and form != "string":
        members["t"] = form
    return members
