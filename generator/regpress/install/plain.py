"""A launch in the plain form that most clients read, for readers without scripts: one ``mcpServers`` object.

What is here and what the scripts of the page make of the same launch are held together by a test.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, Final

from regpress.install.launch import Input, Launch, Pair, Value, Words

_TYPES: Final = {"streamable-http": "http", "sse": "sse"}


def plain_server(launch: Launch) -> dict[str, Any]:
    """Return what stands behind the name of the server in ``mcpServers``, with ``<name>`` for what is to be filled in.

    Args:
        launch: no bundle.
    """
    if launch.transport != "stdio":
        headers = _pairs(launch.headers, launch.inputs)
        return {
            "type": _TYPES[launch.transport],
            "url": _text(launch.url, launch.inputs),
            **({"headers": headers} if headers else {}),
        }
    env = _pairs(launch.env, launch.inputs)
    return {"command": launch.command, "args": list(_arguments(launch)), **({"env": env} if env else {})}


def start_command(launch: Launch) -> str:
    """Return the command that starts a server that is then reached by its address, for a POSIX shell."""
    env = [f"{name}={value}" for name, value in _pairs(launch.env, launch.inputs).items()]
    return shlex.join((*(("env", *env) if env else ()), launch.command, *_arguments(launch)))


def _arguments(launch: Launch) -> Iterator[str]:
    yield from _words(launch.before, launch.inputs)
    if launch.target:
        yield launch.target
    yield from _words(launch.after, launch.inputs)


def _words(groups: tuple[Words, ...], inputs: tuple[Input, ...]) -> Iterator[str]:
    for group in groups:
        if not group.needs:
            for word in group.words:
                yield _text(word, inputs)


def _pairs(pairs: tuple[Pair, ...], inputs: tuple[Input, ...]) -> dict[str, str]:
    return {pair.name: _text(pair.value, inputs) for pair in pairs if not pair.needs}


def _text(value: Value, inputs: tuple[Input, ...]) -> str:
    if len(value) == 1 and type(value[0]) is str:
        return value[0]
    return "".join(part if type(part) is str else _blank(inputs[part]) for part in value)  # type: ignore[index]


def _blank(found: Input) -> str:
    return found.default or f"<{found.name.lstrip('-')}>"
