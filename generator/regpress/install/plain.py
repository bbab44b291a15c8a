"""A launch in the plain form that most clients read, for readers without scripts: one ``mcpServers`` object.

What is here and what the scripts of the page make of the same launch are held together by a test.
"""

from __future__ import annotations

import shlex
from typing import Any, Final

from regpress.install.launch import Input, Launch, Pair, Value, Words

_TYPES: Final = {"streamable-http": "http", "sse": "sse"}


def plain_server(launch: Launch) -> dict[str, Any]:
    """Return what stands behind the name of the server in ``mcpServers``, with ``<name>`` for what is to be filled in.

    Args:
        launch: no bundle.
    """
    server: dict[str, Any]
    if launch.transport != "stdio":
        server = {"type": _TYPES[launch.transport], "url": _text(launch.url, launch.inputs)}
        if launch.headers and (headers := _pairs(launch.headers, launch.inputs)):
            server["headers"] = headers
        return server
    server = {"command": launch.command, "args": _arguments(launch)}
    if launch.env and (env := _pairs(launch.env, launch.inputs)):
        server["env"] = env
    return server


def start_command(launch: Launch) -> str:
    """Return the command that starts a server that is then reached by its address, for a POSIX shell."""
    env = [f"{name}={value}" for name, value in _pairs(launch.env, launch.inputs).items()]
    return shlex.join((*(("env", *env) if env else ()), launch.command, *_arguments(launch)))


def _arguments(launch: Launch) -> list[str]:
    inputs = launch.inputs
    arguments = _words(launch.before, inputs) if launch.before else []
    if launch.target:
        arguments.append(launch.target)
    return arguments + _words(launch.after, inputs) if launch.after else arguments


def _words(groups: tuple[Words, ...], inputs: tuple[Input, ...]) -> list[str]:
    texts = []
    for group in groups:
        if not group.needs:
            for word in group.words:
                texts.append(_text(word, inputs))  # noqa: PERF401 - mostly one or two
    return texts


def _pairs(pairs: tuple[Pair, ...], inputs: tuple[Input, ...]) -> dict[str, str]:
    return {pair.name: _text(pair.value, inputs) for pair in pairs if not pair.needs}


def _text(value: Value, inputs: tuple[Input, ...]) -> str:
    if len(value) == 1 and type(value[0]) is str:
        return value[0]
    return "".join(part if type(part) is str else _blank(inputs[part]) for part in value)  # type: ignore[index]


def _blank(found: Input) -> str:
    return found.default or f"<{found.name.lstrip('-')}>"
