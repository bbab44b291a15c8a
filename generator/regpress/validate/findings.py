"""Parts of a document and checks to findings: the small machinery that all rules share.

A check is a function from one part (the document, a package, a remote, an argument …) to what is wrong with it. It
takes any JSON object, never raises, and says where with a path below its part; the path grows as findings rise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

#: A JSON object. Checks are handed nothing else; its members may be of any type.
Part = Mapping[str, Any]

#: Longest piece of a document that a message repeats.
_SHOWN = 60


class Finding(NamedTuple):
    """What a check found; `regpress.validate.rulebook.issues_of` makes an issue of it.

    Attributes:
        path: place below the part that was checked, empty for the part itself.
        reference: the rule's name in `regpress.validate.rulebook.RULES`.
        message: what was found, one line.
        expected: what would be right, empty where the message says it.
    """

    path: str
    reference: str
    message: str
    expected: str = ""


#: Nothing found is the empty tuple, so that clean documents allocate nothing.
Check = Callable[[Part], Sequence[Finding]]


def run(checks: Iterable[Check], part: Part) -> Sequence[Finding]:
    """Return the findings of all *checks* about *part*, in their order."""
    gathered: list[Finding] | None = None
    for check in checks:
        if found := check(part):
            gathered = [*gathered, *found] if gathered else list(found)
    return gathered or ()


def run_each(checks: tuple[Check, ...], parts: object, name: str) -> Sequence[Finding]:
    """Return the findings about each object of the list *parts*, with paths below ``name[index]``.

    What is no list, and items that are no objects, are the business of the JSON Schema.
    """
    if not isinstance(parts, list):
        return ()
    gathered: list[Finding] = []
    for index, part in enumerate(parts):
        if isinstance(part, dict):
            for check in checks:
                if found := check(part):
                    gathered += within(f"{name}[{index}]", found)
    return gathered


def within(prefix: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return *findings* with *prefix* in front of their paths."""
    return [Finding(join(prefix, path), *rest) for path, *rest in findings]


def join(prefix: str, path: str) -> str:
    """Return the path of *path* below *prefix*: dots before names, nothing before brackets."""
    if not path or not prefix:
        return prefix or path
    return f"{prefix}{path}" if path[0] == "[" else f"{prefix}.{path}"


def key_path(key: str) -> str:
    """Return how a path spells a key that is not a plain word: ``["io.example/key"]``."""
    return "[" + shown(key, quote='"') + "]"


def text_of(part: Part, key: str) -> str:
    """Return the string member *key* of *part*, or an empty text where it is absent or something else."""
    found = part.get(key)
    return found if isinstance(found, str) else ""


def shown(text: str, *, quote: str = "'") -> str:
    """Return *text* in quotes for a message: one line, no control characters, not longer than a message should be."""
    visible = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:_SHOWN])
    return f"{quote}{visible}{'…' if len(text) > _SHOWN else ''}{quote}"
