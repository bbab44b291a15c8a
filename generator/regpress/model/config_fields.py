"""Types of single fields of the configuration, each with its check and its part of the JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from regpress.errors import InvalidNameError
from regpress.model.config_checks import CONFIG_NAME_PATTERN, DURATION_PATTERN, parse_duration, shorten, url_problem
from regpress.model.config_types import Flaw, kind_of, refuse
from regpress.names import parse_source_name


def _seconds(value: Any, info: ValidationInfo) -> float:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            raise Flaw(what=str(error), expected="a duration such as '30s' or '1m30s'").error() from None
    if isinstance(value, int | float) and not isinstance(value, bool) and not (info.context or {}).get("written"):
        return float(value)
    raise Flaw(what="is not a duration", expected="a number with a unit, such as '30s' or '1m30s'").error()


#: Seconds, written as a Go duration.
Seconds = Annotated[
    float, BeforeValidator(_seconds), WithJsonSchema({"type": "string", "pattern": f"^({DURATION_PATTERN})$"})
]


def checked(problem: Callable[[str], str | None], expected: str) -> AfterValidator:
    """Return a validator of texts.

    Args:
        problem: a function that returns what is wrong with a text, or None.
        expected: what would be right.
    """

    def check(text: str) -> str:
        if what := problem(text):
            raise Flaw(what=what, expected=expected).error()
        return text

    return AfterValidator(check)


def timeout_within(limit: float, text: str) -> AfterValidator:
    """Return a validator of waits: more than nothing, and at most *limit* seconds, which messages call *text*."""

    def check(seconds: float) -> float:
        if seconds <= 0:
            raise Flaw(what="must be greater than zero").error()
        if seconds > limit:
            raise Flaw(what=f"must not exceed {text}").error()
        return seconds

    return AfterValidator(check)


def _not_negative(seconds: float) -> float:
    if seconds < 0:
        raise Flaw(what="is negative", expected="a duration such as '30m'").error()
    return seconds


def _name(text: str) -> str:
    try:
        return parse_source_name(text)
    except InvalidNameError as error:
        what = f"{shorten(text)!r} {error.reason}"
        raise Flaw(what=what, expected="e.g. 'team-tools'").error() from None


def _claims(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise Flaw(what=f"is {kind_of(value)}", expected="keys with a text or a list of texts").error()
    refuse(_claim_flaws(value))
    return {key: claim if isinstance(claim, str) else tuple(claim) for key, claim in value.items()}


def _claim_flaws(claims: Mapping[str, Any]) -> Iterator[Flaw]:
    for key, claim in claims.items():
        items = claim if isinstance(claim, list | tuple) else (claim,)
        wrong = [item for item in items if not isinstance(item, str)]
        if wrong:
            what = f"is {'a list with ' if claim is items else ''}{kind_of(wrong[0])}"
            yield Flaw(at=(key,), what=what, expected="a text or a list of texts; quotes make any value a text")


not_negative = AfterValidator(_not_negative)
URL = checked(url_problem, "an absolute http or https address with a host, without credentials")
Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": CONFIG_NAME_PATTERN})]
Claims = Annotated[
    Mapping[str, str | tuple[str, ...]],
    BeforeValidator(_claims),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        }
    ),
]
