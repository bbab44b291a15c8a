"""How pydantic reports what is wrong with configuration records: everything at once, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from pydantic import ValidationError, ValidationInfo, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from regpress.model.config_problems import PLAIN
from regpress.model.flaws import Flaw, FlawsError, choice_flaw

#: In the validation context: whether people wrote the text, who write keys in camelCase and durations with units.
WRITTEN: Final = "written"


class _Record(Protocol):
    """A kind of record, `regpress.model.config_types.ConfigRecord`."""

    def keys(self) -> Mapping[str, str]: ...
    def flaws(self, given: Mapping[str, Any], /) -> Iterable[Flaw]: ...


def reporting(kind: _Record, schema: CoreSchema) -> CoreSchema:
    """Return the schema of a record that reports all of its problems.

    pydantic checks a whole record only once its members are right; people want to read everything in one go.
    """

    def report_all(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if not isinstance(value, Mapping):
            return handler(value)
        known = kind.keys()
        given = _by_key(value, known, written=_is_written(info))
        found = [_details(flaw) for flaw in _own_flaws(kind, given, known)]
        try:
            made = handler({key: item for key, item in given.items() if key in known and item is not None})
        except ValidationError as error:
            found.extend(_kept(error))
        if found:
            raise ValidationError.from_exception_data("record", found)
        return made

    return core_schema.with_info_wrap_validator_function(report_all, schema)


def checking(check: Callable[[Any], Any], schema: CoreSchema) -> CoreSchema:
    """Return the schema of a value that is checked after its type, `regpress.model.config_types.Check`."""

    def checked(value: Any) -> Any:
        return _reported(check, value)

    return core_schema.no_info_after_validator_function(checked, schema)


def checking_first(check: Callable[[Any, bool], Any], schema: CoreSchema) -> CoreSchema:
    """Return the schema of a value that is checked before its type, `regpress.model.config_types.CheckFirst`."""

    def checked(value: Any, info: ValidationInfo) -> Any:
        return _reported(check, value, _is_written(info))

    return core_schema.with_info_before_validator_function(checked, schema)


def _is_written(info: ValidationInfo) -> bool:
    return bool((info.context or {}).get(WRITTEN))


def _reported(check: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return check(*arguments)
    except FlawsError as error:
        raise ValidationError.from_exception_data("value", list(map(_details, error.flaws))) from None


def _by_key(value: Mapping[str, Any], known: Mapping[str, str], *, written: bool) -> dict[str, Any]:
    keys = {} if written else {name: key for key, name in known.items()}
    return {keys.get(key, key): item for key, item in value.items()}


def _own_flaws(kind: _Record, given: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[Flaw]:
    flaws = tuple(kind.flaws(given))
    yield from flaws
    named = {flaw.at for flaw in flaws}
    for key in given:
        if key not in known and (key,) not in named:
            yield choice_flaw("is not a known key", key, known, at=(key,))


def _details(flaw: Flaw) -> InitErrorDetails:
    facts = {"what": flaw.what, "expected": flaw.expected}
    return InitErrorDetails(type=PydanticCustomError(PLAIN, "{what}", facts), loc=flaw.at, input=None)


def _kept(error: ValidationError) -> Iterator[InitErrorDetails]:
    # from_exception_data wants errors to construct; a custom one can carry the type and facts of any other.
    for line in error.errors(include_url=False):
        facts = {key: fact for key, fact in line.get("ctx", {}).items() if key != "error"}
        message = "{what}" if line["type"] == PLAIN else line["msg"]
        kind = PydanticCustomError(line["type"], message, facts)
        yield InitErrorDetails(type=kind, loc=line["loc"], input=line["input"])
