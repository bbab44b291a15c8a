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

from collections.abc import Iterable
from typing import Any

from regpress.install.launch import Input, Launch, Pair, Value, Words


def encode(name: str, key: str, launches: Iterable[Launch]) -> dict[str, Any]:
    """Return the launches of a server as an object that JSON can hold."""
    return {"n": name, "k": key, "o": [_launch(launch) for launch in launches]}


def _launch(launch: Launch) -> dict[str, Any]:
    members: dict[str, Any] = {"t": launch.type, "l": launch.label, "x": launch.transport}
    if launch.command:
        members["c"] = launch.command
    if launch.before:
        members["b"] = _groups(launch.before)
    if launch.target:
        members["p"] = launch.target
    if launch.after:
        members["a"] = _groups(launch.after)
    if launch.env:
        members["e"] = [_pair(pair) for pair in launch.env]
    if launch.url:
        members["u"] = _value(launch.url)
    if launch.headers:
        members["h"] = [_pair(pair) for pair in launch.headers]
    if launch.setup:
        members["s"] = launch.setup
    if launch.sha256:
        members["d"] = launch.sha256
    if launch.inputs:
        members["i"] = [_input(found) for found in launch.inputs]
    return members


def _groups(groups: tuple[Words, ...]) -> list[Any]:
    written: list[Any] = []
    for group in groups:
        if group.needs or group.repeated:
            members: dict[str, Any] = {"w": [_value(word) for word in group.words]}
            if group.needs:
                members["q"] = group.needs
            if group.repeated:
                members["r"] = 1
            written.append(members)
        else:
            for word in group.words:
                written.append(_value(word))  # noqa: PERF401 - mostly one or two
    return written


def _pair(pair: Pair) -> list[Any]:
    return [pair.name, _value(pair.value), pair.needs] if pair.needs else [pair.name, _value(pair.value)]


def _value(value: Value) -> Any:
    return value[0] if len(value) == 1 and type(value[0]) is str else value


def _input(found: Input) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if found.name:
        members["n"] = found.name
    if found.variable:
        members["v"] = found.variable
    if found.description:
        members["d"] = found.description
    if found.required:
        members["q"] = 1
    if found.secret:
        members["s"] = 1
    if found.default:
        members["f"] = found.default
    if found.placeholder:
        members["p"] = found.placeholder
    if found.choices:
        members["c"] = found.choices
    if found.format and found.format != "string":
        members["t"] = found.format
    return members
