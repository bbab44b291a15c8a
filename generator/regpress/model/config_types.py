"""The base of all configuration records: every problem of a record at once, in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from regpress.record import record

#: Type of the errors that already are in plain words; their facts are in the error's context.
PLAIN: Final = "plain"
#: Validation context of text that people write: keys in camelCase only, durations only with units.
WRITTEN: Final[Mapping[str, bool]] = {"written": True}
#: JSON Schema of lists that must not be empty.
AT_LEAST_ONE: Final[dict[str, Any]] = {"minItems": 1}
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

    def error(self) -> PydanticCustomError:
        """Return the exception for a validator of a single field."""
        return PydanticCustomError(PLAIN, "{what}", {"what": self.what, "expected": self.expected})

    def details(self) -> InitErrorDetails:
        """Return the line of a `ValidationError`."""
        return InitErrorDetails(type=self.error(), loc=self.at, input=None)


class ConfigRecord(BaseModel):
    """A frozen record of the configuration: snake_case here, camelCase in the file, unknown keys refused.

    An empty value (``key:`` with nothing after it) counts as a key that is not given.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:  # noqa: ARG003  # for records that override it
        """Return problems that concern several keys.

        Args:
            given: values by key as in the file, unchecked: any of them may be of a wrong type.
        """
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _report_all(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        # pydantic checks a whole record only once its fields are right; people want to read everything in one go.
        if not isinstance(value, Mapping):
            return handler(value)
        given = cls._by_key(value, written=bool((info.context or {}).get("written")))
        known = cls._keys()
        found = [flaw.details() for flaw in cls._own_flaws(given)]
        try:
            record = handler({key: item for key, item in given.items() if key in known and item is not None})
        except ValidationError as error:
            found.extend(_kept(error))
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return record

    @classmethod
    def _own_flaws(cls, given: Mapping[str, Any]) -> Iterator[Flaw]:
        flaws = tuple(cls.flaws(given))
        yield from flaws
        named, known = {flaw.at for flaw in flaws}, cls._keys()
        for key in given:
            if key not in known and (key,) not in named:
                yield choice_flaw("is not a known key", key, known, at=(key,))

    @classmethod
    def _keys(cls) -> dict[str, str]:
        return {field.alias or name: name for name, field in cls.model_fields.items()}

    @classmethod
    def _by_key(cls, value: Mapping[str, Any], *, written: bool) -> dict[str, Any]:
        aliases = {} if written else {name: key for key, name in cls._keys().items()}
        return {aliases.get(key, key): item for key, item in value.items()}


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
    by_plain = {choice.lower(): choice for choice in choices} if len(choices) <= _MOST_CHOICES else {}
    near = difflib.get_close_matches(text.lower()[:100], by_plain, n=1)
    if near:
        return Flaw(at=at, what=f"{what}; did you mean {by_plain[near[0]]!r}?")
    listed = ", ".join(choices) if 0 < len(choices) <= _MOST_LISTED else ""
    return Flaw(at=at, what=what, expected=f"one of {listed}" if others and listed else "")


def _kept(error: ValidationError) -> Iterator[InitErrorDetails]:
    # from_exception_data wants errors to construct; a custom one can carry the type and facts of any other.
    for line in error.errors(include_url=False):
        facts = {key: fact for key, fact in line.get("ctx", {}).items() if key != "error"}
        message = "{what}" if line["type"] == PLAIN else line["msg"]
        kind = PydanticCustomError(line["type"], message, facts)
        yield InitErrorDetails(type=kind, loc=line["loc"], input=line["input"])


def empty_lists(given: Mapping[str, Any], *keys: str) -> Iterator[Flaw]:
    """Return a flaw for each of *keys* whose value is a list without items.

    pydantic's own limit would also speak of lists whose items are all wrong.
    """
    for key in keys:
        value = given.get(key)
        if isinstance(value, list | tuple) and not value:
            yield Flaw(at=(key,), what="is empty", expected="at least one")


def refuse(flaws: Iterable[Flaw]) -> None:
    """Raise all *flaws* of a field's value at once, each at its own place; do nothing without any.

    Raises:
        ValidationError: there are some.
    """
    if details := [flaw.details() for flaw in flaws]:
        raise ValidationError.from_exception_data("value", details)
