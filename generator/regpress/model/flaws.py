"""What is wrong with values that people write, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from regpress.record import record

#: So many choices are listed in a message, and so many are compared with a misspelt one.
_MOST_LISTED: Final = 20
_MOST_CHOICES: Final = 1000


@record(kw_only=True)
class Flaw:
    """One problem of a record.

    Attributes:
        at: place below the record, keys and indexes; empty for the record itself.
        what: what is wrong, one line.
        expected: what would be right, without "expected"; empty where *what* says it.
    """

    at: tuple[str | int, ...] = ()
    what: str
    expected: str = ""

    @property
    def words(self) -> str:
        """Return what is wrong and what would be right, without the place."""
        return f"{self.what} (expected {self.expected})" if self.expected else self.what


class FlawsError(Exception):
    """A value is not what it has to be.

    Attributes:
        flaws: all that is wrong with it.
    """

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, flaw.at))}: {flaw.what}".removeprefix(": ") for flaw in flaws))
        self.flaws = flaws


def kind_of(value: Any) -> str:
    """Return what messages call a value of that kind."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def choice_flaw(
    what: str, text: str, choices: Collection[str], *, at: tuple[str | int, ...] = (), others: bool = True
) -> Flaw:
    """Return the flaw that *text* is none of *choices*, with the most similar one.

    Args:
        what: what is wrong.
        text: what was given.
        choices: what may be given.
        at: where.
        others: whether to list all choices where none is similar.
    """
    import difflib  # noqa: PLC0415 - only for what is wrong

    by_plain = {choice.lower(): choice for choice in choices} if len(choices) <= _MOST_CHOICES else {}
    near = difflib.get_close_matches(text.lower()[:100], by_plain, n=1)
    if near:
        return Flaw(at=at, what=f"{what}; did you mean {by_plain[near[0]]!r}?")
    listed = ", ".join(choices) if 0 < len(choices) <= _MOST_LISTED else ""
    return Flaw(at=at, what=what, expected=f"one of {listed}" if others and listed else "")


def empty_lists(given: Mapping[str, Any], *keys: str) -> Iterator[Flaw]:
    """Return a flaw for each of *keys* whose value is a list without items.

    pydantic's own limit would also speak of lists whose items are all wrong.
    """
    for key in keys:
        value = given.get(key)
        if isinstance(value, list | tuple) and not value:
            yield Flaw(at=(key,), what="is empty", expected="at least one")
