"""Types of single fields of the configuration, each with its check and its part of the JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from regpress.errors import InvalidNameError
from regpress.model.config_checks import CONFIG_NAME_PATTERN, DURATION_PATTERN, parse_duration, shorten, url_problem
from regpress.model.config_types import Check, CheckFirst, Shown, Strict
from regpress.model.flaws import Flaw, FlawsError, kind_of
from regpress.names import parse_source_name


def _seconds(value: Any, written: bool) -> float:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            raise FlawsError(Flaw(what=str(error), expected="a duration such as '30s' or '1m30s'")) from None
    if isinstance(value, int | float) and not isinstance(value, bool) and not written:
        return float(value)
    raise FlawsError(Flaw(what="is not a duration", expected="a number with a unit, such as '30s' or '1m30s'"))


#: Seconds, written as a Go duration.
Seconds = Annotated[float, CheckFirst(_seconds), Shown({"type": "string", "pattern": f"^({DURATION_PATTERN})$"})]


def checked(problem: Callable[[str], str | None], expected: str) -> Check:
    """Return a validator of texts.

    Args:
        problem: a function that returns what is wrong with a text, or None.
        expected: what would be right.
    """

    def check(text: str) -> str:
        if what := problem(text):
            raise FlawsError(Flaw(what=what, expected=expected))
        return text

    return Check(check)


def timeout_within(limit: float, text: str) -> Check:
    """Return a validator of waits: more than nothing, and at most *limit* seconds, which messages call *text*."""

    def check(seconds: float) -> float:
        if seconds <= 0:
            raise FlawsError(Flaw(what="must be greater than zero"))
        if seconds > limit:
            raise FlawsError(Flaw(what=f"must not exceed {text}"))
        return seconds

    return Check(check)


def _not_negative(seconds: float) -> float:
    if seconds < 0:
        raise FlawsError(Flaw(what="is negative", expected="a duration such as '30m'"))
    return seconds


def _name(text: str) -> str:
    try:
        return parse_source_name(text)
    except InvalidNameError as error:
        what = f"{shorten(text)!r} {error.reason}"
        raise FlawsError(Flaw(what=what, expected="e.g. 'team-tools'")) from None


def _claims(value: Any, _: bool) -> Any:
    if not isinstance(value, Mapping):
        raise FlawsError(Flaw(what=f"is {kind_of(value)}", expected="keys with a text or a list of texts"))
    if flaws := list(_claim_flaws(value)):
        raise FlawsError(*flaws)
    return {key: claim if isinstance(claim, str) else tuple(claim) for key, claim in value.items()}


def _claim_flaws(claims: Mapping[str, Any]) -> Iterator[Flaw]:
    for key, claim in claims.items():
        items = claim if isinstance(claim, list | tuple) else (claim,)
        wrong = [item for item in items if not isinstance(item, str)]
        if wrong:
            what = f"is {'a list with ' if claim is items else ''}{kind_of(wrong[0])}"
            yield Flaw(at=(key,), what=what, expected="a text or a list of texts; quotes make any value a text")


Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict()]
not_negative = Check(_not_negative)
URL = checked(url_problem, "an absolute http or https address with a host, without credentials")
Name = Annotated[str, Check(_name), Shown({"type": "string", "pattern": CONFIG_NAME_PATTERN})]
Claims = Annotated[
    Mapping[str, str | tuple[str, ...]],
    CheckFirst(_claims),
    Shown(
        {
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        }
    ),
]
